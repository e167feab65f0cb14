//! How much memory hyperlinks take. Every cell can have one of its own, of two kilobytes.

use alacritty_terminal::{grid::Dimensions, index::Line};

use super::core::Core;

/// The most bytes of hyperlinks on a screen and in its history. Above that, new ones are dropped.
const MAX_LINKS: usize = 16 * 1024 * 1024;
/// When so many more lines have scrolled off, it is counted again how many are left.
const COUNT_AGAIN: u64 = 1000;
/// What a hyperlink takes beside its text, in bytes.
const LINK_OVERHEAD: usize = 128;

/// What is known of it.
#[derive(Debug, Default)]
pub(super) struct LinkBudget {
    /// At most so many bytes; some of them may be gone since they were counted.
    bytes: usize,
    /// They were counted when so many lines had scrolled off, and were too many.
    exhausted_at: Option<u64>,
}

impl Core {
    /// Whether there is memory for one more hyperlink of this length.
    pub(super) fn afford_link(&mut self, length: usize) -> bool {
        let cost = length + LINK_OVERHEAD;
        if self.links.bytes + cost > MAX_LINKS {
            if self.links.exhausted_at.is_some_and(|at| self.scrolled() < at + COUNT_AGAIN) {
                return false;
            }
            self.links.bytes = self.count_links();
            if self.links.bytes + cost > MAX_LINKS / 2 {
                self.links.exhausted_at = Some(self.scrolled());
                return false;
            }
            self.links.exhausted_at = None;
        }
        self.links.bytes += cost;
        true
    }

    /// The bytes of the hyperlinks that are still there; one that goes on over several cells counts once.
    pub(super) fn count_links(&self) -> usize {
        let grid = self.term.grid();
        let mut last = None;
        let mut bytes = 0;
        for line in grid.topmost_line().0..i32::from(self.size.rows) {
            for cell in grid[Line(line)].into_iter().filter(|cell| cell.extra.is_some()) {
                let link = cell.hyperlink();
                if link != last {
                    bytes += link.as_ref().map_or(0, |link| link.uri().len() + link.id().len() + LINK_OVERHEAD);
                    last = link;
                }
            }
        }
        bytes
    }
}
