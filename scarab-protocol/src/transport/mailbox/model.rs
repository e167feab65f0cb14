//! All that can happen when several threads send, one writes, and the peer takes a part at a time.

use std::sync::Arc as Shared;

use loom::{sync::Arc, thread};

use super::*;
use crate::{
    frame::{HEADER_BYTES, Header},
    message::Ping,
};

/// Nobody's patience ends in a model.
const PATIENCE: Duration = Duration::from_secs(3600);

/// A stream whose peer makes room only for a writer that waits for it, half a frame at a time.
struct Pipe {
    taken: Mutex<Vec<u8>>,
    /// How many writes at once take something; then the system's buffer is full.
    at_once: Mutex<usize>,
    shut: Mutex<bool>,
}

impl Pipe {
    fn new(at_once: usize) -> Self {
        Self { taken: Mutex::new(Vec::new()), at_once: Mutex::new(at_once), shut: Mutex::new(false) }
    }

    fn take(&self, bytes: &[u8]) -> io::Result<usize> {
        if *self.shut.lock().expect("a lock") {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let half = bytes.len().min(HEADER_BYTES);
        self.taken.lock().expect("a lock").extend_from_slice(&bytes[..half]);
        Ok(half)
    }

    /// The requests of the frames that came, which must be whole.
    fn requests(&self) -> Vec<u32> {
        let taken = self.taken.lock().expect("a lock");
        let (mut rest, mut requests) = (&taken[..], Vec::new());
        while let Some(header) = rest.first_chunk() {
            let header = Header::from_bytes(*header).expect("frames were torn");
            let frame = frame(header.request);
            assert!(rest.starts_with(frame.bytes()), "frame {} was torn", header.request);
            rest = &rest[frame.bytes().len()..];
            requests.push(header.request);
        }
        assert!(rest.is_empty(), "a frame was not ended");
        requests
    }
}

impl Sink for Pipe {
    fn try_write(&self, bytes: &[u8], _: Option<BorrowedDescriptor<'_>>) -> io::Result<usize> {
        let mut at_once = self.at_once.lock().expect("a lock");
        *at_once = at_once.checked_sub(1).ok_or(io::ErrorKind::WouldBlock)?;
        drop(at_once);
        self.take(bytes)
    }

    fn write_by(&self, bytes: &[u8], _: Option<BorrowedDescriptor<'_>>, _: Instant) -> io::Result<usize> {
        self.take(bytes)
    }

    fn shutdown(&self) {
        *self.shut.lock().expect("a lock") = true;
    }

    fn give_up(&self, _: &io::Error) {
        self.shutdown();
    }
}

/// A frame that is known by its request, two writes long.
fn frame(request: u32) -> Frame {
    Frame::new(0, request, &Ping { payload: request.to_le_bytes().repeat(2) }).expect("short")
}

/// A mailbox, and its writer if there is one.
#[derive(Clone)]
struct Model {
    mailbox: Arc<Mailbox<Pipe>>,
    writer: Arc<Mutex<Option<thread::JoinHandle<()>>>>,
}

impl Model {
    fn new(at_once: usize) -> Self {
        let mailbox = Mailbox::new(Pipe::new(at_once), 1000, PATIENCE, || {});
        Self { mailbox: Arc::new(mailbox), writer: Arc::new(Mutex::new(None)) }
    }

    fn start(&self) -> io::Result<()> {
        let mailbox = self.mailbox.clone();
        let writer = thread::spawn(move || mailbox.run());
        let before = self.writer.lock().expect("a lock").replace(writer);
        assert!(before.is_none(), "two writers");
        Ok(())
    }

    fn send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        self.mailbox.send(outgoing.into(), || self.start())
    }

    fn finish(&self, last: Frame) {
        self.mailbox.finish(last, || self.start());
    }

