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
    CallError, SessionRef, Value,
    limits::{CALLS, FIELD_BYTES, INBOX, INBOX_LINE_BYTES},
    text,
};

/// Something that has happened in the daemon.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    /// What, as `scarabctl events` calls it.
    pub kind: String,
    /// Its number in the stream of events.
    pub number: u64,
    /// The session it is about.
    pub session: Option<SessionRef>,
    /// What more there is to say. Scripts see texts up to 4 KiB.
    pub fields: Vec<(String, Value)>,
}

impl Event {
    /// The plugin whose own event this is.
    pub(super) fn raised_by(&self) -> Option<&str> {
        let by = self.fields.iter().find(|(key, _)| self.kind == "plugin" && key == "plugin");
        match by {
            Some((_, Value::Text(name))) => Some(name),
            _ => None,
        }
    }

    /// The event as plugins get it: so bounded that a full inbox is, too.
    pub(super) fn bounded(&self) -> Self {
        let mut event = self.clone();
        for (_, value) in &mut event.fields {
            if let Value::Text(long) = value {
                long.truncate(text::cut(long, FIELD_BYTES).len());
            }
        }
        event
    }
}

/// Who calls a command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CallContext {
    /// The client's program, as in its hello.
    pub client: Option<String>,
    /// The session that it is about, if the client says so.
    pub session: Option<SessionRef>,
}

/// Takes a command's answer. Called once, on whatever thread has it, and must not block.
pub(crate) type Reply = Box<dyn FnOnce(Result<String, CallError>) + Send>;

/// A command to be called.
pub(super) struct Call {
    pub(super) command: String,
    pub(super) args: Vec<String>,
    pub(super) context: CallContext,
    pub(super) reply: Reply,
}

/// One thing that waits.
pub(super) enum Item {
    Event(Arc<Event>),
    Lines(SessionRef, Arc<[String]>),
    Call(Call),
    /// What was dropped at this place.
    Lagged {
        events: u64,
        lines: u64,
    },
}

/// What comes next for the thread.
pub(super) enum Next {
    Item(Item),
    /// The time that it asked for has come.
    Due,
    /// It is to end.
    Stop,
}

