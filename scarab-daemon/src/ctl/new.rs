//! `scarabctl new`: starts a session.

use std::{ffi::OsString, path::PathBuf};

use scarab_protocol::{
    ids::{Name, TermSize},
    message::{CreateSession, Created},
};

use super::{
    connection::Which,
    outcome::{CtlError, Output},
    session_json::SessionJson,
    start,
};
use crate::{
    attach::{is_tty, tty_size},
    environment::client_environment,
    session::spawn::is_of_terminal,
};

/// What to start, and how.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The session's name [default: the daemon chooses one]
    name: Option<Name>,
    /// Its size in cells [default: this terminal's, else 80x24]
    #[arg(long, value_name = "COLSxROWS")]
    size: Option<TermSize>,
    /// Where the program starts [default: here]
    #[arg(long, value_name = "DIR")]
    cwd: Option<PathBuf>,
    /// A variable for its environment, which else is this command's; not one that says what terminal it is in, such as TERM,
    /// COLORTERM, LINES or COLUMNS: those the daemon sets or leaves out
    #[arg(long, value_name = "K=V", value_parser = parse_variable)]
    env: Vec<(Vec<u8>, Vec<u8>)>,
    /// Keep the session when its last client leaves; the default here
    #[arg(long, overrides_with = "no_linger")]
    linger: bool,
    /// End the session when its last client has been gone for a while
    #[arg(long, overrides_with = "linger")]
    no_linger: bool,
    /// The program and its arguments [default: `daemon.shell`, else your login shell]
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Starts the session, and a daemon if none runs; prints the name.
pub fn run(which: &Which, args: Args, output: Output) -> Result<(), CtlError> {
    start::ensure(which)?;
    let mut env = client_environment();
    for (name, value) in args.env {
        env.retain(|(other, _)| *other != name);
        env.push((name, value));
    }
    let here = || {
        std::env::current_dir()
            .map_err(|error| CtlError::Failed(format!("cannot tell where this is: {error}: say --cwd")))
    };
    let cwd = match args.cwd {
        // Relative to this command's directory, not to the daemon's.
        Some(cwd) => std::path::absolute(&cwd).map_err(|_| CtlError::Usage("--cwd needs a directory".into()))?,
        None => here()?,
    };
    let size = args.size.or_else(|| is_tty().then(tty_size).flatten()).unwrap_or_default().clamped();
    let request = CreateSession {
        name: args.name.map(|name| name.as_str().into()),
        command: args.command.into_iter().map(OsString::into_encoded_bytes).collect(),
        cwd: Some(cwd.into_os_string().into_encoded_bytes()),
        beside: None,
        env,
        size,
        linger: args.linger || !args.no_linger,
    };
    let Created { info } = which.connect()?.ask(&request)?;
    output.print(&info.name, &SessionJson::from(&info))
}

fn parse_variable(text: &str) -> Result<(Vec<u8>, Vec<u8>), String> {
    match text.split_once('=') {
        Some((name, _)) if is_of_terminal(name.as_bytes()) => Err(format!(
            "{name} says what terminal a program is in, which is the daemon's to say: start `env {text} COMMAND`"
        )),
        Some((name, value)) if !name.is_empty() => Ok((name.into(), value.into())),
        _ => Err("a variable is given as NAME=VALUE".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_the_daemon_would_drop_are_refused_with_the_way_out() {
        assert_eq!(parse_variable("EDITOR=vi -e=1"), Ok((b"EDITOR".to_vec(), b"vi -e=1".to_vec())));
        assert!(parse_variable("=x").is_err() && parse_variable("x").is_err());
        for text in ["TERM=dumb", "COLORTERM=", "LINES=5", "COLUMNS=5", "TMUX=x", "SCARAB_SESSION_ID=x"] {
            let refusal = parse_variable(text).expect_err("it would be dropped");
            assert!(refusal.contains(&format!("env {text} COMMAND")), "{refusal}");
        }
    }
}
