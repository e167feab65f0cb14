use alacritty_terminal::{
    Term,
    event::VoidListener,
    grid::Dimensions,
    index::{Column, Line as TermLine},
    term::{
        Config,
        cell::{Cell as TermCell, Flags},
    },
    vte::ansi::{Color as TermColor, Processor, Rgb as TermRgb},
};
use proptest::{collection::vec, prelude::*};
use scarab_protocol::surface::{Link, Underline};

use super::*;

/// A terminal to draw in: what a user's outer terminal makes of our bytes.
struct Outer {
    term: Term<VoidListener>,
    parser: Processor,
}

#[derive(Clone, Copy)]
struct Size(u16, u16);

impl Dimensions for Size {
    fn total_lines(&self) -> usize {
        self.1.into()
    }

    fn screen_lines(&self) -> usize {
        self.1.into()
    }

    fn columns(&self) -> usize {
        self.0.into()
    }
}

impl Outer {
    fn new(cols: u16, rows: u16) -> Self {
        let mut outer =
            Self { term: Term::new(Config::default(), &Size(cols, rows), VoidListener), parser: Processor::new() };
        let mut out = Vec::new();
        Painter::enter(&mut out);
        outer.feed(&out);
        outer
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.parser.advance(&mut self.term, bytes);
    }

    /// What a row shows, in our terms.
    fn row(&self, row: u16, cols: u16) -> Vec<Look> {
        (0..cols).map(|col| look_of_term(&self.term.grid()[TermLine(row.into())][Column(col.into())])).collect()
    }

    fn cursor(&self) -> (u16, u16) {
        let point = self.term.grid().cursor.point;
        (point.column.0 as u16, point.line.0 as u16)
    }
}

/// How a cell looks, in terms that both sides have.
#[derive(Debug, PartialEq)]
struct Look {
    text: String,
    style: Style,
    wide: bool,
    spacer: bool,
}

fn color_of_term(color: TermColor) -> Color {
    match color {
        TermColor::Named(name) if (name as usize) < 16 => Color::Indexed(name as u8),
        TermColor::Named(_) => Color::Default,
        TermColor::Indexed(index) => Color::Indexed(index),
        TermColor::Spec(TermRgb { r, g, b }) => Color::Rgb(r, g, b),
    }
}

fn look_of_term(cell: &TermCell) -> Look {
    const SAME: [(Flags, Attrs); 6] = [
        (Flags::BOLD, Attrs::BOLD),
        (Flags::DIM, Attrs::FAINT),
        (Flags::ITALIC, Attrs::ITALIC),
        (Flags::INVERSE, Attrs::INVERSE),
        (Flags::HIDDEN, Attrs::HIDDEN),
        (Flags::STRIKEOUT, Attrs::STRIKEOUT),
    ];
    const UNDERLINES: [(Flags, Underline); 5] = [
        (Flags::UNDERLINE, Underline::Single),
        (Flags::DOUBLE_UNDERLINE, Underline::Double),
        (Flags::UNDERCURL, Underline::Curly),
        (Flags::DOTTED_UNDERLINE, Underline::Dotted),
        (Flags::DASHED_UNDERLINE, Underline::Dashed),
    ];
    let mut attrs = Attrs::empty();
    for (_, attr) in SAME.iter().filter(|(flag, _)| cell.flags.contains(*flag)) {
        attrs |= *attr;
    }
    for (_, style) in UNDERLINES.iter().filter(|(flag, _)| cell.flags.contains(*flag)) {
        attrs = attrs.with_underline(*style);
    }
    let link = cell.hyperlink().map(|link| Link { id: link.id().into(), uri: link.uri().into() });
    let style = Style {
        fg: color_of_term(cell.fg),
        bg: color_of_term(cell.bg),
        attrs,
        underline_color: cell.underline_color().map_or(Color::Default, color_of_term),
        link,
    };
    let text = std::iter::once(cell.c).chain(cell.zerowidth().unwrap_or(&[]).iter().copied()).collect();
    let (wide, spacer) = (cell.flags.contains(Flags::WIDE_CHAR), cell.flags.contains(Flags::WIDE_CHAR_SPACER));
    Look { text, style, wide, spacer }
}

fn look_of_grid(grid: &Grid, row: u16, col: u16) -> Look {
    let Some(&cell) = grid.row(row).get(usize::from(col)) else {
        return Look { text: " ".into(), style: Style::default(), wide: false, spacer: false };
    };
    let extra = grid.extra(row, col);
    let (wide, spacer) = (cell.attrs().contains(Attrs::WIDE), cell.attrs().contains(Attrs::WIDE_SPACER));
    let text = format!("{}{}", cell.character(), extra.map_or("", |extra| &extra.marks));
    Look { text, style: Style::of(cell, extra), wide, spacer }
}