/// A plugin's inbox. Putting something in never blocks.
///
/// Events and batches of lines share [`INBOX`] places, and the lines of all batches have [`INBOX_LINE_BYTES`]; when one is
/// full, the newest are dropped and counted where they would have been. Calls have [`CALLS`] places of their own, so that no flood
/// of output keeps people from calling; one more is refused.
#[derive(Default)]
pub(super) struct Inbox {
    state: Mutex<Contents>,
    changed: Condvar,
    /// Looked at by the engine's interrupt, which must not wait for a lock.
    stop: AtomicBool,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Contents {
    items: VecDeque<Item>,
    /// How many of the items are events, batches or gaps.
    others: usize,
    calls: usize,
    line_bytes: usize,
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
        if contents.others < INBOX {
            contents.push(Item::Event(event()));
        } else {
            contents.lag(1, 0);
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        drop(contents);
        self.changed.notify_one();
    }

    /// Puts in lines of a session; false if the plugin listens to none.
    pub(super) fn lines(&self, session: &SessionRef, lines: &Arc<[String]>) -> bool {
        let bytes: usize = lines.iter().map(String::len).sum();
        let mut contents = self.lock();
        if contents.closed || !contents.wants_lines {
            return false;
        }
        if contents.others < INBOX && contents.line_bytes + bytes <= INBOX_LINE_BYTES {
            contents.line_bytes += bytes;
            contents.push(Item::Lines(session.clone(), lines.clone()));
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
        if contents.closed || contents.calls >= CALLS {
            let full = !contents.closed;
            return Err((Box::new(call), full));
        }
        contents.push(Item::Call(call));
        drop(contents);
        self.changed.notify_one();
        Ok(())
    }

    /// Waits for what comes next, until a time if there is one.
    pub(super) fn next(&self, due: Option<Instant>) -> Next {
        let mut contents = self.lock();
        loop {
            if self.is_stopping() {
                return Next::Stop;
            }
            if let Some(item) = contents.pop() {
                return Next::Item(item);
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
            contents = self.changed.wait_timeout(contents, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Has the thread end, also out of a callback.
    pub(super) fn stop(&self) {
        // Under the lock, so that it does not fall between the thread's look and its sleep.
        let contents = self.lock();
        self.stop.store(true, Ordering::Release);
        drop(contents);
        self.changed.notify_all();
    }

    /// Whether the thread is to end.
    pub(super) fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Lets nothing more in, and takes out the calls that nobody will answer.
    pub(super) fn close(&self) -> Vec<Call> {
        let mut contents = self.lock();
        contents.closed = true;
        let items = std::mem::take(&mut contents.items);
        drop(contents);
        items.into_iter().filter_map(|item| if let Item::Call(call) = item { Some(call) } else { None }).collect()
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
    fn push(&mut self, item: Item) {
        match item {
            Item::Call(_) => self.calls += 1,
            _ => self.others += 1,
        }
        self.items.push_back(item);
    }

    fn pop(&mut self) -> Option<Item> {
        let item = self.items.pop_front()?;
        match &item {
            Item::Call(_) => self.calls -= 1,
            Item::Lines(_, lines) => {
                self.others -= 1;
                self.line_bytes -= lines.iter().map(String::len).sum::<usize>();
            }
            Item::Event(_) | Item::Lagged { .. } => self.others -= 1,
        }
        Some(item)
    }

    /// Notes a gap after the newest item. Between two gaps there is always something that was let in, or a call,
    /// so that there are not many of them.
    fn lag(&mut self, more_events: u64, more_lines: u64) {
        if let Some(Item::Lagged { events, lines }) = self.items.back_mut() {
            *events += more_events;
            *lines += more_lines;
        } else {
            self.push(Item::Lagged { events: more_events, lines: more_lines });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(number: u64) -> Arc<Event> {
        Arc::new(Event { kind: "k".into(), number, session: None, fields: Vec::new() })
    }

    fn take(inbox: &Inbox) -> Option<Item> {
        match inbox.next(Some(Instant::now())) {
            Next::Item(item) => Some(item),
            Next::Due | Next::Stop => None,
        }
    }

    proptest! {
        #[test]
        fn every_event_is_there_in_order_or_in_the_gap_at_its_place(steps in proptest::collection::vec((0usize..400, 0usize..400), 1..12)) {
            let inbox = Inbox::default();
            inbox.listen_to("k");
            let (mut sent, mut seen, mut gaps) = (0, 0, 0);
            let mut look = |inbox: &Inbox, most: usize| {
                for item in std::iter::from_fn(|| take(inbox)).take(most) {
                    match item {
                        Item::Event(event) => {
                            assert_eq!(event.number, seen);
                            seen += 1;
                        }
                        Item::Lagged { events, .. } => {
                            seen += events;
                            gaps += events;
                        }
                        _ => unreachable!("nothing else was put in"),
                    }
                }
                (seen, gaps)
            };
            for (put, taken) in steps {
                for _ in 0..put {
                    inbox.event("k", || event(sent));
                    sent += 1;
                }
                look(&inbox, taken);
            }
            let (seen, gaps) = look(&inbox, usize::MAX);
            prop_assert_eq!(seen, sent);
            prop_assert_eq!(gaps, inbox.dropped());
        }
    }

    #[test]
    fn a_flood_of_lines_keeps_no_call_out_and_is_bounded_in_bytes() {
        let inbox = Inbox::default();
        inbox.listen_to_lines();
        let session = SessionRef { number: 1, name: "1".into() };
        let lines: Arc<[String]> = vec!["x".repeat(INBOX_LINE_BYTES / 4); 2].into();
        for _ in 0..1000 {
            inbox.lines(&session, &lines);
        }
        assert_eq!(inbox.dropped(), 2 * 998);
        let call =
            || Call { command: "c".into(), args: Vec::new(), context: CallContext::default(), reply: Box::new(|_| ()) };
        for _ in 0..CALLS {
            assert!(inbox.call(call()).is_ok());
        }
        assert!(matches!(inbox.call(call()), Err((_, true))));
        assert_eq!(inbox.close().len(), CALLS);
        assert!(matches!(inbox.call(call()), Err((_, false))));
    }

    #[test]
    fn nothing_comes_in_that_nobody_waits_for() {
        let inbox = Inbox::default();
        inbox.event("k", || unreachable!("it is not even made"));
        assert!(take(&inbox).is_none());
    }
}
