//! Connections: greeted, counted, closed, and gone without a trace.

use std::{
    fs,
    io::Read,
    os::unix::net::UnixStream,
    sync::Arc,
    time::{Duration, Instant},
};

use scarab_protocol::{
    frame::{Flags, Header},
    hello::{ClientHello, DaemonHello, Features, HelloStatus},
    message::*,
    transport::Stream,
};

use super::harness::{PATIENCE, TestDaemon, command, wait_until};
use crate::server::{DaemonError, Server, ServerOptions};

#[test]
fn a_ping_comes_back_with_what_it_carried() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let pong = client.ask::<_, Pong>(0, &Ping { payload: b"abc".to_vec() });
    assert_eq!(pong.payload, b"abc");
}

#[test]
fn the_status_counts_clients_and_sessions() {
    let daemon = TestDaemon::start();
    let (mut one, mut two) = (daemon.connect(), daemon.connect());
    two.create("exec cat");
    let status = one.ask::<_, DaemonStatus>(0, &Status {});
    assert_eq!((status.clients, status.sessions, status.pid), (2, 1, std::process::id()));
    assert_eq!(status.version, env!("CARGO_PKG_VERSION"));
}

#[test]
fn other_versions_and_other_builds_are_sent_away_with_a_reason() {
    let daemon = TestDaemon::start();
    let hello = ClientHello::new("old 0.0", Features::empty());
    let newer = ClientHello { lowest: 90, highest: 91, ..hello.clone() };
    let other = ClientHello { schema: 1, ..hello };
    for hello in [newer, other] {
        let stream = Stream::connect(&daemon.address.endpoint, PATIENCE).expect("it accepts");
        stream.write(&hello.to_bytes(), None).expect("written");
        let mut answer = [0; DaemonHello::BYTES];
        stream.read_exact_by(&mut answer, Instant::now() + PATIENCE).expect("an answer");
        let answer = DaemonHello::from_bytes(&answer).expect("a hello");
        assert_eq!(answer.status, HelloStatus::Version);
        assert!(!answer.text.is_empty());
    }
}

#[test]
fn what_is_no_hello_is_told_so_and_closed() {
    let daemon = TestDaemon::start();
    let stream = Stream::connect(&daemon.address.endpoint, PATIENCE).expect("it accepts");
    stream.write(&[b'x'; ClientHello::BYTES], None).expect("written");
    let mut answer = [0; DaemonHello::BYTES];
    stream.read_exact_by(&mut answer, Instant::now() + PATIENCE).expect("an answer");
    assert_eq!(DaemonHello::from_bytes(&answer).expect("a hello").status, HelloStatus::Malformed);
    assert!(stream.read_exact_by(&mut [0], Instant::now() + PATIENCE).is_err(), "it is closed");
}

#[test]
fn a_connection_without_a_hello_is_closed_in_time() {
    let daemon = TestDaemon::start();
    let path = daemon.address.endpoint.to_string();
    let mut silent = UnixStream::connect(path).expect("it accepts");
    silent.set_read_timeout(Some(PATIENCE)).expect("set");
    assert_eq!(silent.read(&mut [0; 1]).expect("closed"), 0);
}

#[test]
fn unknown_kinds_are_answered_and_one_out_of_place_too() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    for kind in [0x7777_u16, 0x0001] {
        let header = Header { length: 0, kind, flags: Flags::empty(), request: 4242, session: 0 };
        client.sender.stream().write(&header.to_bytes(), None).expect("written");
        let (header, unsupported) = client.expect::<Unsupported>();
        assert_eq!((header.request, unsupported.kind), (4242, kind));
    }
    client.settle();
}

#[test]
fn a_second_daemon_names_the_first() {
    let daemon = TestDaemon::start();
    let options = ServerOptions::new(daemon.address.clone());
    let Err(error) = Server::start(options) else { panic!("two daemons at one address") };
    assert!(matches!(error, DaemonError::Lock(_)));
    assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
    daemon.connect().settle();
}

