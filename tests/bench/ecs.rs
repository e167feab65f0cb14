//! What terminals cost an App that has no window.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use bevy::{
    app::ScheduleRunnerPlugin,
    input::InputPlugin,
    input_focus::{InputDispatchPlugin, InputFocusPlugin},
    prelude::*,
};
use scarab_bevy::{Waker, prelude::*};
use scarab_protocol::surface::{Cell, Grid};

use crate::{
    canvas::use_one_thread,
    key::ECHO,
    rounds::{Samples, alternate, median, micros, microseconds},
    scarab::{Daemon, Seat},
    table::{Goal, Row, Table},
};

/// How many updates a round has.
const UPDATES: usize = 2000;

/// How many keys, and how many whole screens.
const TIMES: usize = 300;

/// How many times a key is typed in many terminals at once.
const ALL_AT_ONCE: usize = 30;

/// How long anything may take before a benchmark is given up.
const DEADLINE: Duration = Duration::from_secs(60);

/// The grid that DESIGN names.
const SCREEN: (u16, u16) = (200, 60);

/// An idle connection, a key's way into a component, a whole screen's, and many terminals.
pub fn run(table: &mut Table, rounds: usize) -> anyhow::Result<()> {
    let daemon = Daemon::start()?;
    idle(table, rounds, &daemon)?;
    key(table, rounds, &daemon)?;
    whole_screen(table, rounds, &daemon)?;
    many(table, rounds, &daemon)
}

fn idle(table: &mut Table, rounds: usize, daemon: &Daemon) -> anyhow::Result<()> {
    let (mut with, mut without) = (connected(daemon)?, bare());
    against(table, rounds, &mut with, &mut without, "update of an App, idle connection", Goal::AtMost(10.0))
}

/// Updates of two Apps in turn, and what the first takes more.
fn against(
    table: &mut Table,
    rounds: usize,
    with: &mut App,
    without: &mut App,
    what: &str,
    goal: Goal,
) -> anyhow::Result<()> {
    let update = |app: &mut App| {
        app.update();
        Ok(())
    };
    let [ours, theirs] =
        alternate(rounds, || microseconds(UPDATES, || update(with)), || microseconds(UPDATES, || update(without)))?;
    let (ours, theirs) = (medians(&ours), medians(&theirs));
    table.push(Row::of(what, "an App without the plugin", "us", &ours, &theirs, Goal::None));
    let more: Vec<f64> = ours.iter().zip(&theirs).map(|(ours, theirs)| ours - theirs).collect();
    table.push(Row::alone(&format!("{what}: more"), "us", &more, goal));
    Ok(())
}

/// From a letter that a system types to the update after which the component has it.
fn key(table: &mut Table, rounds: usize, daemon: &Daemon) -> anyhow::Result<()> {
    let seat = Seat::take_new(&daemon.address, "keys", ECHO, (80, 24))?;
    let other = Seat::take_new(&daemon.address, "component", ECHO, (80, 24))?;
    let mut app = connected(daemon)?;
    let terminal = app.world_mut().spawn(Terminal::attach("component")).id();
    until(&mut app, |world| frame(world, terminal) > 0)?;
    let mut component = || {
        let cursor = |world: &World| world.get::<TerminalGrid>(terminal).map(|shown| shown.grid.cursor);
        let before = cursor(app.world());
        // At the end of a row a letter would leave it where it is.
        let letter = if before.is_some_and(|cursor| cursor.col < 79) { "x" } else { "\r" };
        app.world_mut().write_message(TerminalInput::text(terminal, letter));
        until(&mut app, |world| cursor(world) != before)
    };
    let [ours, theirs] =
        alternate(rounds, || microseconds(TIMES, &mut component), || microseconds(TIMES, || seat.key()))?;
    drop(other);
    let what = "key to component, p50";
    table.push(Row::of(what, "the client library alone", "us", &medians(&ours), &medians(&theirs), Goal::None));
    Ok(())
}

