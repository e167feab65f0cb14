//! Publishing a grid in shared memory and reading it, against copying as many bytes.

use std::{
    hint::black_box,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use scarab_protocol::surface::{Attrs, Cell, Color, Grid, ReadOutcome, Size, SurfaceId, SurfaceReader, SurfaceWriter};

use crate::{
    rounds::{Samples, alternate, median, microseconds},
    table::{Goal, Row, Table},
};

/// How often each is done in a round.
const TIMES: usize = 300;

/// How long a writer and a reader are at it at the same time.
const BOTH: Duration = Duration::from_secs(2);

const ID: SurfaceId = SurfaceId { epoch: 1, session: 1 };

/// Three sizes, three amounts of damage; then torn reads, of which there may be none.
pub fn run(table: &mut Table, rounds: usize) -> anyhow::Result<()> {
    for (cols, rows) in [(80, 24), (200, 60), (400, 120)] {
        for (damaged, name) in [(1, "1 row"), (rows / 2, "half"), (rows, "full")] {
            one(table, rounds, Size { cols, rows }, damaged, name)?;
        }
    }
    let (reads, torn) = torn(Size { cols: 200, rows: 60 })?;
    table.push(Row::alone(&format!("torn reads accepted, of {reads}"), "", &[torn as f64], Goal::AtMost(0.0)));
    Ok(())
}

fn one(table: &mut Table, rounds: usize, size: Size, damaged: u16, name: &str) -> anyhow::Result<()> {
    let (mut writer, mut reader) = surface(size)?;
    let lines = ['a', 'b'].map(|letter| line(size.cols, letter));
    let mut turn = 0;
    let mut publish = |writer: &mut SurfaceWriter| {
        turn += 1;
        (0..damaged).for_each(|row| writer.stage_row(row, &lines[turn % 2], &[]));
        writer.commit().context("nothing has changed")
    };
    let mut grid = Grid::default();
    let (from, mut to) = (vec![Cell::BLANK; cells(size, damaged)], vec![Cell::BLANK; cells(size, damaged)]);
    let mut copy = || {
        black_box(&mut to).copy_from_slice(black_box(&from));
        Ok(())
    };
    let figures = |rounds: &[Samples]| rounds.iter().map(|samples| median(samples)).collect::<Vec<_>>();
    let shape = format!("{}x{}, {name}", size.cols, size.rows);
    let [ours, theirs] = alternate(
        rounds,
        || microseconds(TIMES, || publish(&mut writer).map(drop)),
        || microseconds(TIMES, &mut copy),
    )?;
    let against = "memcpy of the cells";
    table.push(Row::of(&format!("publish {shape}"), against, "us", &figures(&ours), &figures(&theirs), Goal::None));
    let read = || {
        (0..TIMES)
            .map(|_| {
                publish(&mut writer)?;
                let start = Instant::now();
                let outcome = reader.read(&mut grid);
                let took = start.elapsed();
                ensure!(outcome == ReadOutcome::Updated, "{outcome:?}");
                Ok(crate::rounds::micros(took))
            })
            .collect()
    };
    let [ours, theirs] = alternate(rounds, read, || microseconds(TIMES, &mut copy))?;
    table.push(Row::of(&format!("read {shape}"), against, "us", &figures(&ours), &figures(&theirs), Goal::None));
    Ok(())
}

/// A writer that never rests and a reader that looks at every row of what it is given: how many reads, and how many of them
/// had rows of two frames.
fn torn(size: Size) -> anyhow::Result<(u64, u64)> {
    let (mut writer, mut reader) = surface(size)?;
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let lines: Vec<Vec<Cell>> = ('a'..='z').map(|letter| line(size.cols, letter)).collect();
            for line in lines.iter().cycle() {
                (0..size.rows).for_each(|row| writer.stage_row(row, line, &[]));
                writer.commit();
                if over.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        let (mut grid, mut reads, mut torn) = (Grid::default(), 0, 0);
        let end = Instant::now() + BOTH;
        while Instant::now() < end {
            if reader.read(&mut grid) == ReadOutcome::Updated {
                reads += 1;
                let first = grid.row(0)[0];
                let whole = (0..grid.rows()).all(|row| grid.row(row).iter().all(|cell| *cell == first));
                torn += u64::from(!whole);
            }
        }
        over.store(true, Ordering::Relaxed);
        Ok((reads, torn))
    })
}

fn surface(size: Size) -> anyhow::Result<(SurfaceWriter, SurfaceReader)> {
    let mut writer = SurfaceWriter::create(ID, 1, size, 1)?;
    writer.stage_size(size).ok().context("no room")?;
    writer.commit();
    let reader = SurfaceReader::new(writer.map()?, ID)?;
    Ok((writer, reader))
}

fn line(cols: u16, letter: char) -> Vec<Cell> {
    vec![Cell::new(letter, Attrs::BOLD, Color::Indexed(2), Color::Default); cols.into()]
}

fn cells(size: Size, rows: u16) -> usize {
    usize::from(size.cols) * usize::from(rows)
}
