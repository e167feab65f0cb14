//! Writer and reader together, over real segments.

use proptest::collection::vec;
use proptest::prelude::*;

use super::testing::{any_cursor, any_palette, any_row, put_row};
use super::*;

const ID: SurfaceId = SurfaceId { epoch: 0xfeed, session: 3 };

fn writer(cols: u16, rows: u16) -> SurfaceWriter {
    let mut writer = SurfaceWriter::create(ID, 1, Size::new(cols, rows), 1).expect("a segment");
    writer.stage_size(Size::new(cols, rows)).expect("the capacity fits");
    writer
}

fn reader(writer: &SurfaceWriter) -> SurfaceReader {
    SurfaceReader::new(mapping(writer), ID).expect("a surface")
}

fn mapping(writer: &SurfaceWriter) -> Mapping {
    writer.map().expect("a mapping")
}

fn text(line: &str) -> Vec<Cell> {
    line.chars().map(|character| Cell::new(character, Attrs::empty(), Color::Default, Color::Default)).collect()
}

/// The same screen, whatever the frames it came to be in.
fn assert_same_screen(held: &Grid, expected: &Grid) {
    assert_eq!((held.cols(), held.rows()), (expected.cols(), expected.rows()));
    assert_eq!(held.cursor, expected.cursor);
    assert_eq!(held.modes, expected.modes);
    assert_eq!(
        (held.scrolled, held.reflow, held.scrollback),
        (expected.scrolled, expected.reflow, expected.scrollback)
    );
    assert!((0..Palette::LEN).all(|place| held.palette.get(place) == expected.palette.get(place)));
    for row in 0..held.rows() {
        assert_eq!(held.row(row), expected.row(row), "row {row}");
        assert_eq!(held.row_extras(row), expected.row_extras(row), "row {row}");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Size(Size),
    Row(u16, Vec<Cell>, Vec<(u16, Extra)>),
    Cursor(Cursor),
    Palette(Palette),
    Counts(u64, u64, u32, u64),
    Commit,
    Read(usize),
}

const READERS: usize = 3;

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (0u16..30, 0u16..20).prop_map(|(cols, rows)| Step::Size(Size::new(cols, rows))),
        8 => (0u16..12, any_row(16)).prop_map(|(row, (cells, extras))| Step::Row(row, cells, extras)),
        1 => any_cursor().prop_map(Step::Cursor),
        1 => any_palette().prop_map(Step::Palette),
        1 => (0..=Grid::MAX_SCROLLED, any::<(u64, u32, u64)>()).prop_map(|(a, (b, c, d))| Step::Counts(a, b, c, d)),
        4 => Just(Step::Commit),
        6 => (0..READERS).prop_map(Step::Read),
    ]
}

/// The part of `grid` that fits into the new size, the rest blank.
fn resized(grid: &Grid, size: Size) -> Grid {
    let mut new = Grid::new(size.cols, size.rows);
    for row in 0..grid.rows().min(size.rows) {
        let extras = grid.row_extras(row).iter().filter(|(col, _)| *col < size.cols).cloned().collect();
        new.set_row(row, 0, grid.row(row), extras);
    }
    new.cursor = grid.cursor;
    new.modes = grid.modes;
    (new.scrolled, new.reflow, new.scrollback) = (grid.scrolled, grid.reflow, grid.scrollback);
    new.palette = grid.palette.clone();
    new
}

