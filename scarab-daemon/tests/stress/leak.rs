//! Ten thousand connections that come to nothing, in every way that we know of: the daemon keeps nothing of them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use scarab_protocol::{
    frame::{Flags, Frame, Header},
    hello::ClientHello,
    kind::Kind,
    message::{Done, Input, Paste, Ping, Resume},
};

use super::support::{
    DEADLINE,
    daemon::Daemon,
    desk::{Desk, ECHO},
    figures::Times,
    proc::Holdings,
    random::Random,
    setting,
    wire::{Wire, stream, write},
    within,
};

/// How many connections are made, after as many as it takes for the daemon's allocators to have what they want.
const CONNECTIONS: u64 = 10_000;
const WARM_UP: u64 = 2_000;
/// How many are made at a time.
const AT_ONCE: u64 = 4;
/// How long the daemon keeps a client that may come back. Long enough that some do.
const RESUME: Duration = Duration::from_secs(2);
/// By how much the daemon's memory may have grown: a kilobyte a connection.
const ROOM_KIB: u64 = 10 * 1024;
/// How often it may have grown by more, and then no more: allocators keep what they needed when very many threads were there at
/// once, which a busy machine has happen at any time. What is lost for each connection is lost each time.
const ROUNDS: u64 = 4;

#[test]
fn ten_thousand_bad_connections_leave_nothing_behind() {
    let seed = setting("SCARAB_LEAK_SEED", u64::from(std::process::id()));
    let connections = setting("SCARAB_LEAK_CONNECTIONS", CONNECTIONS);
    let daemon = Daemon::start_with(&["--resume", &RESUME.as_secs().to_string()]);
    let good = Desk::join_new(&daemon, "good", ECHO);
    good.sees("ready");
    let fresh = Holdings::of(daemon.pid());
    torment(&daemon, seed, WARM_UP);
    println!("leak: fresh {fresh:?}");
    quiet_after(&daemon, fresh, seed);

    let mut grown = 0;
    for round in 1..=ROUNDS {
        grown = ten_thousand(&daemon, &good, seed + round, connections);
        if grown < ROOM_KIB {
            break;
        }
    }
    assert!(grown < ROOM_KIB, "the daemon has grown by {grown} KiB at last, seed {seed}");
    good.echo(1);
}

/// Has so many bad connections made beside a good one, and gives back by how much the daemon's memory has grown, in KiB.
fn ten_thousand(daemon: &Daemon, good: &Desk, seed: u64, connections: u64) -> u64 {
    let before = Holdings::of(daemon.pid());
    let (over, pings) = (Arc::new(AtomicBool::new(false)), Times::default());
    let pings = thread::scope(|scope| {
        let pinging = scope.spawn(|| {
            let mut pings = pings;
            while !over.load(Ordering::Relaxed) {
                pings.add(good.ping(8));
                // At the pace of a fast typist, or this would be one more flood.
                thread::sleep(Duration::from_millis(5));
            }
            pings
        });
        torment(daemon, seed, connections);
        over.store(true, Ordering::Relaxed);
        pinging.join().expect("pings are answered")
    });
    let after = quiet_after(daemon, before, seed);
    println!("leak: {connections} connections; before {before:?}, after {after:?}, seed {seed}");
    println!("leak: pings meanwhile: {pings}");
    after.resident_kib.saturating_sub(before.resident_kib)
}

/// Waits until the daemon holds nothing that it did not hold before.
fn quiet_after(daemon: &Daemon, before: Holdings, seed: u64) -> Holdings {
    let quiet = within(2 * DEADLINE, || Holdings::of(daemon.pid()).leaves_nothing_beside(before));
    let now = Holdings::of(daemon.pid());
    assert!(quiet, "{now:?} where there were {before:?}, seed {seed}");
    now
}

/// Connects so often and does something bad each time.
fn torment(daemon: &Daemon, seed: u64, connections: u64) {
    let left = AtomicU64::new(connections);
    thread::scope(|scope| {
        for thread in 0..AT_ONCE {
            let left = &left;
            let mut random = Random::new(seed).fork(thread);
            scope.spawn(move || {
                while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                    connect_badly(daemon, &mut random);
                }
            });
        }
    });
}

fn connect_badly(daemon: &Daemon, random: &mut Random) {
    let hello = ClientHello::new("bad 0.1.0", Default::default());
    let address = &daemon.address;
    // What becomes of what is written is the daemon's business.
    let say = |bytes: &[u8]| drop(write(&stream(address), bytes));
    let garbage = |random: &mut Random, length| (0..length).map(|_| random.next() as u8).collect::<Vec<u8>>();
    let header = |length, kind: Kind, session| {
        Header { length, kind: kind.number(), flags: Flags::empty(), request: 1, session }.to_bytes()
    };
    match random.of(0..15) {
        0 => drop(stream(address)),
        1 => {
            let silent = stream(address);
            // A few wait for the deadline of the hello.
            if random.percent(2) {
                let mut answer = [0; 1];
                let end = std::time::Instant::now() + DEADLINE;
                assert!(silent.read_exact_by(&mut answer, end).is_err(), "an answer to nothing");
            }
        }
        2 => say(&hello.to_bytes()[..usize::try_from(random.of(1..64)).expect("small")]),
        3 => say(&garbage(random, 64)),
        4 => say(&ClientHello { lowest: 7, highest: 9, ..hello }.to_bytes()),
        5 => say(&ClientHello { schema: 1, ..hello }.to_bytes()),
        6 => say(&[&hello.to_bytes()[..], &garbage(random, 200)].concat()),
        7 => say(&[&hello.to_bytes()[..], &[0xff; 16]].concat()),
        8 => say(&[&hello.to_bytes()[..], &header(1 << 20, Kind::Input, 1)[..], &[0; 1000]].concat()),
        9 => {
            let mut wire = Wire::connect(address);
            let frame = Frame::new(0, 1, &Ping { payload: vec![1; 100] }).expect("small");
            let _ = write(&wire.stream, &frame.bytes()[..usize::try_from(random.of(1..100)).expect("small")]);
            if random.percent(50) {
                wire.stream.shutdown();
                while wire.next().is_some() {}
            }
        }
        10 => drop(Wire::connect(address).attach("good")),
        11 | 12 => {
            let mut wire = Wire::connect(address);
            let attached = wire.attach("good");
            let input = Input { position: attached.taken, data: b"\x1b[2;1Hgone".to_vec() };
            wire.send(attached.info.id.number, &input);
            let token = wire.welcome.resume_token;
            if random.percent(50) {
                // The next connection of the same client, which goes too.
                drop(wire);
                let mut next = Wire::connect(address);
                let _ = next.ask::<_, Done>(0, &Resume { token });
                if random.percent(50) {
                    next.attach("good");
                }
            }
        }
        13 => {
            let mut wire = Wire::connect(address);
            let attached = wire.attach("good");
            // A paste without an end, which others wait for until the client is known not to come back.
            let paste = Paste { position: attached.taken, first: true, last: random.percent(95), data: b"p".to_vec() };
            wire.send(attached.info.id.number, &paste);
        }
        _ => {
            let mut wire = Wire::connect(address);
            let mut token = [0; 16];
            token[..8].copy_from_slice(&random.next().to_le_bytes());
            assert_eq!(wire.ask::<_, Done>(0, &Resume { token }), None, "a random token is somebody's");
        }
    }
}
