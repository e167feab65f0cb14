//! Many clients at random: they type, paste, resize, leave and come back, while their connections are cut, stand still or
//! close one way, and while they are stopped and killed. What their sessions' programs read is compared byte for byte
//! with what was typed.

mod check;
mod script;
mod torment;
mod typist;

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use scarab_protocol::client::{Bell, Client};

pub use self::typist::typist_process;
use self::{
    script::{PROCESSES, SESSIONS, SLOTS, session},
    torment::Tormentor,
    typist::{Plan, typist},
};
use super::support::{
    DEADLINE,
    daemon::{Daemon, create},
    desk::{Desk, joining, options, settled_within},
    random::Random,
    relay::Relay,
    setting, within,
};

/// Says that it is over, at the latest when this is dropped.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The last byte of a file.
fn last_byte(path: &Path) -> io::Result<u8> {
    let (mut file, mut byte) = (File::open(path)?, [0]);
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut byte)?;
    Ok(byte[0])
}

#[test]
fn whatever_happens_to_connections_every_byte_arrives_once_and_in_order() {
    let lasting = Duration::from_secs(setting("SCARAB_CHAOS_SECONDS", 60));
    let seed = setting("SCARAB_CHAOS_SEED", u64::from(std::process::id()));
    println!("chaos: seed {seed}");
    // What a write waits for in vain is told by who writes.
    // Who stands still several times in a row, on a machine that has much to do, may be away for longer than the half minute
    // that is usual. What becomes of that is another test's.
    let daemon = Daemon::start_with(&["--resume", "300", "--log", "info,scarab_protocol::transport=debug"]);
    let bell = Bell::default();
    let maker = Client::connect(options(&daemon.address, &bell, true, false)).expect("the daemon answers");
    for number in 0..SESSIONS {
        let out = daemon.path(&session(number));
        // One shows what it reads, so that there is output, too.
        let program = if number == 0 { "exec tee" } else { "exec cat >" };
        create(&maker, &session(number), &format!("stty raw -echo; echo ready; {program} {}", out.display()));
        let desk = Desk::join(&daemon.address, &session(number), true, false);
        desk.sees("ready");
    }

    let relays: Vec<Relay> = (0..SLOTS)
        .map(|slot| Relay::start(daemon.other_address(&format!("relay-{slot}.sock")), &daemon.address))
        .collect();
    let plan = |slot: u64, generation| Plan {
        slot,
        generation,
        seed,
        address: relays[usize::try_from(slot).expect("few")].address.clone(),
        journal: daemon.path(&script::journal(slot, generation)),
    };
    let over = Arc::new(AtomicBool::new(false));
    let mut tormentor = Tormentor::new(Random::new(seed), &relays, &plan, SLOTS - PROCESSES..SLOTS);
    thread::scope(|scope| {
        // If something fails here, they do not go on for ever.
        let _ends = Ends(&over);
        let typists: Vec<_> = (0..SLOTS - PROCESSES)
            .map(|slot| {
                let (plan, over) = (plan(slot, 0), over.clone());
                let name = format!("typist-{slot}");
                let run = move || typist(&plan, &over, &Bell::default());
                thread::Builder::new().name(name).spawn_scoped(scope, run).expect("a thread")
            })
            .collect();
        let end = Instant::now() + lasting;
        // A typist that has failed says more than one that has not.
        while Instant::now() < end && !typists.iter().any(thread::ScopedJoinHandle::is_finished) {
            tormentor.step();
        }
        tormentor.release();
        over.store(true, Ordering::Relaxed);
        let failed: Vec<_> = typists.into_iter().filter_map(|typist| typist.join().err()).collect();
        assert!(failed.is_empty(), "{} typists failed, seed {seed}", failed.len());
    });
    let (generations, torments) = tormentor.finish();

    // After a last byte that is nobody else's, nothing can follow.
    let last: Vec<_> = (0..SESSIONS).map(|number| maker.attach(joining(&session(number), None))).collect();
    for (number, attachment) in (0..).zip(&last) {
        attachment.input(&[script::LAST]).expect("nothing is held");
        assert!(settled_within(attachment, &bell, DEADLINE), "{} takes nothing any more", session(number));
        let out = daemon.path(&session(number));
        let ended = || last_byte(&out).is_ok_and(|byte| byte == script::LAST);
        assert!(within(DEADLINE, ended), "{} has not read everything, seed {seed}", session(number));
    }
    let mut figures = check::Figures::default();
    for number in 0..SESSIONS {
        let arrived = fs::read(daemon.path(&session(number))).expect("it was written");
        let journal =
            |slot, generation| fs::read_to_string(daemon.path(&script::journal(slot, generation))).unwrap_or_default();
        check::session(seed, number, &arrived, &generations, journal, &mut figures);
    }
    let log = daemon.log();
    let lines = |what: &str| log.lines().filter(|line| line.contains(what)).count();
    let connections: u64 = relays.iter().map(|relay| relay.counts.connections.load(Ordering::Relaxed)).sum();
    println!("chaos: {figures}");
    let resumes = connections - generations.iter().sum::<u64>();
    println!("chaos: {torments} in {lasting:?}");
    println!(
        "chaos: {resumes} resumes, {} of them while the connection before stood; the daemon lost patience with {} \
         half frames, {} writes and {} queues",
        lines("its next connection has come"),
        lines("does not finish a frame"),
        log.lines().filter(|line| line.contains("does not take") && line.contains("timed out")).count(),
        lines("does not read"),
    );
    let senseless: Vec<_> = log.lines().filter(|line| line.contains("closed: input")).collect();
    assert!(senseless.is_empty(), "a client and the daemon lost count, seed {seed}: {senseless:?}");
    assert!(figures.checked_pastes > 0 || lasting < Duration::from_secs(10), "no paste was quick enough to be checked");
}
