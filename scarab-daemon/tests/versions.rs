//! Builds of different versions meet: each hears where it stands, and none waits for ever. Said byte by byte, as a
//! build would that knows nothing of this one.
#![cfg(target_os = "linux")]

mod common;

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
};

use scarab_protocol::hello::{ClientHello, DaemonHello};

use common::{DEADLINE, Daemon, run};

/// A `Ping`, by hand.
const PING: &[u8] = b"\x14\0\0\0\x30\0\0\0\x07\0\0\0\0\0\0\0still there\0\xf4\xff\xff\xff\x0b\0\0\0";
const BUILD: &[u8] = b"old-client 0.0.9";

#[test]
fn a_client_without_a_common_version_is_told_the_way_out_and_closed() {
    let daemon = Daemon::start();
    // Older, newer, and a range that is none.
    for (lowest, highest) in [(0, 0), (2, 9), (9, 1)] {
        let (mut stream, hello, answer) = greet(&daemon, lowest, highest, 1, 0);
        assert_eq!(number(&answer, 8), 1, "status: version");
        assert_eq!((number(&answer, 10), number(&answer, 12), number(&answer, 14)), (0, 1, 1));
        assert!(text(&answer[48..80]).starts_with("scarab-daemon "));
        assert!(text(&answer[80..160]).contains("restart the daemon"), "{}", text(&answer[80..160]));
        let said = DaemonHello::from_bytes(&answer).expect("magic").refusal(&hello).expect("it refused");
        for part in ["scarab-daemon ", "speaks protocol 1 to 1", "old-client 0.0.9", &format!("{lowest} to {highest}")]
        {
            assert!(said.contains(part), "{said:?} lacks {part:?}");
        }
        assert_closed(&mut stream);
    }
}

#[test]
fn a_client_of_the_same_version_and_another_schema_is_told_and_closed() {
    let daemon = Daemon::start();
    let (mut stream, _, answer) = greet(&daemon, 1, 1, 1, 0xdead_beef);
    assert_eq!((number(&answer, 8), number(&answer, 10)), (1, 0));
    assert!(text(&answer[80..160]).contains("rebuild"), "{}", text(&answer[80..160]));
    assert_closed(&mut stream);
}

#[test]
fn a_client_that_also_speaks_later_versions_gets_on() {
    let daemon = Daemon::start();
    // Its schema is that of version 9, which says nothing about version 1.
    let (mut stream, _, answer) = greet(&daemon, 0, 9, 1, 0xdead_beef);
    assert_eq!((number(&answer, 8), number(&answer, 10)), (0, 1));
    assert_serves(&mut stream);
}

#[test]
fn features_that_nobody_knows_are_ignored() {
    let daemon = Daemon::start();
    let (mut stream, _, answer) = greet(&daemon, 1, 1, u64::MAX, scarab_protocol::message::schema_hash());
    assert_eq!((number(&answer, 8), number(&answer, 10)), (0, 1));
    assert_serves(&mut stream);
}

#[test]
fn half_a_hello_is_not_waited_for() {
    let daemon = Daemon::start();
    let mut stream = connect(&daemon);
    stream.write_all(b"scarab\r\n").expect("written");
    assert_closed(&mut stream);
}

#[test]
fn what_is_no_hello_is_called_that() {
    let daemon = Daemon::start();
    let mut stream = connect(&daemon);
    stream.write_all(&[b'x'; 64]).expect("written");
    let answer = answer(&mut stream);
    assert_eq!((number(&answer, 8), number(&answer, 10)), (5, 0));
    assert_closed(&mut stream);
}

#[test]
fn the_independent_client_says_why_it_was_refused() {
    let daemon = Daemon::start();
    for versions in ["0-0", "2-9"] {
        let said = run(&mut daemon.client(&["hello", "--versions", versions]));
        assert_eq!((said.code, said.stdout.as_str()), (Some(1), ""));
        let range = versions.replace('-', " to ");
        for part in ["version: scarab-daemon", "speaks 1 to 1", "independent 1.0", &range, "restart the daemon"] {
            assert!(said.stderr.contains(part), "{:?} lacks {part:?}", said.stderr);
        }
    }
    let said = run(&mut daemon.client(&["hello", "--versions", "0-9", "--features", "0xffffffffffffffff"]));
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    assert!(said.stdout.contains("\"version\": 1"), "{}", said.stdout);
}

fn connect(daemon: &Daemon) -> UnixStream {
    let stream = UnixStream::connect(daemon.socket()).expect("the daemon listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("a deadline can be set");
    stream
}

/// Says hello and hears the answer.
fn greet(
    daemon: &Daemon,
    lowest: u16,
    highest: u16,
    features: u64,
    schema: u64,
) -> (UnixStream, ClientHello, [u8; 160]) {
    let mut hello = [0; 64];
    hello[..8].copy_from_slice(b"scarab\r\n");
    hello[8..10].copy_from_slice(&lowest.to_le_bytes());
    hello[10..12].copy_from_slice(&highest.to_le_bytes());
    hello[16..24].copy_from_slice(&features.to_le_bytes());
    hello[24..32].copy_from_slice(&schema.to_le_bytes());
    hello[32..32 + BUILD.len()].copy_from_slice(BUILD);
    let mut stream = connect(daemon);
    stream.write_all(&hello).expect("written");
    let answer = answer(&mut stream);
    (stream, ClientHello::from_bytes(&hello).expect("magic"), answer)
}

fn answer(stream: &mut UnixStream) -> [u8; 160] {
    let mut answer = [0; 160];
    stream.read_exact(&mut answer).expect("the daemon answers a hello");
    assert_eq!(&answer[..8], b"scarab\r\n");
    answer
}

/// The connection is there: a `Welcome` comes, and a `Pong` for a `Ping`.
fn assert_serves(stream: &mut UnixStream) {
    stream.write_all(PING).expect("written");
    assert_eq!(frame(stream).0, 0x8001, "a Welcome");
    let (kind, payload) = frame(stream);
    assert_eq!((kind, &payload[..11]), (0x8030, &b"still there"[..]));
}

fn frame(stream: &mut UnixStream) -> (u16, Vec<u8>) {
    let mut header = [0; 16];
    stream.read_exact(&mut header).expect("a frame comes");
    let length = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
    let mut payload = vec![0; length as usize];
    stream.read_exact(&mut payload).expect("it comes whole");
    (number(&header, 4), payload)
}

/// Nothing more comes but the end.
fn assert_closed(stream: &mut UnixStream) {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).expect("the daemon closes, and in time");
    assert_eq!(rest, b"");
}

fn number(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn text(field: &[u8]) -> &str {
    std::str::from_utf8(field).expect("UTF-8").trim_end_matches('\0')
}
