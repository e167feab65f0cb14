//! Lines that have left a session's screen.

use super::{Attachment, Pending, request};
use crate::message::{ClearScrollback, Done, Scrollback, ScrollbackRows};

impl Attachment {
    /// Asks for lines of scrollback, from the one of this number on (counted like [`Grid::scrolled`](crate::surface::Grid::scrolled)).
    /// The daemon sends as many of them as it holds and as fit into one answer.
    pub fn scrollback(&self, first: u64, count: u32) -> Pending<ScrollbackRows> {
        match self.shared() {
            Some(shared) => request::send(&shared, self.session(), &Scrollback { first, count }),
            None => Pending::lost(),
        }
    }

    /// Asks to drop what has scrolled off the session's screen, for all who look at it. Done when the frame that shows it is published.
    pub fn clear_scrollback(&self) -> Pending<Done> {
        self.ask(|target| ClearScrollback { target })
    }
}
