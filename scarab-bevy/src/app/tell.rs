//! What the banner over the terminal says.

use bevy::prelude::*;
use scarab_protocol::message::Exit;

use super::{
    banner::Banner,
    notice::Notices,
    session::{MAX_OFFERED, Session},
};
use crate::{
    connection::{ConnectionStatus, PrimaryConnection},
    messages::{ConnectionNoted, DaemonStopped},
    panes::Front,
    terminal::TerminalStatus,
};

/// What was said of a session that is gone: by the daemon when it was told to end, and about what was typed last.
#[derive(Resource, Default)]
pub(super) struct LastWords {
    pub(super) stopped: Option<String>,
    notes: Vec<String>,
}

/// The banner: what the connection is doing while it is down, what became of the session, what can be chosen, what plugins tell.
pub(super) fn tell(
    session: Res<Session>,
    status: Option<Single<&ConnectionStatus, With<PrimaryConnection>>>,
    front: Front,
    terminals: Query<&TerminalStatus>,
    last_words: Res<LastWords>,
    notices: Res<Notices>,
    mut banner: ResMut<Banner>,
) {
    let Some(status) = status.map(Single::into_inner) else { return };
    let doing = match status {
        ConnectionStatus::Connected { .. } => None,
        ConnectionStatus::Connecting => Some("Connecting to the daemon...".to_string()),
        ConnectionStatus::Launching => Some("Starting the daemon...".to_string()),
        ConnectionStatus::Waiting { tries, why } => Some(format!("Not connected (try {tries}): {why}")),
        ConnectionStatus::Closed { why } => Some(format!("Not connected: {why}")),
    };
    let mut lines = Vec::new();
    match &*session {
        // The first moments of every start: no banner for what is over before it can be read.
        Session::Wanted | Session::Asked(..) if matches!(status, ConnectionStatus::Connecting) => {}
        Session::Wanted | Session::Asked(..) => lines.extend(doing),
        Session::Shown => match front.pane().and_then(|pane| terminals.get(pane).ok()) {
            Some(TerminalStatus::Failed { why }) => {
                lines.push(why.clone());
                lines.extend(doing);
            }
            Some(TerminalStatus::Lost) => {
                lines.push("The connection to the daemon is lost; what is typed waits for it.".into());
                lines.extend(doing);
            }
            Some(TerminalStatus::Exited(exit)) => lines.push(ended(exit)),
            _ => {}
        },
        Session::Lost(name) | Session::AskedAgain(name, ..) => {
            lines.push(match &last_words.stopped {
                Some(why) => {
                    format!("The daemon was stopped ({why}), and the session {} with it.", quoted(name.as_deref()))
                }
                None => format!("The daemon is gone, and the session {} with it.", quoted(name.as_deref())),
            });
            lines.extend(last_words.notes.iter().cloned());
            lines.extend(doing);
            lines.push("Ctrl+Enter starts a new daemon.".into());
        }
        Session::Offered(name, known) => {
            lines.push(format!(
                "A new daemon is there. The session {} ended with the old one.",
                quoted(name.as_deref())
            ));
            lines.extend(last_words.notes.iter().cloned());
            for (number, session) in known.iter().take(MAX_OFFERED).enumerate() {
                lines.push(format!("  Ctrl+{} attaches {:?} ({})", number + 1, session.name, session.command));
            }
            lines.push(format!(
                "Ctrl+Enter opens a new shell{}.",
                match name {
                    Some(name) if known.iter().all(|session| session.name != *name) => format!(" named {name:?}"),
                    _ => String::new(),
                }
            ));
        }
    }
    lines.extend(notices.lines());
    banner.set_if_neq(Banner(lines));
}

/// How a program has ended whose pane stays.
fn ended(exit: &Exit) -> String {
    match &exit.signal {
        Some(signal) => format!("The program was ended by {signal}."),
        None => format!("The program has ended with status {}.", exit.code),
    }
}

fn quoted(name: Option<&str>) -> String {
    name.map_or_else(String::new, |name| format!("{name:?}"))
}

/// The most that is said about what was typed last.
const MAX_NOTES: usize = 3;

/// What belongs to no terminal any more is still said.
pub(super) fn note(
    mut notes: MessageReader<ConnectionNoted>,
    mut stops: MessageReader<DaemonStopped>,
    mut last_words: ResMut<LastWords>,
) {
    for stop in stops.read() {
        last_words.stopped = Some(stop.reason.clone());
    }
    for note in notes.read() {
        tracing::warn!("{}", note.text);
        // Why the daemon was stopped is in the banner's first line.
        let is_known = last_words.stopped.as_ref().is_some_and(|why| note.text.ends_with(why));
        if !is_known && last_words.notes.len() < MAX_NOTES {
            last_words.notes.push(note.text.clone());
        }
    }
}
