//! What drawing a terminal costs, in a window that draws all the time.

use std::{
    env,
    path::PathBuf,
    process::Command,
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use anyhow::{Context, bail, ensure};
use bevy::{
    prelude::*,
    render::{Render, RenderApp, RenderSystems},
};
use rustix::time::{ClockId, clock_gettime};
use scarab_bevy::{ScarabRenderPlugin, TerminalArea, prelude::*};
use scarab_protocol::surface::{Attrs, Cell, Color, Size, SurfaceId, SurfaceReader, SurfaceWriter};

use crate::{
    canvas::{self, WINDOW},
    display::Display,
    program::FLAG,
    rounds::median,
    table::{Goal, Row, Table},
};

/// The grid that DESIGN names.
const SIZE: Size = Size { cols: 200, rows: 60 };

/// What is in the window, and what changes in a frame. The first is what the others are held against.
const KINDS: [(&str, &str); 5] = [
    ("empty", "no terminal"),
    ("quiet", "nothing changes"),
    ("row", "one row changes"),
    ("full", "all changes"),
    ("splits", "all changes in each of four splits"),
];

const ID: SurfaceId = SurfaceId { epoch: 1, session: 1 };

/// A window with a grid of which nothing, a row or everything changes in each frame, against one with nothing in it, and
/// against another crate that draws terminals. All take turns.
pub fn run(table: &mut Table, rounds: usize) -> anyhow::Result<()> {
    let display = Display::start(WINDOW)?;
    let this = env::current_exe()?;
    let other = other();
    if other.is_none() {
        println!("bevy_terminal is left out: tests/bench/run builds it");
    }
    // Of each side, what its thread took and, of ours, what the two worlds took; without a terminal first.
    let mut ours: [[Vec<f64>; 2]; KINDS.len()] = Default::default();
    let mut theirs: [Vec<f64>; KINDS.len()] = Default::default();
    for _ in 0..rounds {
        for (at, (kind, _)) in KINDS.iter().enumerate() {
            let said = frame(Command::new(&this).args([FLAG, "window", kind]), &display)?;
            ensure!(said.len() == 2, "a window said {said:?}");
            ours[at].iter_mut().zip(said).for_each(|(all, figure)| all.push(figure));
            if let Some(other) = other.as_ref().filter(|_| *kind != "splits") {
                theirs[at].extend(frame(Command::new(other).arg(kind), &display)?);
            }
        }
    }
    for (at, (kind, name)) in KINDS.iter().enumerate().skip(1) {
        let what = format!("both worlds' CPU for a frame of 200x60, {name}");
        let (with, without) = (&ours[at][1], &ours[0][1]);
        table.push(Row::of(&what, "an empty window", "us", with, without, Goal::None));
        let goal = if ["full", "splits"].contains(kind) { Goal::AtMost(1000.0) } else { Goal::None };
        table.push(Row::alone(&format!("{what}: more"), "us", &more(with, without), goal));
        if other.is_some() && *kind != "splits" {
            // The two have not the same of Bevy: what counts is what a terminal adds to the window that each has without one.
            let goal = if *kind == "full" { Goal::RatioAtMost(1.0) } else { Goal::None };
            let what = format!("a terminal's CPU for a frame of 200x60, driver and all, {name}");
            let (ours, theirs) = (more(&ours[at][0], &ours[0][0]), more(&theirs[at], &theirs[0]));
            table.push(Row::of(&what, "bevy_terminal", "us", &ours, &theirs, goal));
        }
    }
    Ok(())
}

/// What a terminal adds, round by round.
fn more(with: &[f64], without: &[f64]) -> Vec<f64> {
    with.iter().zip(without).map(|(with, without)| with - without).collect()
}

/// The program that draws the same by another crate. It is built apart, because that crate wants more of Bevy than we do.
fn other() -> Option<PathBuf> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/target/bench-bevy_terminal/release/bench-bevy_terminal");
    Some(PathBuf::from(path)).filter(|path| path.is_file())
}

/// Runs a program that draws, and gives what it says that a frame has cost: its thread, then its worlds.
fn frame(command: &mut Command, display: &Display) -> anyhow::Result<Vec<f64>> {
    let output = command.env("DISPLAY", display.name()).env_remove("WAYLAND_DISPLAY").output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{command:?}: {}{}", said, String::from_utf8_lossy(&output.stderr));
    said.lines().map(|line| line.parse().with_context(|| format!("{command:?} said {said:?}"))).collect()
}

