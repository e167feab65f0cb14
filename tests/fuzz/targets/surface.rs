//! A hostile surface: arbitrary words where a reader looks, before it looks and while it does.

#![no_main]

use std::{
    cell::RefCell,
    fs::File,
    io::Read,
    os::unix::fs::FileExt,
    sync::{
        LazyLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use libfuzzer_sys::fuzz_target;
use scarab_fuzz::{
    source::Source,
    surface::{check_extra, check_grid},
};
use scarab_protocol::{
    frame::Frame,
    message::Rows,
    surface::{
        Attrs, Cell, Color, Cursor, Extra, Grid, Link, Mapping, ReadOutcome, RowsUpdate, Size, SurfaceId,
        SurfaceReader, SurfaceWriter, rows_since,
    },
};

const ID: SurfaceId = SurfaceId { epoch: 7, session: 3 };
const CAPACITY: Size = Size::new(24, 8);

/// Where the parts of a surface of that capacity begin, in words.
const HEADER: usize = 0;
const SEQUENCE: usize = 512;
const STAMPS: usize = 792;
const CELLS: usize = STAMPS + CAPACITY.rows as usize;
const DIRECTORY: usize = CELLS + 2 * CAPACITY.cells();
const ARENA: usize = DIRECTORY + 2 * 4096;

/// The bytes of a surface as a daemon would write it.
static VALID: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut writer = SurfaceWriter::create(ID, 1, CAPACITY, 1).expect("memory");
    writer.stage_size(CAPACITY).expect("it was made for it");
    for row in 0..CAPACITY.rows {
        let cells: Vec<_> =
            ('a'..).take(24).map(|c| Cell::new(c, Attrs::BOLD, Color::Indexed(1), Color::Default)).collect();
        let link = Link { id: row.to_string().into(), uri: "https://example.org".into() };
        let extra = Extra { marks: "\u{301}\u{302}".into(), link: Some(link), underline_color: Color::Rgb(1, 2, 3) };
        writer.stage_row(row, &cells, &[(row, extra.clone()), (row + 1, extra)]);
    }
    writer.stage_cursor(Cursor { col: 3, row: 2, ..Cursor::default() });
    writer.commit();
    let mut bytes = Vec::new();
    let mut file = File::from(writer.reader_fd().try_clone_to_owned().expect("a descriptor"));
    file.read_to_end(&mut bytes).expect("it can be read");
    assert_eq!(&bytes[8 * SEQUENCE + 64..][..8], &1_u64.to_le_bytes(), "the frame is not where it was");
    bytes
});

thread_local! {
    /// The segment, and which words of it differ from [`VALID`].
    static SEGMENT: RefCell<(File, Vec<u64>)> = RefCell::new((segment(), Vec::new()));
}

fn segment() -> File {
    let file = tempfile::tempfile_in("/dev/shm").or_else(|_| tempfile::tempfile()).expect("a file");
    file.write_all_at(&VALID, 0).expect("there is room");
    file
}

fuzz_target!(|data: &[u8]| {
    SEGMENT.with_borrow_mut(|(file, changed)| {
        let mut source = Source::new(data);
        match source.u8() % 8 {
            0 => raw(source.take(64 * 1024)),
            1 | 2 => {
                let mut lines = Source::new(source.bytes());
                changing(file, &patches(&mut lines), &patches(&mut source), changed);
            }
            _ => rounds(file, &mut source, changed),
        }
        for place in changed.drain(..) {
            let old = VALID.get(place as usize..).unwrap_or_default();
            file.write_all_at(&old[..old.len().min(8)], place).expect("there is room");
        }
    });
});

/// Any bytes for a segment.
fn raw(bytes: &[u8]) {
    let file = tempfile::tempfile_in("/dev/shm").or_else(|_| tempfile::tempfile()).expect("a file");
    file.write_all_at(bytes, 0).expect("there is room");
    // At least as long as any header, so that more than the length is looked at.
    file.set_len(bytes.len().next_multiple_of(8).max(4096 + 8) as u64).expect("there is room");
    let mapping = Mapping::from_fd(file.into()).expect("a length that a surface can have");
    assert!(SurfaceReader::new(mapping, ID).is_err(), "it is too short for any surface");
}