proptest! {
    #[test]
    fn readers_of_any_lag_see_what_was_committed(steps in vec(any_step(), 1..80)) {
        let mut writer = writer(8, 4);
        let mut staged = Grid::new(8, 4);
        let mut committed = staged.clone();
        let mut readers: Vec<_> = (0..READERS).map(|_| (reader(&writer), Grid::default())).collect();
        let mut last = 0;
        for step in steps {
            match step {
                Step::Size(size) => {
                    let size = size.clamped();
                    if let Err(NeedsGrowth(needed)) = writer.stage_size(size) {
                        prop_assert_eq!(needed, size);
                        let grown = writer.grow(size).expect("a larger segment");
                        prop_assert!(writer.capacity().fits(grown.capacity()) && size.fits(grown.capacity()));
                        prop_assert_eq!(grown.generation(), writer.generation() + 1);
                        writer = grown;
                        // What `SurfaceMoved` brings about: a new reader for the grid that the old one filled.
                        for (reader_of, _) in &mut readers {
                            *reader_of = reader(&writer);
                        }
                    }
                    if (size.cols, size.rows) != (staged.cols(), staged.rows()) {
                        staged = resized(&staged, size);
                    }
                }
                Step::Row(row, cells, extras) => {
                    writer.stage_row(row, &cells, &extras);
                    put_row(&mut staged, row, 0, &cells, &extras);
                }
                Step::Cursor(cursor) => {
                    writer.stage_cursor(cursor);
                    staged.cursor = cursor;
                }
                Step::Palette(palette) => {
                    writer.stage_palette(&palette);
                    staged.palette = palette;
                }
                Step::Counts(scrolled, reflow, scrollback, modes) => {
                    let modes = Modes::from_bits_truncate(modes);
                    writer.stage_scrolled(scrolled);
                    writer.stage_reflow(reflow);
                    writer.stage_scrollback(scrollback);
                    writer.stage_modes(modes);
                    (staged.scrolled, staged.reflow, staged.scrollback) = (scrolled, reflow, scrollback);
                    staged.modes = modes;
                }
                Step::Commit => {
                    if let Some(frame) = writer.commit() {
                        prop_assert_eq!(frame, last + 1, "frames rise by one, across generations too");
                        last = frame;
                    }
                    prop_assert_eq!(writer.frame(), last);
                    committed = staged.clone();
                    committed.cursor.col = committed.cursor.col.min(committed.cols() - 1);
                    committed.cursor.row = committed.cursor.row.min(committed.rows() - 1);
                }
                Step::Read(which) => {
                    let (reader, grid) = &mut readers[which];
                    if reader.frame() == 0 {
                        prop_assert_eq!(reader.read(grid), ReadOutcome::Unchanged, "nothing is published yet");
                        continue;
                    }
                    prop_assert_ne!(reader.read(grid), ReadOutcome::Busy);
                    prop_assert_eq!(grid.frame, last);
                    assert_same_screen(grid, &committed);
                    prop_assert_eq!(reader.read(grid), ReadOutcome::Unchanged);
                }
            }
        }
    }

    #[test]
    fn whatever_the_memory_holds_a_reader_neither_panics_nor_leaves_its_bounds(
        scribbles in vec((any::<prop::sample::Index>(), prop_oneof![any::<u64>(), 0u64..70_000]), 0..200),
        row in any_row(16), tail: u64,
    ) {
        let mut writer = writer(16, 5);
        writer.stage_row(1, &row.0, &row.1);
        writer.commit();
        let mut reader = reader(&writer);
        let mut grid = Grid::default();
        prop_assert_eq!(reader.read(&mut grid), ReadOutcome::Updated);
        // The first words of every part are where the decisions are made; the arena would else take nearly all hits.
        let words = writer.words();
        let layout = layout::Layout::new(16, 5).expect("a valid size");
        let places: Vec<usize> =
            (layout::SEQUENCE..layout.entry(40)).chain(layout.arena..layout.arena + 40).collect();
        for (place, value) in &scribbles {
            word::Word::set(&words[*place.get(&places)], *value);
        }
        for frame in [tail, tail.wrapping_add(1), u64::MAX, 1] {
            word::Word::set(&words[layout::SEQUENCE], frame & !1);
            word::Word::set(&words[layout::SCREEN], frame);
            reader.read(&mut grid);
            prop_assert!(Size::new(grid.cols(), grid.rows()).fits(writer.capacity()));
            prop_assert!(grid.cursor.col < grid.cols() && grid.cursor.row < grid.rows());
            for row in 0..grid.rows() {
                prop_assert!(grid.row_frame(row) <= grid.frame);
                grid.row_text(row);
                let marked = grid.row(row).iter().filter(|cell| cell.extra_index() != 0).count();
                prop_assert_eq!(marked, grid.row_extras(row).len());
            }
        }
    }

    #[test]
    fn a_header_of_any_words_is_refused_or_read_within_the_mapping(
        scribbles in vec((0usize..11, prop_oneof![any::<u64>(), 0u64..1100]), 1..4),
    ) {
        let mut writer = writer(16, 5);
        writer.commit();
        for (at, value) in scribbles {
            word::Word::set(&writer.words()[at], value);
        }
        if let Ok(mut reader) = SurfaceReader::new(mapping(&writer), ID) {
            reader.read(&mut Grid::default());
        }
    }
}

