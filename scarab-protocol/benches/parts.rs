//! The parts that every key and every picture goes through: `cargo bench -p scarab-protocol`.
//!
//! What whole processes take, and beside what, is measured by `tests/bench`.

use divan::{
    Bencher, black_box,
    counter::{BytesCount, ItemsCount},
};
use scarab_protocol::{
    frame::Frame,
    key::{self, KeyPress, Mods},
    message::{Input, Ping},
    surface::{Attrs, Cell, Color, Grid, Modes, Size, SurfaceId, SurfaceReader, SurfaceWriter},
};

fn main() {
    divan::main();
}

const ID: SurfaceId = SurfaceId { epoch: 1, session: 1 };

/// How many rows change: one, and all of them.
const DAMAGE: [u16; 2] = [1, 60];
const SIZE: Size = Size { cols: 200, rows: 60 };

#[divan::bench]
fn frame_made(bencher: Bencher) {
    let input = Input { position: 17, data: b"x".to_vec() };
    bencher.counter(ItemsCount::new(1_u32)).bench(|| Frame::new(1, 2, black_box(&input)));
}

#[divan::bench(args = [64, 64 * 1024])]
fn frame_read(bencher: Bencher, bytes: usize) {
    let frame = Frame::new(1, 2, &Ping { payload: vec![7; bytes] }).expect("it is small");
    bencher.counter(BytesCount::new(bytes)).bench(|| black_box(&frame).read::<Ping>());
}

#[divan::bench]
fn key_encoded(bencher: Bencher) {
    let key = KeyPress::char('x', Mods::CTRL);
    let mut out = Vec::new();
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| {
        out.clear();
        key::encode(black_box(&key), Modes::empty(), &mut out);
    });
}

#[divan::bench(args = DAMAGE)]
fn surface_published(bencher: Bencher, damaged: u16) {
    let (mut writer, _reader) = surface();
    let mut turn = 0;
    bencher.counter(cells(damaged)).bench_local(|| publish(&mut writer, damaged, &mut turn));
}

#[divan::bench(args = DAMAGE)]
fn surface_read(bencher: Bencher, damaged: u16) {
    let (writer, reader) = surface();
    let shared = std::cell::RefCell::new((writer, reader, Grid::default(), 0));
    bencher
        .counter(cells(damaged))
        .with_inputs(|| {
            let (writer, _, _, turn) = &mut *shared.borrow_mut();
            publish(writer, damaged, turn);
        })
        .bench_local_values(|()| {
            let (_, reader, grid, _) = &mut *shared.borrow_mut();
            reader.read(grid)
        });
}

fn surface() -> (SurfaceWriter, SurfaceReader) {
    let mut writer = SurfaceWriter::create(ID, 1, SIZE, 1).expect("there is shared memory");
    assert!(writer.stage_size(SIZE).is_ok(), "it was made for this");
    writer.commit();
    let reader = SurfaceReader::new(writer.map().expect("it can be mapped"), ID).expect("it is a surface");
    (writer, reader)
}

fn publish(writer: &mut SurfaceWriter, damaged: u16, turn: &mut u32) -> Option<u64> {
    *turn += 1;
    let letter = if turn.is_multiple_of(2) { 'a' } else { 'b' };
    let row = vec![Cell::new(letter, Attrs::BOLD, Color::Indexed(2), Color::Default); usize::from(SIZE.cols)];
    (0..damaged).for_each(|number| writer.stage_row(number, &row, &[]));
    writer.commit()
}

fn cells(rows: u16) -> BytesCount {
    BytesCount::of_many::<Cell>(usize::from(SIZE.cols) * usize::from(rows))
}
