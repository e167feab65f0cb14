//! Text of rows, as people and scripts read it.

use std::sync::Arc;

use super::{Attrs, Cell, Extra};

/// The text of a line's cells without trailing blanks: a wide character once, marks after their character.
/// `extras` are the line's, by rising column.
pub fn line_text(cells: &[Cell], extras: &[(u16, Arc<Extra>)]) -> String {
    let mut text = String::with_capacity(cells.len());
    let mut extras = extras.iter().peekable();
    for (col, cell) in cells.iter().enumerate() {
        if cell.attrs().intersects(Attrs::WIDE_SPACER | Attrs::LEADING_SPACER) {
            continue;
        }
        text.push(match cell.character() {
            // A tab keeps its place in the grid as a character of its own; the cells after it are blank.
            '\t' | '\0' => ' ',
            character => character,
        });
        while extras.next_if(|(at, _)| usize::from(*at) < col).is_some() {}
        if let Some((_, extra)) = extras.next_if(|(at, _)| usize::from(*at) == col) {
            text.push_str(&extra.marks);
        }
    }
    text.truncate(text.trim_end_matches(' ').len());
    text
}
