//! From a row of the grid to what the shader reads.

use std::{ops::Range, sync::Arc};

use bevy::prelude::Resource;
use scarab_protocol::surface::{Attrs, Cell, Color, CursorShape, Extra, Grid, Underline};

use super::atlas::Glyph;
use super::face::FontStyle;
use super::font::CellMetrics;
use super::joined::{Joined, Joiner};
use super::material::{GpuCell, GridHeader, pack};
use super::raster::Cluster;
use super::theme::{Colors, is_drawing, seen_through};
use crate::highlight::Highlight;

/// The shape of a cursor whose program has chosen none (DECSCUSR, 0). Default: a block.
#[derive(Resource, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DefaultCursor(pub CursorShape);

/// How a grid is drawn, beside its colours and its font.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// In physical pixels.
    pub(super) padding: u32,
    /// Whether it has the keyboard.
    pub(super) focused: bool,
    /// The shape of a cursor that has none of its own.
    pub(super) cursor: CursorShape,
    /// How opaque the default background is, from 0 to 1.
    pub(super) opacity: f32,
}

/// Says where in the atlas glyphs lie.
pub(super) trait Glyphs {
    /// A cluster's.
    fn cluster(&mut self, cluster: Cluster<'_>) -> Glyph;
    /// The tiles of cells that are drawn as one, and whether they have colours of their own; nothing if the font has no such glyph.
    fn joined(&mut self, joined: Joined<'_>) -> Option<(&[u32], bool)>;
}

/// Appends the cells of a row to `out`.
pub(super) fn encode_row(
    grid: &Grid,
    row: u16,
    colors: &Colors,
    highlights: &[(Range<u16>, Highlight)],
    ligatures: bool,
    glyphs: &mut impl Glyphs,
    out: &mut Vec<GpuCell>,
) {
    let cells = grid.row(row);
    let mut extras = Extras(grid.row_extras(row));
    let mut inks = Inks { colors, highlight: None, last: None };
    let mut joiner = Joiner::new(ligatures);
    // The right half of a wide character is drawn with the left one's glyph and colours.
    let mut left_half = None;
    let mut joined_until = 0;
    for (col, &cell) in cells.iter().enumerate() {
        if col < joined_until {
            continue;
        }
        let extra = extras.at(col);
        if let Some(right_half) = left_half.take()
            && cell.attrs().contains(Attrs::WIDE_SPACER)
        {
            out.push(right_half);
            continue;
        }
        if let Some(joined) = joiner.at(cells, col, &extras)
            && let Some((tiles, color)) = glyphs.joined(joined)
        {
            joined_until = col + joined.cells;
            for (cell_col, &cell) in (col..joined_until).zip(&cells[col..]) {
                let ink = inks.of(cell, extras.at(cell_col));
                out.push(encode(ink, tiles.get(cell_col - col).copied().unwrap_or(0), color));
            }
            continue;
        }
        let wide = cell.attrs().contains(Attrs::WIDE) && col + 1 < cells.len();
        let found = if is_blank(cell, extra) { Glyph::default() } else { glyphs.cluster(cluster(cell, extra, wide)) };
        let ink = inks.of(cell, extra);
        out.push(encode(ink, found.left, found.color));
        if wide {
            left_half = Some(encode(ink, found.right, found.color));
        }
    }
    let first = out.len() - cells.len();
    for (columns, highlight) in highlights {
        let mut inks = Inks { colors, highlight: Some(*highlight), last: None };
        for col in usize::from(columns.start)..usize::from(columns.end).min(cells.len()) {
            let drawn = &mut out[first + col];
            if *highlight == Highlight::Link {
                let style = Underline::Single as u32;
                drawn.glyph = drawn.glyph & !(7 << GpuCell::UNDERLINE_SHIFT) | style << GpuCell::UNDERLINE_SHIFT;
                continue;
            }
            // The right half of a wide character is drawn with the left one's colours.
            let is_right_half = cells[col].attrs().contains(Attrs::WIDE_SPACER);
            let col = if is_right_half { col.saturating_sub(1) } else { col };
            let ink = inks.of(cells[col], grid.extra(row, col as u16));
            (drawn.fg, drawn.bg, drawn.underline) = (ink.fg, ink.bg, ink.underline);
        }
    }
}

/// The header of a grid's buffer. Positions and sizes are in physical pixels.
pub(super) fn header(grid: &Grid, colors: &Colors, cell: &CellMetrics, quad: [u32; 2], look: Look) -> GridHeader {
    let (cols, rows) = (u32::from(grid.cols()), u32::from(grid.rows()));
    let mut header = GridHeader {
        grid: [cols, rows],
        cell: [cell.width, cell.height],
        quad,
        origin: [look.padding; 2],
        cursor: GridHeader::NO_CURSOR,
        cursor_cells: 1,
        underline_top: cell.underline_top,
        line: cell.line,
        strike_top: cell.strike_top,
        background: pack(seen_through(colors.bg, look.opacity)),
        opacity: (look.opacity * 255.0).round() as u32,
        ..GridHeader::default()
    };
    let cursor = grid.cursor;
    if !cursor.visible || cursor.row >= grid.rows() || grid.cols() == 0 {
        return header;
    }
    let row = grid.row(cursor.row);
    let mut col = usize::from(cursor.col.min(grid.cols() - 1));
    if row[col].attrs().contains(Attrs::WIDE_SPACER) && col > 0 {
        col -= 1;
    }
    let under = colors.of(row[col], grid.extra(cursor.row, col as u16));
    header.cursor = u32::from(cursor.row) * cols + col as u32;
    header.cursor_cells = if row[col].attrs().contains(Attrs::WIDE) && col + 1 < row.len() { 2 } else { 1 };
    let shape = if cursor.shape == CursorShape::Unset { look.cursor } else { cursor.shape };
    header.cursor_shape = match shape {
        _ if !look.focused => GridHeader::CURSOR_HOLLOW,
        CursorShape::Block | CursorShape::Unset => GridHeader::CURSOR_BLOCK,
        CursorShape::Underline => GridHeader::CURSOR_UNDERLINE,
        CursorShape::Beam => GridHeader::CURSOR_BEAM,
        CursorShape::HollowBlock => GridHeader::CURSOR_HOLLOW,
    };
    // A cursor of the very colour it stands on would hide itself and its letter.
    header.cursor_color = pack(if under.bg == colors.cursor { under.fg } else { colors.cursor });
    header
}

/// A cell's lines and colours as the shader reads them.
#[derive(Clone, Copy)]
struct Ink {
    /// Flags of a [`GpuCell`], and the style of the underline.
    lines: u32,
    fg: u32,
    bg: u32,
    underline: u32,
}

/// Works out the inks of cells. Cells side by side mostly have the same, which is then that of the cell before.
struct Inks<'a> {
    colors: &'a Colors,
    /// Why the cells stand out, if they do.
    highlight: Option<Highlight>,
    /// The attributes, both colours as a cell holds them, and whether it is no text; and what they came to.
    last: Option<((Attrs, u64, bool), Ink)>,
}

impl Inks<'_> {
    fn of(&mut self, cell: Cell, extra: Option<&Extra>) -> Ink {
        let (attrs, [_, both]) = (cell.attrs(), cell.to_words());
        let kind = (attrs, both, is_drawing(cell.character()));
        if let Some((same, ink)) = self.last
            && same == kind
            && extra.is_none()
        {
            return ink;
        }
        let standing_out = self.highlight.and_then(|highlight| self.colors.highlighted(cell, extra, highlight));
        let drawn = standing_out.unwrap_or_else(|| self.colors.of(cell, extra));
        let (fg, bg, underline) = (pack(drawn.fg), pack(drawn.bg), pack(drawn.underline));
        // Inverse text has its own colour behind it, and what stands out another's.
        let is_default = cell.bg() == Color::Default && !attrs.contains(Attrs::INVERSE) && standing_out.is_none();
        let bg = if is_default { bg | GpuCell::DEFAULT_BG } else { bg };
        let ink = Ink { lines: lines(attrs), fg, bg, underline };
        if extra.is_none() {
            self.last = Some((kind, ink));
        }
        ink
    }
}

