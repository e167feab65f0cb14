//! A connection cut a thousand times while much goes through it: every byte arrives, and once.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use scarab_protocol::client::{ClientEvent, HELD_LIMIT};

use super::support::{
    DEADLINE,
    daemon::Daemon,
    desk::Desk,
    random::Random,
    relay::{Lifetime, Relay},
    setting, within,
};

/// How often the connection is cut.
const CUTS: u64 = 1000;
/// So many connections are to be cut. On a busy machine some end before, because an answer takes too long.
const DOOMED: u64 = CUTS + CUTS / 20;

#[test]
fn a_paste_arrives_whole_over_a_connection_that_is_cut_a_thousand_times() {
    send_while_cutting("paste", |desk, data| desk.attachment.paste(data).expect("it fits"));
}

#[test]
fn input_arrives_whole_over_a_connection_that_is_cut_a_thousand_times() {
    send_while_cutting("input", |desk, data| desk.attachment.input(&data).expect("it fits"));
}

fn send_while_cutting(what: &str, send: impl FnOnce(&Desk, Arc<[u8]>)) {
    let seed = setting("SCARAB_CUTS_SEED", u64::from(std::process::id()));
    let daemon = Daemon::start();
    let out = daemon.path("out");
    let direct = Desk::join_new(&daemon, "sink", &format!("stty raw -echo; echo ready; exec cat > {}", out.display()));
    direct.sees("ready");

    let data = printable(seed, usize::try_from(HELD_LIMIT).expect("it fits"));
    let (taken, doom) = (Arc::new(AtomicU64::new(0)), Random::new(seed));
    let relay = Relay::start_with(
        daemon.other_address("relay.sock"),
        &daemon.address,
        doomed(doom, taken.clone(), data.len() as u64),
    );
    let desk = Desk::join(&relay.address, "sink", false, true);
    let start = Instant::now();
    send(&desk, data.clone());
    let mut last_progress = Instant::now();
    while desk.attachment.held() > 0 {
        let before = taken.load(Ordering::Relaxed);
        desk.settled_within(DEADLINE / 600);
        taken.store(data.len() as u64 - desk.attachment.held(), Ordering::Relaxed);
        if taken.load(Ordering::Relaxed) > before {
            last_progress = Instant::now();
        }
        assert!(last_progress.elapsed() < DEADLINE, "it stands still at {before}, seed {seed}");
    }
    let time = start.elapsed();
    let whole = || fs::metadata(&out).is_ok_and(|meta| meta.len() >= data.len() as u64);
    assert!(within(DEADLINE, whole), "not all arrives, seed {seed}");
    let arrived = fs::read(&out).expect("written");
    let differs = arrived.iter().zip(data.iter()).position(|(arrived, sent)| arrived != sent);
    assert_eq!((arrived.len(), differs), (data.len(), None), "what arrived differs, seed {seed}");
    let (events, _) = desk.client.take_events();
    assert!(!events.iter().any(|event| matches!(event, ClientEvent::InputDiscarded { .. })), "{events:?}, seed {seed}");
    let breaches = daemon.log().lines().filter(|line| line.contains("closed: ")).count();
    assert_eq!(breaches, 0, "the daemon was told what makes no sense, seed {seed}");
    println!("cuts, {what}: {} bytes in {time:?}, {} cuts, seed {seed}", data.len(), relay.cuts());
    assert!(relay.cuts() >= CUTS, "only {} cuts, seed {seed}", relay.cuts());
}

/// Cuts so that all cuts are done before the last fifth of the data.
fn doomed(mut random: Random, taken: Arc<AtomicU64>, length: u64) -> Lifetime {
    let mut done = 0;
    Box::new(move || {
        if done == DOOMED {
            return None;
        }
        done += 1;
        let left = (length / 5 * 4).saturating_sub(taken.load(Ordering::Relaxed)) / (DOOMED - done + 1);
        if done == 1 {
            // A client that never came as far as a hello is told so at once, and does not try again.
            return Some(random.of(4096..8192));
        }
        // Often in the hello or in what follows, else anywhere in what is sent.
        Some(if random.percent(10) { random.of(1..600) } else { random.of(1..3 * left + 2000) })
    })
}

/// Text of which no two parts are the same, and that a paste leaves as it is.
fn printable(seed: u64, length: usize) -> Arc<[u8]> {
    let mut random = Random::new(seed);
    let mut data = Vec::with_capacity(length + 8);
    while data.len() < length {
        data.extend(random.next().to_le_bytes().map(|byte| b' ' + byte % 95));
    }
    data.truncate(length);
    data.into()
}