#[test]
fn a_stale_socket_is_no_obstacle_and_something_else_is() {
    let mut daemon = TestDaemon::start();
    let path = daemon.home.path().join("run/d.sock");
    daemon.server.take().expect("it runs").stop("over");
    let options = || ServerOptions::new(daemon.address.clone());
    // Bound and left behind, as by a daemon that was killed.
    drop(std::os::unix::net::UnixListener::bind(&path).expect("bound"));
    assert!(path.exists());
    Server::start(options()).expect("it takes the place").stop("over");
    fs::write(&path, "precious").expect("written");
    assert!(matches!(Server::start(options()), Err(DaemonError::Listen { .. })));
    assert_eq!(fs::read_to_string(&path).expect("still there"), "precious");
}

#[test]
fn a_socket_that_was_taken_away_comes_back_with_its_directory_and_its_parent() {
    let daemon = TestDaemon::start();
    let mut before = daemon.connect();
    let run = daemon.home.path().join("run");
    let socket = run.join("d.sock");
    // For a moment the file is there and nobody listens yet.
    let answers = || wait_until(|| Stream::connect(&daemon.address.endpoint, PATIENCE).is_ok());
    fs::remove_file(&socket).expect("removed");
    answers();
    daemon.connect().settle();
    // The lock lies beside the socket here; it goes with the directory and is still held.
    fs::remove_dir_all(&run).expect("removed");
    answers();
    daemon.connect().settle();
    before.settle();
}

#[test]
fn nothing_of_a_client_stays() {
    let daemon = TestDaemon::start();
    let mut watcher = daemon.connect();
    let info = watcher.create("exec cat");
    let clients = |watcher: &mut super::harness::TestClient| {
        watcher.ask::<_, Sessions>(0, &ListSessions { after: 0 }).sessions[0].clients
    };
    let others: Vec<_> = (0..5)
        .map(|_| {
            let mut client = daemon.connect();
            client.attach(info.id.number);
            client
        })
        .collect();
    assert_eq!(clients(&mut watcher), 5);
    // A client's threads hold it: when nothing does any more, they are gone.
    let traces: Vec<_> = daemon.daemon().registry().clients()[1..].iter().map(Arc::downgrade).collect();
    assert_eq!(traces.len(), 5);
    // Their connections break, as by kill -9.
    drop(others);
    wait_until(|| clients(&mut watcher) == 0);
    wait_until(|| traces.iter().all(|trace| trace.upgrade().is_none()));
    wait_until(|| watcher.ask::<_, DaemonStatus>(0, &Status {}).clients == 1);
}

#[test]
fn a_client_that_does_not_read_slows_nobody_and_is_closed_in_the_end() {
    let daemon = TestDaemon::start();
    let mut busy = daemon.connect();
    let mute = UnixStream::connect(daemon.address.endpoint.to_string()).expect("it accepts");
    let hello = ClientHello::new("mute 1.0", Features::empty());
    std::io::Write::write_all(&mut &mute, &hello.to_bytes()).expect("written");
    // It asks and asks and never reads what it is told.
    let ping = scarab_protocol::frame::Frame::new(0, 1, &Ping { payload: vec![7; 60_000] }).expect("small");
    mute.set_write_timeout(Some(PATIENCE)).expect("set");
    let mut closed = false;
    for _ in 0..200 {
        if std::io::Write::write_all(&mut &mute, ping.bytes()).is_err() {
            closed = true;
            break;
        }
        busy.settle();
    }
    assert!(closed, "12 MB of answers were kept for it");
}

#[test]
fn a_session_that_does_not_linger_is_told_from_one_that_does() {
    let daemon = TestDaemon::start_with(|options| options.resume = Duration::from_secs(2));
    let mut client = daemon.connect();
    let info = client.ask::<_, Created>(0, &CreateSession { linger: false, ..command("exec cat") }).info;
    assert!(!info.linger);
    client.attach(info.id.number);
    drop(client);
    let mut later = daemon.connect();
    // It is still there for whoever comes back, and ends when nobody does.
    assert_eq!(later.ask::<_, Sessions>(0, &ListSessions { after: 0 }).sessions.len(), 1);
    wait_until(|| later.ask::<_, Sessions>(0, &ListSessions { after: 0 }).sessions.is_empty());
}