/// Compares what a terminal shows with what it should show; of spacers only that they are there.
fn assert_shows(outer: &Outer, grid: &Grid, (cols, rows): (u16, u16), painter: &Painter) -> Result<(), TestCaseError> {
    for row in 0..rows {
        let shown = outer.row(row, cols);
        for (col, shown) in (0..).zip(shown) {
            let (left, top) = painter.corner;
            let mut wanted = look_of_grid(grid, row + top, col + left);
            if wanted.wide && col + 1 == cols || wanted.spacer && col == 0 {
                // Cut in half by the view's edge.
                (wanted.text, wanted.wide, wanted.spacer) = (" ".into(), false, false);
                wanted.style = shown.style.clone();
            }
            if wanted.spacer {
                prop_assert!(shown.spacer, "row {row} column {col}: {shown:?}");
            } else {
                prop_assert_eq!(shown, wanted, "row {} column {}", row, col);
            }
        }
    }
    Ok(())
}

fn any_color() -> impl Strategy<Value = Color> {
    prop_oneof![
        2 => Just(Color::Default),
        1 => any::<u8>().prop_map(Color::Indexed),
        1 => any::<[u8; 3]>().prop_map(|[r, g, b]| Color::Rgb(r, g, b)),
    ]
}

fn any_style() -> impl Strategy<Value = (Attrs, Color, Color, Extra)> {
    let underlines =
        [Underline::None, Underline::Single, Underline::Double, Underline::Curly, Underline::Dotted, Underline::Dashed];
    let attrs = (0u16..64, proptest::sample::select(underlines.to_vec()))
        .prop_map(|(bits, underline)| Attrs::from_bits_truncate(bits).with_underline(underline));
    let link = proptest::option::of(
        ("[a-z]{1,3}", "http://[a-zé]{1,5}").prop_map(|(id, uri)| Link { id: id.into(), uri: uri.into() }),
    );
    let extra = (prop_oneof![3 => Just(""), 1 => Just("\u{301}"), 1 => Just("\u{301}\u{323}")], link, any_color())
        .prop_map(|(marks, link, underline_color)| Extra { marks: marks.into(), link, underline_color });
    let plain = Just((Attrs::empty(), Color::Default, Color::Default, Extra::default()));
    prop_oneof![2 => plain, 1 => (attrs, any_color(), any_color(), extra)]
}

/// A piece of a row: where it begins, its characters, and how they look.
type Piece = (u16, Vec<char>, (Attrs, Color, Color, Extra));

fn any_piece() -> impl Strategy<Value = Piece> {
    let character = prop_oneof![
        3 => proptest::char::range('a', 'e'), 2 => Just(' '), 1 => Just('é'), 1 => Just('漢'), 1 => Just('🦀'),
    ];
    (0u16..16, vec(character, 1..8), any_style())
}

/// Writes pieces over a row, as a terminal would: a wide character takes two cells, and no half of one is left.
fn write_row(grid: &mut Grid, row: u16, frame: u64, pieces: &[Piece]) {
    let mut cells = vec![Cell::BLANK; usize::from(grid.cols())];
    let mut extras: Vec<Option<Arc<Extra>>> = vec![None; cells.len()];
    for (start, characters, (attrs, fg, bg, extra)) in pieces {
        let mut col = usize::from(*start);
        for &character in characters {
            let wide = matches!(character, '漢' | '🦀');
            if col + usize::from(wide) >= cells.len() {
                break;
            }
            let extra = (*extra != Extra::default()).then(|| Arc::new(extra.clone()));
            let cell = |character, more| {
                Cell::new(character, *attrs | more, *fg, *bg).with_extra_index(extra.is_some().into())
            };
            if cells[col].attrs().contains(Attrs::WIDE_SPACER) {
                (cells[col - 1], extras[col - 1]) = (Cell::BLANK, None);
            }
            let last = col + usize::from(wide);
            if cells[last].attrs().contains(Attrs::WIDE) {
                (cells[last + 1], extras[last + 1]) = (Cell::BLANK, None);
            }
            cells[col] = cell(character, if wide { Attrs::WIDE } else { Attrs::empty() });
            extras[col].clone_from(&extra);
            if wide {
                cells[last] = Cell::new(' ', *attrs | Attrs::WIDE_SPACER, *fg, *bg);
                extras[last] = None;
            }
            col = last + 1;
        }
    }
    let extras = (0..).zip(extras).filter_map(|(col, extra)| Some((col, extra?)));
    grid.set_row(row, frame, &cells, extras.collect());
}

