//! Frames over real sockets and pipes.

#[cfg(unix)]
mod descriptors;

use std::{
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use super::{FrameReader, FrameSender, Outgoing, Progress, ReadError, SendError, Stream};
use crate::{
    endpoint::testing::Place,
    frame::Frame,
    kind::Kind,
    message::{Bell, Ping, Title},
};

/// Long enough for a busy machine, short enough to notice a hang.
const PATIENCE: Duration = Duration::from_secs(20);

struct Pair {
    near: Arc<Stream>,
    far: Arc<Stream>,
    _place: Place,
}

fn pair() -> Pair {
    let place = Place::new();
    let endpoint = &place.address.endpoint;
    let listener = place.listen();
    let near = Arc::new(Stream::connect(endpoint, PATIENCE).expect("somebody listens"));
    let far = Arc::new(listener.accept().expect("somebody connected").expect("nobody stopped it"));
    Pair { near, far, _place: place }
}

fn sender(stream: &Arc<Stream>, max_bytes: usize) -> FrameSender {
    FrameSender::new(stream.clone(), max_bytes, "test-send", PATIENCE, || {})
}

fn ping(bytes: usize) -> Frame {
    Frame::new(0, 1, &Ping { payload: vec![7; bytes] }).expect("fits")
}

/// How long nothing is taken before the system is known to take nothing more.
const FULL: Duration = Duration::from_millis(100);

/// Sends until something stays queued; gives back how many frames that were.
fn fill(sender: &FrameSender) -> usize {
    let mut sent = 0;
    loop {
        sender.send(ping(10_000)).expect("room");
        sent += 1;
        if !sender.flush(FULL) {
            return sent;
        }
    }
}

#[test]
fn frames_arrive_whole_and_in_order_whatever_their_size() {
    let pair = pair();
    let sizes = [0, 1, 15, 16, 17, 4000, 16 * 1024, 100_000, 1024 * 1024, 3];
    let reading = {
        let far = pair.far.clone();
        thread::spawn(move || {
            let mut reader = FrameReader::new(far);
            let mut seen = Vec::new();
            while let Some(received) = reader.next(|_| {}).expect("frames") {
                seen.push(received.frame.read::<Ping>().expect("a ping").payload.len());
            }
            seen
        })
    };
    let sender = sender(&pair.near, 16 * 1024 * 1024);
    for size in sizes {
        sender.send(ping(size)).expect("room");
    }
    assert!(sender.flush(PATIENCE));
    sender.close();
    assert_eq!(reading.join().expect("no panic"), sizes);
}

#[test]
fn a_peer_that_does_not_read_makes_nobody_wait_and_the_bound_holds() {
    let pair = pair();
    let bound = 64 * 1024;
    let sender = sender(&pair.near, bound);
    let refused = loop {
        // The kernel's buffer fills first, then the queue.
        if let Err(error) = sender.send(ping(1000)) {
            break error;
        }
        assert!(sender.queued_bytes() <= bound + 2000);
    };
    assert_eq!(refused, SendError::Full);
    // Closing ends the writer's waiting.
    sender.close();
    assert_eq!(sender.send(ping(0)), Err(SendError::Closed));
}

#[test]
fn a_peer_that_makes_no_room_in_time_loses_the_connection() {
    let pair = pair();
    let sender = FrameSender::new(pair.near.clone(), 1 << 20, "test-send", Duration::from_millis(50), || {});
    fill(&sender);
    assert!(!sender.flush(PATIENCE), "it was closed");
    assert_eq!(sender.send(ping(0)), Err(SendError::Closed));
}

#[test]
fn the_last_frame_is_read_whatever_was_queued_before_it() {
    // With nothing queued, and with much of which one frame is begun.
    for queued in [0, 1, 50] {
        let pair = pair();
        let sender = sender(&pair.near, 1 << 20);
        let written = if queued > 0 { fill(&sender) } else { 0 };
        for _ in 1..queued {
            sender.send(ping(10_000)).expect("room");
        }
        sender.finish(Frame::new(0, 9, &Bell { count: 1 }).expect("fits"));
        assert_eq!(sender.send(ping(0)), Err(SendError::Closed));
        let mut reader = FrameReader::new(pair.far.clone());
        let mut kinds = Vec::new();
        while let Some(received) = reader.next(|_| {}).expect("frames") {
            kinds.push(received.frame.kind().expect("known"));
        }
        assert_eq!(kinds.pop(), Some(Kind::Bell));
        assert!(kinds.len() <= written + 1, "what was queued was sent all the same");
    }
}

#[test]
fn of_a_queued_state_only_the_newest_is_sent() {
    let pair = pair();
    let sender = sender(&pair.near, 1 << 20);
    fill(&sender);
    for count in 1..=1000 {
        sender.send(Outgoing::newest(Frame::new(3, 0, &Bell { count }).expect("fits"))).expect("room");
        let title = Title { title: format!("title {count}") };
        sender.send(Outgoing::newest(Frame::new(3, 0, &title).expect("fits"))).expect("room");
    }
    let mut reader = FrameReader::new(pair.far.clone());
    let (mut bells, mut titles) = (Vec::new(), Vec::new());
    while titles.last().is_none_or(|title| title != "title 1000") {
        let received = reader.next(|_| {}).expect("frames").expect("more");
        if let Ok(bell) = received.frame.read::<Bell>() {
            bells.push(bell.count);
        } else if let Ok(title) = received.frame.read::<Title>() {
            titles.push(title.title);
        }
    }
    assert_eq!(bells, [1000]);
    assert_eq!(titles.len(), 1);
}

#[test]
fn a_frame_in_pieces_is_told_of_and_a_cut_one_is_an_error() {
    let pair = pair();
    let frame = ping(100);
    let (told, tells) = mpsc::channel();
    let reading = {
        let far = pair.far.clone();
        thread::spawn(move || {
            let mut reader = FrameReader::new(far);
            let first = reader.next(|progress| told.send(progress).expect("the test listens")).is_ok();
            (first, reader.next(|_| {}))
        })
    };
    pair.near.write(&frame.bytes()[..30], None).expect("room");
    assert_eq!(tells.recv_timeout(PATIENCE), Ok(Progress::Partial));
    pair.near.write(&frame.bytes()[30..], None).expect("room");
    assert_eq!(tells.recv_timeout(PATIENCE), Ok(Progress::Whole));
    pair.near.write(&frame.bytes()[..20], None).expect("room");
    pair.near.shutdown();
    let (first, second) = reading.join().expect("no panic");
    assert!(first);
    assert!(matches!(second, Err(ReadError::Cut)));
}

/// Unix alone resets what is left unread.
#[cfg(unix)]
#[test]
fn a_peer_that_ends_with_something_unread_has_ended_after_what_it_sent() {
    for (last, cut) in [(ping(3).bytes().to_vec(), false), (ping(3).bytes()[..9].to_vec(), true)] {
        let Pair { near, far, _place } = pair();
        near.write(ping(10).bytes(), None).expect("room");
        far.write(&last, None).expect("room");
        drop(far);
        let mut reader = FrameReader::new(near);
        if cut {
            assert!(matches!(reader.next(|_| {}), Err(ReadError::Cut)));
        } else {
            let received = reader.next(|_| {}).expect("a frame").expect("no end");
            assert_eq!(received.frame.bytes(), ping(3).bytes());
            assert!(reader.next(|_| {}).expect("an end").is_none());
        }
    }
}

#[test]
fn a_deadline_ends_the_wait_for_bytes() {
    let pair = pair();
    pair.near.write(b"abc", None).expect("room");
    let mut buffer = [0; 8];
    let error = pair.far.read_exact_by(&mut buffer, Instant::now() + Duration::from_millis(50)).expect_err("too few");
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}

#[test]
fn the_stopper_ends_a_wait_for_connections() {
    let place = Place::new();
    let mut listener = place.listen();
    let stopper = listener.stopper().expect("there is one");
    let waiting = thread::spawn(move || listener.accept().map(|stream| stream.is_none()));
    drop(stopper);
    assert!(waiting.join().expect("no panic").expect("no error"));
}

#[test]
fn both_ends_are_the_users_own() {
    let pair = pair();
    let own = std::process::id();
    assert_eq!(pair.near.check_peer().expect("it is us").pid, Some(own));
    assert_eq!(pair.far.check_peer().expect("it is us").pid, Some(own));
}
