//! Pipes, seen from both ends.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::*;
use crate::{
    frame::Frame,
    message::Ping,
    transport::{FrameReader, FrameSender},
};

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

fn endpoint() -> Endpoint {
    Endpoint::Pipe(format!("scarab-test-{:016x}", getrandom::u64().expect("a number")))
}

/// Both ends of a connection: the daemon's, then the client's.
fn pair() -> (Stream, Stream) {
    let endpoint = endpoint();
    let listener = Listener::bind(&endpoint).expect("a new name");
    let client = thread::spawn(move || Stream::connect(&endpoint, PATIENCE).expect("somebody listens"));
    let server = listener.accept().expect("a client comes").expect("nobody stops it");
    (server, client.join().expect("no panic"))
}

fn read(stream: &Stream, room: usize) -> Vec<u8> {
    let mut buffer = vec![0; room];
    let count = stream.read(&mut buffer, &mut VecDeque::new()).expect("bytes or the end");
    buffer.truncate(count);
    buffer
}

#[test]
fn both_ends_trust_each_other_and_hear_each_other() {
    let (server, client) = pair();
    for end in [&server, &client] {
        assert_eq!(end.check_peer().expect("the same user"), Peer { pid: Some(std::process::id()) });
    }
    assert_eq!(client.write(b"to the daemon", None).expect("room"), 13);
    assert_eq!(read(&server, 64), b"to the daemon");
    assert_eq!(server.write(b"to the client", None).expect("room"), 13);
    assert_eq!(read(&client, 6), b"to the");
    assert_eq!(read(&client, 64), b" client");
}

#[test]
fn much_goes_both_ways_at_once() {
    const BYTES: usize = 1 << 20;
    let (server, client) = pair();
    let sent: Vec<u8> = (0..BYTES).map(|n| (n / 7) as u8).collect();
    let deadline = Instant::now() + PATIENCE;
    thread::scope(|scope| {
        for stream in [&server, &client] {
            scope.spawn(|| {
                let mut rest = &sent[..];
                while !rest.is_empty() {
                    rest = &rest[stream.write(rest, None).expect("the peer reads")..];
                }
            });
            scope.spawn(|| {
                let mut got = vec![0; BYTES];
                stream.read_exact_by(&mut got, deadline).expect("all comes");
                assert!(got == sent);
            });
        }
    });
}

#[test]
fn a_deadline_ends_a_read_and_loses_nothing() {
    let (server, client) = pair();
    let mut buffer = [0; 4];
    let soon = Instant::now() + Duration::from_millis(20);
    let error = server.read_exact_by(&mut buffer, soon).expect_err("nothing is sent");
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    client.write(b"late", None).expect("room");
    server.read_exact_by(&mut buffer, Instant::now() + PATIENCE).expect("it is there");
    assert_eq!(&buffer, b"late");
}

#[test]
fn shutting_down_ends_a_wait_and_the_peer_reads_the_rest_and_then_the_end() {
    for daemon_ends in [true, false] {
        let (server, client) = pair();
        let (ending, peer) = if daemon_ends { (server, client) } else { (client, server) };
        ending.write(b"goodbye", None).expect("room");
        thread::scope(|scope| {
            let waiting = scope.spawn(|| read(&ending, 64));
            ending.shutdown();
            assert_eq!(waiting.join().expect("no panic"), b"");
        });
        assert_eq!(read(&peer, 64), b"goodbye");
        assert_eq!(read(&peer, 64), b"");
        assert!(peer.write(b"too late", None).is_err());
        assert_eq!(ending.write(b"x", None).expect_err("it has ended").kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(ending.try_write(b"x", None).expect_err("it has ended").kind(), io::ErrorKind::BrokenPipe);
    }
}

#[test]
fn shutting_down_ends_a_write_that_nobody_reads() {
    let (server, _client) = pair();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            // The pipe takes some of it, sooner or later a write waits.
            while server.write(&[0; 100_000], None).is_ok() {}
        });
        server.shutdown();
        waiting.join().expect("no panic");
    });
}

#[test]
fn a_stopper_ends_a_wait_that_has_begun_and_one_that_has_not() {
    let endpoint = endpoint();
    let mut listener = Listener::bind(&endpoint).expect("a new name");
    let stopper = listener.stopper().expect("the first");
    assert!(listener.stopper().is_none());
    thread::scope(|scope| {
        let waiting = scope.spawn(|| listener.accept().expect("no failure").is_none());
        drop(stopper);
        assert!(waiting.join().expect("no panic"));
    });
    assert!(listener.accept().expect("no failure").is_none());
}

#[test]
fn nobody_listens_where_no_pipe_is() {
    let error = Stream::connect(&endpoint(), PATIENCE).expect_err("nobody listens");
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

#[test]
fn a_client_that_comes_while_none_is_accepted_finds_an_end_or_is_told() {
    let endpoint = endpoint();
    let listener = Listener::bind(&endpoint).expect("a new name");
    let first = Stream::connect(&endpoint, PATIENCE).expect("one end is free");
    let error = Stream::connect(&endpoint, Duration::from_millis(50)).expect_err("there is no second");
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    let server = listener.accept().expect("no failure").expect("nobody stops it");
    first.write(b"still here", None).expect("room");
    assert_eq!(read(&server, 64), b"still here");
}

#[test]
fn frames_arrive_whole_and_in_order() {
    let (server, client) = pair();
    let sender = FrameSender::new(Arc::new(server), 1 << 20, "test-send", PATIENCE, || {});
    for length in [0, 1, 200_000, 5] {
        sender.send(Frame::new(0, 1, &Ping { payload: vec![7; length] }).expect("small enough")).expect("room");
    }
    let mut reader = FrameReader::new(Arc::new(client));
    for length in [0, 1, 200_000, 5] {
        let received = reader.next(|_| {}).expect("whole").expect("more to come");
        assert_eq!(received.frame.read::<Ping>().expect("valid").payload.len(), length);
    }
    assert!(sender.flush(PATIENCE));
    sender.close();
    assert!(reader.next(|_| {}).expect("between frames").is_none());
}

#[test]
#[cfg(feature = "tokio")]
fn in_tokio_the_client_hears_the_daemon_and_the_end() {
    let endpoint = endpoint();
    let listener = Listener::bind(&endpoint).expect("a new name");
    let server = thread::spawn(move || {
        let server = listener.accept().expect("a client comes").expect("nobody stops it");
        assert_eq!(read(&server, 64), b"to the daemon");
        assert_eq!(server.write(b"to the client", None).expect("room"), 13);
        // The last of what the client has written, and then the end.
        assert_eq!(read(&server, 64), b"bye");
        assert_eq!(read(&server, 64), b"");
    });
    let runtime = ::tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let client = AsyncStream::connect(&endpoint, PATIENCE).await.expect("somebody listens");
        client.check_peer().expect("the same user");
        assert_eq!(client.write(b"to the daemon").await.expect("room"), 13);
        let mut buffer = [0; 64];
        assert_eq!(client.read(&mut buffer, &mut VecDeque::new()).await.expect("bytes"), 13);
        assert_eq!(&buffer[..13], b"to the client");
        assert_eq!(client.write(b"bye").await.expect("room"), 3);
        drop(client);
        // The handle is closed when the runtime has seen that nothing is under way on it.
        ::tokio::task::spawn_blocking(|| server.join()).await.expect("no panic").expect("no panic");
    });
}
