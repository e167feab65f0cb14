//! What the banner over the terminal says.

use std::time::{Duration, Instant};

use bevy::prelude::*;
use scarab_protocol::message::Exit;

use super::{
    banner::{Banner, Place},
    notice::Notices,
    session::{MAX_OFFERED, Session},
};
use crate::{
    DaemonConfig,
    alarm::Alarm,
    connection::{ConnectionStatus, PrimaryConnection},
    messages::{ConnectionNoted, DaemonStopped},
    panes::Front,
    terminal::TerminalStatus,
    wake::Waker,
};

/// What was said of a session that is gone: by the daemon when it was told to end, and about what was typed last.
#[derive(Resource, Default)]
pub(super) struct LastWords {
    pub(super) stopped: Option<String>,
    notes: Vec<String>,
}

/// How long a start may take before it is told what it waits for: a daemon that answers takes a tenth of that.
const QUIET_START: Duration = Duration::from_millis(700);

/// The banner: what the connection is doing while it is down, what became of the session, what can be chosen, what is
/// wrong with the configuration file, what plugins and programs tell.
pub(super) fn tell(
    session: Res<Session>,
    status: Option<Single<(&ConnectionStatus, Option<&DaemonConfig>), With<PrimaryConnection>>>,
    front: Front,
    terminals: Query<&TerminalStatus>,
    last_words: Res<LastWords>,
    notices: Res<Notices>,
    mut banner: ResMut<Banner>,
    alarm: Res<Alarm>,
    waker: Res<Waker>,
    mut began: Local<Option<Instant>>,
) {
    let Some((status, config)) = status.map(Single::into_inner) else { return };
    let now = Instant::now();
    let quiet_until = *began.get_or_insert(now) + QUIET_START;
    let mut doing = match status {
        ConnectionStatus::Connected { .. } => None,
        ConnectionStatus::Connecting => Some("Connecting to the daemon...".to_string()),
        ConnectionStatus::Launching => Some("Starting the daemon...".to_string()),
        ConnectionStatus::Waiting { tries, until, why } => {
            Some(format!("Not connected (try {tries}, again in {} s): {why}", seconds_left(*until, now)))
        }
        ConnectionStatus::Closed { why } => Some(format!("Not connected: {why}")),
    };
    let mut lines = Vec::new();
    match &*session {
        // No banner for what is over before it can be read.
        Session::Wanted | Session::Asked(..) if matches!(status, ConnectionStatus::Connecting) && now < quiet_until => {
            alarm.wake_at(quiet_until, &waker);
        }
        Session::Wanted | Session::Asked(..) => lines.extend(doing.take()),
        Session::Shown => match front.pane().and_then(|pane| terminals.get(pane).ok()) {
            Some(TerminalStatus::Failed { why }) => {
                lines.push(why.clone());
                lines.extend(doing.take());
            }
            Some(TerminalStatus::Lost) => {
                lines.push("The connection to the daemon is lost; what is typed waits for it.".into());
                lines.extend(doing.take());
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
            lines.extend(doing.take());
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
    // It is said anew when another second is over; what is not shown wakes nothing.
    if let ConnectionStatus::Waiting { until, .. } = status
        && doing.is_none()
        && let Some(next) = next_second(*until, now)
    {
        alarm.wake_at(next, &waker);
    }
    // Without a connection nobody knows whether the file was mended meanwhile.
    let is_connected = matches!(status, ConnectionStatus::Connected { .. });
    let problem = config.map(|config| &config.0.problem).filter(|problem| is_connected && !problem.is_empty());
    let place = if lines.is_empty() { Place::Corner } else { Place::Middle };
    lines.extend(problem.map(|problem| format!("The configuration stays as it was: {problem}")));
    lines.extend(notices.lines());
    banner.set_if_neq(Banner(lines, place));
}

/// How many seconds are left, the last one begun counting whole.
fn seconds_left(until: Instant, now: Instant) -> u64 {
    let left = until.saturating_duration_since(now);
    left.as_secs() + u64::from(left.subsec_nanos() > 0)
}

/// When there is one second less left. `None` in the last one: what was waited for is then told by who has waited.
fn next_second(until: Instant, now: Instant) -> Option<Instant> {
    let after = seconds_left(until, now).checked_sub(1).filter(|after| *after > 0)?;
    until.checked_sub(Duration::from_secs(after))
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

/// Where the session goes on, what was said meanwhile is told at once, and not with the next that is lost.
pub(super) fn hand_over(
    session: Res<Session>,
    status: Option<Single<&ConnectionStatus, With<PrimaryConnection>>>,
    mut last_words: ResMut<LastWords>,
    mut notices: ResMut<Notices>,
) {
    let is_connected = status.is_some_and(|status| matches!(**status, ConnectionStatus::Connected { .. }));
    if is_connected && matches!(*session, Session::Shown) && !last_words.notes.is_empty() {
        last_words.notes.drain(..).for_each(|note| notices.say(&note));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_counted_down_to_the_last_and_each_is_woken_for_once() {
        let start = Instant::now();
        let until = start + Duration::from_millis(2500);
        let at = |millis| start + Duration::from_millis(millis);
        assert_eq!((seconds_left(until, start), next_second(until, start)), (3, Some(at(500))));
        assert_eq!((seconds_left(until, at(500)), next_second(until, at(500))), (2, Some(at(1500))));
        assert_eq!((seconds_left(until, at(1500)), next_second(until, at(1500))), (1, None));
        assert_eq!((seconds_left(until, at(9000)), next_second(until, at(9000))), (0, None));
    }
}