/// A new screen, every row of it, from the connection to a component.
fn whole_screen(table: &mut Table, rounds: usize, daemon: &Daemon) -> anyhow::Result<()> {
    let place = tempfile::tempdir()?;
    let mut names = Vec::new();
    for letter in ['a', 'b'] {
        let path = place.path().join(letter.to_string());
        std::fs::write(&path, screen(letter))?;
        names.push(path.display().to_string());
    }
    let script = format!("stty -echo; while read x; do cat {}; read x; cat {}; done", names[0], names[1]);
    let seat = Seat::take_new(&daemon.address, "screens", &script, SCREEN)?;
    let mut letters = ['a', 'b'].into_iter().cycle();
    let mut arrive = || -> anyhow::Result<char> {
        let letter = letters.next().context("without an end")?;
        seat.attachment.input(b"\n")?;
        seat.until(|grid| ends_in(grid, letter))?;
        Ok(letter)
    };

    // What the component's system does, and a plain copy of the same cells, which have just come in the same way.
    let (mut grid, mut cells) = (Grid::default(), vec![Cell::BLANK; usize::from(SCREEN.0) * usize::from(SCREEN.1)]);
    let mut timed = |copy: &mut dyn FnMut()| -> anyhow::Result<Samples> {
        (0..TIMES)
            .map(|_| {
                arrive()?;
                let start = Instant::now();
                copy();
                Ok(micros(start.elapsed()))
            })
            .collect()
    };
    let mut rows = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        rows[0].push(timed(&mut || {
            black_box(seat.attachment.update(&mut grid));
        })?);
        rows[1].push(timed(&mut || {
            seat.attachment.look(|state| black_box(&mut cells).copy_from_slice(state.grid.cells()));
        })?);
    }
    let [ours, copied] = rows.map(|rounds| medians(&rounds));
    let what = "a whole screen of 200x60 into a component";
    table.push(Row::of(what, "memcpy of its cells", "us", &ours, &copied, Goal::RatioAtMost(4.0)));

    // The whole update around it.
    let mut app = connected(daemon)?;
    let terminal = app.world_mut().spawn((Terminal::attach("screens"), TerminalSize::cells(SCREEN.0, SCREEN.1))).id();
    until(&mut app, |world| frame(world, terminal) > 0)?;
    let mut update = || -> anyhow::Result<Samples> {
        let mut samples = Vec::new();
        while samples.len() < TIMES {
            let before = frame(app.world(), terminal);
            let letter = arrive()?;
            let shown =
                |world: &World| world.get::<TerminalGrid>(terminal).is_some_and(|shown| ends_in(&shown.grid, letter));
            // The seat has it; the App is told at the same time, and waits for its update.
            let waker = app.world().resource::<Waker>().clone();
            ensure!(waker.wait(DEADLINE), "nothing has arrived");
            let start = Instant::now();
            app.update();
            let took = micros(start.elapsed());
            let grid = &app.world().get::<TerminalGrid>(terminal).context("a grid")?.grid;
            // Now and then it comes in two frames, which is not what is measured.
            if shown(app.world()) && grid.rows_since(before).count() == usize::from(SCREEN.1) {
                samples.push(took);
            }
            until(&mut app, shown)?;
        }
        Ok(samples)
    };
    let updates = (0..rounds).map(|_| update()).collect::<anyhow::Result<Vec<_>>>()?;
    table.push(Row::of(
        "update of an App that brings a whole screen",
        "memcpy of its cells",
        "us",
        &medians(&updates),
        &copied,
        Goal::None,
    ));
    Ok(())
}

/// Whether the last row begins with a letter, and with it the whole screen.
fn ends_in(grid: &Grid, letter: char) -> bool {
    let last = grid.rows().saturating_sub(1);
    grid.rows() == SCREEN.1 && grid.row(last)[0].character() == letter
}

/// What redraws every cell: rows of a letter, in colours that change within each.
fn screen(letter: char) -> String {
    let row: String = (0..SCREEN.0)
        .map(|col| {
            format!("{}{letter}", if col % 20 == 0 { format!("\x1b[3{}m", col / 20 % 7 + 1) } else { String::new() })
        })
        .collect();
    (1..=SCREEN.1).map(|number| format!("\x1b[{number}H{row}")).collect()
}