/// Patches and reads by turns, with one reader and one grid.
fn rounds(file: &File, source: &mut Source, changed: &mut Vec<u64>) {
    let mut reader = None;
    let mut grid = Grid::new(0, 0);
    for _ in 0..8 {
        for patch in patches(source) {
            write(file, patch, changed);
        }
        if reader.is_none() {
            reader = open(file);
        }
        let Some(reader) = &mut reader else { return };
        read(reader, &mut grid);
        if source.is_empty() {
            return;
        }
    }
}

/// One set of patches first, another again and again while somebody reads.
fn changing(file: &File, first: &[(u64, u64)], then: &[(u64, u64)], changed: &mut Vec<u64>) {
    for patch in first {
        write(file, *patch, changed);
    }
    let Some(mut reader) = open(file) else { return };
    changed.extend(then.iter().map(|(place, _)| place));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for turn in 0_u64.. {
                for (place, value) in then {
                    let word = value.wrapping_add(turn);
                    file.write_all_at(&word.to_le_bytes(), *place).expect("there is room");
                }
                if done.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        let mut grid = Grid::new(0, 0);
        for _ in 0..8 {
            read(&mut reader, &mut grid);
        }
        done.store(true, Ordering::Relaxed);
    });
}

fn open(file: &File) -> Option<SurfaceReader> {
    let mapping = Mapping::from_fd(file.try_clone().expect("a descriptor").into()).expect("its length is right");
    let reader = SurfaceReader::new(mapping, ID).ok()?;
    // The header says how long the segment is, so it says this capacity or none.
    assert!(reader.capacity().fits(Size::MAX));
    Some(reader)
}

fn read(reader: &mut SurfaceReader, grid: &mut Grid) {
    let before = grid.clone();
    match reader.read(grid) {
        ReadOutcome::Updated => check(grid, reader.capacity()),
        ReadOutcome::Unchanged | ReadOutcome::Busy => assert!(*grid == before, "it is not as it was"),
    }
}

fn check(grid: &Grid, capacity: Size) {
    check_grid(grid);
    assert!(Size::new(grid.cols(), grid.rows()).fits(capacity));
    for row in 0..grid.rows() {
        assert!(grid.row_frame(row) <= grid.frame);
        grid.row_extras(row).iter().for_each(|(_, extra)| check_extra(extra));
    }
    // Who cannot map sees the same.
    let mut copy = Grid::new(0, 0);
    for update in rows_since(grid, 0) {
        let frame = Frame::new(3, 0, &Rows::from(&update)).expect("short enough");
        let received = RowsUpdate::from(frame.read::<Rows>().expect("valid"));
        assert_eq!(received, update);
        copy.apply(&received);
    }
    check_grid(&copy);
    assert_eq!(copy.cells(), grid.cells());
    let extras = |grid: &Grid| (0..grid.rows()).map(|row| grid.row_extras(row).to_vec()).collect::<Vec<_>>();
    assert_eq!(extras(&copy), extras(grid));
}

/// Places in bytes, and what is written there: up to 32 of them.
fn patches(source: &mut Source) -> Vec<(u64, u64)> {
    let count = source.u8() % 33;
    let patch = |source: &mut Source| {
        let how = source.u8();
        let start = [HEADER, SEQUENCE, SEQUENCE + 8, STAMPS, CELLS, DIRECTORY, ARENA, HEADER][usize::from(how % 8)];
        let place = start + usize::from(if how & 0x80 == 0 { source.u8().into() } else { source.u16() });
        let value = match how >> 3 & 3 {
            0 => source.u8().into(),
            1 => u64::from(source.u16()) << 16,
            _ => source.u64(),
        };
        ((place * 8) as u64, value)
    };
    (0..count).map(|_| patch(source)).filter(|(place, _)| *place + 8 <= VALID.len() as u64).collect()
}

fn write(file: &File, (place, value): (u64, u64), changed: &mut Vec<u64>) {
    changed.push(place);
    file.write_all_at(&value.to_le_bytes(), place).expect("there is room");
}
