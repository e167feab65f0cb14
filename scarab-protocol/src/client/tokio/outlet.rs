//! Frames on their way out, which the connection's task writes.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::{
    client::link::{MAX_QUEUED, Outlet},
    frame::Frame,
    transport::SendError,
};

/// The queue between whoever sends and the task that writes. What exceeds [`MAX_QUEUED`] is refused.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    frames: VecDeque<Frame>,
    /// How long they are, with the one that is being written.
    bytes: usize,
    /// Something was refused, and is to hear when there is room.
    refused: bool,
    /// Nothing is taken any more.
    closed: bool,
}

impl Queue {
    /// Waits for the next frame to write; nothing once the queue is closed and empty.
    pub(super) async fn next(&self) -> Option<Frame> {
        loop {
            {
                let mut state = self.lock();
                if let Some(frame) = state.frames.pop_front() {
                    return Some(frame);
                }
                if state.closed {
                    return None;
                }
            }
            // Only one task waits here, and a notice that comes before it waits is kept for it.
            self.changed.notified().await;
        }
    }

    /// A frame is written. Gives back whether there is room now for what was refused.
    pub(super) fn written(&self, frame: &Frame) -> bool {
        let mut state = self.lock();
        state.bytes -= frame.bytes().len();
        std::mem::take(&mut state.refused)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outlet for Queue {
    fn send(&self, frame: Frame) -> Result<(), SendError> {
        let mut state = self.lock();
        if state.closed {
            return Err(SendError::Closed);
        }
        let bytes = state.bytes + frame.bytes().len();
        if bytes > MAX_QUEUED {
            state.refused = true;
            return Err(SendError::Full);
        }
        state.bytes = bytes;
        state.frames.push_back(frame);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_one();
    }
}
