//! The blinking of cursors and of text.

use std::time::{Duration, Instant};

use bevy::prelude::*;
use scarab_protocol::surface::Cursor;

use super::{draw::TerminalScreen, layout::TerminalView};
use crate::{alarm::Alarm, terminal::TerminalGrid, wake::Waker};

/// How long what blinks is seen, and how long not: what desktops have as a rule (GTK's gtk-cursor-blink-time is 1200 ms for both).
const INTERVAL: Duration = Duration::from_millis(600);

/// What is asked for is kept within these: something that changes at every instant is not seen, nor what changes never.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_secs(3600);
/// How long it goes on when nothing happens. Then it stays to be seen, and an App that sleeps is woken no more.
const BLINKS_FOR: Duration = Duration::from_secs(12);

/// Whether cursors blink, and how fast.
#[derive(Resource, Reflect, Debug, Clone, Copy, PartialEq, Eq)]
#[reflect(Resource, Default)]
pub struct CursorBlink {
    /// Whether they do, whatever programs ask for (DECSCUSR, mode 12). Default: `None`, as the programs ask.
    pub always: Option<bool>,
    /// How long one that blinks is seen, and how long not; a millisecond at least. Default: 600 ms.
    pub interval: Duration,
}

impl Default for CursorBlink {
    fn default() -> Self {
        Self { always: None, interval: INTERVAL }
    }
}

/// Whether text blinks that programs want to blink (SGR 5). Default: it does.
#[derive(Resource, Reflect, Debug, Clone, Copy, PartialEq, Eq)]
#[reflect(Resource, Default)]
pub struct TextBlink(pub bool);

impl Default for TextBlink {
    fn default() -> Self {
        Self(true)
    }
}

/// Where the blinking stands.
#[derive(Resource, Debug, Default)]
pub(super) struct Blink {
    cursors: Phase,
    text: Phase,
    wanted: CursorBlink,
}

/// What blinks together.
#[derive(Debug, Default)]
struct Phase {
    /// When it began; none while nothing blinks.
    since: Option<Instant>,
    /// When something happened last.
    news: Option<Instant>,
    is_off: bool,
}

impl Blink {
    /// Whether a cursor is not seen at the moment.
    pub(super) fn hides(&self, cursor: Cursor, focused: bool) -> bool {
        self.cursors.is_off && blinks(cursor, focused, self.wanted.always)
    }

    /// Whether text that blinks is not seen at the moment.
    pub(super) fn hides_text(&self) -> bool {
        self.text.is_off
    }
}

impl Phase {
    /// Goes on to a time, if anything blinks.
    fn go_on(&mut self, any: bool, news: bool, now: Instant, interval: Duration) {
        if !any {
            *self = Self::default();
            return;
        }
        let since = *self.since.get_or_insert(now);
        let last = *self.news.get_or_insert(now);
        let last = if news { now } else { last };
        self.news = Some(last);
        let is_over = now.saturating_duration_since(last) >= BLINKS_FOR;
        self.is_off = !is_over && Self::number(since, now, interval) % 2 == 1;
    }

    /// When that changes; `None` if it does not.
    fn next(&self, now: Instant, interval: Duration) -> Option<Instant> {
        let (since, last) = (self.since?, self.news?);
        let next = || since + interval * (Self::number(since, now, interval) + 1);
        (now.saturating_duration_since(last) < BLINKS_FOR).then(next)
    }

    fn number(since: Instant, now: Instant, interval: Duration) -> u32 {
        (now.saturating_duration_since(since).as_millis() / interval.as_millis().max(1)) as u32
    }
}

fn blinks(cursor: Cursor, focused: bool, wanted: Option<bool>) -> bool {
    focused && cursor.visible && wanted.unwrap_or(cursor.blinking)
}

/// A terminal, as far as blinking goes.
type Blinking<'a> = (Ref<'a, TerminalGrid>, Ref<'a, TerminalView>, &'a TerminalScreen, Option<&'a InheritedVisibility>);

