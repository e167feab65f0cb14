//! The queue between those who send and a stream: it never waits for the peer, and every frame goes out whole.
//!
//! A frame for an idle connection is written at once by the thread that has it; only what the system does not take
//! goes to the queue, and to a writer thread that is started then. (A hop to a writer thread for every frame makes a
//! ping 1.7 times what a bare socket needs.) So anybody may write, and the lock says whose turn it is: it is held by who
//! writes at once, and while the writer thread writes without it, [`State::writing`] keeps the others in the queue.

use std::{
    collections::VecDeque,
    io,
    sync::PoisonError,
    time::{Duration, Instant},
};

use super::{
    BorrowedDescriptor, borrow,
    sender::{Outgoing, SendError},
    sync::{Condvar, Mutex, MutexGuard},
};
use crate::frame::Frame;

/// What a mailbox writes to.
pub(super) trait Sink {
    /// Writes what is taken at once; `WouldBlock` if that is nothing. A descriptor goes with the first byte.
    fn try_write(&self, bytes: &[u8], descriptor: Option<BorrowedDescriptor<'_>>) -> io::Result<usize>;

    /// Writes some of the bytes, waiting until at least one is taken, or `TimedOut` at the deadline.
    fn write_by(
        &self,
        bytes: &[u8],
        descriptor: Option<BorrowedDescriptor<'_>>,
        deadline: Instant,
    ) -> io::Result<usize>;

    /// Ends the connection for both sides and every thread that waits on it.
    fn shutdown(&self);

    /// Ends the connection because writing has failed, but for what can still be read of what the peer said before.
    fn give_up(&self, error: &io::Error);
}

/// Hears that there may be room again for what was refused.
type RoomHook = Box<dyn Fn() + Send + Sync>;

/// Frames on their way to a sink.
pub(super) struct Mailbox<S> {
    sink: S,
    state: Mutex<State>,
    changed: Condvar,
    /// The most bytes that may be queued. A frame beyond that is refused with [`SendError::Full`].
    max_bytes: usize,
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

impl<S: Sink> Mailbox<S> {
    /// A mailbox with nothing in it; `room` hears of frames that have left the queue.
    pub(super) fn new(sink: S, max_bytes: usize, patience: Duration, room: impl Fn() + Send + Sync + 'static) -> Self {
        let state = Mutex::new(State::default());
        Self { sink, state, changed: Condvar::new(), max_bytes, patience, room: Box::new(room) }
    }

    /// Sends a frame, now or later, in the order of calls. When something has to wait for the first time, `start` starts a
    /// thread that calls [`Self::run`].
    ///
    /// # Errors
    /// [`SendError::Full`] if it would exceed the queue, [`SendError::Closed`] after the connection's end.
    pub(super) fn send(&self, outgoing: Outgoing, start: impl FnOnce() -> io::Result<()>) -> Result<(), SendError> {
        let mut state = self.lock();
        if state.closed || state.finishing {
            return Err(SendError::Closed);
        }
        let mut queued = Queued { outgoing, written: 0 };
        if state.queue.is_empty() && !state.writing {
            // The lock is held across this call, which does not block.
            match queued.write(|bytes, descriptor| self.sink.try_write(bytes, descriptor)) {
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
        if queued.written == 0 && state.bytes + length > self.max_bytes {
            return Err(SendError::Full);
        }
        state.bytes += length;
        state.queue.push_back(queued);
        self.wake_writer(state, start)
    }

    /// Makes sure that a thread writes what is queued.
    fn wake_writer(
        &self,
        mut state: MutexGuard<'_, State>,
        start: impl FnOnce() -> io::Result<()>,
    ) -> Result<(), SendError> {
        if !state.started {
            state.started = true;
            if let Err(error) = start() {
                tracing::error!(%error, "no thread for a connection's writer: closing the connection");
                drop(state);
                self.close();
                return Err(SendError::Closed);
            }
        }
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    /// Sends one last frame and then ends the connection. What is queued is dropped, but for a frame that is begun.
    /// `start` is as for [`Self::send`].
    pub(super) fn finish(&self, last: Frame, start: impl FnOnce() -> io::Result<()>) {
        let mut state = self.lock();
        if state.closed || state.finishing {
            return;
        }
        state.finishing = true;
        let mut last = Queued { outgoing: last.into(), written: 0 };
        if state.queue.is_empty() && !state.writing {
            let written = last.write(|bytes, descriptor| self.sink.try_write(bytes, descriptor));
            if !matches!(written, Ok(false)) {
                drop(state);
                return self.close();
            }
        }
        state.queue.retain(|queued| queued.written > 0);
        state.queue.push_back(last);
        state.bytes = state.queue.iter().map(|queued| queued.outgoing.frame.bytes().len()).sum();
        // Without a thread the connection is closed, which is what was wanted.
        let _ = self.wake_writer(state, start);
    }

    /// Takes nothing any more, and ends the connection when all that is queued is written. False if nothing is.
    pub(super) fn finish_queued(&self) -> bool {
        let mut state = self.lock();
        if state.closed || (state.queue.is_empty() && !state.writing) {
            return false;
        }
        state.finishing = true;
        true
    }

    /// How many bytes are queued.
    pub(super) fn queued_bytes(&self) -> usize {
        self.lock().bytes
    }

    /// Waits until everything is written, but no longer than `patience`. Gives back whether it is.
    pub(super) fn flush(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let mut state = self.lock();
        while !state.closed && (state.writing || !state.queue.is_empty()) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        !state.closed
    }

    /// Ends the connection, and with it the reader's and the writer's waiting. What is queued is dropped.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.queue.clear();
        state.bytes = 0;
        drop(state);
        self.sink.shutdown();
        self.changed.notify_all();
    }

    /// What it writes to.
    pub(super) fn sink(&self) -> &S {
        &self.sink
    }

    /// The writer thread's loop, until the connection ends.
    pub(super) fn run(&self) {
        let mut state = self.lock();
        loop {
            if state.closed {
                return;
            }
            let Some(mut queued) = state.queue.pop_front() else {
                if state.finishing {
                    state.closed = true;
                    self.sink.shutdown();
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
                match queued.write(|bytes, descriptor| self.sink.write_by(bytes, descriptor, deadline)) {
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
                let thread = std::thread::current();
                tracing::debug!(thread = thread.name(), %error, "the peer does not take what is written");
                state.closed = true;
                state.queue.clear();
                state.bytes = 0;
                self.sink.give_up(&error);
            }
            self.changed.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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

#[cfg(all(test, loom))]
mod model;