proptest! {
    #[test]
    fn a_terminal_shows_what_the_grid_holds_after_every_change(
        size in (2u16..16, 1u16..6), view in (2u16..16, 1u16..6),
        frames in vec((vec((0u16..6, vec(any_piece(), 0..4)), 1..4), 0u16..16, 0u16..6, any::<bool>()), 1..6),
    ) {
        let mut grid = Grid::new(size.0, size.1);
        let mut outer = Outer::new(view.0, view.1);
        let mut painter = Painter::new(view.0, view.1);
        for (number, (rows, col, row, notice)) in (1..).zip(frames) {
            for (row, pieces) in &rows {
                write_row(&mut grid, *row % size.1, number, pieces);
            }
            grid.frame = number;
            grid.cursor = Cursor { col: col % size.0, row: row % size.1, visible: true, ..Cursor::default() };
            let mut out = Vec::new();
            if notice {
                painter.paint(&grid, Some("notice"), &mut out);
            }
            painter.paint(&grid, None, &mut out);
            outer.feed(&out);
            assert_shows(&outer, &grid, view, &painter)?;
            let (left, top) = painter.corner;
            prop_assert_eq!(outer.cursor(), (grid.cursor.col - left, grid.cursor.row - top));
            prop_assert_eq!(
                painter.grid_cell(grid.cursor.col - left, grid.cursor.row - top),
                Some((grid.cursor.col, grid.cursor.row))
            );
        }
    }
}

#[test]
fn nothing_is_written_when_nothing_has_changed() {
    let mut grid = Grid::new(8, 2);
    write_row(
        &mut grid,
        0,
        1,
        &[(0, vec!['a', 'b'], (Attrs::BOLD, Color::Indexed(1), Color::Default, Extra::default()))],
    );
    grid.frame = 1;
    let mut painter = Painter::new(8, 2);
    let mut out = Vec::new();
    painter.paint(&grid, None, &mut out);
    out.clear();
    painter.paint(&grid, None, &mut out);
    assert_eq!(out.escape_ascii().to_string(), "");
}

#[test]
fn only_what_differs_is_written() {
    let mut grid = Grid::new(8, 2);
    let plain = (Attrs::empty(), Color::Default, Color::Default, Extra::default());
    write_row(&mut grid, 1, 1, &[(0, "abcdef".chars().collect(), plain.clone())]);
    grid.frame = 1;
    let mut painter = Painter::new(8, 2);
    let mut out = Vec::new();
    painter.paint(&grid, None, &mut out);
    write_row(&mut grid, 1, 2, &[(0, "abXdef".chars().collect(), plain)]);
    grid.frame = 2;
    out.clear();
    painter.paint(&grid, None, &mut out);
    assert_eq!(out.escape_ascii().to_string(), r"\x1b[?2026h\x1b[2;3HX\x1b[1;1H\x1b[?2026l");
}

#[test]
fn colours_that_a_program_changed_are_drawn_as_they_are() {
    let mut grid = Grid::new(2, 1);
    grid.palette.version = 1;
    grid.palette.set(1, Some([9, 8, 7]));
    grid.palette.set(Palette::BACKGROUND, Some([1, 2, 3]));
    write_row(
        &mut grid,
        0,
        1,
        &[(0, vec!['x'], (Attrs::empty(), Color::Indexed(1), Color::Default, Extra::default()))],
    );
    grid.frame = 1;
    let (mut outer, mut painter, mut out) = (Outer::new(2, 1), Painter::new(2, 1), Vec::new());
    painter.paint(&grid, None, &mut out);
    outer.feed(&out);
    let row = outer.row(0, 2);
    assert_eq!((row[0].style.fg, row[0].style.bg), (Color::Rgb(9, 8, 7), Color::Rgb(1, 2, 3)));
    assert_eq!(row[1].style.bg, Color::Rgb(1, 2, 3));
}

#[test]
fn leaving_gives_the_terminal_back() {
    let mut grid = Grid::new(4, 2);
    grid.frame = 1;
    grid.modes = Modes::APP_CURSOR | Modes::MOUSE_MOTION;
    let (mut outer, mut painter) = (Outer::new(4, 2), Painter::new(4, 2));
    let mut out = Vec::new();
    painter.title("t\x1bitle", &mut out);
    painter.paint(&grid, Some("hello"), &mut out);
    painter.leave(&mut out);
    outer.feed(&out);
    let fresh: Term<VoidListener> = Term::new(Config::default(), &Size(4, 2), VoidListener);
    assert_eq!(outer.term.mode(), fresh.mode());
}

#[test]
fn the_wheels_keys_are_saved_before_they_are_taken_and_restored_where_the_terminal_can() {
    let (mut entered, mut left) = (Vec::new(), Vec::new());
    Painter::enter(&mut entered);
    Painter::new(4, 2).leave(&mut left);
    let place = |bytes: &[u8], sequence: &str| String::from_utf8_lossy(bytes).find(sequence);
    let (saved, taken) = (place(&entered, "\x1b[?1007s"), place(&entered, "\x1b[?1007l"));
    assert!(saved.is_some() && saved < taken);
    // Set first, for terminals that do not know of restoring.
    let (set, restored) = (place(&left, "\x1b[?1007h"), place(&left, "\x1b[?1007r"));
    assert!(set.is_some() && set < restored);
}