/// An App with more and more terminals: what an update takes when there is no news, and how long it takes until each shows a
/// key's letter.
fn many(table: &mut Table, rounds: usize, daemon: &Daemon) -> anyhow::Result<()> {
    for count in [1, 10, 100] {
        let names: Vec<String> = (0..count).map(|number| format!("many-{count}-{number}")).collect();
        let seats: Vec<Seat> = names
            .iter()
            .map(|name| Seat::take_new(&daemon.address, name, ECHO, (80, 24)))
            .collect::<anyhow::Result<_>>()?;
        let mut app = connected(daemon)?;
        let terminals: Vec<Entity> =
            names.iter().map(|name| app.world_mut().spawn(Terminal::attach(name)).id()).collect();
        until(&mut app, |world| terminals.iter().all(|terminal| frame(world, *terminal) > 0))?;
        drop(seats);
        against(
            table,
            rounds,
            &mut app,
            &mut bare(),
            &format!("update of an App, {count} idle terminals"),
            Goal::None,
        )?;
        if count > 1 {
            keys(table, rounds, &mut app, &terminals)?;
        }
    }
    Ok(())
}

/// A key in all terminals at once, against a key in one of them.
fn keys(table: &mut Table, rounds: usize, app: &mut App, terminals: &[Entity]) -> anyhow::Result<()> {
    let mut sides = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        for (typed, side) in [terminals, &terminals[..1]].into_iter().zip(&mut sides) {
            side.push(microseconds(ALL_AT_ONCE, || type_in(app, typed))?);
        }
    }
    let [all, one] = sides.map(|rounds| medians(&rounds));
    let what = format!("a key in each of an App's {} terminals, until all show it", terminals.len());
    table.push(Row::of(&what, "a key in one of them", "us", &all, &one, Goal::None));
    Ok(())
}

/// Types a letter in some terminals, and updates the App until they all show it.
fn type_in(app: &mut App, terminals: &[Entity]) -> anyhow::Result<()> {
    let cursors = |world: &World| -> Vec<Option<u16>> {
        let col = |terminal: &Entity| world.get::<TerminalGrid>(*terminal).map(|shown| shown.grid.cursor.col);
        terminals.iter().map(col).collect()
    };
    let before = cursors(app.world());
    for (terminal, col) in terminals.iter().zip(&before) {
        // At the end of a row a letter would leave it where it is.
        let letter = if col.is_some_and(|col| col < 79) { "x" } else { "\r" };
        app.world_mut().write_message(TerminalInput::text(*terminal, letter));
    }
    until(app, |world| cursors(world).iter().zip(&before).all(|(now, before)| now != before))
}

/// The frame that a terminal's component shows.
fn frame(world: &World, terminal: Entity) -> u64 {
    world.get::<TerminalGrid>(terminal).map_or(0, |shown| shown.grid.frame)
}

/// The lower half of an App: what a game without a window has.
fn bare() -> App {
    finish(plugins())
}

fn plugins() -> App {
    let mut app = App::new();
    app.add_plugins((
        MinimalPlugins.build().disable::<ScheduleRunnerPlugin>(),
        InputPlugin,
        InputFocusPlugin,
        InputDispatchPlugin,
    ));
    app
}

/// The same with a connection that stands.
fn connected(daemon: &Daemon) -> anyhow::Result<App> {
    let mut app = plugins();
    app.add_plugins(ScarabIpcPlugin::at(daemon.address.clone()));
    let mut app = finish(app);
    until(&mut app, |world| {
        *world.resource::<State<ScarabConnectionState>>().get() == ScarabConnectionState::Connected
    })?;
    Ok(app)
}

/// As small Apps run best: on one thread.
fn finish(mut app: App) -> App {
    app.finish();
    app.cleanup();
    use_one_thread(&mut app);
    app
}

/// Updates an App whenever something arrives, until it is so.
fn until(app: &mut App, is: impl Fn(&World) -> bool) -> anyhow::Result<()> {
    let end = Instant::now() + DEADLINE;
    loop {
        app.update();
        if is(app.world()) {
            return Ok(());
        }
        let waker = app.world().resource::<Waker>().clone();
        ensure!(waker.wait(end.saturating_duration_since(Instant::now())), "an App waited in vain");
    }
}

fn medians(rounds: &[Samples]) -> Vec<f64> {
    rounds.iter().map(|samples| median(samples)).collect()
}
