//! Places in what a session has ever shown.

use scarab_protocol::surface::Grid;

/// A line by its number in the session's life, and a column. As a number: `line << 16 | column`, which grows with
/// every character that a shell prints, and which `wait --since` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position {
    /// The line, counted like [`Grid::scrolled`].
    pub line: u64,
    /// The column, from 0.
    pub col: u16,
}

impl Position {
    /// Where the cursor is.
    pub fn of_cursor(grid: &Grid) -> Self {
        Self { line: grid.scrolled + u64::from(grid.cursor.row), col: grid.cursor.col }
    }

    /// The position as a number.
    pub fn to_number(self) -> u64 {
        self.line << 16 | u64::from(self.col)
    }

    /// The position that a number stands for.
    pub fn from_number(number: u64) -> Self {
        Self { line: number >> 16, col: number as u16 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_ordered_as_their_numbers_are() {
        let places = [(0, 0), (0, 9), (1, 0), (70_000, 65_535)].map(|(line, col)| Position { line, col });
        assert!(places.windows(2).all(|pair| pair[0] < pair[1] && pair[0].to_number() < pair[1].to_number()));
        for place in places {
            assert_eq!(Position::from_number(place.to_number()), place);
        }
    }
}