/// The part of a window as the client has it, that measures itself.
///
/// # Errors
/// If the kind is none.
pub fn play(kind: &str) -> anyhow::Result<()> {
    let mut app = canvas::app();
    let damaged = match kind {
        "empty" => None,
        "quiet" => Some(0),
        "row" => Some(1),
        "full" | "splits" => Some(SIZE.rows),
        other => bail!("no window is {other}"),
    };
    if let Some(damaged) = damaged {
        app.add_plugins(ScarabRenderPlugin::default()).add_systems(Update, receive);
        if kind == "splits" {
            let (width, height) = (WINDOW.0 / 2, WINDOW.1 / 2);
            let size = Size { cols: SIZE.cols / 2, rows: SIZE.rows / 2 };
            let mut screens = Vec::new();
            for place in 0..4 {
                let corner = UVec2::new(place % 2 * width, place / 2 * height);
                let area = TerminalArea(URect::from_corners(corner, corner + UVec2::new(width, height)));
                app.world_mut().spawn((TerminalGrid::default(), TerminalView::default(), area, Place(screens.len())));
                screens.push(Screen::new(size, size.rows)?);
            }
            app.insert_non_send(screens);
        } else {
            app.world_mut().spawn((TerminalGrid::default(), TerminalView::default(), FitWindow, Place(0)));
            app.insert_non_send(vec![Screen::new(SIZE, damaged)?]);
        }
    }
    measure_worlds(&mut app);
    canvas::run(app);
    let frames = FRAMES.lock().unwrap_or_else(PoisonError::into_inner);
    // The first ones compile pipelines and rasterise glyphs.
    println!("{}", median(&frames[frames.len() / 3..]));
    Ok(())
}

/// What the two worlds took in each frame, in microseconds: they do not see each other, and their systems run on one thread.
static FRAMES: Mutex<Vec<f64>> = Mutex::new(Vec::new());

/// From the first system of the main world to the last one of the render world before pictures are drawn and shown, which is the
/// driver's part.
fn measure_worlds(app: &mut App) {
    let add = |time: f64, is_new: bool| {
        let mut frames = FRAMES.lock().unwrap_or_else(PoisonError::into_inner);
        match frames.last_mut().filter(|_| !is_new) {
            Some(last) => *last += time,
            None => frames.push(-time),
        }
    };
    app.add_systems(First, move || add(processor_time(), true));
    if let Some(render) = app.get_sub_app_mut(RenderApp) {
        let end = move || add(processor_time(), false);
        render.add_systems(Render, end.after(RenderSystems::PrepareBindGroups).before(RenderSystems::Render));
    }
}

/// How long this thread was on a processor, in microseconds. The clock is exact within a frame, where what the kernel sums up for a
/// whole run (`canvas`) is not.
fn processor_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

/// What the connection does for a component.
fn receive(mut screens: NonSendMut<Vec<Screen>>, mut shown: Query<(&mut TerminalGrid, &Place)>) {
    for (mut shown, place) in &mut shown {
        let screen = &mut screens[place.0];
        if screen.next() {
            screen.reader.read(&mut shown.grid);
        }
    }
}

/// Which of the screens a terminal shows.
#[derive(Component)]
struct Place(usize);

/// A screen as a daemon publishes it, in a thread of its own, because that is not what is measured.
struct Screen {
    reader: SurfaceReader,
    /// Asks for the next frame.
    ask: SyncSender<()>,
    /// Whether there is one.
    asked: Receiver<bool>,
}

impl Screen {
    /// A screen on which so many rows change in each frame, and all in the first.
    fn new(size: Size, damaged: u16) -> anyhow::Result<Self> {
        let mut writer = SurfaceWriter::create(ID, 1, size, 1)?;
        writer.stage_size(size).ok().context("no room")?;
        writer.commit();
        let reader = SurfaceReader::new(writer.map()?, ID)?;
        // One place each: nobody asks again before there is an answer.
        let ((ask, asks), (answer, asked)) = (sync_channel(1), sync_channel(1));
        thread::spawn(move || {
            let lines: Vec<Vec<Cell>> =
                (0..26).map(|number| (0..size.cols).map(|col| cell(number, col)).collect()).collect();
            for turn in 0.. {
                if asks.recv().is_err() {
                    return;
                }
                let damaged = if turn == 0 { size.rows } else { damaged };
                for row in 0..damaged {
                    writer.stage_row(row, &lines[(turn + usize::from(row)) % lines.len()], &[]);
                }
                if answer.send(damaged > 0 && writer.commit().is_some()).is_err() {
                    return;
                }
            }
        });
        Ok(Self { reader, ask, asked })
    }

    /// Has the next frame published; whether there is one.
    fn next(&mut self) -> bool {
        self.ask.send(()).is_ok() && self.asked.recv() == Ok(true)
    }
}

/// Letters in several colours and styles.
fn cell(number: u16, col: u16) -> Cell {
    let letter = char::from(b'a' + ((number + col) % 26) as u8);
    let attrs = if col % 16 < 8 { Attrs::empty() } else { Attrs::BOLD };
    Cell::new(letter, attrs, Color::Indexed((col / 8 % 7 + 1) as u8), Color::Default)
}
