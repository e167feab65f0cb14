//! The text of a part of a line, as it is copied.

use std::{ops::Range, sync::Arc};

use scarab_protocol::surface::{Attrs, Cell, Extra};

/// Every so many columns a tab ends, where programs set nothing else.
const TAB: u16 = 8;

/// Appends the text of these columns of a line with these cells, blanks at the end included. A wide character is there once, marks after
/// their character. A tab is one again: of the blanks behind it, it was only the room.
///
/// Where programs have set their tab stops is not known here. A tab that goes less far than usual is followed by something else, and of one
/// that goes farther the rest is blanks.
pub(super) fn push(cells: &[Cell], extras: &[(u16, Arc<Extra>)], columns: Range<u16>, text: &mut String) {
    let mut extras = extras.iter().peekable();
    let mut in_tab = false;
    for col in columns {
        let Some(cell) = cells.get(usize::from(col)) else { return };
        if cell.attrs().intersects(Attrs::WIDE_SPACER | Attrs::LEADING_SPACER) {
            continue;
        }
        let character = match cell.character() {
            '\0' => ' ',
            character => character,
        };
        in_tab = in_tab && character == ' ' && !col.is_multiple_of(TAB);
        if in_tab {
            continue;
        }
        in_tab = character == '\t';
        text.push(character);
        while extras.next_if(|(at, _)| *at < col).is_some() {}
        if let Some((_, extra)) = extras.next_if(|(at, _)| *at == col) {
            text.push_str(&extra.marks);
        }
    }
}
