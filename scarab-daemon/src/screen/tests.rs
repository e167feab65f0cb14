//! The screen against a plain VT core that is fed the same bytes.

use alacritty_terminal::{
    Term,
    event::VoidListener,
    grid::Dimensions,
    index::Line,
    term::{Config, test::TermSize as CoreSize},
    vte::ansi::Processor,
};
use proptest::prelude::*;
use scarab_protocol::{
    ids::TermSize,
    surface::{Attrs, Cell, Extra, Grid, ReadOutcome, SurfaceId, SurfaceReader, Underline},
};

use super::*;

mod key_modes;
mod movements;
mod questions;
mod text;
mod updates;

const ID: SurfaceId = SurfaceId { epoch: 1, session: 1 };

fn screen(cols: u16, rows: u16) -> Screen {
    Screen::new(ID, TermSize::cells(cols, rows)).expect("memory")
}

/// What is on the surface.
fn published(screen: &mut Screen) -> Grid {
    screen.publish().expect("memory");
    let mut reader = SurfaceReader::new(screen.surface().map().expect("mapped"), ID).expect("a surface");
    let mut grid = Grid::default();
    assert_eq!(reader.read(&mut grid), ReadOutcome::Updated);
    grid
}

/// A core of its own kind, without anything around it.
fn plain_core(cols: u16, rows: u16, output: &[u8]) -> Term<VoidListener> {
    let size = CoreSize::new(usize::from(cols), usize::from(rows));
    let config = Config { scrolling_history: 100_000, kitty_keyboard: true, ..Config::default() };
    let mut term = Term::new(config, &size, VoidListener);
    let mut parser: Processor = Processor::new();
    parser.advance(&mut term, output);
    term
}

/// Output that moves about, scrolls, marks, links and switches screens. It has margins, or movements that stop at
/// them here and not in a plain core.
fn output() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        output_with(&["\x1b[2;4r", "\x1b[r"]),
        output_with(&["\x1b[3A", "\x1b[2B", "\x1b[E", "\x1b[4F", "\x1b[7G"])
    ]
}