/// The extras of a row, walked along with its cells.
#[derive(Clone)]
pub(super) struct Extras<'a>(pub(super) &'a [(u16, Arc<Extra>)]);

impl<'a> Extras<'a> {
    /// The extra of a column; columns must rise from call to call.
    pub(super) fn at(&mut self, col: usize) -> Option<&'a Extra> {
        while let [(at, extra), rest @ ..] = self.0 {
            match usize::from(*at).cmp(&col) {
                std::cmp::Ordering::Less => self.0 = rest,
                std::cmp::Ordering::Equal => return Some(extra),
                std::cmp::Ordering::Greater => return None,
            }
        }
        None
    }

    /// Whether the column that was walked to last has one.
    pub(super) fn is_at(&self, col: usize) -> bool {
        self.0.first().is_some_and(|(at, _)| usize::from(*at) == col)
    }
}

fn is_blank(cell: Cell, extra: Option<&Extra>) -> bool {
    cell.attrs().contains(Attrs::HIDDEN) || cell.character() <= ' ' && extra.is_none_or(|extra| extra.marks.is_empty())
}

fn cluster(cell: Cell, extra: Option<&Extra>, wide: bool) -> Cluster<'_> {
    let attrs = cell.attrs();
    Cluster {
        // A control character that carries marks, as a tab can, stands for a space.
        character: cell.character().max(' '),
        marks: extra.map_or("", |extra| extra.marks.as_str()),
        style: FontStyle { bold: attrs.contains(Attrs::BOLD), italic: attrs.contains(Attrs::ITALIC) },
        wide,
    }
}

