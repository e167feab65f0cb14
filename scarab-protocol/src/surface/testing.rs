//! What the surface's tests have in common: strategies for what can stand on a screen.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Attrs, Cell, Color, Cursor, CursorShape, Extra, Grid, Link, Palette, Rgb};

/// Any colour.
pub(crate) fn any_color() -> impl Strategy<Value = Color> {
    prop_oneof![
        Just(Color::Default),
        any::<u8>().prop_map(Color::Indexed),
        any::<Rgb>().prop_map(|[r, g, b]| Color::Rgb(r, g, b)),
    ]
}

/// Any cell without an extra.
pub(crate) fn any_cell() -> impl Strategy<Value = Cell> {
    (any::<char>(), any::<u16>(), any_color(), any_color())
        .prop_map(|(character, attrs, fg, bg)| Cell::new(character, Attrs::from_bits_truncate(attrs), fg, bg))
}

/// Any extra, some with more marks or a longer link than can be published.
pub(crate) fn any_extra() -> impl Strategy<Value = Extra> {
    let marks =
        vec(prop_oneof![proptest::char::range('\u{300}', '\u{36f}'), Just('\u{fe0f}'), Just('\u{e0100}')], 0..20);
    let uri = prop_oneof!["[a-zé]{0,40}", "[a-z]{0,10}".prop_map(|part| part.repeat(300))];
    let link = proptest::option::of(("[a-z0-9]{0,300}", uri));
    (marks, link, any_color()).prop_map(|(marks, link, underline_color)| Extra {
        marks: marks.into_iter().collect(),
        link: link.map(|(id, uri)| Link { id: id.into(), uri: uri.into() }),
        underline_color,
    })
}

/// Any cursor, which may lie outside of the grid.
pub(crate) fn any_cursor() -> impl Strategy<Value = Cursor> {
    (0u16..30, 0u16..30, 0u8..5, any::<bool>(), any::<bool>()).prop_map(|(col, row, shape, visible, blinking)| Cursor {
        col,
        row,
        shape: CursorShape::from_bits(shape),
        visible,
        blinking,
    })
}

/// A palette with some colours set.
pub(crate) fn any_palette() -> impl Strategy<Value = Palette> {
    vec((0..Palette::LEN, any::<Rgb>()), 0..6).prop_map(|colors| {
        let mut palette = Palette::default();
        for (place, color) in colors {
            palette.set(place, Some(color));
        }
        palette
    })
}

/// A row's cells with its extras, for grids of up to so many columns.
pub(crate) fn any_row(cols: usize) -> impl Strategy<Value = (Vec<Cell>, Vec<(u16, Extra)>)> {
    let extras = vec((0..cols as u16, any_extra()), 0..4);
    (vec(any_cell(), 0..=cols), extras)
}

/// Puts a row into a grid as it is expected there: cells that have an extra say so, plain extras are none.
pub(crate) fn put_row(grid: &mut Grid, row: u16, frame: u64, cells: &[Cell], extras: &[(u16, Extra)]) {
    let mut line = vec![Cell::BLANK; usize::from(grid.cols())];
    for (to, from) in line.iter_mut().zip(cells) {
        *to = *from;
    }
    let mut held: Vec<Option<Arc<Extra>>> = vec![None; line.len()];
    for (col, extra) in extras {
        if let Some(held) = held.get_mut(usize::from(*col)) {
            let fitted = super::packed::fitted(extra).into_owned();
            *held = (fitted != Extra::default()).then(|| Arc::new(fitted));
        }
    }
    let extras: Vec<_> = (0..).zip(held).filter_map(|(col, extra)| Some((col, extra?))).collect();
    for (col, _) in &extras {
        line[usize::from(*col)] = line[usize::from(*col)].with_extra_index(1);
    }
    grid.set_row(row, frame, &line, extras);
}