fn output_with(others: &[&'static str]) -> impl Strategy<Value = Vec<u8>> + use<> {
    let mut sequences = vec![
        "\n",
        "\r\n",
        "\x08",
        "\t",
        "\x1b[H",
        "\x1b[5;3H",
        "\x1b[2J",
        "\x1b[K",
        "\x1b[1J",
        "\x1b[L",
        "\x1b[3M",
        "\x1b[2P",
        "\x1b[4@",
        "\x1b[5X",
        "\x1b[2S",
        "\x1b[T",
        "\x1bM",
        "\x1b[?1049h",
        "\x1b[?1049l",
        "\x1b[31;1m",
        "\x1b[4:3;58;5;9m",
        "\x1b[38;2;1;2;3m",
        "\x1b[7;9m",
        "\x1b[m",
        "\x1b[?7l",
        "\x1b[?7h",
        "\x1b[4h",
        "\x1b[4l",
        "\x1b]8;id=a;http://x/y\x1b\\",
        "\x1b]8;;\x1b\\",
        "\x1b7",
        "\x1b8",
        "\x1b#8",
        "\x1b(0",
        "\x1b(B",
    ];
    sequences.extend(others);
    let sequence = prop::sample::select(sequences);
    let text = prop::sample::select(vec![
        "a",
        "word ",
        "漢",
        "字漢字漢字",
        "e\u{301}",
        "\u{200d}",
        "ü",
        "a long line of text, ",
    ]);
    let piece = prop_oneof![3 => text.prop_map(str::to_owned), 2 => sequence.prop_map(str::to_owned)];
    prop::collection::vec(piece, 0..120).prop_map(|pieces| pieces.concat().into_bytes())
}

/// What moves the cursor within margins, across them and out of them.
const MARGINS: [&str; 18] = [
    "\x1b[2;4r",
    "\x1b[3;5r",
    "\x1b[r",
    "\x1b[?6h",
    "\x1b[?6l",
    "\x1b[3A",
    "\x1b[2B",
    "\x1b[2e",
    "\x1b[E",
    "\x1b[4F",
    "\x1b[7G",
    "\x1b[3d",
    "\x1b[!p",
    "\x1bc",
    "\x1b[?47h",
    "\x1b[?47l",
    "\x1b[?3h",
    "\x1b[?5W",
];

/// That a grid is what a core holds.
fn shows<L>(grid: &Grid, term: &Term<L>) -> Result<(), TestCaseError> {
    for row in 0..grid.rows() {
        let (mut cells, mut extras): (Vec<Cell>, Vec<(u16, Extra)>) = Default::default();
        convert::line(&term.grid()[Line(i32::from(row))], &mut cells, &mut extras);
        // Links without an id of their own get one from a counter that all cores share; here all have one.
        let shown: Vec<_> = grid.row(row).iter().map(|cell| cell.with_extra_index(0)).collect();
        prop_assert_eq!(&shown, &cells, "row {}", row);
        let shown: Vec<_> = grid.row_extras(row).iter().map(|(col, extra)| (*col, Extra::clone(extra))).collect();
        prop_assert_eq!(shown, extras, "extras of row {}", row);
    }
    let point = term.grid().cursor.point;
    prop_assert_eq!(i32::from(grid.cursor.row), point.line.0);
    prop_assert!(usize::from(grid.cursor.col) == point.column.0 || usize::from(grid.cursor.col) + 1 == point.column.0);
    Ok(())
}

proptest! {
    #[test]
    fn what_is_on_the_surface_is_what_the_core_holds(output in output(), cut in 1usize..50) {
        let (cols, rows) = (12, 6);
        let mut screen = screen(cols, rows);
        // Published now and then, so that damage is what counts.
        for piece in output.chunks(cut) {
            screen.feed(piece);
            screen.publish().expect("memory");
        }
        shows(&published(&mut screen), &plain_core(cols, rows, &output))?;
    }

    /// With margins a plain core would move otherwise. This one is the screen's own, and it has to have noted what was moved beside it.
    #[test]
    fn what_is_on_the_surface_is_what_its_core_holds(output in output_with(&MARGINS), cut in 1usize..50) {
        let mut screen = screen(12, 6);
        for piece in output.chunks(cut) {
            screen.feed(piece);
            screen.publish().expect("memory");
        }
        shows(&published(&mut screen), &screen.core.term)?;
    }

    #[test]
    fn lines_that_scroll_off_are_counted_however_output_is_cut(output in output(), cut in 1usize..50) {
        let mut screen = screen(12, 6);
        for piece in output.chunks(cut) {
            screen.feed(piece);
        }
        let term = plain_core(12, 6, &output);
        // The primary screen's history never shrinks here, so that it holds what has ever scrolled off.
        if !term.mode().contains(alacritty_terminal::term::TermMode::ALT_SCREEN) {
            prop_assert_eq!(screen.scrolled().0, term.history_size() as u64);
        }
    }

    #[test]
    fn no_output_and_no_size_makes_the_screen_fail(
        steps in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..200), 0u16..30, 0u16..30), 0..20),
    ) {
        let mut screen = screen(10, 5);
        for (output, cols, rows) in steps {
            screen.feed(&output);
            screen.publish().expect("memory");
            screen.resize(TermSize::cells(cols, rows).clamped());
            screen.publish().expect("memory");
            screen.scrollback(0, 100, 1000);
        }
    }
}

#[test]
fn more_lines_than_the_history_holds_are_counted_and_it_stays_bounded() {
    let mut screen = screen(10, 5);
    for number in 0..50_000 {
        screen.feed(format!("{number}\r\n").as_bytes());
    }
    assert_eq!(screen.scrolled(), (50_000 - 4, 0));
    let (first, lines) = screen.scrollback(0, u32::MAX, usize::MAX);
    assert_eq!((first, lines.len()), (50_000 - 4 - HISTORY as u64, HISTORY));
    let text: String =
        lines[0].cells.chunks(2).map(|words| Cell::from_words([words[0], words[1]]).character()).collect();
    assert_eq!(text.trim_end(), first.to_string());
}

#[test]
fn another_length_of_the_history_leaves_the_newest_lines_with_their_numbers() {
    let mut screen = screen(10, 5);
    let held = |screen: &Screen| {
        let (first, lines) = screen.scrollback(0, u32::MAX, usize::MAX);
        (first, lines.len())
    };
    let feed = |screen: &mut Screen, lines: usize| drop(screen.feed(&b"line\r\n".repeat(lines)));
    feed(&mut screen, 5004);
    assert_eq!(held(&screen), (0, 5000));
    screen.set_history(100);
    assert_eq!((held(&screen), screen.scrolled()), ((4900, 100), (5000, 0)));
    feed(&mut screen, 3000);
    assert_eq!((held(&screen), screen.scrolled()), ((7900, 100), (8000, 0)));
    // What has left does not come back.
    screen.set_history(500);
    assert_eq!(held(&screen), (7900, 100));
    feed(&mut screen, 2000);
    assert_eq!(held(&screen), (9500, 500));
    // The primary screen's, while the other is shown.
    screen.feed(b"\x1b[?1049h");
    screen.set_history(10);
    feed(&mut screen, 20);
    screen.feed(b"\x1b[?1049l");
    assert_eq!((held(&screen), screen.scrolled()), ((9990, 10), (10_000, 0)));
    screen.set_history(0);
    feed(&mut screen, 1);
    assert_eq!((held(&screen).1, screen.scrolled()), (0, (10_001, 0)));
}

