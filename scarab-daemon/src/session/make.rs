//! Making and renaming sessions, for clients and for plugins.

use std::sync::Arc;

use scarab_protocol::{
    event::EventKind,
    ids::{Name, SessionId},
    message::{CreateSession, ErrorCode, EventField},
};

use super::{
    Plan, Session, StartError,
    spawn::{Command, Terminal},
};
use crate::{
    daemon::Daemon,
    registry::{MAX_SESSIONS, NameRefused},
};

/// Why a session was not made, or not renamed: for programs, and for people.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct Refusal {
    pub(crate) code: ErrorCode,
    pub(crate) text: String,
}

impl Refusal {
    fn new(code: ErrorCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    fn of_name(name: &str, refused: NameRefused) -> Self {
        match refused {
            NameRefused::Taken => {
                let text = format!("a session is called {name} already: attach to it, or choose another name");
                Self::new(ErrorCode::NameTaken, text)
            }
            NameRefused::Full => {
                let text =
                    format!("there are {MAX_SESSIONS} sessions, which is as many as may be: forget or kill some");
                Self::new(ErrorCode::Full, text)
            }
        }
    }
}

impl Session {
    /// Makes the session that `made_by` asks for.
    ///
    /// # Errors
    /// If the name is bad or taken, if there are too many sessions, if the program cannot be started, or if the daemon ends.
    pub(crate) fn make(daemon: &Arc<Daemon>, mut wanted: CreateSession, made_by: &str) -> Result<Arc<Self>, Refusal> {
        let name = wanted.name.clone().map(Name::new).transpose();
        let name = name.map_err(|error| Refusal::new(ErrorCode::BadName, error.to_string()))?;
        if daemon.is_stopping() {
            return Err(Refusal::new(ErrorCode::Stopping, "the daemon is ending"));
        }
        let beside = wanted.beside.take();
        let beside = beside.and_then(|beside| daemon.registry().find(&beside, daemon.epoch));
        if let Some(directory) = beside.and_then(|beside| beside.directory()) {
            wanted.cwd = Some(directory.into_os_string().into_encoded_bytes());
        }
        let shown = name.as_ref().map(Name::to_string).unwrap_or_default();
        let reserved = daemon.registry().reserve(name);
        let (number, name) = reserved.map_err(|refused| Refusal::of_name(&shown, refused))?;
        let (size, linger, has_shell) = (wanted.size, wanted.linger, wanted.command.is_empty());
        let config = daemon.config.current();
        let id = SessionId { epoch: daemon.epoch, number };
        let terminal =
            Terminal { id, session: &name, endpoint: &daemon.endpoint, term: config.term(), shell: &config.shell() };
        let command = Command::new(wanted, &terminal);
        let (policy, scrollback) = (config.size_policy(), config.scrollback());
        let made_by = made_by.to_owned();
        let plan = Plan { number, name: name.clone(), command, has_shell, size, policy, scrollback, linger, made_by };
        // It can be found before anything happens in it.
        let started = Self::start(daemon, plan, |session| daemon.registry().fulfil(&name, Some(session.clone())));
        match started {
            Ok(session) => {
                // It may have changed before the session could be found.
                let now = daemon.config.current().scrollback();
                if now != scrollback {
                    session.set_scrollback(now);
                }
                tracing::info!(session = number, name, made_by = session.made_by, "a session begins");
                Ok(session)
            }
            Err(error) => {
                daemon.registry().fulfil(&name, None);
                let code = if matches!(error, StartError::Spawn(_)) { ErrorCode::SpawnFailed } else { ErrorCode::Full };
                Err(Refusal::new(code, error.to_string()))
            }
        }
    }

    /// Gives it another name.
    ///
    /// # Errors
    /// If the name is bad or taken.
    pub(crate) fn set_name(&self, daemon: &Daemon, name: String) -> Result<(), Refusal> {
        let name = Name::new(name).map_err(|error| Refusal::new(ErrorCode::BadName, error.to_string()))?;
        let renamed = daemon.registry().rename(self, &name);
        if let Some(before) = renamed.map_err(|refused| Refusal::of_name(name.as_str(), refused))? {
            let about = Some((self.id, name.to_string()));
            daemon.events.publish(EventKind::Renamed, about, vec![EventField::new("before", before)]);
        }
        Ok(())
    }
}
