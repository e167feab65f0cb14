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
/// The screen is staged before an update if that was not done so recently. A program that does nothing but begin updates is to spend its
/// time on drawing, not this on staging.
const STAGE_GAP: Duration = Duration::from_millis(1);

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
    /// When the screen was staged before an update last.
    staged: Option<Instant>,
}

impl Update {
    /// An update begins; one that goes on already does so, and does not last longer for it. True if the screen as it is now is to be
    /// staged, so that it can be shown meanwhile.
    pub(super) fn begin(&mut self, now: Instant) -> bool {
        if self.deadline.is_some() {
            return false;
        }
        self.deadline = Some(now + LONGEST);
        let is_due = self.staged.is_none_or(|last| now >= last + STAGE_GAP);
        if is_due {
            self.staged = Some(now);
        }
        is_due
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
    fn the_screen_is_staged_before_an_update_but_not_all_the_time() {
        let (mut update, now) = (Update::default(), Instant::now());
        let staged = (0..5000).filter(|micros| {
            let is_due = update.begin(now + Duration::from_micros(*micros));
            update.end();
            is_due
        });
        assert_eq!(staged.collect::<Vec<_>>(), [0, 1000, 2000, 3000, 4000]);
    }
}
