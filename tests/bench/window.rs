//! What drawing a terminal costs, in a window that draws all the time.

use std::{env, path::PathBuf, process::Command};

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
use scarab_protocol::surface::{Attrs, Cell, Color, Grid, Size, SurfaceId, SurfaceReader, SurfaceWriter};

use crate::{
    cpu,
    display::Display,
    program::FLAG,
    rounds::{alternate, median},
    table::{Goal, Row, Table},
};

/// The grid that DESIGN names.
const SIZE: Size = Size { cols: 200, rows: 60 };

/// Has room for it, in pixels.
const WINDOW: (u32, u32) = (1840, 1240);

const ID: SurfaceId = SurfaceId { epoch: 1, session: 1 };

/// A window with a grid of which nothing, a row or everything changes in each frame, against one with nothing in it, and
/// against another crate that draws terminals.
pub fn run(table: &mut Table, rounds: usize) -> anyhow::Result<()> {
    let display = Display::start(WINDOW)?;
    let this = env::current_exe()?;
    let ours = |kind: &str| frame(Command::new(&this).args([FLAG, "window", kind]), &display);
    for (kind, name) in [("quiet", "nothing changes"), ("row", "one row changes"), ("full", "all changes")] {
        let goal = if kind == "full" { Goal::AtMost(1000.0) } else { Goal::None };
        let [with, without] = alternate(rounds, || ours(kind), || ours("empty"))?;
        let (with, without) = (with.concat(), without.concat());
        let what = format!("CPU of a frame of 200x60, {name}");
        table.push(Row::of(&what, "an empty window", "us", &with, &without, Goal::None));
        let more: Vec<f64> = with.iter().zip(&without).map(|(with, without)| with - without).collect();
        table.push(Row::alone(&format!("{what}: more"), "us", median(&more), goal));
    }
    let Some(other) = other() else {
        println!("bevy_terminal is left out: tests/bench/run builds it");
        return Ok(());
    };
    for (kind, name) in [("quiet", "nothing changes"), ("row", "one row changes"), ("full", "all changes")] {
        let [ours, theirs] = alternate(rounds, || ours(kind), || frame(Command::new(&other).arg(kind), &display))?;
        let what = format!("CPU of a frame of 200x60, {name}");
        table.push(Row::of(&what, "bevy_terminal", "us", &ours.concat(), &theirs.concat(), Goal::RatioAtMost(1.0)));
    }
    Ok(())
}

/// The program that draws the same by another crate. It is built apart, because that crate wants more of Bevy than we do.
fn other() -> Option<PathBuf> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/target/bench-bevy_terminal/release/bench-bevy_terminal");
    Some(PathBuf::from(path)).filter(|path| path.is_file())
}

/// Runs a program that draws, and gives what it says that a frame has cost.
fn frame(command: &mut Command, display: &Display) -> anyhow::Result<Vec<f64>> {
    let output = command.env("DISPLAY", display.name()).env_remove("WAYLAND_DISPLAY").output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{command:?}: {}{}", said, String::from_utf8_lossy(&output.stderr));
    Ok(vec![said.trim().parse().with_context(|| format!("{command:?} said {said:?}"))?])
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
        let mut screen = Screen::new()?;
        app.add_plugins(ScarabRenderPlugin::default())
            .add_systems(Startup, |mut commands: Commands| {
                commands.spawn((TerminalGrid::default(), TerminalView::default(), FitWindow));
            })
            .add_systems(Update, move |mut shown: Single<&mut TerminalGrid>| {
                if screen.publish(damaged) {
                    screen.reader.read(&mut shown.grid);
                }
            });
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

/// A screen as a daemon publishes it.
struct Screen {
    writer: SurfaceWriter,
    reader: SurfaceReader,
    lines: Vec<Vec<Cell>>,
    turn: usize,
}

impl Screen {
    fn new() -> anyhow::Result<Self> {
        let mut writer = SurfaceWriter::create(ID, 1, SIZE, 1)?;
        writer.stage_size(SIZE).ok().context("no room")?;
        writer.commit();
        let reader = SurfaceReader::new(writer.map()?, ID)?;
        let lines = (0..26).map(|number| (0..SIZE.cols).map(|col| cell(number, col)).collect()).collect();
        Ok(Self { writer, reader, lines, turn: 0 })
    }

    /// Changes so many rows; all in the first frame.
    fn publish(&mut self, damaged: u16) -> bool {
        let damaged = if self.turn == 0 { SIZE.rows } else { damaged };
        self.turn += 1;
        for row in 0..damaged {
            let line = &self.lines[(self.turn + usize::from(row)) % self.lines.len()];
            self.writer.stage_row(row, line, &[]);
        }
        damaged > 0 && self.writer.commit().is_some()
    }
}

/// Letters in several colours and styles.
fn cell(number: u16, col: u16) -> Cell {
    let letter = char::from(b'a' + ((number + col) % 26) as u8);
    let attrs = if col % 16 < 8 { Attrs::empty() } else { Attrs::BOLD };
    Cell::new(letter, attrs, Color::Indexed((col / 8 % 7 + 1) as u8), Color::Default)
}
