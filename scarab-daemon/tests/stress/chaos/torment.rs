//! What happens to clients and their connections.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::Range,
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use super::{
    super::{
        helper::Helper,
        support::{random::Random, relay::Relay},
    },
    script::SLOTS,
    typist::Plan,
};

/// So often something stands still for longer than the daemon waits for anybody, in a minute.
const LONG_STOPS_A_MINUTE: f64 = 15.0;
/// So often a process is killed, in a minute.
const KILLS_A_MINUTE: f64 = 20.0;

/// What was done.
#[derive(Debug, Clone, Default)]
pub struct Torments {
    cuts: u64,
    half: u64,
    still: u64,
    long: u64,
    unheard: u64,
    stopped: u64,
    kills: u64,
}

impl fmt::Display for Torments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cuts, half, still, long, unheard, stopped, kills } = self;
        write!(f, "{cuts} cuts, {half} half closes, {still} connections and {stopped} processes stopped, ")?;
        write!(f, "{unheard} of the connections in one direction, {long} for long, {kills} kills")
    }
}

/// Does it.
pub struct Tormentor<'a> {
    random: Random,
    relays: &'a [Relay],
    plan: &'a dyn Fn(u64, u64) -> Plan,
    processes: BTreeMap<u64, (u64, Helper)>,
    /// What goes on again, and when.
    stopped: Vec<(Instant, u64)>,
    /// Of those, who is killed then.
    doomed: BTreeSet<u64>,
    /// Of those, who was killed meanwhile. Once is enough: there are letters for three generations at a time.
    replaced: BTreeSet<u64>,
    started: Instant,
    done: Torments,
}

impl<'a> Tormentor<'a> {
    /// Starts the clients that are processes.
    pub fn new(random: Random, relays: &'a [Relay], plan: &'a dyn Fn(u64, u64) -> Plan, processes: Range<u64>) -> Self {
        let processes = processes.map(|slot| (slot, (0, start(&plan(slot, 0))))).collect();
        let (started, done) = (Instant::now(), Torments::default());
        let (stopped, doomed, replaced) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        Self { random, relays, plan, processes, stopped, doomed, replaced, started, done }
    }

    /// Waits a little and does one thing.
    pub fn step(&mut self) {
        thread::sleep(Duration::from_millis(self.random.of(5..60)));
        let now = Instant::now();
        let due: Vec<u64> = self.stopped.iter().filter(|(until, _)| *until <= now).map(|(_, slot)| *slot).collect();
        due.into_iter().for_each(|slot| self.go(slot));

        let slot = self.random.of(0..SLOTS);
        if self.stopped.iter().any(|(_, stopped)| *stopped == slot) {
            return;
        }
        let relay = &self.relays[usize::try_from(slot).expect("few")];
        match self.random.of(0..100) {
            0..40 => {
                relay.cut();
                self.done.cuts += 1;
            }
            40..75 => {
                relay.cut_after(self.random.of(1..30_000));
                self.done.cuts += 1;
            }
            75..82 => {
                relay.half_close(self.random.percent(50));
                self.done.half += 1;
            }
            82..92 => self.stop(slot),
            _ => self.kill_one(),
        }
    }

    fn stop(&mut self, slot: u64) {
        let minutes = self.started.elapsed().as_secs_f64() / 60.0;
        let long = (self.done.long as f64) < minutes * LONG_STOPS_A_MINUTE + 1.0;
        let time = if long { self.random.of(5500..11_000) } else { self.random.of(5..500) };
        self.done.long += u64::from(long);
        self.stopped.push((Instant::now() + Duration::from_millis(time), slot));
        match self.processes.get(&slot) {
            // Either its connection or all of it.
            Some((_, helper)) if self.random.percent(70) => {
                helper.signal(Signal::STOP);
                self.done.stopped += 1;
            }
            _ => {
                let relay = &self.relays[usize::try_from(slot).expect("few")];
                self.done.still += 1;
                match self.random.of(0..4) {
                    0 => relay.stop(),
                    // Within a frame, most often, or within a paste.
                    1 | 2 => relay.stop_after(self.random.of(1..60_000)),
                    _ => {
                        // What the daemon says piles up, until it loses its patience.
                        self.done.unheard += 1;
                        relay.stop_down();
                    }
                }
            }
        }
    }

    fn go(&mut self, slot: u64) {
        self.stopped.retain(|(_, stopped)| *stopped != slot);
        if self.doomed.remove(&slot) {
            self.kill(slot);
        }
        self.replaced.remove(&slot);
        self.relays[usize::try_from(slot).expect("few")].go();
        if let Some((_, helper)) = self.processes.get(&slot) {
            helper.signal(Signal::CONT);
        }
    }

    /// Kills a process: at once, or with what it has said still on its way.
    fn kill_one(&mut self) {
        let minutes = self.started.elapsed().as_secs_f64() / 60.0;
        if self.done.kills as f64 > minutes * KILLS_A_MINUTE {
            return;
        }
        let slot = SLOTS - 1 - self.random.of(0..self.processes.len() as u64);
        if self.stopped.iter().any(|(_, stopped)| *stopped == slot) {
            if self.replaced.insert(slot) {
                self.kill(slot);
            }
            return;
        }
        if self.random.percent(40) {
            return self.kill(slot);
        }
        self.relays[usize::try_from(slot).expect("few")].stop();
        self.doomed.insert(slot);
        self.stopped.push((Instant::now() + Duration::from_millis(self.random.of(50..1500)), slot));
    }

    /// Kills the process of a slot, and starts the next.
    fn kill(&mut self, slot: u64) {
        let Some((generation, helper)) = self.processes.remove(&slot) else { return };
        helper.kill();
        self.done.kills += 1;
        let next = generation + 1;
        self.processes.insert(slot, (next, start(&(self.plan)(slot, next))));
    }

    /// Lets everything go on.
    pub fn release(&mut self) {
        let stopped: Vec<u64> = self.stopped.iter().map(|(_, slot)| *slot).collect();
        stopped.into_iter().for_each(|slot| self.go(slot));
    }

    /// Waits for the processes to end; how many generations there were of each slot, and what was done.
    pub fn finish(self) -> (Vec<u64>, Torments) {
        let mut generations = vec![1; usize::try_from(SLOTS).expect("few")];
        for (slot, (generation, helper)) in self.processes {
            helper.finish();
            generations[usize::try_from(slot).expect("few")] = generation + 1;
        }
        (generations, self.done)
    }
}

fn start(plan: &Plan) -> Helper {
    Helper::start("typist", &plan.settings())
}