#[test]
fn only_rows_that_differ_are_stamped() {
    let mut writer = writer(10, 3);
    for row in 0..3 {
        writer.stage_row(row, &text("same"), &[]);
    }
    assert_eq!(writer.commit(), Some(1));
    for row in 0..3 {
        writer.stage_row(row, &text("same"), &[]);
    }
    assert_eq!(writer.commit(), None, "nothing changed");
    writer.stage_row(1, &text("other"), &[]);
    assert_eq!(writer.commit(), Some(2));
    let mut grid = Grid::default();
    reader(&writer).read(&mut grid);
    assert_eq!([0, 1, 2].map(|row| grid.row_frame(row)), [1, 2, 1]);
    assert_eq!([0, 1, 2].map(|row| grid.row_text(row)), ["same", "other", "same"]);
}

#[test]
fn a_resize_stamps_every_row() {
    let mut writer = writer(10, 3);
    writer.commit();
    writer.stage_size(Size::new(9, 3)).expect("smaller fits");
    let frame = writer.commit().expect("the size changed");
    let mut grid = Grid::default();
    reader(&writer).read(&mut grid);
    assert_eq!([0, 1, 2].map(|row| grid.row_frame(row)), [frame; 3]);
}

#[test]
fn the_first_frame_is_the_one_asked_for() {
    let mut writer = SurfaceWriter::create(ID, 4, Size::MIN, 700).expect("a segment");
    assert_eq!((writer.frame(), reader(&writer).frame()), (699, 0));
    assert_eq!(writer.commit(), Some(700));
    assert_eq!(reader(&writer).frame(), 700);
}

#[test]
fn a_reader_of_another_session_is_refused() {
    let writer = writer(4, 4);
    for id in [SurfaceId { epoch: ID.epoch + 1, ..ID }, SurfaceId { session: ID.session + 1, ..ID }] {
        assert!(matches!(SurfaceReader::new(mapping(&writer), id), Err(SurfaceError::OtherSession)));
    }
}

#[test]
fn a_write_that_never_ends_leaves_the_grid_as_it_was() {
    let mut writer = writer(4, 2);
    writer.stage_row(0, &text("abcd"), &[]);
    writer.commit();
    let (mut reader, mut grid) = (reader(&writer), Grid::default());
    reader.read(&mut grid);
    let before = grid.clone();
    // As a daemon leaves it that dies in the middle of a section.
    word::Word::set(&writer.words()[layout::SEQUENCE], 3);
    word::Word::set(&writer.words()[layout::SCREEN], 2);
    assert_eq!(reader.read(&mut grid), ReadOutcome::Busy);
    assert_eq!(grid, before);
}

/// An extra that no other number has.
fn numbered(number: u32) -> Extra {
    let digit = |shift: u32| char::from_u32(0x300 + (number >> shift & 0x3f)).unwrap_or('\u{300}');
    Extra { marks: [digit(0), digit(6), digit(12), digit(18)].iter().collect(), ..Extra::default() }
}

#[test]
fn marks_that_scroll_by_for_ever_never_run_out_of_room() {
    let (cols, rows) = (40, 20);
    let mut writer = writer(cols, rows);
    let (mut reader, mut grid) = (reader(&writer), Grid::default());
    let line = |top: u32, row: u16| {
        let first = (top + u32::from(row)) * u32::from(cols);
        (0..cols).map(|col| (col, numbered(first + u32::from(col)))).collect::<Vec<_>>()
    };
    for top in 0..200 {
        for row in 0..rows {
            writer.stage_row(row, &text(&"a".repeat(cols.into())), &line(top, row));
        }
        writer.commit();
        assert_eq!(reader.read(&mut grid), ReadOutcome::Updated);
        for row in 0..rows {
            let held: Vec<_> = grid.row_extras(row).iter().map(|(col, extra)| (*col, (**extra).clone())).collect();
            assert_eq!(held, line(top, row), "row {row} of frame {}", grid.frame);
        }
    }
}