/// Goes on with the blinking. What happens on a terminal with a cursor that blinks begins that anew, so that it is seen.
pub(super) fn blink(
    settings: (Res<CursorBlink>, Res<TextBlink>),
    terminals: Query<Blinking>,
    mut blink: ResMut<Blink>,
) {
    let (cursors, text) = settings;
    let blink = blink.bypass_change_detection();
    let (mut cursor, mut cursor_news, mut texts, mut text_news) = (false, cursors.is_changed(), false, false);
    for (screen, view, drawn, seen) in &terminals {
        let news = screen.is_changed() || view.is_changed();
        if blinks(screen.grid.cursor, view.focused, cursors.always) {
            cursor = true;
            cursor_news |= news;
        }
        if text.0 && drawn.blinks() && seen.is_none_or(|seen| seen.get()) {
            texts = true;
            text_news |= news;
        }
    }
    // Apps can ask for anything.
    let interval = cursors.interval.clamp(SHORTEST, LONGEST);
    blink.wanted = CursorBlink { interval, ..*cursors };
    let now = Instant::now();
    if cursor_news {
        blink.cursors = Phase::default();
    }
    blink.cursors.go_on(cursor, cursor_news, now, interval);
    blink.text.go_on(texts, text_news, now, INTERVAL);
}

/// Wakes the App when the next change is due. After drawing, which finds text that blinks.
pub(super) fn go_on(
    screens: Query<(&TerminalScreen, Option<&InheritedVisibility>)>,
    text: Res<TextBlink>,
    mut blink: ResMut<Blink>,
    alarm: Res<Alarm>,
    waker: Option<Res<Waker>>,
) {
    let now = Instant::now();
    let blink = blink.bypass_change_detection();
    let blinks = |(drawn, seen): (&TerminalScreen, Option<&InheritedVisibility>)| {
        drawn.blinks() && seen.is_none_or(|seen| seen.get())
    };
    if blink.text.since.is_none() && text.0 && screens.iter().any(blinks) {
        blink.text.go_on(true, true, now, INTERVAL);
    }
    let cursors = blink.cursors.next(now, blink.wanted.interval);
    let next = cursors.into_iter().chain(blink.text.next(now, INTERVAL)).min();
    if let (Some(next), Some(waker)) = (next, waker) {
        alarm.wake_at(next, &waker);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_blinks_is_seen_and_not_in_turns_and_stays_in_the_end() {
        let start = Instant::now();
        let mut phase = Phase::default();
        let mut at = |ms, news| {
            let now = start + Duration::from_millis(ms);
            phase.go_on(true, news, now, INTERVAL);
            (phase.is_off, phase.next(now, INTERVAL))
        };
        assert_eq!(at(0, true), (false, Some(start + INTERVAL)));
        assert_eq!(at(600, false), (true, Some(start + 2 * INTERVAL)));
        assert_eq!(at(1300, false), (false, Some(start + 3 * INTERVAL)));
        // What happens meanwhile does not disturb it, and has it go on for longer.
        assert_eq!(at(1900, true), (true, Some(start + 4 * INTERVAL)));
        assert!(at(13_800, false).1.is_some());
        assert_eq!(at(13_900, false), (false, None));
    }

    #[test]
    fn what_blinks_does_so_as_fast_as_is_wanted() {
        let (start, fast) = (Instant::now(), Duration::from_millis(100));
        let mut phase = Phase::default();
        phase.go_on(true, true, start, fast);
        assert_eq!(phase.next(start, fast), Some(start + fast));
        phase.go_on(true, false, start + fast, fast);
        assert!(phase.is_off);
        // As far as it can be.
        for interval in [SHORTEST, LONGEST] {
            phase.go_on(true, false, start + fast, interval);
            assert!(phase.next(start + fast, interval) > Some(start + fast));
        }
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
