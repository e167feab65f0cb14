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
    limits::{CALLS, FIELD_BYTES, INBOX, INBOX_BYTES},
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
                // Else all of it would be kept.
                long.shrink_to_fit();
            }
        }
        event
    }

    /// The memory it takes, in bytes.
    fn bytes(&self) -> usize {
        let session = self.session.as_ref().map_or(0, |session| session.name.capacity());
        let field = |(key, value): &(String, Value)| size_of::<(String, Value)>() + key.capacity() + value_bytes(value);
        size_of::<Self>() + self.kind.capacity() + session + self.fields.iter().map(field).sum::<usize>()
    }
}

/// The memory that a value takes besides its own place, in bytes.
fn value_bytes(value: &Value) -> usize {
    match value {
        Value::Flag(_) | Value::Integer(_) | Value::Number(_) => 0,
        Value::Text(text) => text.capacity(),
        Value::List(list) => list.iter().map(|value| size_of::<Value>() + value_bytes(value)).sum(),
        Value::Map(map) => {
            let entry =
                |(key, value): (&String, &Value)| size_of::<(String, Value)>() + key.capacity() + value_bytes(value);
            map.iter().map(entry).sum()
        }
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

/// A reply that is given in any case: if whoever has it does not come to it, the plugin has ended.
pub(super) struct Owed {
    reply: Option<Reply>,
    plugin: String,
}

impl Owed {
    pub(super) fn new(reply: Reply, plugin: &str) -> Self {
        Self { reply: Some(reply), plugin: plugin.to_owned() }
    }

    pub(super) fn give(mut self, outcome: Result<String, CallError>) {
        if let Some(reply) = self.reply.take() {
            reply(outcome);
        }
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        if let Some(reply) = self.reply.take() {
            reply(Err(CallError::Ended { plugin: std::mem::take(&mut self.plugin) }));
        }
    }
}

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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(number: u64) -> Arc<Event> {
        Arc::new(Event { kind: "k".into(), number, session: None, fields: Vec::new() })
    }

    fn take(inbox: &Inbox) -> Option<Item> {
        match inbox.next(Some(Instant::now())) {
            Next::Item(item) => Some(item),
            Next::Call | Next::Due | Next::Stop => None,
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
        let lines: Arc<[String]> = vec!["x".repeat(INBOX_BYTES / 4 - size_of::<String>()); 2].into();
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
    fn what_waits_is_bounded_in_bytes_whatever_it_is() {
        let most = |put: &dyn Fn(&Inbox), bytes: usize| {
            let inbox = Inbox::default();
            inbox.listen_to("k");
            inbox.listen_to_lines();
            (0..INBOX - 1).for_each(|_| put(&inbox));
            let waiting = inbox.lock().items.len();
            assert!(inbox.dropped() > 0 && waiting * bytes <= INBOX_BYTES + bytes, "{waiting} times {bytes} bytes");
        };
        let session = SessionRef { number: 1, name: "1".into() };
        let empty: Arc<[String]> = vec![String::new(); 4096].into();
        most(&|inbox| assert!(inbox.lines(&session, &empty)), 4096 * size_of::<String>());
        let mut cut = "x".repeat(1 << 20);
        cut.truncate(1);
        let cut: Arc<[String]> = vec![cut].into();
        most(&|inbox| assert!(inbox.lines(&session, &cut)), 1 << 20);
        let field = |key: usize| (key.to_string(), Value::Text("x".repeat(2 * FIELD_BYTES)));
        let wide = Event { kind: "k".into(), number: 1, session: None, fields: (0..64).map(field).collect() };
        let wide = Arc::new(wide.bounded());
        most(&|inbox| inbox.event("k", || wide.clone()), 64 * FIELD_BYTES);
    }

    #[test]
    fn a_long_text_of_an_event_leaves_no_memory_behind() {
        let fields = vec![("text".to_owned(), Value::Text("x".repeat(1 << 20)))];
        let event = Event { kind: "k".into(), number: 1, session: None, fields };
        assert!(event.bounded().bytes() < 2 * FIELD_BYTES);
    }

    #[test]
    fn a_call_does_not_wait_behind_what_came_before_it() {
        let inbox = Inbox::default();
        inbox.listen_to("k");
        (0..10).for_each(|number| inbox.event("k", || event(number)));
        let call =
            Call { command: "c".into(), args: Vec::new(), context: CallContext::default(), reply: Box::new(|_| ()) };
        assert!(inbox.call(call).is_ok());
        assert!(inbox.take_call().is_some_and(|call| call.command == "c"));
        assert!(inbox.take_call().is_none());
        assert_eq!(std::iter::from_fn(|| take(&inbox)).count(), 10);
    }

    #[test]
    fn a_rest_ends_when_the_plugin_is_to() {
        let inbox = Arc::<Inbox>::default();
        let (resting, ended) = (inbox.clone(), crossbeam_channel::bounded(1));
        let thread = std::thread::spawn(move || {
            resting.rest(Duration::from_secs(24 * 3600));
            ended.0.send(()).expect("the test waits");
        });
        inbox.stop();
        ended.1.recv_timeout(Duration::from_secs(60)).expect("it has ended");
        thread.join().expect("without a panic");
    }

    #[test]
    fn a_reply_is_given_once_also_if_nobody_comes_to_it() {
        let (sender, answers) = crossbeam_channel::unbounded();
        let reply = || -> Reply {
            let sender = sender.clone();
            Box::new(move |outcome| sender.send(outcome).expect("the test waits"))
        };
        Owed::new(reply(), "a").give(Ok("x".into()));
        drop(Owed::new(reply(), "a"));
        let owed = Owed::new(reply(), "a");
        let panics = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
            let _owed = owed;
            panic!("a mistake of ours");
        }));
        assert!(panics.is_err());
        let ended = || Err(CallError::Ended { plugin: "a".into() });
        assert_eq!(answers.try_iter().collect::<Vec<_>>(), [Ok("x".into()), ended(), ended()]);
    }

    #[test]
    fn nothing_comes_in_that_nobody_waits_for() {
        let inbox = Inbox::default();
        inbox.event("k", || unreachable!("it is not even made"));
        assert!(take(&inbox).is_none());
    }
}
