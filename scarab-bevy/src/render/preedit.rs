//! What an input method composes, over what is on screen.

use scarab_protocol::surface::{Attrs, Cell, Color, Grid, Underline};
use unicode_width::UnicodeWidthChar;

use crate::preedit::TerminalPreedit;

/// A grid with what is composed at its cursor, which stands where the input method has its own. Of what is longer than a row the end
/// is seen.
pub(super) fn composed(grid: &Grid, preedit: &TerminalPreedit) -> Grid {
    let mut grid = grid.clone();
    let (row, cols) = (grid.cursor.row, usize::from(grid.cols()));
    if row >= grid.rows() || cols == 0 {
        return grid;
    }
    let plain = Attrs::empty().with_underline(Underline::Single);
    let cell = |character, attrs| Cell::new(character, attrs, Color::Default, Color::Default);
    let (mut cells, mut caret) = (Vec::new(), None);
    for (at, character) in preedit.text.char_indices() {
        if preedit.caret == Some(at) {
            caret = Some(cells.len());
        }
        match character.width() {
            Some(2) => cells.extend([cell(character, plain | Attrs::WIDE), cell(' ', plain | Attrs::WIDE_SPACER)]),
            Some(1) => cells.push(cell(character, plain)),
            // Marks would need a character to stand on, and what is composed rarely has any.
            _ => {}
        }
    }
    let caret = caret.unwrap_or(cells.len());
    let hidden = cells.len().saturating_sub(cols);
    cells.drain(..hidden);
    let start = usize::from(grid.cursor.col).min(cols - cells.len());
    let mut whole = grid.row(row).to_vec();
    whole[start..start + cells.len()].copy_from_slice(&cells);
    let covered = start..start + cells.len();
    let extras =
        grid.row_extras(row).iter().filter(|(col, _)| !covered.contains(&usize::from(*col))).cloned().collect();
    let frame = grid.frame;
    grid.set_row(row, frame, &whole, extras);
    grid.cursor.col = (start + caret.saturating_sub(hidden)).min(cols - 1) as u16;
    grid
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(col: u16, text: &str, caret: Option<usize>) -> (String, u16) {
        let mut grid = Grid::new(8, 1);
        let cells: Vec<Cell> =
            "abcdefgh".chars().map(|c| Cell::new(c, Attrs::empty(), Color::Default, Color::Default)).collect();
        grid.set_row(0, 1, &cells, Vec::new());
        grid.cursor.col = col;
        let grid = composed(&grid, &TerminalPreedit { text: text.into(), caret });
        (grid.row_text(0), grid.cursor.col)
    }

    #[test]
    fn what_is_composed_stands_at_the_cursor_and_within_the_row() {
        assert_eq!(shown(2, "xy", None), ("abxyefgh".into(), 4));
        assert_eq!(shown(2, "xy", Some(1)), ("abxyefgh".into(), 3));
        assert_eq!(shown(7, "xyz", None), ("abcdexyz".into(), 7));
        assert_eq!(shown(3, "0123456789", Some(9)), ("23456789".into(), 7));
        assert_eq!(shown(0, "漢字", None), ("漢字efgh".into(), 4));
    }
}
