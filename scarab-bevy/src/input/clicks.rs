//! Clicks that follow each other.

use std::time::Duration;

/// How long after a click another one belongs to it: what desktops have as a rule.
const WITHIN: Duration = Duration::from_millis(400);

/// The clicks so far.
#[derive(Debug, Default)]
pub(super) struct Clicks {
    last: Option<(Duration, Option<(u16, u16)>)>,
    count: u8,
}

impl Clicks {
    /// A click at a time in a cell: how many there were in a row, from 1 to 3 and again from 1.
    pub(super) fn count(&mut self, now: Duration, cell: Option<(u16, u16)>) -> u8 {
        let follows = self.last.is_some_and(|(then, there)| there == cell && now.saturating_sub(then) <= WITHIN);
        self.last = Some((now, cell));
        self.count = if follows { self.count % 3 + 1 } else { 1 };
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clicks_in_one_cell_and_soon_after_each_other_count_up_to_three() {
        let mut clicks = Clicks::default();
        let mut click = |ms, cell| clicks.count(Duration::from_millis(ms), Some((cell, 0)));
        assert_eq!([click(0, 1), click(300, 1), click(600, 1), click(700, 1)], [1, 2, 3, 1]);
        assert_eq!([click(800, 2), click(1300, 2), click(1400, 2)], [1, 1, 2]);
    }
}
