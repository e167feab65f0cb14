//! From a key to its letter in what a client shows.

use crate::{
    program::Player,
    rounds::{Samples, alternate, microseconds, percentile},
    scarab::{Daemon, Seat},
    table::{Goal, Row, Table},
    terminal::Terminal,
    tmux::Tmux,
};

/// How many keys a round has.
const TIMES: usize = 1000;

/// Echoes what is typed letter by letter, in the line discipline.
pub const ECHO: &str = "stty raw echo; exec cat >/dev/null";

/// Quiet, and beside a flood in another session.
pub fn run(table: &mut Table, rounds: usize) -> anyhow::Result<()> {
    let daemon = Daemon::start()?;
    let seat = Seat::take_new(&daemon.address, "keys", ECHO, (80, 24))?;
    let mut tmux = Tmux::start(ECHO, 80, 24)?;
    let mut bare = Terminal::alone()?;
    compare(table, rounds, &seat, &mut tmux, &mut bare, "")?;
    let _flood = Seat::take_new(&daemon.address, "flood", "exec yes", (80, 24))?;
    let _reader = Player::start("readers", &[&daemon.socket(), "flood", "1"])?;
    compare(table, rounds, &seat, &mut tmux, &mut bare, ", beside a flood")
}

fn compare(
    table: &mut Table,
    rounds: usize,
    seat: &Seat,
    tmux: &mut Tmux,
    bare: &mut Terminal,
    beside: &str,
) -> anyhow::Result<()> {
    let [ours, theirs] =
        alternate(rounds, || microseconds(TIMES, || seat.key()), || microseconds(TIMES, || echo(&mut tmux.terminal)))?;
    let row = |part, name, ours: &[Samples], theirs: &[Samples], against, goal| {
        let of = |rounds: &[Samples]| rounds.iter().map(|samples| percentile(samples, part)).collect::<Vec<_>>();
        Row::of(&format!("key to cell{beside}, {name}"), against, "us", &of(ours), &of(theirs), goal)
    };
    let quiet = beside.is_empty();
    let goal = |goal| if quiet { goal } else { Goal::None };
    table.push(row(0.5, "p50", &ours, &theirs, "tmux, key to its client's output", goal(Goal::RatioAtMost(1.0))));
    table.push(row(0.99, "p99", &ours, &theirs, "tmux, key to its client's output", Goal::None));
    let [ours, theirs] =
        alternate(rounds, || microseconds(TIMES, || seat.key()), || microseconds(TIMES, || echo(bare)))?;
    table.push(row(0.5, "p50", &ours, &theirs, "a bare PTY's echo", goal(Goal::RatioAtMost(2.5))));
    Ok(())
}

/// Types a letter and reads until it comes back.
fn echo(terminal: &mut Terminal) -> anyhow::Result<()> {
    terminal.input.write_all(b"x")?;
    let mut buffer = [0; 4096];
    loop {
        let count = terminal.output.read(&mut buffer)?;
        anyhow::ensure!(count > 0, "the terminal is gone");
        if buffer[..count].contains(&b'x') {
            return Ok(());
        }
    }
}
