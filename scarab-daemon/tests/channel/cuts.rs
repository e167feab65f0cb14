//! A connection that is cut again and again while much goes through it: every byte arrives, and once.

use std::{
    fs,
    time::{Duration, Instant},
};

use scarab_protocol::client::ClientEvent;

use super::{
    program::Program,
    support::{DEADLINE, daemon::Daemon, desk::Desk, relay::Relay, within},
};

/// How much is typed. A console of Windows takes some tens of kilobytes a second.
const BYTES: usize = 128 * 1024;
/// After how many bytes to the daemon connections are cut, in turn: in the hello, just after it, in what is typed.
const LIVES: [u64; 7] = [5_000, 30, 64, 200, 900, 4_321, 20_000];
/// How often the connection is cut at least.
const CUTS: u64 = 20;

#[test]
fn what_is_typed_arrives_once_over_a_connection_that_is_cut() {
    let daemon = Daemon::start();
    let out = daemon.path("out");
    let direct = Desk::join_new(&daemon, "sink", &Program::Sink(out.clone()));
    let (mut connections, mut lives) = (0, LIVES.into_iter().cycle());
    let lifetime = Box::new(move || {
        connections += 1;
        // The last one stays.
        if connections > 2 * CUTS { None } else { lives.next() }
    });
    let relay = Relay::start(daemon.other_address("relay"), &daemon.address, lifetime);
    let desk = Desk::join(&relay.address, "sink", false, true);
    let data: Vec<u8> = (0..BYTES).map(|at| b' ' + (at * at / 7 % 95) as u8).collect();
    let start = Instant::now();
    desk.attachment.input(&data).expect("it fits");
    let mut last_progress = (Instant::now(), desk.attachment.held());
    while desk.attachment.held() > 0 {
        desk.settled_within(Duration::from_millis(100));
        if desk.attachment.held() < last_progress.1 {
            last_progress = (Instant::now(), desk.attachment.held());
        }
        assert!(last_progress.0.elapsed() < DEADLINE, "it stands still with {} bytes held", last_progress.1);
    }
    println!("channel: {BYTES} bytes in {:?}, {} cuts", start.elapsed(), relay.cuts());
    let whole = || fs::metadata(&out).is_ok_and(|meta| meta.len() >= data.len() as u64);
    assert!(within(DEADLINE, whole), "not all arrives");
    let arrived = fs::read(&out).expect("written");
    let differs = arrived.iter().zip(&data).position(|(arrived, sent)| arrived != sent);
    assert_eq!((arrived.len(), differs), (data.len(), None), "what arrived differs");
    let (events, _) = desk.client.take_events();
    assert!(!events.iter().any(|event| matches!(event, ClientEvent::InputDiscarded { .. })), "{events:?}");
    assert!(relay.cuts() >= CUTS, "only {} cuts", relay.cuts());
    direct.ping(8);
}