#[test]
fn the_history_is_cleared_by_command_and_the_screen_keeps_its_numbers() {
    let mut screen = screen(10, 5);
    screen.feed(&b"line\r\n".repeat(20));
    screen.clear_history();
    let after = published(&mut screen);
    assert_eq!((after.scrollback, after.scrolled, after.reflow, after.row_text(0)), (0, 16, 0, "line".into()));
    screen.feed(b"more\r\n");
    assert_eq!((screen.scrolled(), screen.scrollback(0, 100, 10_000).0), ((17, 0), 16));
    // That of the primary screen, from the alternate one too; and what scrolls off later is counted as before.
    screen.feed(b"\x1b[?1049h");
    screen.clear_history();
    screen.feed(b"\x1b[?1049l");
    assert_eq!(published(&mut screen).scrollback, 0);
    screen.feed(&b"line\r\n".repeat(3));
    let (first, lines) = screen.scrollback(0, 100, 10_000);
    assert_eq!((first, lines.len(), screen.scrolled()), (17, 3, (20, 0)));
}

#[test]
fn clearing_the_history_and_reflow_are_told() {
    let mut screen = screen(10, 5);
    screen.feed(&b"line\r\n".repeat(20));
    assert_eq!(screen.scrolled(), (16, 0));
    screen.feed(b"\x1b[3J");
    assert_eq!(screen.scrolled(), (16, 1));
    assert!(screen.scrollback(0, 100, 10_000).1.is_empty());
    screen.resize(TermSize::cells(20, 5));
    assert_eq!(screen.scrolled().1, 2);
    // On the alternate screen nothing scrolls off.
    screen.feed(b"\x1b[?1049h");
    screen.feed(&b"line\r\n".repeat(20));
    screen.feed(b"\x1b[?1049l");
    assert_eq!(screen.scrolled(), (16, 2));
}

#[test]
fn hyperlinks_cannot_fill_the_memory() {
    let mut screen = screen(80, 24);
    for number in 0..40_000 {
        screen.feed(format!("\x1b]8;;http://{number}/{}\x1b\\x", "y".repeat(2000)).as_bytes());
    }
    assert!(screen.core.count_links() <= 17 * 1024 * 1024);
    screen.feed(format!("\x1b[2J\x1b]8;;http://{}\x1b\\x", "y".repeat(3000)).as_bytes());
}

#[test]
fn answers_to_a_flood_of_queries_are_bounded() {
    let mut screen = screen(80, 24);
    let effects = screen.feed(&b"\x1b[c\x1b]4;1;?\x07".repeat(20_000));
    assert!(effects.answers.len() <= Effects::MAX_ANSWERS && effects.answers.len() > 1000);
}

/// What a screen answers to some output.
fn answers(screen: &mut Screen, output: &str) -> String {
    String::from_utf8(screen.feed(output.as_bytes()).answers).expect("text")
}

#[test]
fn keyboard_flags_that_were_set_outlast_what_is_pushed_and_popped() {
    let mut screen = screen(20, 5);
    assert_eq!(answers(&mut screen, "\x1b[=5;1u\x1b[?u"), "\x1b[?5u");
    assert_eq!(answers(&mut screen, "\x1b[>1u\x1b[=8;2u\x1b[?u\x1b[<1u\x1b[?u"), "\x1b[?9u\x1b[?5u");
    // The alternate screen has flags of its own.
    assert_eq!(answers(&mut screen, "\x1b[?1049h\x1b[?u\x1b[=1u\x1b[?1049l\x1b[?u"), "\x1b[?0u\x1b[?5u");
    assert_eq!(answers(&mut screen, "\x1b[<9u\x1b[?u"), "\x1b[?0u");
}

