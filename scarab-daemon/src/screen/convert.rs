//! The VT core's cells as the surface and the wire have them.

use alacritty_terminal::{
    grid::Row,
    term::cell::{Cell as CoreCell, Flags},
    vte::ansi::{Color as CoreColor, NamedColor},
};
use scarab_protocol::{
    message::{LineData, WireExtra},
    surface::{Attrs, Cell, Color, Extra, Link, Underline},
};

use super::handler::BLINK;

/// Turns a line of the core into cells, and what does not fit into them, by rising column. Both are emptied first.
pub(super) fn line(line: &Row<CoreCell>, cells: &mut Vec<Cell>, extras: &mut Vec<(u16, Extra)>) {
    cells.clear();
    extras.clear();
    // Cells beside each other mostly have the same flags, and most rows have nothing that does not fit into cells.
    let (mut flags, mut its_attrs, mut has_extras) = (Flags::empty(), Attrs::empty(), false);
    cells.extend(line.into_iter().map(|cell| {
        if cell.flags != flags {
            (flags, its_attrs) = (cell.flags, attrs(cell.flags));
        }
        has_extras |= cell.extra.is_some();
        Cell::new(cell.c, its_attrs, color(cell.fg), color(cell.bg))
    }));
    if has_extras {
        extras.extend((0..).zip(line).filter_map(|(col, cell)| Some((col, extra(cell)?))));
    }
}

/// A converted line as it travels; `row` is its place in the page.
pub(super) fn wire(row: u16, cells: &[Cell], extras: &[(u16, Extra)]) -> LineData {
    let mut words: Vec<u64> = cells.iter().flat_map(|cell| cell.to_words()).collect();
    let extras = extras.iter().map(|(col, extra)| {
        // A cell's index says that there is something beside it; what, the entry with its column does.
        let start = usize::from(*col) * Cell::WORDS;
        words[start..start + Cell::WORDS].copy_from_slice(&cells[usize::from(*col)].with_extra_index(1).to_words());
        WireExtra {
            col: *col,
            marks: extra.marks.clone(),
            link: extra.link.as_ref().map(|link| (link.id.to_string(), link.uri.to_string())),
            underline_color: extra.underline_color.to_bits(),
        }
    });
    let extras = extras.collect();
    LineData { row, frame: 0, cells: words, extras }
}

/// About how many bytes a line takes on the wire.
pub(super) fn wire_bytes(line: &LineData) -> usize {
    let extra =
        |extra: &WireExtra| 64 + extra.marks.len() + extra.link.as_ref().map_or(0, |(id, uri)| id.len() + uri.len());
    32 + line.cells.len() * 8 + line.extras.iter().map(extra).sum::<usize>()
}

/// A colour as the surface has it. The terminal's own foreground and background are its theme's affair.
fn color(color: CoreColor) -> Color {
    match color {
        CoreColor::Spec(rgb) => Color::Rgb(rgb.r, rgb.g, rgb.b),
        CoreColor::Indexed(index) => Color::Indexed(index),
        CoreColor::Named(name) => match name as usize {
            ansi @ 0..16 => Color::Indexed(ansi as u8),
            // The core numbers the dim forms of the first eight in a row; faintness is an attribute here.
            dim @ FIRST_DIM..=LAST_DIM => Color::Indexed((dim - FIRST_DIM) as u8),
            _ => Color::Default,
        },
    }
}

const FIRST_DIM: usize = NamedColor::DimBlack as usize;
const LAST_DIM: usize = NamedColor::DimWhite as usize;

fn attrs(flags: Flags) -> Attrs {
    if flags.is_empty() {
        return Attrs::empty();
    }
    const PAIRS: [(Flags, Attrs); 11] = [
        (Flags::BOLD, Attrs::BOLD),
        (Flags::ITALIC, Attrs::ITALIC),
        (Flags::DIM, Attrs::FAINT),
        (Flags::INVERSE, Attrs::INVERSE),
        (Flags::HIDDEN, Attrs::HIDDEN),
        (Flags::STRIKEOUT, Attrs::STRIKEOUT),
        (Flags::WIDE_CHAR, Attrs::WIDE),
        (Flags::WIDE_CHAR_SPACER, Attrs::WIDE_SPACER),
        (Flags::LEADING_WIDE_CHAR_SPACER, Attrs::LEADING_SPACER),
        (Flags::WRAPLINE, Attrs::WRAPPED),
        (BLINK, Attrs::BLINK),
    ];
    const UNDERLINES: [(Flags, Underline); 5] = [
        (Flags::UNDERLINE, Underline::Single),
        (Flags::DOUBLE_UNDERLINE, Underline::Double),
        (Flags::UNDERCURL, Underline::Curly),
        (Flags::DOTTED_UNDERLINE, Underline::Dotted),
        (Flags::DASHED_UNDERLINE, Underline::Dashed),
    ];
    let mut attrs = Attrs::empty();
    for (flag, attr) in PAIRS {
        attrs.set(attr, flags.contains(flag));
    }
    match UNDERLINES.iter().find(|(flag, _)| flags.contains(*flag)) {
        Some((_, style)) => attrs.with_underline(*style),
        None => attrs,
    }
}

fn extra(cell: &CoreCell) -> Option<Extra> {
    cell.extra.as_ref()?;
    let marks: String = cell.zerowidth().unwrap_or(&[]).iter().collect();
    let link = cell.hyperlink().map(|link| Link { id: link.id().into(), uri: link.uri().into() });
    let underline_color = cell.underline_color().map_or(Color::Default, color);
    let extra = Extra { marks, link, underline_color };
    (extra != Extra::default()).then_some(extra)
}
