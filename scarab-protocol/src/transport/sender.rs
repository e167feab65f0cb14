//! Frames sent on a stream, by any thread, without ever waiting for the peer.
//!
//! The queue and its rules are [`Mailbox`]'s; here are the stream, the thread that writes what it did not take at once,
//! and what callers see.

use std::{
    io,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use super::{
    BorrowedDescriptor, Descriptor, Stream,
    mailbox::{Mailbox, Sink},
};
use crate::frame::Frame;

/// How long a peer has for what was sent just before the connection is closed, where the system does not say what it would take
/// at once: long enough for a busy machine to write it, too short for a person to notice.
const LAST_PATIENCE: Duration = Duration::from_millis(100);

/// Marks a frame that makes an earlier one of the same mark superfluous: the newest state wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coalesce {
    /// The session it is about.
    pub session: u32,
    /// The number of its kind.
    pub kind: u16,
}

/// A frame on its way out.
pub struct Outgoing {
    /// The frame.
    pub frame: Frame,
    /// A descriptor that goes with its first byte.
    pub descriptor: Option<Arc<Descriptor>>,
    /// Whether it replaces one that is still queued.
    pub coalesce: Option<Coalesce>,
}

impl From<Frame> for Outgoing {
    /// A frame without a descriptor that replaces nothing.
    fn from(frame: Frame) -> Self {
        Self { frame, descriptor: None, coalesce: None }
    }
}

impl Outgoing {
    /// A frame that replaces an earlier one of its session and kind, if that is still queued.
    pub fn newest(frame: Frame) -> Self {
        let header = frame.header();
        Self { frame, descriptor: None, coalesce: Some(Coalesce { session: header.session, kind: header.kind }) }
    }
}

/// Why a frame was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The connection is closed.
    #[error("the connection is closed")]
    Closed,
    /// The peer does not read, and the queue is full.
    #[error("the peer does not read, and as much is waiting for it as may")]
    Full,
}

/// The sending side of a connection. Clones are the same side.
#[derive(Clone)]
pub struct FrameSender {
    inner: Arc<Inner>,
}

struct Inner {
    mailbox: Mailbox<Arc<Stream>>,
    thread_name: String,
}

impl FrameSender {
    /// The sending side of a stream. At most `max_bytes` are queued; `thread_name` is the writer's, should it be needed;
    /// a peer that keeps a frame waiting for longer than `patience` has lost the connection; `room` hears of frames that have
    /// left the queue.
    pub fn new(
        stream: Arc<Stream>,
        max_bytes: usize,
        thread_name: impl Into<String>,
        patience: Duration,
        room: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let mailbox = Mailbox::new(stream, max_bytes, patience, room);
        Self { inner: Arc::new(Inner { mailbox, thread_name: thread_name.into() }) }
    }

    /// Sends a frame, now or later, in the order of calls. Never waits for the peer.
    ///
    /// # Errors
    /// [`SendError::Full`] if it would exceed the queue, [`SendError::Closed`] after the connection's end.
    pub fn send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        self.inner.mailbox.send(outgoing.into(), || self.start_writer())
    }

    /// Sends one last frame and then ends the connection. What is queued is dropped, but for a frame that is begun: the
    /// peer has not read it and will not need it.
    pub fn finish(&self, last: Frame) {
        self.inner.mailbox.finish(last, || self.start_writer());
    }

    /// How many bytes are queued.
    pub fn queued_bytes(&self) -> usize {
        self.inner.mailbox.queued_bytes()
    }

    /// Waits until everything is written, but no longer than `patience`. Gives back whether it is.
    pub fn flush(&self, patience: Duration) -> bool {
        self.inner.mailbox.flush(patience)
    }

    /// Ends the connection, and with it the reader's and the writer's waiting, without waiting for the peer. What the
    /// system takes at once is still sent, what it does not is dropped.
    pub fn close(&self) {
        // Elsewhere only what the system has not taken is queued.
        if Stream::QUEUES_ALL && self.inner.mailbox.finish_queued() {
            let inner = self.inner.clone();
            let closing = thread::Builder::new().name(self.inner.thread_name.clone()).spawn(move || {
                inner.mailbox.flush(LAST_PATIENCE);
                inner.mailbox.close();
            });
            if closing.is_ok() {
                return;
            }
        }
        self.inner.mailbox.close();
    }

    /// The stream it sends on.
    pub fn stream(&self) -> &Arc<Stream> {
        self.inner.mailbox.sink()
    }

    fn start_writer(&self) -> io::Result<()> {
        let inner = self.inner.clone();
        thread::Builder::new().name(self.inner.thread_name.clone()).spawn(move || inner.mailbox.run())?;
        Ok(())
    }
}

impl Sink for Arc<Stream> {
    fn try_write(&self, bytes: &[u8], descriptor: Option<BorrowedDescriptor<'_>>) -> io::Result<usize> {
        Stream::try_write(self, bytes, descriptor)
    }

    fn write_by(
        &self,
        bytes: &[u8],
        descriptor: Option<BorrowedDescriptor<'_>>,
        deadline: Instant,
    ) -> io::Result<usize> {
        Stream::write_by(self, bytes, descriptor, deadline)
    }

    fn shutdown(&self) {
        Stream::shutdown(self);
    }

    fn give_up(&self, error: &io::Error) {
        // Where the end takes what has come with it, it is left to the reader to find that the peer is gone.
        if Stream::IS_READ_TO_ITS_END || error.kind() != io::ErrorKind::BrokenPipe {
            Stream::shutdown(self);
        }
    }
}
