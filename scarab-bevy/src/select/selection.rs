//! What is selected of a terminal's lines: plain data, which grows with the pointer and says what of each line is in it.

use std::ops::Range;

use scarab_protocol::surface::{Attrs, Cell};

use super::{
    text::push,
    words::{line_around, word_around},
};
use crate::scrollback::Lines;

/// In which steps a selection grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SelectionKind {
    /// From one character to another, with all between them.
    #[default]
    Cells,
    /// Whole words.
    Words,
    /// Whole lines, as they were before they were wrapped.
    Lines,
    /// A rectangle.
    Block,
}

/// A place between two cells: before the one in this column. The last place of a line is after its last cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// The line, counted like [`Grid::scrolled`](scarab_protocol::surface::Grid::scrolled).
    pub line: u64,
    /// The column.
    pub col: u16,
}

/// A part of a terminal's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Selection {
    kind: SelectionKind,
    /// Where it was begun, and where the pointer is.
    anchor: Place,
    head: Place,
    /// What it comes to in whole steps.
    start: Place,
    end: Place,
}

impl Selection {
    /// One that begins here. Of words and lines the one at the place is in it at once.
    pub(super) fn begin(kind: SelectionKind, at: Place, lines: Lines<'_>, separators: &str) -> Self {
        let mut selection = Self { kind, anchor: at, head: at, start: at, end: at };
        selection.extend(at, lines, separators);
        selection
    }

    /// All that there is.
    pub(super) fn all(lines: Lines<'_>) -> Self {
        let all = lines.all();
        let (start, end) =
            (Place { line: all.start, col: 0 }, Place { line: all.end.saturating_sub(1), col: u16::MAX });
        Self { kind: SelectionKind::Cells, anchor: start, head: end, start, end }
    }

    /// Moves its end to a place.
    pub(super) fn extend(&mut self, to: Place, lines: Lines<'_>, separators: &str) {
        self.head = to;
        let (first, last) = (self.anchor.min(to), self.anchor.max(to));
        (self.start, self.end) = match self.kind {
            SelectionKind::Cells | SelectionKind::Block => (first, last),
            SelectionKind::Words => (word_around(first, lines, separators).0, word_around(last, lines, separators).1),
            SelectionKind::Lines => (line_around(first.line, lines).0, line_around(last.line, lines).1),
        };
    }

    /// Whether nothing is in it.
    pub(super) fn is_empty(&self) -> bool {
        match self.kind {
            SelectionKind::Block => self.anchor.col == self.head.col,
            _ => self.start == self.end,
        }
    }

    /// The lines that it touches.
    pub(super) fn lines(&self) -> Range<u64> {
        self.start.line..self.end.line + 1
    }

    /// What of a line is in it, in columns of a line with these cells; nothing of a line that it does not touch. A wide character of
    /// which a half is in it is in it as a whole.
    pub(super) fn columns(&self, line: u64, cells: &[Cell]) -> Range<u16> {
        if !self.lines().contains(&line) {
            return 0..0;
        }
        let width = cells.len() as u16;
        let columns = match self.kind {
            SelectionKind::Block => self.anchor.col.min(self.head.col)..self.anchor.col.max(self.head.col),
            _ => {
                let start = if line == self.start.line { self.start.col } else { 0 };
                start..if line == self.end.line { self.end.col } else { width }
            }
        };
        let (start, end) = (columns.start.min(width), columns.end.min(width));
        let is_within = |col: u16| {
            start < end && cells.get(usize::from(col)).is_some_and(|cell| cell.attrs().contains(Attrs::WIDE_SPACER))
        };
        start.saturating_sub(u16::from(is_within(start)))..end + u16::from(is_within(end))
    }

