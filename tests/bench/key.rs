//! From a key to its letter in what a client shows.

use crate::{
    affinity::{ANYWHERE, PLACES, on},
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

/// DESIGN: less than tmux takes, and at most so many times what the bare PTY takes.
const TMUX: Goal = Goal::RatioAtMost(1.0);
const BARE: Goal = Goal::RatioAtMost(2.5);

/// Quiet, with all on one processor and with the client on another; then beside a flood in another session, which wants both.
pub fn run(table: &mut Table, rounds: usize) -> anyhow::Result<()> {
    for (place, name) in PLACES {
        Sides::start(place)?.compare(table, rounds, name, [TMUX, BARE])?;
    }
    let mut sides = Sides::start(ANYWHERE)?;
    let _flood = Seat::take_new(&sides.daemon.address, "flood", "exec yes", (80, 24))?;
    let _reader = Player::start("readers", &[&sides.daemon.socket(), "flood", "1"])?;
    sides.compare(table, rounds, "beside a flood", [TMUX, Goal::None])
}

/// Three that echo.
struct Sides {
    /// Where who types is.
    types: Option<usize>,
    daemon: Daemon,
    seat: Seat,
    tmux: Tmux,
    bare: Terminal,
}

impl Sides {
    fn start([types, answers]: [Option<usize>; 2]) -> anyhow::Result<Self> {
        let (daemon, tmux) = on(answers, || Ok((Daemon::start()?, Tmux::start(ECHO, 80, 24)?)))?;
        // The library's threads run where they are started.
        let seat = on(types, || Seat::take_new(&daemon.address, "keys", ECHO, (80, 24)))?;
        Ok(Self { types, daemon, seat, tmux, bare: Terminal::alone()? })
    }

    fn compare(&mut self, table: &mut Table, rounds: usize, place: &str, goals: [Goal; 2]) -> anyhow::Result<()> {
        let Self { types, seat, tmux, bare, .. } = self;
        let row = |part, name, ours: &[Samples], theirs: &[Samples], against, goal| {
            let of = |rounds: &[Samples]| rounds.iter().map(|samples| percentile(samples, part)).collect::<Vec<_>>();
            Row::of(&format!("key to cell, {place}, {name}"), against, "us", &of(ours), &of(theirs), goal)
        };
        let against = "tmux, key to its client's output";
        let [ours, theirs] = on(*types, || {
            alternate(
                rounds,
                || microseconds(TIMES, || seat.key()),
                || microseconds(TIMES, || echo(&mut tmux.terminal)),
            )
        })?;
        table.push(row(0.5, "p50", &ours, &theirs, against, goals[0]));
        table.push(row(0.99, "p99", &ours, &theirs, against, Goal::None));
        let [ours, theirs] =
            on(*types, || alternate(rounds, || microseconds(TIMES, || seat.key()), || microseconds(TIMES, || echo(bare))))?;
        table.push(row(0.5, "p50", &ours, &theirs, "a bare PTY's echo", goals[1]));
        Ok(())
    }
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
