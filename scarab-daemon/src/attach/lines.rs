//! Lines of a session as people and scripts read them, whether they are on the screen or have scrolled off it.

use std::ops::Range;

use scarab_protocol::{
    message::LineData,
    surface::{Attrs, Cell, Extra, Grid, RowExtras, line_text},
};

/// One row of cells, by its number in the session's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number, counted like [`Grid::scrolled`]: row `r` of a screen is line `scrolled + r`.
    pub number: u64,
    /// Its cells.
    pub cells: Vec<Cell>,
    /// What cells have beside their words, by rising column.
    pub extras: RowExtras,
}

impl Line {
    /// A line that came over the wire.
    pub fn from_wire(number: u64, data: &LineData) -> Self {
        Self { number, cells: data.cells(), extras: data.extras() }
    }

    /// A row of a screen.
    pub fn of_grid(grid: &Grid, row: u16) -> Self {
        let number = grid.scrolled + u64::from(row);
        Self { number, cells: grid.row(row).to_vec(), extras: grid.row_extras(row).to_vec() }
    }

    /// What a cell has beside its words.
    pub fn extra(&self, col: u16) -> Option<&Extra> {
        let at = self.extras.binary_search_by_key(&col, |(col, _)| *col).ok()?;
        Some(&self.extras[at].1)
    }

    /// Whether the text goes on in the next row because this one was full.
    pub fn wraps(&self) -> bool {
        self.cells.last().is_some_and(|cell| cell.attrs().contains(Attrs::WRAPPED))
    }

    /// The text without trailing blanks.
    pub fn text(&self) -> String {
        line_text(&self.cells, &self.extras)
    }

    /// The characters with the columns they take, blanks included; wide characters once, marks after their character.
    pub fn clusters(&self) -> impl Iterator<Item = (Range<u16>, char, &str)> {
        (0..).zip(&self.cells).filter_map(|(col, cell)| {
            let attrs = cell.attrs();
            if attrs.intersects(Attrs::WIDE_SPACER | Attrs::LEADING_SPACER) {
                return None;
            }
            let end: u16 = col + if attrs.contains(Attrs::WIDE) { 2 } else { 1 };
            Some((col..end, shown(cell.character()), self.extra(col).map_or("", |extra| extra.marks.as_str())))
        })
    }

    /// The column after the last cell that shows anything: what is beyond it is blank in the terminal's own colours.
    pub fn used_cols(&self) -> usize {
        self.cells.iter().rposition(|cell| !is_blank(*cell)).map_or(0, |last| last + 1)
    }
}

/// The rows of a screen, from the top.
pub fn screen_lines(grid: &Grid) -> Vec<Line> {
    (0..grid.rows()).map(|row| Line::of_grid(grid, row)).collect()
}

/// The lines' text, one a line, without blank lines at the end.
pub fn text_of(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines {
        text.push_str(&line.text());
        text.push('\n');
    }
    let kept = text.trim_end_matches('\n').len();
    text.truncate(kept);
    if kept > 0 {
        text.push('\n');
    }
    text
}

/// The character as it may be written to a terminal: what a grid holds came from a peer, and must not command the reader's.
pub fn shown(character: char) -> char {
    if character.is_control() { ' ' } else { character }
}

/// Whether a cell looks like an empty one in the terminal's own colours.
pub fn is_blank(cell: Cell) -> bool {
    let plain = cell.with_extra_index(0);
    let wrap = Attrs::WRAPPED | Attrs::LEADING_SPACER;
    shown(cell.character()) == ' '
        && cell.extra_index() == 0
        && Cell::new(' ', plain.attrs() - wrap, plain.fg(), plain.bg()) == Cell::BLANK
}

#[cfg(test)]
mod tests {
    use scarab_protocol::surface::Color;

    use super::*;

    fn cell(character: char, attrs: Attrs) -> Cell {
        Cell::new(character, attrs, Color::Default, Color::Default)
    }

    fn line(cells: &[Cell]) -> Line {
        Line { number: 0, cells: cells.to_vec(), extras: Vec::new() }
    }

    #[test]
    fn clusters_tell_the_columns_that_characters_take() {
        let wide = [cell('漢', Attrs::WIDE), cell(' ', Attrs::WIDE_SPACER), cell('x', Attrs::empty())];
        let line = line(&wide);
        let clusters: Vec<_> = line.clusters().map(|(cols, base, _)| (cols, base)).collect();
        assert_eq!(clusters, [(0..2, '漢'), (2..3, 'x')]);
    }

    #[test]
    fn what_shows_something_is_used_even_if_it_has_no_text() {
        let blue = Cell::new(' ', Attrs::empty(), Color::Default, Color::Indexed(4));
        assert_eq!(line(&[cell('a', Attrs::empty()), Cell::BLANK, blue, Cell::BLANK]).used_cols(), 3);
        assert_eq!(line(&[Cell::BLANK, cell(' ', Attrs::WRAPPED)]).used_cols(), 0);
    }

    #[test]
    fn blank_lines_at_the_end_are_left_out_and_others_kept() {
        let lines = [line(&[Cell::BLANK]), line(&[cell('a', Attrs::empty())]), line(&[Cell::BLANK])];
        assert_eq!(text_of(&lines), "\na\n");
        assert_eq!(text_of(&lines[..1]), "");
    }
}