    /// Appends the text of one of its lines: with what separates it from the next, if one follows. Lines that were wrapped are
    /// one piece, others have no blanks at their end.
    pub(super) fn push_line(&self, number: u64, lines: Lines<'_>, text: &mut String) {
        let (cells, extras) = lines.get(number);
        let start = text.len();
        push(cells, extras, self.columns(number, cells), text);
        let is_last = number + 1 >= self.lines().end;
        // Blanks at the end of a wrapped line are between words.
        if !is_last && self.kind != SelectionKind::Block && lines.is_wrapped(number) {
            return;
        }
        text.truncate(start + text[start..].trim_end_matches([' ', '\t']).len());
        if !is_last {
            text.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use scarab_protocol::surface::{Color, Grid};

    use super::*;
    use crate::scrollback::Scrollback;

    /// A screen of these rows, from line 100 on. A row that ends in `\` goes on in the next; `>` stands for the right half of a wide
    /// character.
    fn screen(rows: &[&str]) -> Grid {
        let mut grid = Grid::new(10, rows.len() as u16);
        grid.scrolled = 100;
        for (row, text) in (0..).zip(rows) {
            let wraps = text.ends_with('\\');
            let cell = |c: char| match c {
                '>' => Cell::new(' ', Attrs::WIDE_SPACER, Color::Default, Color::Default),
                c if c.is_ascii() => Cell::new(c, Attrs::empty(), Color::Default, Color::Default),
                c => Cell::new(c, Attrs::WIDE, Color::Default, Color::Default),
            };
            let mut cells: Vec<Cell> = text.trim_end_matches('\\').chars().map(cell).collect();
            cells.resize(10, Cell::BLANK);
            if wraps {
                cells[9] = Cell::new(cells[9].character(), Attrs::WRAPPED, Color::Default, Color::Default);
            }
            grid.set_row(row, 1, &cells, Vec::new());
        }
        grid
    }

    fn at(row: u64, col: u16) -> Place {
        Place { line: 100 + row, col }
    }

    fn selected(grid: &Grid, kind: SelectionKind, from: Place, to: Place) -> String {
        let scrollback = Scrollback::default();
        let lines = Lines { screen: grid, scrollback: &scrollback };
        let mut selection = Selection::begin(kind, from, lines, ",:");
        selection.extend(to, lines, ",:");
        let mut text = String::new();
        selection.lines().for_each(|line| selection.push_line(line, lines, &mut text));
        text
    }

    #[test]
    fn cells_go_from_place_to_place_in_either_direction() {
        let grid = screen(&["first", "second", "third"]);
        assert_eq!(selected(&grid, SelectionKind::Cells, at(0, 2), at(1, 3)), "rst\nsec");
        assert_eq!(selected(&grid, SelectionKind::Cells, at(1, 3), at(0, 2)), "rst\nsec");
        assert_eq!(selected(&grid, SelectionKind::Cells, at(1, 1), at(1, 1)), "");
        assert_eq!(selected(&grid, SelectionKind::Block, at(2, 3), at(0, 1)), "ir\nec\nhi");
    }

    #[test]
    fn words_and_lines_are_whole_across_a_wrap() {
        let grid = screen(&["a long wor\\", "d and more", "next"]);
        assert_eq!(selected(&grid, SelectionKind::Words, at(1, 0), at(1, 0)), "word");
        assert_eq!(selected(&grid, SelectionKind::Words, at(0, 8), at(0, 8)), "word");
        assert_eq!(selected(&grid, SelectionKind::Words, at(0, 3), at(1, 3)), "long word and");
        assert_eq!(selected(&grid, SelectionKind::Lines, at(1, 4), at(1, 4)), "a long word and more");
    }

    #[test]
    fn a_wide_character_is_in_it_as_a_whole() {
        let grid = screen(&["a漢>字>b", "12345"]);
        for (from, to, text) in [(2, 3, "漢"), (1, 2, "漢"), (2, 4, "漢字"), (3, 6, "字b"), (2, 2, "")] {
            assert_eq!(selected(&grid, SelectionKind::Cells, at(0, from), at(0, to)), text, "{from} to {to}");
        }
        // A rectangle has of each line whole characters.
        assert_eq!(selected(&grid, SelectionKind::Block, at(0, 2), at(1, 4)), "漢字\n34");
        let scrollback = Scrollback::default();
        let lines = Lines { screen: &grid, scrollback: &scrollback };
        let mut selection = Selection::begin(SelectionKind::Block, at(0, 2), lines, "");
        selection.extend(at(1, 4), lines, "");
        assert_eq!([0u16, 1].map(|row| selection.columns(100 + u64::from(row), grid.row(row))), [1..5, 2..4]);
    }

    #[test]
    fn tabs_are_copied_as_tabs() {
        // The first goes to the eighth column, as the second from there would; the third is followed by something before it.
        let grid = screen(&["a\t      b", "\t       c", "\t   d e", "a \t"]);
        assert_eq!(selected(&grid, SelectionKind::Cells, at(0, 0), at(3, 10)), "a\tb\n\tc\n\td e\na");
        // Of a tab that begins before it there are blanks.
        assert_eq!(selected(&grid, SelectionKind::Cells, at(0, 6), at(0, 9)), "  b");
        assert_eq!(selected(&grid, SelectionKind::Block, at(0, 1), at(1, 9)), "\tb\n       c");
        let wrapped = screen(&["a b\t     \\", "c"]);
        assert_eq!(selected(&wrapped, SelectionKind::Cells, at(0, 0), at(1, 1)), "a b\t  c");
    }

    #[test]
    fn blanks_stay_between_words_and_go_at_the_end() {
        let grid = screen(&["one two   \\", "three     ", "four"]);
        assert_eq!(selected(&grid, SelectionKind::Cells, at(0, 0), at(2, 4)), "one two   three\nfour");
    }
}
