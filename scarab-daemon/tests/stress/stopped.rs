//! Clients that are stopped while their session floods them: nobody else is kept, and they come back to the newest screen.

use std::{
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use scarab_protocol::endpoint::Address;

use super::{
    helper::{self, Helper, say, wait_for_the_end},
    support::{
        DEADLINE,
        daemon::Daemon,
        desk::{Desk, ECHO},
        figures::Times,
        proc::Holdings,
        setting, within,
    },
};

/// By how much the daemon's memory may grow while a client is stopped. Scrollback is full before that.
const ROOM_KIB: u64 = 8 * 1024;
/// What the session shows when the flood is over, put together by it so that no echo can be taken for it.
const LAST: &str = "LAST-1234";
const FLOOD: &str = "stty -echo; yes & read line; kill $!; wait; printf 'LAST-%d' 1234; exec cat";

#[test]
fn a_stopped_client_costs_nobody_anything_and_comes_back_to_the_newest_screen() {
    let stopped_for = stopped_for();
    let daemon = Daemon::start();
    let other = Desk::join_new(&daemon, "echo", ECHO);
    other.sees("ready");
    let watched = Desk::join_new(&daemon, "flood", FLOOD);
    watched.sees("y");
    let clients = ["map", "rows"].map(|how| {
        let socket = scarab_protocol::endpoint::Endpoint::clone(&daemon.address.endpoint).to_string();
        let client = Helper::start("watcher", &[("SCARAB_STRESS_SOCKET", socket), ("SCARAB_STRESS_MAP", how.into())]);
        client.says("watching");
        (how, client)
    });
    // The flood has filled the scrollback by then, which is memory of its own.
    let steady = || {
        let before = Holdings::of(daemon.pid()).resident_kib;
        other.echoes(0..50);
        Holdings::of(daemon.pid()).resident_kib < before + 256
    };
    assert!(within(DEADLINE, steady), "the daemon grows all the time");
    let quiet = other.echoes(1000..1200);
    clients.iter().for_each(|(_, client)| client.signal(Signal::STOP));

    let before = Holdings::of(daemon.pid());
    let (mut pings, mut echoes, mut most) = (Times::default(), Times::default(), before.resident_kib);
    let start = Instant::now();
    let mut number = 2000;
    while start.elapsed() < stopped_for {
        pings.add(other.ping(8));
        echoes.add(other.echo(number));
        number += 1;
        most = most.max(Holdings::of(daemon.pid()).resident_kib);
        // At the pace of a fast typist.
        thread::sleep(Duration::from_millis(10));
    }
    watched.attachment.input(b"\r").expect("nothing is held");
    watched.sees(LAST);
    println!("stopped for {stopped_for:?}: daemon {} KiB before, {most} KiB at most", before.resident_kib);
    println!("stopped: echoes before: {quiet}; meanwhile: {echoes}; pings meanwhile: {pings}");
    for (how, client) in clients {
        let start = Instant::now();
        client.signal(Signal::CONT);
        client.says("seen");
        println!("stopped: the newest screen by {how} {:?} after it went on", start.elapsed());
        client.finish();
    }
    assert!(most < before.resident_kib + ROOM_KIB, "the daemon grows from {} to {most} KiB", before.resident_kib);
}

/// How long the clients are stopped. The test's helpers have its environment, and so the same answer.
fn stopped_for() -> Duration {
    Duration::from_secs(setting("SCARAB_STOPPED_SECONDS", 10))
}

/// A client that looks at the flood, and says when it has seen the end of it.
pub fn watcher_process() {
    let socket = helper::setting("SCARAB_STRESS_SOCKET");
    let address = Address::of_socket(socket.as_ref()).expect("an address");
    let desk = Desk::join(&address, "flood", helper::setting("SCARAB_STRESS_MAP") == "map", false);
    desk.sees("y");
    say("watching");
    // It is stopped in between, which is none of the time that it may take.
    desk.sees_within(LAST, DEADLINE + stopped_for());
    say("seen");
    wait_for_the_end();
}
