//! Frames sent on a stream, by any thread, without ever waiting for the peer.
//!
//! A frame for an idle connection is written at once by the thread that has it; only what the system does not take
//! goes to a queue, and to a writer thread that is started then. (A hop to a writer thread for every frame makes a
//! ping 1.7 times what a bare socket needs.)

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use super::{BorrowedDescriptor, Descriptor, Stream, borrow};
use crate::frame::Frame;

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

/// Hears that there may be room again for what was refused.
type RoomHook = Box<dyn Fn() + Send + Sync>;

/// The sending side of a connection. Clones are the same side.
#[derive(Clone)]
pub struct FrameSender {
    inner: Arc<Inner>,
}

struct Inner {
    stream: Arc<Stream>,
    state: Mutex<State>,
    changed: Condvar,
    /// The most bytes that may be queued. A frame beyond that is refused with [`SendError::Full`].
    max_bytes: usize,
    thread_name: String,
    /// How long the peer may take to make room for a frame that waits for it. Then the connection ends.
    patience: Duration,
    room: RoomHook,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Queued>,
    bytes: usize,
    /// The writer thread has taken a frame out of the queue and is writing it.
    writing: bool,
    started: bool,
    /// Nothing is taken any more, and the connection ends when all is written.
    finishing: bool,
    closed: bool,
}

struct Queued {
    outgoing: Outgoing,
    written: usize,
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
        let inner = Inner {
            stream,
            state: Mutex::default(),
            changed: Condvar::new(),
            max_bytes,
            thread_name: thread_name.into(),
            patience,
            room: Box::new(room),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Sends a frame, now or later, in the order of calls. Never waits for the peer.
    ///
    /// # Errors
    /// [`SendError::Full`] if it would exceed the queue, [`SendError::Closed`] after the connection's end.
    pub fn send(&self, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        let outgoing = outgoing.into();
        let mut state = self.inner.lock();
        if state.closed || state.finishing {
            return Err(SendError::Closed);
        }
        let mut queued = Queued { outgoing, written: 0 };
        if state.queue.is_empty() && !state.writing {
            // The lock is held across this call, which does not block.
            match queued.write(|bytes, descriptor| self.inner.stream.try_write(bytes, descriptor)) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(_) => {
                    drop(state);
                    self.close();
                    return Err(SendError::Closed);
                }
            }
        }
        let length = queued.outgoing.frame.bytes().len();
        if queued.written == 0
            && let Some(mark) = queued.outgoing.coalesce
            && let Some(old) =
                state.queue.iter_mut().find(|old| old.outgoing.coalesce == Some(mark) && old.written == 0)
        {
            let old_length = old.outgoing.frame.bytes().len();
            *old = queued;
            state.bytes = state.bytes + length - old_length;
            return Ok(());
        }
        // A frame begun must be ended, or the stream makes no sense to the peer.
        if queued.written == 0 && state.bytes + length > self.inner.max_bytes {
            return Err(SendError::Full);
        }
        state.bytes += length;
        state.queue.push_back(queued);
        self.start_writer(state)
    }

    /// Makes sure that a thread writes what is queued.
    fn start_writer(&self, mut state: MutexGuard<'_, State>) -> Result<(), SendError> {
        if !state.started {
            state.started = true;
            let inner = self.inner.clone();
            let spawned = thread::Builder::new().name(self.inner.thread_name.clone()).spawn(move || inner.run());
            if let Err(error) = spawned {
                tracing::error!(%error, "no thread for a connection's writer: closing the connection");
                drop(state);
                self.close();
                return Err(SendError::Closed);
            }
        }
        drop(state);
        self.inner.changed.notify_all();
        Ok(())
    }

    /// Sends one last frame and then ends the connection. What is queued is dropped, but for a frame that is begun: the
    /// peer has not read it and will not need it.
    pub fn finish(&self, last: Frame) {
        let mut state = self.inner.lock();
        if state.closed || state.finishing {
            return;
        }
        state.finishing = true;
        let mut last = Queued { outgoing: last.into(), written: 0 };
        if state.queue.is_empty() && !state.writing {
            let written = last.write(|bytes, descriptor| self.inner.stream.try_write(bytes, descriptor));
            if !matches!(written, Ok(false)) {
                drop(state);
                return self.close();
            }
        }
        state.queue.retain(|queued| queued.written > 0);
        state.queue.push_back(last);
        state.bytes = state.queue.iter().map(|queued| queued.outgoing.frame.bytes().len()).sum();
        // Without a thread the connection is closed, which is what was wanted.
        let _ = self.start_writer(state);
    }

    /// How many bytes are queued.
    pub fn queued_bytes(&self) -> usize {
        self.inner.lock().bytes
    }

    /// Waits until everything is written, but no longer than `patience`. Gives back whether it is.
    pub fn flush(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let mut state = self.inner.lock();
        while !state.closed && (state.writing || !state.queue.is_empty()) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.inner.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        !state.closed
    }

    /// Ends the connection, and with it the reader's and the writer's waiting. What is queued is dropped.
    pub fn close(&self) {
        let mut state = self.inner.lock();
        state.closed = true;
        state.queue.clear();
        state.bytes = 0;
        drop(state);
        self.inner.stream.shutdown();
        self.inner.changed.notify_all();
    }

    /// The stream it sends on.
    pub fn stream(&self) -> &Arc<Stream> {
        &self.inner.stream
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The writer thread's loop.
    fn run(&self) {
        let mut state = self.lock();
        loop {
            if state.closed {
                return;
            }
            let Some(mut queued) = state.queue.pop_front() else {
                if state.finishing {
                    state.closed = true;
                    self.stream.shutdown();
                    self.changed.notify_all();
                    return;
                }
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            state.writing = true;
            drop(state);
            let deadline = Instant::now() + self.patience;
            let outcome = loop {
                match queued.write(|bytes, descriptor| self.stream.write_by(bytes, descriptor, deadline)) {
                    Ok(false) => {}
                    other => break other,
                }
            };
            state = self.lock();
            state.writing = false;
            state.bytes = state.bytes.saturating_sub(queued.outgoing.frame.bytes().len());
            if outcome.is_ok() {
                drop(state);
                (self.room)();
                state = self.lock();
            }
            if let Err(error) = outcome {
                tracing::debug!(thread = self.thread_name, %error, "the peer does not take what is written");
                state.closed = true;
                state.queue.clear();
                state.bytes = 0;
                self.stream.shutdown();
            }
            self.changed.notify_all();
        }
    }
}

impl Queued {
    /// Writes on from where it stopped; whether all is written.
    fn write(
        &mut self,
        write: impl FnOnce(&[u8], Option<BorrowedDescriptor<'_>>) -> io::Result<usize>,
    ) -> io::Result<bool> {
        let descriptor = match &self.outgoing.descriptor {
            Some(descriptor) if self.written == 0 => Some(borrow(descriptor)),
            _ => None,
        };
        match write(&self.outgoing.frame.bytes()[self.written..], descriptor) {
            Ok(count) => self.written += count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(self.written == self.outgoing.frame.bytes().len())
    }
}
