//! What drawing a terminal costs, in a window that draws all the time.

use std::{
    env,
    path::PathBuf,
    process::Command,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

use anyhow::{Context, bail, ensure};
use bevy::{
    app::TerminalCtrlCHandlerPlugin,
    ecs::schedule::{Schedules, SingleThreadedExecutor},
    log::LogPlugin,
    prelude::*,
    render::{RenderApp, pipelined_rendering::PipelinedRenderingPlugin},
    window::PresentMode,
    winit::WinitSettings,
};
use scarab_bevy::{ScarabRenderPlugin, prelude::*};
use scarab_protocol::surface::{Attrs, Cell, Color, Size, SurfaceId, SurfaceReader, SurfaceWriter};

use crate::{
    cpu,
    display::Display,
    program::FLAG,
    rounds::median,
    table::{Goal, Row, Table},
};

/// The grid that DESIGN names.
const SIZE: Size = Size { cols: 200, rows: 60 };

/// What of it is seen, in pixels. All of it is prepared and sent; a software rasteriser has less to do.
const WINDOW: (u32, u32) = (640, 480);

/// What changes in a frame.
const KINDS: [(&str, &str); 3] = [("quiet", "nothing changes"), ("row", "one row changes"), ("full", "all changes")];

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
    let (mut empty, mut ours, mut theirs) = (Vec::new(), [const { Vec::new() }; 3], [const { Vec::new() }; 3]);
    for _ in 0..rounds {
        empty.push(frame(Command::new(&this).args([FLAG, "window", "empty"]), &display)?);
        for (at, (kind, _)) in KINDS.iter().enumerate() {
            ours[at].push(frame(Command::new(&this).args([FLAG, "window", kind]), &display)?);
            if let Some(other) = &other {
                theirs[at].push(frame(Command::new(other).arg(kind), &display)?);
            }
        }
    }
    for (at, (kind, name)) in KINDS.iter().enumerate() {
        let what = format!("CPU of a frame of 200x60, {name}");
        table.push(Row::of(&what, "an empty window", "us", &ours[at], &empty, Goal::None));
        let more: Vec<f64> = ours[at].iter().zip(&empty).map(|(ours, empty)| ours - empty).collect();
        let goal = if *kind == "full" { Goal::AtMost(1000.0) } else { Goal::None };
        table.push(Row::alone(&format!("{what}: more"), "us", median(&more), goal));
        if other.is_some() {
            table.push(Row::of(&what, "bevy_terminal", "us", &ours[at], &theirs[at], Goal::RatioAtMost(1.0)));
        }
    }
    Ok(())
}

/// The program that draws the same by another crate. It is built apart, because that crate wants more of Bevy than we do.
fn other() -> Option<PathBuf> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/target/bench-bevy_terminal/release/bench-bevy_terminal");
    Some(PathBuf::from(path)).filter(|path| path.is_file())
}

/// Runs a program that draws, and gives what it says that a frame has cost.
fn frame(command: &mut Command, display: &Display) -> anyhow::Result<f64> {
    let output = command.env("DISPLAY", display.name()).env_remove("WAYLAND_DISPLAY").output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{command:?}: {}{}", said, String::from_utf8_lossy(&output.stderr));
    said.trim().parse().with_context(|| format!("{command:?} said {said:?}"))
}

/// The part of a window as the client has it, that measures itself.
///
/// # Errors
/// If the kind is none.
pub fn play(kind: &str) -> anyhow::Result<()> {
    let mut app = App::new();
    app.add_plugins((
        DefaultPlugins
            .set(WindowPlugin {
                primary_window: Some(Window {
                    resolution: WINDOW.into(),
                    present_mode: PresentMode::AutoNoVsync,
                    ..default()
                }),
                ..default()
            })
            .set(LogPlugin { filter: "error".into(), ..default() })
            .disable::<TerminalCtrlCHandlerPlugin>()
            .disable::<PipelinedRenderingPlugin>(),
        cpu::plugin,
    ))
    .insert_resource(WinitSettings::continuous())
    .add_systems(Startup, |mut commands: Commands| {
        commands.spawn((Camera2d, Msaa::Off));
    });
    let damaged = match kind {
        "empty" => None,
        "quiet" => Some(0),
        "row" => Some(1),
        "full" => Some(SIZE.rows),
        other => bail!("no window is {other}"),
    };
    if let Some(damaged) = damaged {
        let screen = Screen::new(damaged)?;
        app.add_plugins(ScarabRenderPlugin::default())
            .add_systems(Startup, |mut commands: Commands| {
                commands.spawn((TerminalGrid::default(), TerminalView::default(), FitWindow));
            })
            .insert_non_send(screen)
            .add_systems(Update, receive);
    }
    run_on_one_thread(&mut app);
    app.run();
    Ok(())
}

/// As the client does.
fn run_on_one_thread(app: &mut App) {
    let change = |world: &mut World| {
        for (_, schedule) in world.resource_mut::<Schedules>().iter_mut() {
            schedule.set_executor(SingleThreadedExecutor::new());
        }
    };
    change(app.world_mut());
    if let Some(render) = app.get_sub_app_mut(RenderApp) {
        change(render.world_mut());
    }
}

/// What the connection does for a component.
fn receive(mut screen: NonSendMut<Screen>, mut shown: Single<&mut TerminalGrid>) {
    if screen.next() {
        screen.reader.read(&mut shown.grid);
    }
}

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
    fn new(damaged: u16) -> anyhow::Result<Self> {
        let mut writer = SurfaceWriter::create(ID, 1, SIZE, 1)?;
        writer.stage_size(SIZE).ok().context("no room")?;
        writer.commit();
        let reader = SurfaceReader::new(writer.map()?, ID)?;
        // One place each: nobody asks again before there is an answer.
        let ((ask, asks), (answer, asked)) = (sync_channel(1), sync_channel(1));
        thread::spawn(move || {
            let lines: Vec<Vec<Cell>> =
                (0..26).map(|number| (0..SIZE.cols).map(|col| cell(number, col)).collect()).collect();
            for turn in 0.. {
                if asks.recv().is_err() {
                    return;
                }
                let damaged = if turn == 0 { SIZE.rows } else { damaged };
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