/// What of a cell's attributes the shader draws.
fn lines(attrs: Attrs) -> u32 {
    let mut lines = 0;
    if !attrs.contains(Attrs::HIDDEN) {
        if attrs.contains(Attrs::STRIKEOUT) {
            lines |= GpuCell::STRIKEOUT;
        }
        lines |= (attrs.underline() as u32) << GpuCell::UNDERLINE_SHIFT;
    }
    if attrs.contains(Attrs::BLINK) {
        lines |= GpuCell::BLINK;
    }
    lines
}

fn encode(ink: Ink, tile: u32, color: bool) -> GpuCell {
    let color = if color { GpuCell::COLOR } else { 0 };
    GpuCell { glyph: tile | color | ink.lines, fg: ink.fg, bg: ink.bg, underline: ink.underline }
}

#[cfg(test)]
mod tests {
    use scarab_protocol::surface::Cursor;

    use super::*;
    use crate::render::theme::TerminalTheme;

    const CELL: CellMetrics =
        CellMetrics { width: 8, height: 16, baseline: 12, line: 1, underline_top: 13, strike_top: 8 };

    const LOOK: Look = Look { padding: 0, focused: true, cursor: CursorShape::Block, opacity: 1.0 };

    fn grid(cells: &[Cell], extras: Vec<(u16, Arc<Extra>)>) -> Grid {
        let mut grid = Grid::new(cells.len() as u16, 1);
        grid.set_row(0, 1, cells, extras);
        grid
    }

    /// Glyphs that tell what they are of. Signs are joined if the first is `-`, which the tiles 41 and 42 tell.
    struct Telling;

    impl Glyphs for Telling {
        fn cluster(&mut self, cluster: Cluster<'_>) -> Glyph {
            let left = cluster.character as u32 + cluster.marks.chars().count() as u32;
            Glyph { left, right: 7, color: false }
        }

        fn joined(&mut self, joined: Joined<'_>) -> Option<(&[u32], bool)> {
            joined.text.starts_with('-').then_some((&[41, 42], false))
        }
    }

    fn encoded(grid: &Grid) -> Vec<GpuCell> {
        let colors = Colors::new(&TerminalTheme::default(), grid);
        let mut out = Vec::new();
        encode_row(grid, 0, &colors, &[], true, &mut Telling, &mut out);
        out
    }

    #[test]
    fn cells_that_are_one_have_its_tiles_and_those_that_are_not_their_own() {
        let signs: Vec<Cell> = "->a!=".chars().map(|sign| cell(sign, Attrs::empty())).collect();
        let glyphs: Vec<u32> = encoded(&grid(&signs, vec![])).iter().map(|cell| cell.glyph).collect();
        assert_eq!(glyphs, [41, 42, 'a' as u32, '!' as u32, '=' as u32]);
    }

    fn cell(character: char, attrs: Attrs) -> Cell {
        Cell::new(character, attrs, Color::Default, Color::Default)
    }

    #[test]
    fn a_wide_character_goes_on_in_its_spacer() {
        let row = encoded(&grid(
            &[cell('漢', Attrs::WIDE), cell(' ', Attrs::WIDE_SPACER), cell('x', Attrs::empty())],
            vec![],
        ));
        assert_eq!(row.iter().map(|cell| cell.glyph).collect::<Vec<_>>(), ['漢' as u32, 7, 'x' as u32]);
    }

    #[test]
    fn a_wide_character_without_room_is_drawn_into_its_own_cell() {
        let row = encoded(&grid(&[cell('漢', Attrs::WIDE)], vec![]));
        assert_eq!(row.len(), 1);
    }

    #[test]
    fn marks_reach_the_glyph_of_their_own_cell_only() {
        let marked = Arc::new(Extra { marks: "\u{301}\u{302}".into(), ..Extra::default() });
        let row = encoded(&grid(&[cell('a', Attrs::empty()), cell('a', Attrs::empty())], vec![(1, marked)]));
        assert_eq!([row[0].glyph, row[1].glyph], ['a' as u32, 'a' as u32 + 2]);
    }

    #[test]
    fn hidden_text_shows_neither_letters_nor_lines() {
        let attrs = (Attrs::HIDDEN | Attrs::STRIKEOUT).with_underline(Underline::Curly);
        assert_eq!(encoded(&grid(&[cell('x', attrs)], vec![]))[0].glyph, 0);
    }

