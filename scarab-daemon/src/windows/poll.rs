//! Waiting for a PTY, and being woken from it. Windows has nothing to poll a PTY with: threads read and write
//! it, and what they have is waited for here.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use super::pty::Master;

/// Wakes the thread that has the [`Wakeful`].
#[derive(Debug)]
pub(crate) struct Waker(Arc<Signal>);

/// Is woken by a [`Waker`], and by the threads of a PTY that it waits for.
#[derive(Debug)]
pub(crate) struct Wakeful(Arc<Signal>);

/// Something has happened.
#[derive(Debug, Default)]
pub(super) struct Signal {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    woken: bool,
    /// The PTY has changed in some way; whether in the one that is waited for, it tells when asked.
    changed: bool,
}

/// A pair of them.
///
/// # Errors
/// None.
pub(crate) fn waker() -> io::Result<(Waker, Wakeful)> {
    let signal = Arc::<Signal>::default();
    Ok((Waker(signal.clone()), Wakeful(signal)))
}

impl Waker {
    /// Wakes. Does not block.
    pub(crate) fn wake(&self) {
        self.0.lock().woken = true;
        self.0.changed.notify_one();
    }
}

impl Signal {
    /// The PTY has changed.
    pub(super) fn pty_changed(&self) {
        self.lock().changed = true;
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a [`Wakeful::wait`] is to wait for, of a PTY, beside being woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interest {
    /// Something to read.
    Input,
    /// Room to write.
    Output,
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Ready {
    /// The thread was woken.
    pub(crate) woken: bool,
    /// The PTY is ready.
    pub(crate) pty: bool,
}

impl Wakeful {
    /// Waits until woken, until the PTY is ready, or until the deadline; neither is set then.
    ///
    /// # Errors
    /// None.
    pub(crate) fn wait(&self, master: &Master, interest: Interest, deadline: Option<Instant>) -> io::Result<Ready> {
        master.tell(&self.0, interest);
        loop {
            let pty = master.is_ready(interest);
            let ready = self.wait_once(pty, deadline);
            if ready.woken || pty || deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Ok(Ready { pty: master.is_ready(interest), ..ready });
            }
        }
    }

    /// Waits until woken, or until the deadline. True if woken.
    ///
    /// # Errors
    /// None.
    pub(crate) fn wait_for_waker(&self, deadline: Option<Instant>) -> io::Result<bool> {
        loop {
            let ready = self.wait_once(false, deadline);
            if ready.woken || deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Ok(ready.woken);
            }
        }
    }

    /// Waits for the next thing to happen, or not at all.
    fn wait_once(&self, at_once: bool, deadline: Option<Instant>) -> Ready {
        let mut state = self.0.lock();
        if !at_once && !state.woken && !state.changed {
            state = match deadline.map(|at| at.saturating_duration_since(Instant::now())) {
                Some(left) => self.0.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
        let State { woken, .. } = std::mem::take(&mut *state);
        Ready { woken, pty: false }
    }
}
