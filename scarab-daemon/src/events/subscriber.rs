//! One client's subscription: what it wants, what waits for it, and how that gets to it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};

use scarab_protocol::{
    event::EventKind,
    ids::SessionId,
    message::{Event, Lagged},
};

use super::backlog::Backlog;
use crate::client::Client;

/// Events go into a client's mailbox only while less than this waits there, in bytes, so that they neither fill it nor
/// keep what else the client is told.
const MAX_IN_MAILBOX: usize = 64 * 1024;

/// Which events a subscriber wants.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// Whatever the kind.
    pub(crate) any_kind: bool,
    /// Else these.
    pub(crate) kinds: Vec<EventKind>,
    /// The session; none for all.
    pub(crate) session: Option<SessionId>,
}

impl Wanted {
    fn has(&self, event: &Event) -> bool {
        (self.any_kind || self.kinds.iter().any(|kind| kind.number() == event.kind))
            && self.session.is_none_or(|session| event.session == Some(session))
    }
}

/// A client that is told of events.
pub(crate) struct Subscriber {
    client: Weak<Client>,
    wanted: Wanted,
    queue: Mutex<Queue>,
    /// Held by whoever sends, so that events stay in order.
    pumping: Mutex<()>,
}

#[derive(Default)]
struct Queue {
    events: Backlog,
    /// Events that were dropped before the oldest that waits.
    missed: u64,
    ended: bool,
}

/// The next that a subscriber is told.
enum Next {
    Event(Arc<Event>),
    Lagged(Lagged),
}

impl Subscriber {
    pub(super) fn new(client: &Arc<Client>, wanted: Wanted) -> Arc<Self> {
        let client = Arc::downgrade(client);
        Arc::new(Self { client, wanted, queue: Mutex::default(), pumping: Mutex::default() })
    }

    /// Puts an event into the queue, if it is wanted; gives back whether it is.
    pub(super) fn offer(&self, event: &Arc<Event>) -> bool {
        if !self.wanted.has(event) {
            return false;
        }
        let mut queue = self.lock();
        if !queue.ended {
            queue.missed += queue.events.push(event.clone());
        }
        true
    }

    /// Counts events that are not kept any more.
    pub(super) fn miss(&self, count: u64) {
        self.lock().missed += count;
    }

    /// Sends what waits, as far as the client has room. Called when something was offered, and when there is room again.
    pub(crate) fn pump(&self) {
        let Some(client) = self.client.upgrade() else { return };
        loop {
            let guard = match self.pumping.try_lock() {
                Ok(guard) => guard,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                // Whoever sends looks once more after it has given this up.
                Err(TryLockError::WouldBlock) => return,
            };
            while client.queued_bytes() < MAX_IN_MAILBOX
                && let Some(next) = self.next()
            {
                match next {
                    Next::Event(event) => client.tell(0, 0, &*event),
                    Next::Lagged(lagged) => client.tell(0, 0, &lagged),
                }
            }
            drop(guard);
            if self.is_empty() || client.queued_bytes() >= MAX_IN_MAILBOX {
                return;
            }
        }
    }

    /// Nothing is sent any more when this is back.
    fn end(&self) {
        let _guard = self.pumping.lock().unwrap_or_else(PoisonError::into_inner);
        *self.lock() = Queue { ended: true, ..Queue::default() };
    }

    fn next(&self) -> Option<Next> {
        let mut queue = self.lock();
        match std::mem::take(&mut queue.missed) {
            0 => queue.events.pop().map(Next::Event),
            missed => Some(Next::Lagged(Lagged { missed })),
        }
    }

    fn is_empty(&self) -> bool {
        let queue = self.lock();
        queue.missed == 0 && queue.events.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of a client's subscription. The client's sender has it too, to say when there is room.
#[derive(Default)]
pub(crate) struct Subscription(Mutex<Option<Arc<Subscriber>>>);

impl Subscription {
    /// There is room in the client's mailbox.
    pub(crate) fn has_room(&self) {
        let subscriber = self.lock().clone();
        if let Some(subscriber) = subscriber {
            subscriber.pump();
        }
    }

    pub(super) fn begin(&self, subscriber: Arc<Subscriber>) {
        *self.lock() = Some(subscriber);
    }

    /// Ends what there is.
    pub(super) fn end(&self) -> Option<Arc<Subscriber>> {
        let subscriber = self.lock().take()?;
        subscriber.end();
        Some(subscriber)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Subscriber>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
