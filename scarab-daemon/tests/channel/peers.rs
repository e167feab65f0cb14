//! Clients that do everything wrong, against the daemon: each loses its own connection, and nobody else's.

use std::{
    thread,
    time::{Duration, Instant},
};

use scarab_protocol::{
    frame::{Flags, Header},
    hello::{ClientHello, DaemonHello, Features, HelloStatus},
    kind::Kind,
    message::{Arm, DaemonStatus, Detach, Error, ErrorCode, Input, Paste, Status},
    transport::Stream,
};

use super::{
    program::Program,
    support::{
        DEADLINE,
        daemon::Daemon,
        desk::Desk,
        wire::{Wire, stream, write},
        within,
    },
};

/// How long a daemon may take to give a peer up that says nothing, or half of something.
const GIVEN_UP: Duration = Duration::from_secs(20);

#[test]
fn a_hello_that_is_none_is_answered_or_given_up() {
    let daemon = Daemon::start();
    let good = ClientHello::new("bad 1.0", Features::empty());
    let newer = ClientHello { lowest: 7, highest: 9, ..good.clone() };
    let other = ClientHello { schema: 1, ..good.clone() };
    let cases: Vec<(&str, Vec<u8>, Option<HelloStatus>)> = vec![
        ("nothing", vec![], None),
        ("half a hello", good.to_bytes()[..40].to_vec(), None),
        ("garbage", vec![0x5a; 64], Some(HelloStatus::Malformed)),
        ("a newer version", newer.to_bytes().to_vec(), Some(HelloStatus::Version)),
        ("another schema", other.to_bytes().to_vec(), Some(HelloStatus::Version)),
    ];
    // All at once, because some are waited out.
    thread::scope(|scope| {
        for (what, bytes, wanted) in cases {
            let address = &daemon.address;
            scope.spawn(move || {
                let peer = stream(address);
                write(&peer, &bytes).expect("room");
                if let Some(wanted) = wanted {
                    let mut answer = [0; DaemonHello::BYTES];
                    peer.read_exact_by(&mut answer, Instant::now() + DEADLINE).expect(what);
                    assert_eq!(DaemonHello::from_bytes(&answer).expect(what).status, wanted, "{what}");
                }
                assert_closed(&peer, what);
            });
        }
    });
    Wire::connect(&daemon.address);
}

#[test]
fn nonsense_after_the_hello_ends_the_connection_it_came_on() {
    let daemon = Daemon::start();
    let good = Desk::join_new(&daemon, "good", &Program::Echo);
    let session = good.attachment.look(|state| state.info.as_ref().map(|info| info.id.number)).expect("joined");
    let header = |length, kind: Kind, session| {
        Header { length, kind: kind.number(), flags: Flags::empty(), request: 0, session }.to_bytes().to_vec()
    };
    let whole = |kind, payload: &[u8]| {
        [header(u32::try_from(payload.len()).expect("small"), kind, 0), payload.to_vec()].concat()
    };
    let garbage: Vec<u8> = (0..4000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("garbage", garbage),
        ("a frame of 4 GiB", vec![0xff; 16]),
        ("an input of 4 GiB", [&[0xff; 4][..], &header(0, Kind::Input, session)[4..]].concat()),
        ("half a frame", header(1000, Kind::Ping, 0)),
        ("a frame of the other side", whole(Kind::Welcome, &[])),
        ("a ping of garbage", whole(Kind::Ping, &[0xee; 3])),
        ("a session of garbage", whole(Kind::CreateSession, &[0xee; 300])),
    ];
    thread::scope(|scope| {
        for (what, bytes) in cases {
            let address = &daemon.address;
            scope.spawn(move || {
                let peer = Wire::connect(address);
                write(&peer.stream, &bytes).expect("room");
                assert_closed(&peer.stream, what);
            });
        }
    });
    // Input with a gap, and beyond what may be sent.
    for position in [1, 1 << 40] {
        let mut peer = Wire::connect(&daemon.address);
        let joined = peer.attach("good");
        peer.send(session, &Input { position: joined.taken + position, data: b"x".to_vec() });
        let told = std::iter::from_fn(|| peer.next()).find_map(|received| received.frame.read::<Error>().ok());
        assert_eq!(told.map(|error| error.code), Some(ErrorCode::Protocol));
    }
    good.attachment.input(b"<still here>").expect("little is held");
    good.sees("<still here>");
    let alone = || {
        let status = good.client.ask::<_, DaemonStatus>(&Status {}, DEADLINE).expect("a status");
        status.clients == 1
    };
    assert!(within(DEADLINE, alone), "somebody of them is still there");
}

#[test]
fn messages_about_sessions_one_is_not_in_do_no_harm() {
    let daemon = Daemon::start();
    let good = Desk::join_new(&daemon, "good", &Program::Echo);
    let mut peer = Wire::connect(&daemon.address);
    for session in [0, 1, 77, u32::MAX] {
        peer.send(session, &Input { position: 5, data: b"x".to_vec() });
        peer.send(session, &Paste { position: 5, first: false, last: true, data: b"x".to_vec() });
        peer.send(session, &Arm { frame: 0 });
        peer.send(session, &Detach {});
    }
    // Who has made the session may still be counted.
    let both = || {
        let status = peer.ask::<_, DaemonStatus>(0, &Status {}).expect("it still stands");
        (status.clients, status.sessions) == (2, 1)
    };
    assert!(within(DEADLINE, both), "there are more");
    good.ping(8);
}

/// Nothing more comes but an error that says why, and then the end.
fn assert_closed(peer: &Stream, what: &str) {
    let end = Instant::now() + GIVEN_UP;
    let mut byte = [0];
    loop {
        match peer.read_exact_by(&mut byte, end) {
            Ok(()) => {}
            Err(error) => {
                assert_ne!(error.kind(), std::io::ErrorKind::TimedOut, "{what}: it still stands");
                return;
            }
        }
    }
}