    #[test]
    fn what_stands_out_has_other_colours_and_the_rest_has_not() {
        let grid = grid(&[cell('a', Attrs::empty()), cell('b', Attrs::empty()), cell('c', Attrs::empty())], vec![]);
        let colors = Colors::new(&TerminalTheme::default(), &grid);
        let (plain, mut out) = (encoded(&grid), Vec::new());
        encode_row(&grid, 0, &colors, &[(1..9, Highlight::FoundHere)], false, &mut Telling, &mut out);
        let here = colors.highlighted(grid.row(0)[1], None, Highlight::FoundHere).expect("colours");
        assert_eq!((out[0].bg, out[0].fg), (plain[0].bg, plain[0].fg));
        assert_eq!(out[1..].iter().map(|cell| cell.bg).collect::<Vec<_>>(), [pack(here.bg); 2]);
        assert_eq!((out[2].fg, out[2].underline), (pack(here.fg), pack(here.fg)));
    }

    #[test]
    fn both_halves_of_a_wide_character_stand_out_in_its_colours() {
        // Black is not to be read on a selection.
        let black = Cell::new('漢', Attrs::WIDE, Color::Indexed(0), Color::Default);
        let grid = grid(&[black, cell(' ', Attrs::WIDE_SPACER)], vec![]);
        let theme = TerminalTheme::default();
        let mut out = Vec::new();
        let highlights = [(0..2, Highlight::Selected)];
        encode_row(&grid, 0, &Colors::new(&theme, &grid), &highlights, false, &mut Telling, &mut out);
        assert_eq!(out.iter().map(|cell| cell.fg).collect::<Vec<_>>(), [pack(theme.foreground); 2]);
        assert_eq!(out.iter().map(|cell| cell.bg).collect::<Vec<_>>(), [pack(theme.selection); 2]);
    }

    #[test]
    fn the_cursor_covers_both_halves_of_a_wide_character_and_stays_on_screen() {
        let mut grid =
            grid(&[cell('x', Attrs::empty()), cell('漢', Attrs::WIDE), cell(' ', Attrs::WIDE_SPACER)], vec![]);
        let colors = Colors::new(&TerminalTheme::default(), &grid);
        grid.cursor = Cursor { col: 2, visible: true, ..Cursor::default() };
        let drawn = header(&grid, &colors, &CELL, [24, 16], LOOK);
        assert_eq!((drawn.cursor, drawn.cursor_cells), (1, 2));
        grid.cursor.col = 900;
        assert_eq!(header(&grid, &colors, &CELL, [24, 16], LOOK).cursor, 1);
        grid.cursor.row = 1;
        assert_eq!(header(&grid, &colors, &CELL, [24, 16], LOOK).cursor, GridHeader::NO_CURSOR);
    }

    #[test]
    fn a_terminal_without_focus_has_a_hollow_cursor() {
        let mut grid = grid(&[cell('x', Attrs::empty())], vec![]);
        grid.cursor.visible = true;
        let colors = Colors::new(&TerminalTheme::default(), &grid);
        let look = Look { focused: false, ..LOOK };
        assert_eq!(header(&grid, &colors, &CELL, [8, 16], look).cursor_shape, GridHeader::CURSOR_HOLLOW);
    }

    #[test]
    fn a_cursor_whose_program_has_chosen_no_shape_has_the_configured_one() {
        let mut grid = grid(&[cell('x', Attrs::empty())], vec![]);
        let colors = Colors::new(&TerminalTheme::default(), &grid);
        let mut shape = |shape, cursor| {
            grid.cursor = Cursor { visible: true, shape, ..Cursor::default() };
            header(&grid, &colors, &CELL, [8, 16], Look { cursor, ..LOOK }).cursor_shape
        };
        assert_eq!(shape(CursorShape::Unset, CursorShape::Beam), GridHeader::CURSOR_BEAM);
        assert_eq!(shape(CursorShape::Unset, CursorShape::Unset), GridHeader::CURSOR_BLOCK);
        assert_eq!(shape(CursorShape::Underline, CursorShape::Beam), GridHeader::CURSOR_UNDERLINE);
    }

    #[test]
    fn only_the_default_background_is_seen_through() {
        let black = Cell::new('x', Attrs::empty(), Color::Default, Color::Indexed(0));
        let cells = [cell('x', Attrs::empty()), cell('x', Attrs::INVERSE), black, cell('x', Attrs::FAINT)];
        let grid = grid(&cells, vec![]);
        let seen_through: Vec<bool> = encoded(&grid).iter().map(|cell| cell.bg & GpuCell::DEFAULT_BG != 0).collect();
        assert_eq!(seen_through, [true, false, false, true]);
        let theme = TerminalTheme { background: [200, 100, 51], ..TerminalTheme::default() };
        let header = header(&grid, &Colors::new(&theme, &grid), &CELL, [32, 16], Look { opacity: 0.5, ..LOOK });
        assert_eq!((header.background, header.opacity), (pack([100, 50, 26]), 128));
    }
}
