//! Synchronized updates (mode 2026, "terminal synchronized output" of contour, kitty and others): a program says when it begins to draw
//! and when it is done, and what is between is not shown.
//!
//! All output is interpreted when it comes; only what is published waits. The parser's own way is to hold output back. It would know the
//! end of an update in one spelling only, and answer no question before it.

use std::time::{Duration, Instant};

use alacritty_terminal::vte::ansi::{NamedPrivateMode, PrivateMode, Timeout};

/// The mode of an update that goes on.
pub(super) const UPDATE: PrivateMode = PrivateMode::Named(NamedPrivateMode::SyncUpdate);

/// After so long an update is given up: its program may have ended within it. Alacritty waits as long.
const LONGEST: Duration = Duration::from_millis(150);
/// Before an update the screen is staged, unless that was done since so many times the time that it took: a program that does nothing but
/// begin updates is to leave most of the time for what it draws.
const STAGE_GAP: u32 = 4;

/// Makes the parser hold nothing back.
#[derive(Debug, Default)]
pub(super) struct AtOnce;

impl Timeout for AtOnce {
    fn set_timeout(&mut self, _: Duration) {}

    fn clear_timeout(&mut self) {}

    fn pending_timeout(&self) -> bool {
        false
    }
}

/// Whether a program draws, and what it draws is not to be shown yet.
#[derive(Debug, Default)]
pub(super) struct Update {
    /// When the update that goes on is given up.
    deadline: Option<Instant>,
    /// Until when the screen is not to be staged again.
    rests: Option<Instant>,
}

impl Update {
    /// An update begins; one that goes on already does so, and does not last longer for it. True if the screen as it is now is to be
    /// staged, so that it can be shown meanwhile.
    pub(super) fn begin(&mut self, now: Instant) -> bool {
        if self.deadline.is_some() {
            return false;
        }
        self.deadline = Some(now + LONGEST);
        self.rests.is_none_or(|until| now >= until)
    }

    /// The screen was staged, from then until then.
    pub(super) fn staged(&mut self, began: Instant, ended: Instant) {
        self.rests = Some(ended + STAGE_GAP * (ended - began));
    }

    /// What is drawn may be shown.
    pub(super) fn end(&mut self) {
        self.deadline = None;
    }

    /// When the update that goes on is to be given up; `None` if there is none.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_lasts_no_longer_however_often_it_begins() {
        let (mut update, now) = (Update::default(), Instant::now());
        assert!(update.begin(now));
        assert!(!update.begin(now + LONGEST / 2));
        assert_eq!(update.deadline(), Some(now + LONGEST));
        update.end();
        assert_eq!(update.deadline(), None);
    }

    #[test]
    fn staging_takes_a_fifth_of_the_time_at_most() {
        let (mut update, mut now, mut staging) = (Update::default(), Instant::now(), Duration::ZERO);
        let (start, took) = (now, Duration::from_micros(100));
        for _ in 0..1000 {
            if update.begin(now) {
                update.staged(now, now + took);
                now += took;
                staging += took;
            }
            update.end();
            now += Duration::from_micros(3);
        }
        // The first one has no rest before it.
        let most = (now - start) / (STAGE_GAP + 1) + took;
        assert!(staging > took && staging <= most, "{staging:?} of {:?}", now - start);
    }
}
