//! Which session a start of the program is about.

use scarab_protocol::message::SessionInfo;

/// What the command line asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    /// The session's name.
    pub(super) name: Option<String>,
    /// The program of a new session; none for the login shell.
    pub(super) command: Vec<String>,
    /// The id of the session that this process runs in, which would show itself in itself.
    pub(super) inside: Option<String>,
}

impl Asked {
    /// Whether the tabs of an earlier window are wanted: not beside a command that has no name by which it could be found again.
    pub(super) fn has_layout(&self) -> bool {
        self.name.is_some() || self.command.is_empty()
    }
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Choice {
    /// Join this session.
    Attach(SessionInfo),
    /// Make one, of this name if it has to have one.
    Create(Option<String>),
}

/// The programs whose sessions may be taken up without being named. An App's belong to the App.
const MAKERS: [&str; 2] = ["scarab", "scarabctl"];

/// Chooses among the daemon's sessions.
pub(super) fn choose(asked: &Asked, sessions: &[SessionInfo]) -> Choice {
    if let Some(name) = &asked.name {
        return match sessions.iter().find(|session| session.name == *name) {
            Some(session) => Choice::Attach(session.clone()),
            None => Choice::Create(Some(name.clone())),
        };
    }
    // Whoever names a command wants it run, not another session shown.
    if !asked.command.is_empty() {
        return Choice::Create(None);
    }
    let free = sessions.iter().filter(|session| {
        session.exit.is_none()
            && session.clients == 0
            && MAKERS.contains(&session.made_by.as_str())
            && Some(session.id.to_string()) != asked.inside
    });
    free.max_by_key(|session| (session.used, session.id.number)).cloned().map_or(Choice::Create(None), Choice::Attach)
}

#[cfg(test)]
mod tests {
    use scarab_protocol::{
        ids::{SessionId, TermSize},
        message::{Exit, SizePolicy},
    };

    use super::*;

    fn session(number: u32, name: &str, used: u64) -> SessionInfo {
        SessionInfo {
            id: SessionId { epoch: 1, number },
            name: name.into(),
            command: String::new(),
            pid: Some(1),
            size: TermSize::default(),
            policy: SizePolicy::Latest,
            clients: 0,
            created: 0,
            used,
            title: String::new(),
            linger: true,
            made_by: "scarab".into(),
            exit: None,
        }
    }

    fn chosen(name: Option<&str>, command: &[&str], inside: Option<&str>, sessions: &[SessionInfo]) -> Choice {
        let asked = Asked {
            name: name.map(Into::into),
            command: command.iter().map(ToString::to_string).collect(),
            inside: inside.map(Into::into),
        };
        choose(&asked, sessions)
    }

    #[test]
    fn without_a_name_the_free_session_used_last_is_taken() {
        let (old, new) = (session(1, "old", 10), session(2, "new", 20));
        assert_eq!(chosen(None, &[], None, &[old.clone(), new.clone()]), Choice::Attach(new.clone()));
        assert_eq!(chosen(None, &[], Some("0000000000000001-2"), &[old.clone(), new.clone()]), Choice::Attach(old));
        assert_eq!(chosen(None, &[], None, &[]), Choice::Create(None));
        assert_eq!(chosen(None, &["top"], None, &[new]), Choice::Create(None));
    }

    #[test]
    fn watched_ended_and_foreign_sessions_are_not_taken() {
        let watched = SessionInfo { clients: 1, ..session(1, "a", 1) };
        let ended = SessionInfo { exit: Some(Exit { code: 0, signal: None }), ..session(2, "b", 2) };
        let foreign = SessionInfo { made_by: "my-game".into(), ..session(3, "c", 3) };
        assert_eq!(chosen(None, &[], None, &[watched, ended, foreign]), Choice::Create(None));
    }

    #[test]
    fn a_name_is_attached_or_made() {
        let watched = SessionInfo { clients: 1, ..session(1, "work", 1) };
        assert_eq!(chosen(Some("work"), &[], None, std::slice::from_ref(&watched)), Choice::Attach(watched));
        assert_eq!(chosen(Some("work"), &[], None, &[]), Choice::Create(Some("work".into())));
    }
}
