//! The command of a session, and the environment it starts with.

use std::path::PathBuf;

use scarab_protocol::{ids::SessionId, message::CreateSession};

use crate::platform::pty::names_shell;

/// A command to start on a PTY. Words, path and variables are the platform's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    /// The program and its arguments; none for the user's login shell.
    pub(crate) words: Vec<Vec<u8>>,
    /// Where it starts; `None` for the home directory.
    pub(crate) cwd: Option<Vec<u8>>,
    /// Its whole environment.
    pub(crate) env: Vec<(Vec<u8>, Vec<u8>)>,
}

/// What a new session has of its daemon.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal<'a> {
    /// The session, which is what tells a program that it runs in it: names change.
    pub(crate) id: SessionId,
    /// Its name.
    pub(crate) session: &'a str,
    /// Where the daemon listens.
    pub(crate) endpoint: &'a str,
    /// What TERM is to be.
    pub(crate) term: &'a str,
    /// The command if the client names none; empty for the user's login shell.
    pub(crate) shell: &'a [String],
}

/// Why a command was not started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SpawnError {
    /// It was to start in a directory that is not there.
    #[error("there is no directory {}: name another with --cwd", .0.display())]
    NoDirectory(PathBuf),
    /// The system refused.
    #[error("cannot {what}: {why}")]
    System {
        /// What it refused.
        what: &'static str,
        /// What it said.
        why: String,
    },
}

/// What the terminal that a client itself runs in says about itself. It is not the terminal of the new session.
const OTHER_TERMINALS: [&[u8]; 12] = [
    b"LINES",
    b"COLUMNS",
    b"TERMCAP",
    b"TERM_PROGRAM",
    b"TERM_PROGRAM_VERSION",
    b"TMUX",
    b"TMUX_PANE",
    b"STY",
    b"WINDOW",
    b"WINDOWID",
    b"WT_SESSION",
    b"WT_PROFILE_ID",
];

/// What the terminal of a session says about itself: variables that the daemon sets.
const OWN: [&[u8]; 5] = [b"TERM", b"COLORTERM", b"SCARAB_SESSION", b"SCARAB_SESSION_ID", b"SCARAB_DAEMON_SOCKET"];

/// Whether a variable says what terminal a program is in. What a client gives for it counts for nothing: it is its own terminal's.
pub(crate) fn is_of_terminal(variable: &[u8]) -> bool {
    OTHER_TERMINALS.contains(&variable) || OWN.contains(&variable)
}

/// The most characters of a command as it is shown.
const MAX_SHOWN: usize = 1024;

impl Command {
    /// The command that a client asks for: with its environment and nothing of the daemon's, but for
    /// what tells the program about the terminal it is in.
    pub(crate) fn new(request: CreateSession, terminal: &Terminal<'_>) -> Self {
        let id = terminal.id.to_string();
        let values: [&[u8]; 5] = [
            terminal.term.as_bytes(),
            b"truecolor",
            terminal.session.as_bytes(),
            id.as_bytes(),
            terminal.endpoint.as_bytes(),
        ];
        let usable = |name: &[u8]| !name.is_empty() && !name.contains(&b'=') && !name.contains(&0);
        let mut env = request.env;
        env.retain(|(name, value)| usable(name) && !value.contains(&0) && !is_of_terminal(name));
        env.extend(OWN.into_iter().zip(values).map(|(name, value)| (name.to_vec(), value.to_vec())));
        let mut words = request.command;
        if words.is_empty() {
            words = terminal.shell.iter().map(|word| word.as_bytes().to_vec()).collect();
        }
        Self { words, cwd: request.cwd, env }
    }

    /// What it finds in TERM.
    pub(crate) fn term(&self) -> String {
        let term = self.env.iter().find(|(name, _)| name == b"TERM");
        term.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
    }

    /// The command for people to read; words with anything unusual in quotes.
    pub(crate) fn shown(&self) -> String {
        let words = self.words.iter().map(|word| {
            let text = String::from_utf8_lossy(word);
            let plain = |c: char| c.is_alphanumeric() || "-_./=:,+@%".contains(c);
            match !text.is_empty() && text.chars().all(plain) {
                true => text.into_owned(),
                false => format!("'{}'", text.replace('\'', r"'\''")),
            }
        });
        let text = if self.words.is_empty() { self.shell() } else { words.collect::<Vec<_>>().join(" ") };
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_SHOWN).collect()
    }

    fn shell(&self) -> String {
        let shell = self.env.iter().find(|(name, _)| names_shell(name));
        shell.map_or_else(|| "login shell".into(), |(_, value)| String::from_utf8_lossy(value).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use scarab_protocol::ids::TermSize;

    use super::*;

    const TERMINAL: Terminal<'_> = Terminal {
        id: SessionId { epoch: 0xab, number: 7 },
        session: "work",
        endpoint: "/run/s.sock",
        term: "xterm-256color",
        shell: &[],
    };

    fn request(command: &[&str], env: &[(&str, &str)]) -> CreateSession {
        CreateSession {
            name: None,
            command: command.iter().map(|word| word.as_bytes().to_vec()).collect(),
            cwd: None,
            beside: None,
            env: env.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).collect(),
            size: TermSize::default(),
            linger: false,
        }
    }

    #[test]
    fn the_environment_is_the_clients_with_this_terminal_in_place_of_its_own() {
        let given = [
            ("HOME", "/root"),
            ("TERM", "dumb"),
            ("TMUX", "x"),
            ("LINES", "3"),
            ("SCARAB_SESSION", "outer"),
            ("SCARAB_SESSION_ID", "outer"),
            ("", "x"),
        ];
        let command = Command::new(request(&[], &given), &TERMINAL);
        let get = |name: &str| {
            let found: Vec<_> = command.env.iter().filter(|(found, _)| found == name.as_bytes()).collect();
            assert!(found.len() <= 1, "{name} is there twice");
            found.first().map(|(_, value)| String::from_utf8_lossy(value).into_owned())
        };
        assert_eq!(get("HOME").as_deref(), Some("/root"));
        assert_eq!(get("TERM").as_deref(), Some("xterm-256color"));
        assert_eq!(get("COLORTERM").as_deref(), Some("truecolor"));
        assert_eq!(get("SCARAB_SESSION").as_deref(), Some("work"));
        assert_eq!(get("SCARAB_SESSION_ID").as_deref(), Some("00000000000000ab-7"));
        assert_eq!(get("SCARAB_DAEMON_SOCKET").as_deref(), Some("/run/s.sock"));
        assert_eq!((get("TMUX"), get("LINES"), get("")), (None, None, None));
    }

    #[test]
    fn without_a_command_it_is_the_shell_of_the_configuration() {
        let shell = ["fish".to_owned(), "-l".to_owned()];
        let terminal = Terminal { shell: &shell, ..TERMINAL };
        assert_eq!(Command::new(request(&[], &[]), &terminal).words, [b"fish".to_vec(), b"-l".to_vec()]);
        assert_eq!(Command::new(request(&["ls"], &[]), &terminal).words, [b"ls".to_vec()]);
    }

    #[test]
    fn a_command_is_shown_so_that_it_could_be_typed() {
        let shown = |words: &[&str]| {
            Command::new(request(words, &[("SHELL", "/bin/fish"), ("COMSPEC", "/bin/fish")]), &TERMINAL).shown()
        };
        assert_eq!(shown(&["ls", "-l", "/tmp"]), "ls -l /tmp");
        assert_eq!(shown(&["sh", "-c", "echo it's\n", ""]), r"sh -c 'echo it'\''s ' ''");
        assert_eq!(shown(&[]), "/bin/fish");
    }
}
