//! The daemon's one timer: a thread that sleeps until the next deadline, and for ever when there is none.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// What is done at a deadline. It must not block, because all others wait for it.
type Action = Box<dyn FnOnce() + Send>;

/// Deadlines that are set and taken back. Clones are the same ones; when the last is dropped, the thread ends.
#[derive(Clone)]
pub(crate) struct Deadlines {
    shared: Arc<Shared>,
    /// Tells the thread when nobody can set deadlines any more.
    _owner: Arc<Owner>,
}

/// Names a deadline that was set, so that it can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket {
    at: Instant,
    number: u64,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Bounded by what sets deadlines: two for a client, three for a session.
    waiting: BTreeMap<Ticket, Action>,
    next_number: u64,
    ended: bool,
}

struct Owner(Arc<Shared>);

impl Deadlines {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system has no thread to give.
    pub(crate) fn start() -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let own = shared.clone();
        thread::Builder::new().name("deadlines".into()).spawn(move || own.run())?;
        Ok(Self { _owner: Arc::new(Owner(shared.clone())), shared })
    }

    /// Has something done after a while, unless it is taken back before.
    pub(crate) fn after(&self, patience: Duration, action: impl FnOnce() + Send + 'static) -> Ticket {
        let mut state = self.shared.lock();
        let ticket = Ticket { at: Instant::now() + patience, number: state.next_number };
        state.next_number += 1;
        let earliest = state.waiting.first_key_value().is_none_or(|(first, _)| ticket < *first);
        state.waiting.insert(ticket, Box::new(action));
        drop(state);
        if earliest {
            self.shared.changed.notify_one();
        }
        ticket
    }

    /// Takes a deadline back. One that has passed already is none the worse.
    pub(crate) fn cancel(&self, ticket: Ticket) {
        let mut state = self.shared.lock();
        let action = state.waiting.remove(&ticket);
        let empty = state.waiting.is_empty();
        drop(state);
        // The thread goes to sleep for good now and not when this deadline would have passed: idle means idle.
        if empty && action.is_some() {
            self.shared.changed.notify_one();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut state = self.lock();
        while !state.ended {
            let now = Instant::now();
            state = match state.waiting.first_entry() {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(first) if first.key().at > now => {
                    let left = first.key().at - now;
                    self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
                Some(first) => {
                    let action = first.remove();
                    drop(state);
                    action();
                    self.lock()
                }
            };
        }
        let waiting = std::mem::take(&mut state.waiting);
        // What the actions hold may want to cancel deadlines when it is dropped.
        drop(state);
        drop(waiting);
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn deadlines_pass_in_order_and_those_taken_back_do_not() {
        let deadlines = Deadlines::start().expect("a thread");
        let (sender, receiver) = mpsc::channel();
        let say = |what: &'static str| {
            let sender = sender.clone();
            move || sender.send(what).expect("the test listens")
        };
        deadlines.after(Duration::from_millis(40), say("second"));
        let never = deadlines.after(Duration::from_millis(30), say("never"));
        deadlines.after(Duration::from_millis(10), say("first"));
        deadlines.cancel(never);
        assert_eq!(receiver.recv_timeout(Duration::from_secs(5)), Ok("first"));
        assert_eq!(receiver.recv_timeout(Duration::from_secs(5)), Ok("second"));
        deadlines.cancel(never);
    }
}
