//! The cursor's blinking.

use std::time::{Duration, Instant};

use bevy::prelude::*;
use scarab_protocol::surface::Cursor;

use super::layout::TerminalView;
use crate::{alarm::Alarm, terminal::TerminalGrid, wake::Waker};

/// How long the cursor is seen, and how long not: what desktops have as a rule.
const INTERVAL: Duration = Duration::from_millis(600);
/// How long it goes on when nothing happens. Then it stays to be seen, and an App that sleeps is woken no more.
const BLINKS_FOR: Duration = Duration::from_secs(12);

/// Whether cursors blink.
#[derive(Resource, Reflect, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[reflect(Resource, Default)]
pub struct CursorBlink {
    /// Whether they do, whatever programs ask for (DECSCUSR, mode 12). Default: `None`, as the programs ask.
    pub always: Option<bool>,
}

/// Where the blinking stands.
#[derive(Resource, Debug, Default)]
pub(super) struct Blink {
    /// When something happened last.
    since: Option<Instant>,
    wanted: Option<bool>,
    is_off: bool,
}

impl Blink {
    /// Whether a cursor is not seen at the moment.
    pub(super) fn hides(&self, cursor: Cursor, focused: bool) -> bool {
        self.is_off && blinks(cursor, focused, self.wanted)
    }

    /// The phase at a time: whether cursors are off, and when that changes.
    fn at(since: Instant, now: Instant) -> (bool, Option<Instant>) {
        let passed = now.saturating_duration_since(since);
        if passed >= BLINKS_FOR {
            return (false, None);
        }
        let phase = (passed.as_millis() / INTERVAL.as_millis()) as u32;
        (phase % 2 == 1, Some(since + INTERVAL * (phase + 1)))
    }
}

fn blinks(cursor: Cursor, focused: bool, wanted: Option<bool>) -> bool {
    focused && cursor.visible && wanted.unwrap_or(cursor.blinking)
}

/// Goes on with the blinking. What happens on a terminal that blinks begins it anew, with a cursor that is seen.
pub(super) fn blink(
    settings: Res<CursorBlink>,
    terminals: Query<(Ref<TerminalGrid>, Ref<TerminalView>)>,
    mut blink: ResMut<Blink>,
    alarm: Res<Alarm>,
    waker: Option<Res<Waker>>,
) {
    let blink = blink.bypass_change_detection();
    let (mut any, mut news) = (false, settings.is_changed());
    for (screen, view) in &terminals {
        if blinks(screen.grid.cursor, view.focused, settings.always) {
            any = true;
            news |= screen.is_changed() || view.is_changed();
        }
    }
    blink.wanted = settings.always;
    if !any {
        (blink.since, blink.is_off) = (None, false);
        return;
    }
    let now = Instant::now();
    let since = if news { now } else { blink.since.unwrap_or(now) };
    let (is_off, next) = Blink::at(since, now);
    (blink.since, blink.is_off) = (Some(since), is_off);
    if let (Some(next), Some(waker)) = (next, waker) {
        alarm.wake_at(next, &waker);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_seen_and_not_in_turns_and_stays_in_the_end() {
        let start = Instant::now();
        let at = |ms| Blink::at(start, start + Duration::from_millis(ms));
        assert_eq!(at(0), (false, Some(start + INTERVAL)));
        assert_eq!(at(600), (true, Some(start + 2 * INTERVAL)));
        assert_eq!(at(1300), (false, Some(start + 3 * INTERVAL)));
        assert_eq!(at(12_000), (false, None));
    }

    #[test]
    fn only_who_has_the_keyboard_blinks_and_only_if_asked() {
        let cursor = Cursor { visible: true, blinking: true, ..default() };
        assert!(blinks(cursor, true, None) && !blinks(cursor, false, None) && !blinks(cursor, true, Some(false)));
        let steady = Cursor { blinking: false, ..cursor };
        assert!(!blinks(steady, true, None) && blinks(steady, true, Some(true)));
        assert!(!blinks(Cursor { visible: false, ..cursor }, true, Some(true)));
    }
}
