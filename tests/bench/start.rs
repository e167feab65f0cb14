//! How long until there is something to see.

use std::{
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::ensure;

use crate::{
    bare::drain,
    display::{Display, Window},
    rounds::{Samples, alternate},
    scarab::{Daemon, Home},
    table::{Goal, Row, Table},
    terminal::Terminal,
    tmux::Server,
};

/// Says one thing, as a shell says its prompt.
const SCRIPT: &str = "printf ready; exec cat";

/// How many times a session is made in a round, which takes a moment only.
const TIMES: usize = 5;

/// A new session, to the first thing it says, beside others and from nothing; then what is beneath, and the window.
pub fn run(table: &mut Table, rounds: usize) -> anyhow::Result<()> {
    warm(table, TIMES * rounds)?;
    cold(table, rounds)?;
    beneath(table, rounds)?;
    window(table, rounds)
}

/// With a daemon that is there, and a server of tmux's.
fn warm(table: &mut Table, rounds: usize) -> anyhow::Result<()> {
    let (daemon, server) = (Daemon::start()?, Server::new()?);
    let _first = ready(server.open(SCRIPT, 80, 24)?)?;
    let mut number = 0;
    let mut name = || {
        number += 1;
        format!("s{number}")
    };
    let scarabctl = |arguments: &[&str]| daemon.scarabctl(arguments);

    let [ours, theirs] = alternate(
        rounds,
        || {
            let name = name();
            timed(|| finish(scarabctl(&new(&name))))
        },
        || timed(|| server.make(SCRIPT)),
    )?;
    let against = "tmux new-session -d, a server is there";
    table.push(row("scarabctl new, a daemon is there", against, &ours, &theirs));
    let [ours, theirs] = alternate(
        rounds,
        || {
            let name = name();
            timed(|| make_and_wait(scarabctl, &name))
        },
        || timed(|| ready(server.open(SCRIPT, 80, 24)?)),
    )?;
    let against = "tmux new-session to its client's output, a server is there";
    table.push(row("scarabctl new and wait for the prompt, a daemon is there", against, &ours, &theirs));
    Ok(())
}

/// With neither.
fn cold(table: &mut Table, rounds: usize) -> anyhow::Result<()> {
    let [ours, theirs] = alternate(
        rounds,
        || {
            let home = Home::new()?;
            let scarabctl = |arguments: &[&str]| {
                let mut command = home.command("scarabctl");
                command.args(arguments);
                command
            };
            let took = timed(|| make_and_wait(scarabctl, "s"))?;
            home.stop()?;
            Ok(took)
        },
        || {
            let server = Server::new()?;
            timed(|| ready(server.open(SCRIPT, 80, 24)?))
        },
    )?;
    let against = "tmux new-session to its client's output, from nothing";
    table.push(row("scarabctl new and wait for the prompt, from nothing", against, &ours, &theirs));
    Ok(())
}

/// What any start has in it.
fn beneath(table: &mut Table, rounds: usize) -> anyhow::Result<()> {
    let [ours, theirs] = alternate(
        rounds,
        || timed(|| Daemon::start().map(drop)),
        || {
            timed(|| {
                let mut command = Command::new("/bin/sh");
                command.args(["-c", SCRIPT]);
                ready(Terminal::running(&command, 80, 24)?)
            })
        },
    )?;
    table.push(row("a daemon started, ready and killed", "a shell on a bare PTY", &ours, &theirs));
    Ok(())
}

/// The arguments that make a session.
fn new(name: &str) -> [&str; 6] {
    ["new", name, "--", "/bin/sh", "-c", SCRIPT]
}

/// Makes a session and waits for what it says.
fn make_and_wait(scarabctl: impl Fn(&[&str]) -> Command, name: &str) -> anyhow::Result<()> {
    finish(scarabctl(&new(name)))?;
    finish(scarabctl(&["wait", name, "--text", "ready"]))
}

/// Runs a program to its end.
fn finish(mut command: Command) -> anyhow::Result<()> {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(())
}

/// Reads a terminal until the script has spoken.
fn ready(mut terminal: Terminal) -> anyhow::Result<Terminal> {
    drain(&mut terminal, |bytes, _| Ok(!String::from_utf8_lossy(bytes).contains("ready")))?;
    Ok(terminal)
}

/// How long something takes, in milliseconds, without the end of what comes of it.
fn timed<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<Samples> {
    let start = Instant::now();
    let _made = work()?;
    Ok(vec![start.elapsed().as_secs_f64() * 1e3])
}

fn row(what: &str, against: &str, ours: &[Samples], theirs: &[Samples]) -> Row {
    Row::of(what, against, "ms", &ours.concat(), &theirs.concat(), Goal::None)
}

/// The window, until its first picture is drawn: with a daemon that is there, and with one that it has to start.
fn window(table: &mut Table, rounds: usize) -> anyhow::Result<()> {
    let display = Display::start((1000, 700))?;
    let warm = Home::new()?;
    let mut start = warm.command("scarabctl");
    start.arg("start");
    finish(start)?;
    let [cold, warm_times] = alternate(
        rounds,
        || {
            let home = Home::new()?;
            let took = shown(&home, &display);
            home.stop()?;
            took
        },
        || shown(&warm, &display),
    )?;
    warm.stop()?;
    let against = "with a daemon that is there";
    table.push(row("scarab, to its first picture, from nothing", against, &cold, &warm_times));
    Ok(())
}

/// How long it takes in a home, with the listening to the display.
fn shown(home: &Home, display: &Display) -> anyhow::Result<Samples> {
    timed(|| Window::open(home, display))
}