    /// Another thread that does something.
    fn aside<T: 'static>(&self, what: impl FnOnce(&Self) -> T + 'static) -> thread::JoinHandle<T> {
        let model = self.clone();
        thread::spawn(move || what(&model))
    }

    /// Waits for the writer, which ends with the connection, and gives back what came out. A writer that waits on is one
    /// more thread than can go on, which loom tells.
    fn ended(self) -> Vec<u32> {
        let writer = self.writer.lock().expect("a lock").take();
        if let Some(writer) = writer {
            writer.join().expect("the writer does not panic");
        }
        assert!(*self.mailbox.sink.shut.lock().expect("a lock"), "the connection has not ended");
        assert_eq!(self.send(frame(99)), Err(SendError::Closed));
        assert_eq!(self.mailbox.queued_bytes(), 0);
        self.mailbox.sink.requests()
    }
}

/// Runs a model for streams that take nothing, a part, or a frame and a part of the next at once.
fn check(what: impl Fn(Model) + Send + Sync + 'static) {
    let what = Shared::new(what);
    for at_once in [0, 1, 3] {
        let what = what.clone();
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(move || what(Model::new(at_once)));
    }
}

#[test]
fn loom_frames_arrive_whole_once_and_in_the_order_of_each_sender() {
    check(|model| {
        let sender = model.aside(|model| {
            model.send(frame(1)).expect("open");
            model.send(frame(2)).expect("open");
        });
        model.send(frame(3)).expect("open");
        sender.join().expect("the sender does not panic");
        assert!(model.mailbox.flush(PATIENCE), "the writer has missed something");
        let requests = model.mailbox.sink.requests();
        assert!([[1, 2, 3], [1, 3, 2], [3, 1, 2]].map(Vec::from).contains(&requests), "{requests:?}");
        model.mailbox.close();
        assert_eq!(model.ended().len(), 3);
    });
}

#[test]
fn loom_what_is_newest_arrives_last_and_whole() {
    check(|model| {
        let sender = model.aside(|model| {
            model.send(Outgoing::newest(frame(1))).expect("open");
            model.send(Outgoing::newest(frame(2))).expect("open");
        });
        model.send(frame(3)).expect("open");
        sender.join().expect("the sender does not panic");
        assert!(model.mailbox.flush(PATIENCE), "the writer has missed something");
        let mut requests = model.mailbox.sink.requests();
        requests.retain(|request| *request != 3);
        assert!(requests == [1, 2] || requests == [2], "{requests:?}");
        model.mailbox.close();
        model.ended();
    });
}

#[test]
fn loom_the_last_frame_comes_last_and_ends_the_connection() {
    check(|model| {
        let sender = model.aside(|model| {
            let first = model.send(frame(1));
            (first, model.send(frame(2)))
        });
        model.finish(frame(9));
        let (first, second) = sender.join().expect("the sender does not panic");
        let requests = model.ended();
        assert_eq!(requests.last(), Some(&9), "{requests:?}");
        // What was queued may be gone, but only from behind.
        assert!([&[9][..], &[1, 9], &[1, 2, 9]].contains(&&requests[..]), "{requests:?}");
        assert!(first.is_ok() || second.is_err(), "it was open again");
        assert!(first.is_ok() || requests == [9], "what was refused has arrived");
    });
}

#[test]
fn loom_closing_ends_the_writer_and_everybody_who_waits() {
    check(|model| {
        let sender = model.aside(|model| {
            let sent = model.send(frame(1));
            // Whatever becomes of it, this does not wait for ever.
            (sent, model.mailbox.flush(PATIENCE))
        });
        model.mailbox.close();
        let (sent, flushed) = sender.join().expect("the sender does not panic");
        assert!(!(flushed && sent.is_err()), "it was open again");
        let writer = model.writer.lock().expect("a lock").take();
        if let Some(writer) = writer {
            writer.join().expect("the writer does not panic");
        }
        assert_eq!(model.send(frame(2)), Err(SendError::Closed));
        // A frame may be cut here: the connection has ended for the peer too.
        assert!(model.mailbox.sink.taken.lock().expect("a lock").len() <= frame(1).bytes().len());
    });
}
