//! What an input method composes, over what is on screen.

use scarab_protocol::surface::{Attrs, Cell, Grid, RowExtras, Underline};

use crate::{
    preedit::TerminalPreedit,
    typeset::{Typeset, columns},
};

/// A grid with what is composed at its cursor, which stands where the input method has its own. Of what is longer than a row the end
/// is seen, of a wide character that is covered in half nothing.
pub(super) fn composed(grid: &Grid, preedit: &TerminalPreedit) -> Grid {
    let mut grid = grid.clone();
    let (row, cols) = (grid.cursor.row, usize::from(grid.cols()));
    let mut text = Typeset::default();
    text.write(&preedit.text, Attrs::empty().with_underline(Underline::Single));
    if row >= grid.rows() || cols == 0 || text.cells.is_empty() {
        return grid;
    }
    let before = preedit.caret.and_then(|at| preedit.text.get(..at));
    let caret = before.map_or(text.cells.len(), columns);
    let hidden = text.cut(text.cells.len().saturating_sub(cols), cols);
    let start = usize::from(grid.cursor.col).min(cols - text.cells.len());
    let end = start + text.cells.len();
    let mut whole = grid.row(row).to_vec();
    let is_right_half = |at: usize| whole.get(at).is_some_and(|cell| cell.attrs().contains(Attrs::WIDE_SPACER));
    let gone = start.saturating_sub(is_right_half(start).into())..end + usize::from(is_right_half(end));
    whole[gone.clone()].fill(Cell::BLANK);
    whole[start..end].copy_from_slice(&text.cells);
    let extras = grid.row_extras(row).iter().cloned();
    let (left, right): (RowExtras, RowExtras) = extras.partition(|(col, _)| usize::from(*col) < gone.start);
    let right = right.into_iter().filter(|(col, _)| usize::from(*col) >= gone.end);
    let marks = text.extras.into_iter().map(|(col, extra)| (col + start as u16, extra));
    let extras = left.into_iter().chain(marks).chain(right).collect();
    let frame = grid.frame;
    grid.set_row(row, frame, &whole, extras);
    grid.cursor.col = (start + caret.saturating_sub(hidden)).min(cols - 1) as u16;
    grid
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::typeset::tests::{any_text, is_whole};

    /// A row of a text, with the cursor at a column, and what an input method composes there.
    fn shown_over(row: &str, col: u16, text: &str, caret: Option<usize>) -> Grid {
        let mut typeset = Typeset::default();
        typeset.write(row, Attrs::empty());
        let mut grid = Grid::new(typeset.cells.len() as u16, 1);
        grid.set_row(0, 1, &typeset.cells, typeset.extras);
        grid.cursor.col = col;
        composed(&grid, &TerminalPreedit { text: text.into(), caret })
    }

    fn shown(col: u16, text: &str, caret: Option<usize>) -> (String, u16) {
        let grid = shown_over("abcdefgh", col, text, caret);
        (grid.row_text(0), grid.cursor.col)
    }

    #[test]
    fn what_is_composed_stands_at_the_cursor_and_within_the_row() {
        assert_eq!(shown(2, "xy", None), ("abxyefgh".into(), 4));
        assert_eq!(shown(2, "xy", Some(1)), ("abxyefgh".into(), 3));
        assert_eq!(shown(7, "xyz", None), ("abcdexyz".into(), 7));
        assert_eq!(shown(3, "0123456789", Some(9)), ("23456789".into(), 7));
        assert_eq!(shown(0, "漢字", None), ("漢字efgh".into(), 4));
        assert_eq!(shown(0, "漢字", Some(3)), ("漢字efgh".into(), 2));
        assert_eq!(shown(1, "e\u{301}", None), ("ae\u{301}cdefgh".into(), 2));
    }

    #[test]
    fn what_is_composed_is_underlined_and_nothing_else_is() {
        let grid = shown_over("abcdefgh", 2, "x漢", None);
        let underlined = |cell: &Cell| cell.attrs().underline() == Underline::Single;
        let underlined: Vec<bool> = grid.row(0).iter().map(underlined).collect();
        assert_eq!(underlined, [false, false, true, true, true, false, false, false]);
    }

    #[test]
    fn of_a_wide_character_that_is_covered_in_half_nothing_is_seen() {
        assert_eq!(shown_over("漢e\u{301}漢f", 1, "x", None).row_text(0), " xe\u{301}漢f");
        assert_eq!(shown_over("漢e\u{301}漢f", 2, "xy", None).row_text(0), "漢xy f");
    }

    proptest! {
        #[test]
        fn no_wide_character_is_split_wherever_what_is_composed_stands(
            row in "[a漢]{1,20}",
            col in 0..50u16,
            text in any_text(),
            caret in prop::option::of(0..60usize),
        ) {
            let grid = shown_over(&row, col, &text, caret);
            prop_assert!(is_whole(grid.row(0)));
            prop_assert!(grid.cursor.col < grid.cols() || columns(&text) == 0);
            prop_assert!(grid.row_extras(0).is_sorted_by_key(|(col, _)| *col));
        }
    }
}
