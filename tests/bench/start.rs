//! How long until there is something to see.

use std::{process::Stdio, time::Instant};

use anyhow::ensure;

use crate::{
    bare::drain,
    display::Display,
    rounds::alternate,
    scarab::{Daemon, Home},
    table::{Goal, Row, Table},
    terminal::Terminal,
    tmux::Tmux,
};

/// Says one thing, as a shell says its prompt.
const SCRIPT: &str = "printf ready; exec cat";

/// A new session, to the first thing it says.
pub fn run(table: &mut Table, rounds: usize) -> anyhow::Result<()> {
    let daemon = Daemon::start()?;
    let mut number = 0;
    let warm = || {
        number += 1;
        let name = format!("s{number}");
        let start = Instant::now();
        for arguments in [&["new", &name, "--", "/bin/sh", "-c", SCRIPT][..], &["wait", &name, "--text", "ready"]] {
            let status = daemon.scarabctl(arguments).stdin(Stdio::null()).stdout(Stdio::null()).status()?;
            ensure!(status.success(), "scarabctl {arguments:?}: {status}");
        }
        Ok(vec![start.elapsed().as_secs_f64() * 1e3])
    };
    let tmux = || {
        let start = Instant::now();
        let mut tmux = Tmux::start(SCRIPT, 80, 24)?;
        drain(&mut tmux.terminal, |bytes, _| Ok(!String::from_utf8_lossy(bytes).contains("ready")))?;
        Ok(vec![start.elapsed().as_secs_f64() * 1e3])
    };
    let [ours, theirs] = alternate(rounds, warm, tmux)?;
    let flat = |rounds: &[Vec<f64>]| rounds.concat();
    table.push(Row::of(
        "scarabctl new and wait for the prompt",
        "tmux, from nothing",
        "ms",
        &flat(&ours),
        &flat(&theirs),
        Goal::None,
    ));
    let shell = || {
        let start = Instant::now();
        let mut command = std::process::Command::new("/bin/sh");
        command.args(["-c", SCRIPT]);
        let mut terminal = Terminal::running(&command, 80, 24)?;
        drain(&mut terminal, |bytes, _| Ok(!String::from_utf8_lossy(bytes).contains("ready")))?;
        Ok(vec![start.elapsed().as_secs_f64() * 1e3])
    };
    let cold = || {
        let start = Instant::now();
        drop(Daemon::start()?);
        Ok(vec![start.elapsed().as_secs_f64() * 1e3])
    };
    let [ours, theirs] = alternate(rounds, cold, shell)?;
    table.push(Row::of(
        "a daemon started, ready and killed",
        "a shell on a bare PTY",
        "ms",
        &flat(&ours),
        &flat(&theirs),
        Goal::None,
    ));
    window(table, rounds)
}

/// The window, until its first picture is drawn: with a daemon that is there, and with one that it has to start.
fn window(table: &mut Table, rounds: usize) -> anyhow::Result<()> {
    let display = Display::start((1000, 700))?;
    let warm = Home::new()?;
    let started = warm.command("scarabctl").arg("start").stdout(Stdio::null()).status()?;
    ensure!(started.success(), "scarabctl start: {started}");
    let [cold, warm_times] = alternate(
        rounds,
        || {
            let home = Home::new()?;
            let took = shown(&home, &display);
            stop(&home)?;
            took
        },
        || shown(&warm, &display),
    )?;
    stop(&warm)?;
    table.push(Row::of(
        "scarab, to its first picture, from nothing",
        "with a daemon that is there",
        "ms",
        &cold.concat(),
        &warm_times.concat(),
        Goal::None,
    ));
    Ok(())
}

/// How long it takes in a home; the window shows itself when there is something to see. Its daemon stays.
fn shown(home: &Home, display: &Display) -> anyhow::Result<Vec<f64>> {
    let windows = display.listen()?;
    let start = Instant::now();
    let mut client =
        home.command("scarab").env("DISPLAY", display.name()).stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    windows.wait()?;
    let took = start.elapsed();
    client.kill()?;
    client.wait()?;
    Ok(vec![took.as_secs_f64() * 1e3])
}

fn stop(home: &Home) -> anyhow::Result<()> {
    let stopped = home.command("scarabctl").arg("stop").stdout(Stdio::null()).status()?;
    ensure!(stopped.success(), "scarabctl stop: {stopped}");
    Ok(())
}