#[test]
fn more_extras_than_fit_cost_their_cells_the_extra_and_nothing_else() {
    let (cols, rows) = (200, 50);
    let mut writer = writer(cols, rows);
    let number = |row: u16, col: u16| u32::from(row) * u32::from(cols) + u32::from(col);
    for row in 0..rows {
        let extras: Vec<_> = (0..cols).map(|col| (col, numbered(number(row, col)))).collect();
        writer.stage_row(row, &text(&"a".repeat(cols.into())), &extras);
    }
    writer.commit();
    let mut grid = Grid::default();
    reader(&writer).read(&mut grid);
    let mut held = 0;
    for row in 0..rows {
        assert!(grid.row(row).iter().all(|cell| cell.character() == 'a'));
        for (col, extra) in grid.row_extras(row) {
            assert_eq!(**extra, numbered(number(row, *col)));
            held += 1;
        }
    }
    assert!(held > 1000 && held < usize::from(cols) * usize::from(rows), "{held} kept their extra");
}

#[test]
fn a_reader_beside_a_writer_never_sees_a_torn_row_or_a_frame_of_two() {
    let (cols, rows) = (60u16, 12u16);
    let mut writer = writer(cols, rows);
    let (mut reader, mut grid) = (reader(&writer), Grid::default());
    let fill = |writer: &mut SurfaceWriter, value: u64| {
        // Every third row changes, all of its cells and extras tell of the same value, and so does the screen.
        for row in (0..rows).filter(|row| (value + u64::from(*row)).is_multiple_of(3)) {
            let cell = Cell::new('x', Attrs::empty(), Color::Indexed(row as u8), color_of(value));
            let extra = Extra { underline_color: color_of(value), ..Extra::default() };
            writer.stage_row(row, &vec![cell; cols.into()], &[(0, extra.clone()), (cols - 1, extra)]);
        }
        writer.stage_scrolled(value);
        writer.commit();
    };
    const FRAMES: u64 = 3000;
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for value in 1..=FRAMES {
                fill(&mut writer, value);
            }
        });
        loop {
            // Looked at before the read, so that the last read sees the last frame.
            let last = writing.is_finished();
            if reader.read(&mut grid) == ReadOutcome::Updated {
                check_filled(&grid);
            }
            if last {
                break;
            }
        }
    });
    assert_eq!((grid.frame, grid.scrolled), (FRAMES, FRAMES));
}

fn color_of(value: u64) -> Color {
    Color::Rgb((value >> 16) as u8, (value >> 8) as u8, value as u8)
}

fn check_filled(grid: &Grid) {
    assert_eq!(grid.frame, grid.scrolled);
    for row in 0..grid.rows() {
        // The newest value up to this frame that changes this row.
        let value = (0..3)
            .filter_map(|back| grid.frame.checked_sub(back))
            .find(|value| *value > 0 && (value + u64::from(row)).is_multiple_of(3));
        let Some(value) = value else { continue };
        assert_eq!(grid.row_frame(row), value);
        assert!(grid.row(row).iter().all(|cell| cell.bg() == color_of(value)), "row {row} of frame {}", grid.frame);
        for col in [0, grid.cols() - 1] {
            let extra = grid.extra(row, col).expect("the first and the last cell have extras");
            assert_eq!(extra.underline_color, color_of(value));
        }
    }
}

#[test]
fn a_mapping_outlives_its_writer_and_what_replaced_it() {
    let mut writer = writer(4, 1);
    writer.stage_row(0, &text("old"), &[]);
    writer.commit();
    let mut old = reader(&writer);
    let mut grown = writer.grow(Size::new(5, 1)).expect("a larger segment");
    drop(writer);
    grown.stage_row(0, &text("newer"), &[]);
    grown.commit();
    let mut grid = Grid::default();
    old.read(&mut grid);
    assert_eq!(grid.row_text(0), "old");
    reader(&grown).read(&mut grid);
    assert_eq!((grid.row_text(0).as_str(), grid.frame), ("newer", 2));
    assert_eq!(grown.capacity(), Size::new(8, 1));
}