#[test]
fn older_modes_show_the_alternate_screen_too() {
    let mut screen = screen(20, 5);
    for mode in ["47", "1047"] {
        let output =
            format!("\x1b[2J\x1b[Hone\x1b[?{mode}h\x1b[?{mode}$p\x1b[2J\x1b[3;5Htwo\x1b[?{mode}l\x1b[?{mode}$p\x1b[6n");
        assert_eq!(answers(&mut screen, &output), format!("\x1b[?{mode};1$y\x1b[?{mode};2$y\x1b[3;8R"));
        let grid = published(&mut screen);
        assert_eq!((grid.row_text(0).trim_end(), grid.row_text(2).trim_end()), ("one", ""));
    }
    assert_eq!(answers(&mut screen, "\x1b[2;2H\x1b[?1048h\x1b[H\x1b[?1048l\x1b[6n"), "\x1b[2;2R");
    // A line that was full does not go on after it.
    let full = format!("\x1b[2J\x1b[H{}\x1b[?47h\x1b[H\x1b[?47lx", "y".repeat(20));
    screen.feed(full.as_bytes());
    assert_eq!(published(&mut screen).row_text(0), format!("x{}", "y".repeat(19)));
    // What was saved before is there afterwards.
    assert_eq!(answers(&mut screen, "\x1b[4;4H\x1b7\x1b[1;1H\x1b[?47h\x1b[2;9H\x1b[?47l\x1b8\x1b[6n"), "\x1b[4;4R");
}

#[test]
fn a_place_that_was_saved_on_a_larger_screen_is_within_the_smaller_one() {
    let mut screen = screen(40, 20);
    screen.feed(b"\x1b[20;40H\x1b7\x1b[?47h");
    screen.resize(TermSize::cells(10, 4));
    assert_eq!(answers(&mut screen, "\x1b[?47l\x1b8x\x1b[6n"), "\x1b[4;10R");
    assert!(published(&mut screen).row_text(3).ends_with('x'));
}

#[test]
fn a_reset_takes_back_colours_and_the_title() {
    let mut screen = screen(20, 5);
    let theme = Colors::default().at(1);
    screen.feed(b"\x1b]4;1;#111111\x07\x1b]0;title\x07");
    let effects = screen.feed(b"\x1bc\x1b]4;1;?\x07");
    assert_eq!(effects.title.as_deref(), Some(""));
    let answer = format!("\x1b]4;1;rgb:{0:02x}{0:02x}/{1:02x}{1:02x}/{2:02x}{2:02x}\x07", theme.r, theme.g, theme.b);
    assert_eq!(String::from_utf8_lossy(&effects.answers), answer);
}

#[test]
fn tab_stops_come_back_every_eight_columns() {
    let mut screen = screen(20, 5);
    assert_eq!(
        answers(&mut screen, "\x1b[3g\x1b[2;4H\x1b[?5W\x1b[6n\t\x1b[6n\t\x1b[6n\x1b[3Z\x1b[6n"),
        "\x1b[2;4R\x1b[2;9R\x1b[2;17R\x1b[2;1R"
    );
}

#[test]
fn text_blinks_and_is_underlined_twice_as_it_is_told() {
    let mut screen = screen(20, 1);
    screen.feed(b"\x1b[5;21ma\x1b[25mb\x1b[6mc\x1b[0md");
    let grid = published(&mut screen);
    let attrs: Vec<Attrs> = grid.row(0)[..4].iter().map(|cell| cell.attrs()).collect();
    let double = Attrs::empty().with_underline(Underline::Double);
    assert_eq!(attrs, [double | Attrs::BLINK, double, double | Attrs::BLINK, Attrs::empty()]);
}

#[test]
fn a_shape_of_the_cursor_that_no_program_has_chosen_is_told_as_such() {
    use scarab_protocol::surface::CursorShape;
    let shape = |output: &str| {
        let mut screen = screen(10, 2);
        screen.feed(output.as_bytes());
        published(&mut screen).cursor.shape
    };
    // A program that only has it blink (mode 12) has chosen no shape, and DECSCUSR 0 and a reset take a choice back.
    for output in ["x", "\x1b[?12h", "\x1b[4 q\x1b[0 q", "\x1b[6 q\x1bc"] {
        assert_eq!(shape(output), CursorShape::Unset, "{output:?}");
    }
    assert_eq!(shape("\x1b[2 q"), CursorShape::Block);
    assert_eq!(shape("\x1b[3 q"), CursorShape::Underline);
    assert_eq!(shape("\x1b[6 q"), CursorShape::Beam);
}
