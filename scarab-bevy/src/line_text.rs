//! Lines as texts to look for something in, and back from there to the cells.

use std::ops::Range;

use scarab_protocol::surface::Attrs;

use crate::{scrollback::Lines, select::Place};

/// The most lines of a terminal that one text is made of. What is wrapped over more is looked at in pieces.
pub(crate) const MAX_LINES: u64 = 50;

/// A piece of a terminal's lines: the place before its first cell, and the one after its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) start: Place,
    pub(crate) end: Place,
}

impl Span {
    /// The columns of a line of this width that it covers.
    pub(crate) fn columns(&self, line: u64, width: u16) -> Range<u16> {
        if line < self.start.line || line > self.end.line {
            return 0..0;
        }
        let start = if line == self.start.line { self.start.col } else { 0 };
        let end = if line == self.end.line { self.end.col } else { width };
        start.min(width)..end.min(width)
    }
}

/// The terminal's lines that make up one line of text, of which this one is a part.
pub(crate) fn extent(line: u64, lines: Lines<'_>) -> Range<u64> {
    extent_within(MAX_LINES, line, lines)
}

/// The same, followed through at most so many lines each way.
pub(crate) fn extent_within(most: u64, line: u64, lines: Lines<'_>) -> Range<u64> {
    let (mut first, mut last) = (line, line);
    while line - first < most && first.checked_sub(1).is_some_and(|before| lines.is_wrapped(before)) {
        first -= 1;
    }
    while last - line < most && lines.is_wrapped(last) {
        last += 1;
    }
    first..last + 1
}

/// Lines that make up one line of text.
pub(crate) struct LineText {
    /// The text, which ends where the line does.
    pub(crate) text: String,
    cells: Vec<TextCell>,
}

/// A cell that has a character of the text.
#[derive(Clone, Copy)]
struct TextCell {
    /// Where the character begins in the text.
    byte: usize,
    place: Place,
    width: u16,
}

impl LineText {
    /// The text of these lines.
    pub(crate) fn of(extent: Range<u64>, lines: Lines<'_>) -> Self {
        let (mut text, mut places) = (String::new(), Vec::new());
        for line in extent {
            let (cells, extras) = lines.get(line);
            let mut extras = extras.iter().peekable();
            for (col, cell) in (0..).zip(cells) {
                let attrs = cell.attrs();
                if attrs.intersects(Attrs::WIDE_SPACER | Attrs::LEADING_SPACER) {
                    continue;
                }
                let width = if attrs.contains(Attrs::WIDE) { 2 } else { 1 };
                places.push(TextCell { byte: text.len(), place: Place { line, col }, width });
                text.push(match cell.character() {
                    '\t' | '\0' => ' ',
                    character => character,
                });
                while extras.next_if(|(at, _)| *at < col).is_some() {}
                if let Some((_, extra)) = extras.next_if(|(at, _)| *at == col) {
                    text.push_str(&extra.marks);
                }
            }
        }
        text.truncate(text.trim_end_matches(' ').len());
        Self { text, cells: places }
    }

    /// The cells of a part of the text; none of an empty one.
    pub(crate) fn span(&self, bytes: Range<usize>) -> Option<Span> {
        let cell =
            |byte: usize| self.cells.partition_point(|cell| cell.byte <= byte).checked_sub(1).map(|at| self.cells[at]);
        if bytes.is_empty() {
            return None;
        }
        let (first, last) = (cell(bytes.start)?, cell(bytes.end - 1)?);
        Some(Span { start: first.place, end: Place { col: last.place.col + last.width, ..last.place } })
    }
}

#[cfg(test)]
mod tests {
    use scarab_protocol::surface::{Cell, Color, Grid};

    use super::*;
    use crate::scrollback::Scrollback;

    fn cell(character: char, attrs: Attrs) -> Cell {
        Cell::new(character, attrs, Color::Default, Color::Default)
    }

    fn at(line: u64, col: u16) -> Place {
        Place { line, col }
    }

    #[test]
    fn what_is_wrapped_is_found_across_the_edge() {
        let mut grid = Grid::new(4, 3);
        grid.scrolled = 7;
        let [a, b, c] = ["x ab", "cd x", "abcd"].map(|text| text.chars().map(|c| cell(c, Attrs::empty())).collect());
        let mut rows: [Vec<Cell>; 3] = [a, b, c];
        rows[0][3] = cell('b', Attrs::WRAPPED);
        for (row, cells) in (0..).zip(&rows) {
            grid.set_row(row, 1, cells, Vec::new());
        }
        let scrollback = Scrollback::default();
        let lines = Lines { screen: &grid, scrollback: &scrollback };
        assert_eq!((extent(8, lines), extent(9, lines)), (7..9, 9..10));
        let find = |extent| {
            let text = LineText::of(extent, lines);
            let at = text.text.find("abcd").expect("it is there");
            text.span(at..at + 4).expect("cells")
        };
        let found = find(7..9);
        assert_eq!(found, Span { start: at(7, 2), end: at(8, 2) });
        assert_eq!(find(9..10), Span { start: at(9, 0), end: at(9, 4) });
        assert_eq!([found.columns(7, 4), found.columns(8, 4), found.columns(9, 4)], [2..4, 0..2, 0..0]);
    }

    #[test]
    fn wide_characters_cover_both_their_cells() {
        let mut grid = Grid::new(4, 1);
        let row = [cell('漢', Attrs::WIDE), cell(' ', Attrs::WIDE_SPACER), cell('x', Attrs::empty()), Cell::BLANK];
        grid.set_row(0, 1, &row, Vec::new());
        let scrollback = Scrollback::default();
        let lines = Lines { screen: &grid, scrollback: &scrollback };
        let text = LineText::of(0..1, lines);
        assert_eq!(text.text, "漢x");
        assert_eq!(text.span(0..3), Some(Span { start: at(0, 0), end: at(0, 2) }));
        assert_eq!(text.span(3..3), None);
    }
}
