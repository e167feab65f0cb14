//! There and back through the daemon, against two processes that block on one socket.

use scarab_protocol::message::Ping;

use crate::{
    affinity::on,
    bare::PingPong,
    program::Player,
    rounds::{Samples, alternate, microseconds, percentile},
    scarab::{Daemon, Seat, Wire},
    table::{Goal, Row, Table},
};

/// How often is pinged in a round.
const TIMES: usize = 4000;

/// DESIGN: at most so many times the bare ping-pong.
const GOAL: Goal = Goal::RatioAtMost(1.5);
/// DESIGN: p99 under 1 ms, in microseconds.
const SLOWEST: Goal = Goal::AtMost(1000.0);

const AGAINST: &str = "bare socket ping-pong";

/// Pings of two sizes, with both ends on one processor and on two; then beside other clients.
pub fn run(table: &mut Table, rounds: usize) -> anyhow::Result<()> {
    for (processor, place) in [(0, "one processor"), (1, "two processors")] {
        let pair = Pair::start(processor)?;
        for (size, name) in [(64, "64 B"), (64 * 1024, "64 KiB")] {
            pair.compare(table, rounds, size, &format!("ping {name}, {place}"), GOAL)?;
        }
    }
    let pair = Pair::start(1)?;
    pair.library(table, rounds)?;
    let _idle = Seat::take_new(&pair.daemon.address, "idle", "exec cat", (80, 24))?;
    {
        let _readers = Player::start("readers", &[&pair.daemon.socket(), "idle", "100"])?;
        pair.compare(table, rounds, 64, "ping 64 B, beside 100 idle clients", GOAL)?;
    }
    let _typists = Player::start("typists", &[&pair.daemon.socket(), "10"])?;
    pair.compare(table, rounds, 64, "ping 64 B, beside 10 busy clients", Goal::None)
}

/// The two that answer, on one processor. Who asks is on the first.
struct Pair {
    daemon: Daemon,
    path: String,
    _pong: Player,
    _place: tempfile::TempDir,
}

impl Pair {
    fn start(processor: usize) -> anyhow::Result<Self> {
        let place = tempfile::tempdir()?;
        let path = place.path().join("pong").to_string_lossy().into_owned();
        let (daemon, pong) = on(processor, || Ok((Daemon::start()?, Player::start("pong", &[&path])?)))?;
        Ok(Self { daemon, path, _pong: pong, _place: place })
    }

    fn compare(&self, table: &mut Table, rounds: usize, size: usize, what: &str, goal: Goal) -> anyhow::Result<()> {
        let ping = Ping { payload: vec![7; size] };
        let (mut wire, mut bare) = (Wire::connect(&self.daemon.address)?, PingPong::connect(&self.path, size)?);
        let [ours, theirs] = on(0, || {
            alternate(rounds, || microseconds(TIMES, || wire.ping(&ping)), || microseconds(TIMES, || bare.ping()))
        })?;
        table.push(row(&format!("{what}, p50"), &ours, &theirs, 0.5, goal));
        table.push(row(&format!("{what}, p99"), &ours, &theirs, 0.99, SLOWEST));
        Ok(())
    }

    /// The same by the client library, whose threads hand the answer over.
    fn library(&self, table: &mut Table, rounds: usize) -> anyhow::Result<()> {
        let payload = [7; 64];
        let mut bare = PingPong::connect(&self.path, payload.len())?;
        let [ours, theirs] = on(0, || {
            let seat = Seat::take_new(&self.daemon.address, "library", "exec cat", (80, 24))?;
            alternate(rounds, || microseconds(TIMES, || seat.ping(&payload)), || microseconds(TIMES, || bare.ping()))
        })?;
        table.push(row("ping 64 B by the client library, p50", &ours, &theirs, 0.5, Goal::None));
        Ok(())
    }
}

fn row(what: &str, ours: &[Samples], theirs: &[Samples], part: f64, goal: Goal) -> Row {
    let of = |rounds: &[Samples]| rounds.iter().map(|samples| percentile(samples, part)).collect::<Vec<_>>();
    Row::of(what, AGAINST, "us", &of(ours), &of(theirs), goal)
}
