//! From a key to its letter in what a client shows.

use crate::{
    affinity::{ANYWHERE, PLACES, on},
    bare::Pong,
    flood::Flood,
    program::Player,
    rounds::{Samples, microseconds, percentile, take_turns},
    scarab::{Daemon, Seat},
    table::{Goal, Row, Table},
    terminal::Terminal,
    tmux::Tmux,
};

/// How many keys a round has.
const TIMES: usize = 1000;

/// How large a ping is that crosses a socket as a key and its answer do, in bytes.
const PING: usize = 64;

/// Echoes what is typed letter by letter, in the line discipline.
pub const ECHO: &str = "stty raw echo; exec cat >/dev/null";

/// DESIGN: less than tmux takes, and at most so many times what the bare PTY takes.
const TMUX: Goal = Goal::RatioAtMost(1.0);
const BARE: Goal = Goal::RatioAtMost(2.5);

/// Quiet, with all on one processor and with the client on another; then beside a flood in another session, which wants both.
pub fn run(table: &mut Table, rounds: usize) -> anyhow::Result<()> {
    for (place, name) in PLACES {
        Sides::start(place)?.compare(table, rounds, name, None, [TMUX, BARE])?;
    }
    let mut sides = Sides::start(ANYWHERE)?;
    let floods = Floods::start(&sides)?;
    sides.compare(table, rounds, "beside a flood", Some(&floods), [TMUX, Goal::None])
}

/// Those that echo, and what a socket costs.
struct Sides {
    /// Where who types is.
    types: Option<usize>,
    daemon: Daemon,
    seat: Seat,
    tmux: Tmux,
    bare: Terminal,
    pong: Pong,
}

/// A flood in a session of each, so that neither has to wait for the other's.
struct Floods {
    ours: Flood,
    tmux: Flood,
}

impl Floods {
    fn start(sides: &Sides) -> anyhow::Result<Self> {
        let ours = Flood::start(|script| {
            // The session stays without whoever made it, which would be a second client.
            drop(Seat::take_new(&sides.daemon.address, "flood", script, (80, 24))?);
            Player::start("readers", &[&sides.daemon.socket(), "flood", "1"])
        })?;
        let tmux = Flood::start(|script| sides.tmux.read_beside("flood", script, 80, 24))?;
        Ok(Self { ours, tmux })
    }
}

impl Sides {
    fn start([types, answers]: [Option<usize>; 2]) -> anyhow::Result<Self> {
        let (daemon, tmux, pong) = on(answers, || Ok((Daemon::start()?, Tmux::start(ECHO, 80, 24)?, Pong::start()?)))?;
        // The library's threads run where they are started.
        let seat = on(types, || Seat::take_new(&daemon.address, "keys", ECHO, (80, 24)))?;
        Ok(Self { types, daemon, seat, tmux, bare: Terminal::alone()?, pong })
    }

    fn compare(
        &mut self,
        table: &mut Table,
        rounds: usize,
        place: &str,
        floods: Option<&Floods>,
        goals: [Goal; 2],
    ) -> anyhow::Result<()> {
        let Self { types, seat, tmux, bare, pong, .. } = self;
        let mut socket = pong.connect(PING)?;
        let (ours, theirs) = (floods.map(|floods| &floods.ours), floods.map(|floods| &floods.tmux));
        // The bare ones have no sessions: beside our flood they have as little of the processors as we.
        let [seat, tmux, bare, socket] = on(*types, || {
            take_turns(
                rounds,
                [
                    &mut || beside(ours, || microseconds(TIMES, || seat.key())),
                    &mut || beside(theirs, || microseconds(TIMES, || echo(&mut tmux.terminal))),
                    &mut || beside(ours, || microseconds(TIMES, || echo(bare))),
                    &mut || beside(ours, || microseconds(TIMES, || socket.ping())),
                ],
            )
        })?;
        let floor: Vec<f64> =
            part(&bare, 0.5).iter().zip(part(&socket, 0.5)).map(|(bare, socket)| bare + socket).collect();
        let mut push = |name: &str, against: &str, ours: &[f64], theirs: &[f64], goal| {
            table.push(Row::of(&format!("key to cell, {place}, {name}"), against, "us", ours, theirs, goal));
        };
        let against = "tmux, key to its client's output";
        push("p50", against, &part(&seat, 0.5), &part(&tmux, 0.5), goals[0]);
        push("p99", against, &part(&seat, 0.99), &part(&tmux, 0.99), Goal::None);
        let against = "a bare PTY's echo";
        push("p50", against, &part(&seat, 0.5), &part(&bare, 0.5), goals[1]);
        push("p99", against, &part(&seat, 0.99), &part(&bare, 0.99), Goal::None);
        let against = "a bare PTY's echo and a bare socket ping";
        push("p50", against, &part(&seat, 0.5), &floor, Goal::None);
        Ok(())
    }
}

/// Does something while a flood flows, if there is one.
fn beside(flood: Option<&Flood>, work: impl FnOnce() -> anyhow::Result<Samples>) -> anyhow::Result<Samples> {
    match flood {
        Some(flood) => flood.beside(work),
        None => work(),
    }
}

/// A percentile of each round.
fn part(rounds: &[Samples], part: f64) -> Vec<f64> {
    rounds.iter().map(|samples| percentile(samples, part)).collect()
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
