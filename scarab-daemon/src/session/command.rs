//! The command that a shell runs, as far as the shell marks it.

use std::time::Instant;

use scarab_protocol::{event::EventKind, message::EventField};

use super::Session;
use crate::screen::Mark;

/// The command under way.
#[derive(Debug, Default)]
pub(super) struct Command(Option<Running>);

#[derive(Debug)]
struct Running {
    text: Option<String>,
    since: Instant,
}

impl Command {
    /// The shell has marked a beginning or an end. An end without a beginning is a prompt at which nothing was typed.
    pub(super) fn marked(&mut self, session: &Session, mark: Mark) {
        match mark {
            Mark::Started { command } => {
                let fields = command.iter().map(|command| EventField::new("command", command.as_str())).collect();
                session.happened(EventKind::CommandStarted, fields);
                self.0 = Some(Running { text: command, since: Instant::now() });
            }
            Mark::Finished { status } => {
                let Some(Running { text, since }) = self.0.take() else { return };
                let duration = i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX);
                let mut fields = vec![EventField::new("duration_ms", duration)];
                fields.extend(text.map(|text| EventField::new("command", text)));
                fields.extend(status.map(|status| EventField::new("status", i64::from(status))));
                session.happened(EventKind::CommandFinished, fields);
            }
        }
    }
}
