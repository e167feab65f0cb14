//! There and back through the daemon, against two processes that block on one socket.

use scarab_protocol::message::Ping;

use crate::{
    affinity::{ANYWHERE, PLACES, on},
    bare::Pong,
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

/// The sizes, in bytes.
const SIZES: [(usize, &str); 2] = [(64, "64 B"), (64 * 1024, "64 KiB")];

/// Pings of two sizes, with both ends on one processor and on two, alone and beside clients that want no processor; then beside clients
/// that do.
pub fn run(table: &mut Table, rounds: usize) -> anyhow::Result<()> {
    for (place, name) in PLACES {
        let pair = Pair::start(place)?;
        for (size, bytes) in SIZES {
            pair.compare(table, rounds, size, &format!("ping {bytes}, {name}"), GOAL)?;
        }
        pair.library(table, rounds, name)?;
        let _idle = Seat::take_new(&pair.daemon.address, "idle", "exec cat", (80, 24))?;
        let _readers = Player::start("readers", &[&pair.daemon.socket(), "idle", "100"])?;
        for (size, bytes) in SIZES {
            pair.compare(table, rounds, size, &format!("ping {bytes}, {name}, beside 100 idle clients"), GOAL)?;
        }
    }
    let pair = Pair::start(ANYWHERE)?;
    let _typists = Player::start("typists", &[&pair.daemon.socket(), "10"])?;
    for (size, bytes) in SIZES {
        pair.compare(table, rounds, size, &format!("ping {bytes}, beside 10 busy clients"), Goal::None)?;
    }
    Ok(())
}

/// The two that answer.
struct Pair {
    daemon: Daemon,
    pong: Pong,
    /// Where who asks is.
    asks: Option<usize>,
}

impl Pair {
    fn start([asks, answers]: [Option<usize>; 2]) -> anyhow::Result<Self> {
        let (daemon, pong) = on(answers, || Ok((Daemon::start()?, Pong::start()?)))?;
        Ok(Self { daemon, pong, asks })
    }

    fn compare(&self, table: &mut Table, rounds: usize, size: usize, what: &str, goal: Goal) -> anyhow::Result<()> {
        let ping = Ping { payload: vec![7; size] };
        let (mut wire, mut bare) = (Wire::connect(&self.daemon.address)?, self.pong.connect(size)?);
        let [ours, theirs] = on(self.asks, || {
            alternate(rounds, || microseconds(TIMES, || wire.ping(&ping)), || microseconds(TIMES, || bare.ping()))
        })?;
        table.push(row(&format!("{what}, p50"), &ours, &theirs, 0.5, goal));
        table.push(row(&format!("{what}, p99"), &ours, &theirs, 0.99, SLOWEST));
        Ok(())
    }

    /// The same by the client library, whose threads hand the answer over.
    fn library(&self, table: &mut Table, rounds: usize, place: &str) -> anyhow::Result<()> {
        let payload = [7; 64];
        let mut bare = self.pong.connect(payload.len())?;
        let [ours, theirs] = on(self.asks, || {
            let seat = Seat::take_new(&self.daemon.address, "library", "exec cat", (80, 24))?;
            alternate(rounds, || microseconds(TIMES, || seat.ping(&payload)), || microseconds(TIMES, || bare.ping()))
        })?;
        let what = format!("ping 64 B by the client library, {place}, p50");
        table.push(row(&what, &ours, &theirs, 0.5, Goal::None));
        Ok(())
    }
}

fn row(what: &str, ours: &[Samples], theirs: &[Samples], part: f64, goal: Goal) -> Row {
    let of = |rounds: &[Samples]| rounds.iter().map(|samples| percentile(samples, part)).collect::<Vec<_>>();
    Row::of(what, AGAINST, "us", &of(ours), &of(theirs), goal)
}
