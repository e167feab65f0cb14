//! A program's output: any bytes, in pieces of any size, through the filter and the VT core to the surface.

#![no_main]

use libfuzzer_sys::fuzz_target;
use scarab_daemon::fuzzing::{Effects, Screen};
use scarab_fuzz::{
    source::Source,
    surface::{check_extra, check_grid},
};
use scarab_protocol::{
    ids::TermSize,
    surface::{Grid, Mapping, ReadOutcome, SurfaceId, SurfaceReader},
};

const ID: SurfaceId = SurfaceId { epoch: 1, session: 1 };

/// As the daemon promises its clients.
const MAX_ANSWERS: usize = 64 * 1024;
const MAX_TITLE: usize = 256;
const MAX_LINES: usize = 10_000;

fuzz_target!(|data: &[u8]| {
    let mut source = Source::new(data);
    let size = any_size(&mut source);
    let cut = usize::from(source.u8()).max(1);
    let mut sizes = Source::new(source.bytes());
    let output = source.rest();
    let mut whole = Screen::new(ID, size).expect("memory");
    let mut cuts = Screen::new(ID, size).expect("memory");
    // A part of it at each size.
    let parts = 1 + usize::from(!sizes.is_empty()) * 3;
    for part in output.chunks(output.len().div_ceil(parts).max(1)) {
        let told = whole.feed(part);
        check_effects(&told);
        let mut told_of_cuts = Effects::default();
        for piece in part.chunks(cut) {
            add(&mut told_of_cuts, cuts.feed(piece));
            cuts.publish().expect("memory");
        }
        if told.answers.len() < MAX_ANSWERS / 2 {
            assert_eq!(told, told_of_cuts, "where output is cut makes a difference");
        }
        assert_eq!(whole.scrolled(), cuts.scrolled());
        check_same(&shown(&mut whole), &shown(&mut cuts));
        check_scrollback(&whole);
        if !sizes.is_empty() {
            let size = any_size(&mut sizes);
            whole.resize(size);
            cuts.resize(size);
        }
    }
});

/// Small ones, because every input has screens of its own.
fn any_size(source: &mut Source) -> TermSize {
    TermSize::cells((source.u8() % 80).into(), (source.u8() % 30).into()).clamped()
}

fn check_effects(effects: &Effects) {
    assert!(effects.answers.len() <= MAX_ANSWERS);
    if let Some(title) = &effects.title {
        assert!(title.chars().count() <= MAX_TITLE && !title.contains(char::is_control));
    }
    if let Some(text) = &effects.clipboard {
        assert!(!text.contains(|c: char| c.is_control() && !matches!(c, '\t' | '\n')));
    }
}

/// What two pieces asked for, one after the other.
fn add(first: &mut Effects, then: Effects) {
    first.answers.extend(then.answers);
    first.title = then.title.or(first.title.take());
    first.bells += then.bells;
    first.clipboard = then.clipboard.or(first.clipboard.take());
    first.cwd = then.cwd.or(first.cwd.take());
}

/// What a client sees when the program is given up that draws.
fn shown(screen: &mut Screen) -> Grid {
    screen.end_update();
    screen.publish().expect("memory");
    let mapping = Mapping::from_fd(screen.reader_fd().expect("a descriptor")).expect("mapped");
    let mut grid = Grid::default();
    let outcome = SurfaceReader::new(mapping, ID).expect("a surface").read(&mut grid);
    assert_eq!(outcome, ReadOutcome::Updated);
    check_grid(&grid);
    grid
}

/// The same screen, whenever it was published.
fn check_same(whole: &Grid, cuts: &Grid) {
    assert_eq!((whole.cols(), whole.rows()), (cuts.cols(), cuts.rows()));
    assert_eq!(whole.cursor, cuts.cursor);
    assert_eq!(whole.modes, cuts.modes);
    assert_eq!((whole.scrolled, whole.reflow, whole.scrollback), (cuts.scrolled, cuts.reflow, cuts.scrollback));
    for place in 0..scarab_protocol::surface::Palette::LEN {
        assert_eq!(whole.palette.get(place), cuts.palette.get(place));
    }
    for row in 0..whole.rows() {
        assert_eq!(whole.row(row), cuts.row(row), "row {row}");
        let (one, other) = (whole.row_extras(row), cuts.row_extras(row));
        assert_eq!(one.len(), other.len(), "row {row}");
        for ((col, extra), (other_col, other)) in one.iter().zip(other) {
            check_extra(extra);
            assert_eq!((col, &extra.marks, extra.underline_color), (other_col, &other.marks, other.underline_color));
            // A link without an id of its own gets one from a counter that all screens share.
            let address = |link: &Option<scarab_protocol::surface::Link>| link.as_ref().map(|link| link.uri.clone());
            assert_eq!(address(&extra.link), address(&other.link));
        }
    }
}

fn check_scrollback(screen: &Screen) {
    let (first, lines) = screen.scrollback(0, 50, 64 * 1024);
    assert!(lines.len() <= 50 && first <= screen.scrolled().0);
    for line in &lines {
        assert!(scarab_protocol::surface::line_text(&line.cells(), &line.extras()).len() <= 1_000_000);
    }
    let held = screen.scrollback(0, u32::MAX, usize::MAX).1.len();
    assert!(held <= MAX_LINES);
}
