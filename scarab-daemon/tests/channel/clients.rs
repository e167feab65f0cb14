//! Several clients at once: all see the same, none keeps another, and the end of each is seen by the other side.

use std::{
    process::Stdio,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use scarab_protocol::{
    client::Status,
    message::{DaemonStatus, Ping, Status as AskStatus},
};

use super::{
    program::Program,
    support::{
        DEADLINE,
        daemon::Daemon,
        desk::Desk,
        wire::{Wire, write},
        within,
    },
};

/// How many clients are there at once.
const CLIENTS: usize = 10;
/// What a large message carries.
const LARGE: usize = 1 << 20;
/// How soon the end of one side is seen by the other.
const SOON: Duration = Duration::from_secs(1);

#[test]
fn ten_clients_at_once_see_the_same_and_carry_a_mebibyte_each() {
    let daemon = Daemon::start();
    let first = Desk::join_new(&daemon, "shared", &Program::Echo);
    let all_here = Barrier::new(CLIENTS);
    thread::scope(|scope| {
        for number in 0..CLIENTS {
            let (daemon, all_here) = (&daemon, &all_here);
            scope.spawn(move || {
                // Some map the surface, some ask for its rows.
                let desk = Desk::join(&daemon.address, "shared", number % 3 > 0, false);
                all_here.wait();
                desk.ping(LARGE);
                desk.attachment.input(format!("<{number}>").as_bytes()).expect("little is held");
                (0..CLIENTS).for_each(|other| desk.sees(&format!("<{other}>")));
            });
        }
    });
    (0..CLIENTS).for_each(|number| first.sees(&format!("<{number}>")));
}

#[test]
fn a_client_that_reads_nothing_is_in_nobodys_way_and_is_closed() {
    let daemon = Daemon::start();
    let other = Desk::join_new(&daemon, "quiet", &Program::Echo);
    let _flood = Desk::join_new(&daemon, "flood", &Program::Flood);
    let mut deaf = Wire::connect(&daemon.address);
    deaf.attach("flood");
    // Far more answers than any system or queue holds for it.
    for _ in 0..64 {
        deaf.send(0, &Ping { payload: vec![7; 256 * 1024] });
        other.ping(8);
    }
    other.attachment.input(b"<still here>").expect("little is held");
    other.sees("<still here>");
    // What was taken for it can be read; that it ends, and does not just stand still, is what counts.
    while deaf.next().is_some() {}
    other.ping(LARGE);
}

#[test]
fn the_end_of_a_client_is_seen_by_the_daemon() {
    let daemon = Daemon::start();
    let watcher = Desk::join_new(&daemon, "work", &Program::Echo);
    let clients = || {
        let status = watcher.client.ask::<_, DaemonStatus>(&AskStatus {}, DEADLINE).expect("a status");
        status.clients
    };
    assert!(within(DEADLINE, || clients() == 1), "whoever made the session is still there");
    let leaver = Desk::join(&daemon.address, "work", true, false);
    let mut cut = Wire::connect(&daemon.address);
    cut.attach("work");
    assert_eq!(clients(), 3);
    // One is cut off in the middle of a frame, the other goes in order.
    write(&cut.stream, &[9, 0, 0, 0, 0x30]).expect("it is read");
    cut.stream.shutdown();
    drop(cut);
    let start = Instant::now();
    assert!(within(DEADLINE, || clients() == 2), "a cut client stays");
    println!("channel: a cut client is gone after {:?}", start.elapsed());
    let start = Instant::now();
    drop(leaver);
    assert!(within(DEADLINE, || clients() == 1), "a client that has left stays");
    println!("channel: one that has left after {:?}", start.elapsed());
    // A process that is killed while it waits.
    let mut waiting = daemon.scarabctl(&["wait", "work", "--text", "never", "--timeout", "600"]);
    let mut killed = waiting.stdout(Stdio::null()).spawn().expect("the program was built");
    assert!(within(DEADLINE, || clients() == 2), "it does not come");
    killed.kill().expect("it runs");
    let start = Instant::now();
    assert!(within(DEADLINE, || clients() == 1), "a killed client stays");
    println!("channel: a killed one after {:?}", start.elapsed());
    assert!(start.elapsed() < SOON, "seen only after {:?}", start.elapsed());
    killed.wait().expect("it has ended");
}

#[test]
fn the_end_of_the_daemon_is_seen_by_its_clients() {
    let mut daemon = Daemon::start();
    let desk = Desk::join_new(&daemon, "work", &Program::Echo);
    daemon.kill();
    let start = Instant::now();
    let seen = desk
        .bell
        .wait_for(Some(start + DEADLINE), || matches!(desk.client.status(), Status::Closed { .. }).then_some(()));
    println!("channel: a dead daemon is seen after {:?}", start.elapsed());
    assert!(seen.is_some() && start.elapsed() < SOON, "seen only after {:?}", start.elapsed());
}
