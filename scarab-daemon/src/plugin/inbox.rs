//! What waits for a plugin's thread.

use std::{
    collections::{HashSet, VecDeque},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    Event, SessionRef,
    call::Call,
    limits::{CALLS, INBOX, INBOX_BYTES},
};

/// One thing that waits.
pub(super) enum Item {
    Event(Arc<Event>),
    Lines(SessionRef, Arc<[String]>),
    /// What was dropped at this place.
    Lagged {
        events: u64,
        lines: u64,
    },
}

/// What comes next for the thread.
pub(super) enum Next {
    Item(Item),
    /// A call, to be taken with [`Inbox::take_call`].
    Call,
    /// The time that it asked for has come.
    Due,
    /// It is to end.
    Stop,
}

/// A plugin's inbox. Putting something in never blocks.
///
/// Events and batches of lines share [`INBOX`] places and [`INBOX_BYTES`]; when one is full, the newest are dropped and counted where
/// they would have been. Calls have a queue of their own with [`CALLS`] places, so that no flood of output keeps people from calling or
/// has them wait; one more is refused.
#[derive(Default)]
pub(super) struct Inbox {
    state: Mutex<Contents>,
    changed: Condvar,
    /// What a rest waits for, so that what comes in meanwhile wakes nobody.
    stopping: Condvar,
    /// Looked at by the engine's interrupt, which must not wait for a lock.
    stop: AtomicBool,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Contents {
    /// Events, batches and gaps, with the bytes of each.
    items: VecDeque<(Item, usize)>,
    calls: VecDeque<Call>,
    /// Those of all items.
    bytes: usize,
    kinds: HashSet<String>,
    wants_lines: bool,
    closed: bool,
}

impl Inbox {
    /// Lets events of a kind in.
    pub(super) fn listen_to(&self, kind: &str) {
        self.lock().kinds.insert(kind.to_owned());
    }

    /// Lets lines in.
    pub(super) fn listen_to_lines(&self) {
        self.lock().wants_lines = true;
    }

    /// Whether lines are let in.
    pub(super) fn wants_lines(&self) -> bool {
        let contents = self.lock();
        contents.wants_lines && !contents.closed
    }

    /// Puts in an event, if the plugin listens to its kind. `event` makes it bounded, once for all plugins.
    pub(super) fn event(&self, kind: &str, event: impl FnOnce() -> Arc<Event>) {
        let mut contents = self.lock();
        if contents.closed || !contents.kinds.contains(kind) {
            return;
        }
        // It is not even made if there is no place for it.
        let made = (contents.items.len() < INBOX).then(event).map(|event| (event.bytes(), event));
        if let Some((bytes, event)) = made.filter(|(bytes, _)| contents.has_room(*bytes)) {
            contents.push(Item::Event(event), bytes);
        } else {
            contents.lag(1, 0);
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        drop(contents);
        self.changed.notify_one();
    }

    /// Puts in lines of a session; false if the plugin listens to none.
    pub(super) fn lines(&self, session: &SessionRef, lines: &Arc<[String]>) -> bool {
        // A line takes what it was made with, also if it has been cut since, and a place in the batch.
        let bytes: usize = lines.iter().map(|line| size_of::<String>() + line.capacity()).sum();
        let mut contents = self.lock();
        if contents.closed || !contents.wants_lines {
            return false;
        }
        if contents.has_room(bytes) {
            contents.push(Item::Lines(session.clone(), lines.clone()), bytes);
        } else {
            contents.lag(0, lines.len() as u64);
            self.dropped.fetch_add(lines.len() as u64, Ordering::Relaxed);
        }
        drop(contents);
        self.changed.notify_one();
        true
    }

    /// Puts in a call.
    ///
    /// # Errors
    /// The call, if it cannot be taken: with true if too many wait, with false if the plugin has ended.
    pub(super) fn call(&self, call: Call) -> Result<(), (Box<Call>, bool)> {
        let mut contents = self.lock();
        if contents.closed || contents.calls.len() >= CALLS {
            let full = !contents.closed;
            return Err((Box::new(call), full));
        }
        contents.calls.push_back(call);
        drop(contents);
        self.changed.notify_one();
        Ok(())
    }

    /// The call that has waited longest, if one waits.
    pub(super) fn take_call(&self) -> Option<Call> {
        self.lock().calls.pop_front()
    }

    /// Waits for what comes next, until a time if there is one. Where both wait, it is an item: whoever serves calls has just done so.
    pub(super) fn next(&self, due: Option<Instant>) -> Next {
        let mut contents = self.lock();
        loop {
            if self.is_stopping() {
                return Next::Stop;
            }
            if let Some(item) = contents.pop() {
                return Next::Item(item);
            }
            if !contents.calls.is_empty() {
                return Next::Call;
            }
            contents = match due.map(|due| due.saturating_duration_since(Instant::now())) {
                None => self.changed.wait(contents).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return Next::Due,
                Some(left) => self.changed.wait_timeout(contents, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
    }

    /// Lets some time pass, or less if the plugin is to end.
    pub(super) fn rest(&self, time: Duration) {
        let until = Instant::now() + time;
        let mut contents = self.lock();
        while !self.is_stopping() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            contents = self.stopping.wait_timeout(contents, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Has the thread end, also out of a callback.
    pub(super) fn stop(&self) {
        // Under the lock, so that it does not fall between the thread's look and its sleep.
        let contents = self.lock();
        self.stop.store(true, Ordering::Release);
        drop(contents);
        self.changed.notify_all();
        self.stopping.notify_all();
    }

    /// Whether the thread is to end.
    pub(super) fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Lets nothing more in, and takes out the calls that nobody will answer.
    pub(super) fn close(&self) -> Vec<Call> {
        let mut contents = self.lock();
        contents.closed = true;
        contents.items = VecDeque::new();
        std::mem::take(&mut contents.calls).into()
    }

    /// How many events and lines were dropped in all.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contents {
    fn has_room(&self, bytes: usize) -> bool {
        self.items.len() < INBOX && self.bytes + bytes <= INBOX_BYTES
    }

    fn push(&mut self, item: Item, bytes: usize) {
        self.bytes += bytes;
        self.items.push_back((item, bytes));
    }

    fn pop(&mut self) -> Option<Item> {
        let (item, bytes) = self.items.pop_front()?;
        self.bytes -= bytes;
        Some(item)
    }

    /// Notes a gap after the newest item. Between two gaps there is always something that was let in, so that there are not
    /// many of them.
    fn lag(&mut self, more_events: u64, more_lines: u64) {
        if let Some((Item::Lagged { events, lines }, _)) = self.items.back_mut() {
            *events += more_events;
            *lines += more_lines;
        } else {
            self.push(Item::Lagged { events: more_events, lines: more_lines }, 0);
        }
    }
}

#[cfg(test)]
mod tests;
