//! What happens, told in order to whoever has subscribed: numbered, and slowed down by nobody.
//!
//! Whoever publishes only puts the event into queues. Each subscriber's queue is bounded; one that does not read loses the
//! oldest of what waits for it, and is told how many.

mod backlog;
mod subscriber;

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use scarab_protocol::{
    event::EventKind,
    ids::SessionId,
    message::{Event, EventField, EventValue, Subscribed},
};

pub(crate) use self::subscriber::{Subscription, Wanted};
use self::{backlog::Backlog, subscriber::Subscriber};
use crate::{client::Client, session::now};

/// The most bytes of one text of an event. A command line is seldom longer, and who wants all of a clipboard attaches.
const MAX_TEXT: usize = 4096;

/// Hears every event, in order, as plugins do. Must neither block nor publish: it is called under the lock.
type Ear = Box<dyn Fn(&Event) + Send + Sync>;

/// The daemon's events.
#[derive(Default)]
pub(crate) struct Events {
    state: Mutex<State>,
    ear: OnceLock<Ear>,
}

#[derive(Default)]
struct State {
    /// The number of the newest.
    last: u64,
    /// The newest events, for who comes back.
    kept: Backlog,
    subscribers: Vec<Arc<Subscriber>>,
}

impl Events {
    /// Tells of something. Called by any thread, with no lock held; it waits for nobody.
    pub(crate) fn publish(&self, kind: EventKind, session: Option<(SessionId, String)>, mut fields: Vec<EventField>) {
        for field in &mut fields {
            if let EventValue::Text(text) = &mut field.value {
                clean(text);
            }
        }
        let (session, name) = session.map_or((None, String::new()), |(id, name)| (Some(id), name));
        let mut state = self.lock();
        state.last += 1;
        let event = Event { number: state.last, time_ms: now(), kind: kind.number(), session, name, fields };
        let event = Arc::new(event);
        state.kept.push(event.clone());
        let told: Vec<_> = state.subscribers.iter().filter(|subscriber| subscriber.offer(&event)).cloned().collect();
        // Under the lock, which keeps events in order for plugins, too.
        if let Some(ear) = self.ear.get() {
            ear(&event);
        }
        drop(state);
        for subscriber in told {
            subscriber.pump();
        }
    }

    /// Has somebody within the daemon hear every event from now on; only the first time counts.
    pub(crate) fn listen(&self, ear: impl Fn(&Event) + Send + Sync + 'static) {
        // The second one is dropped.
        let _ = self.ear.set(Box::new(ear));
    }

    /// Tells a client of what happens from now on, and of what has happened since an event, as far as that is kept.
    pub(crate) fn subscribe(&self, client: &Arc<Client>, request: u32, wanted: Wanted, since: Option<u64>) {
        self.unsubscribe(client);
        let subscriber = Subscriber::new(client, wanted);
        let mut state = self.lock();
        let next = state.last + 1;
        let oldest = state.kept.oldest().unwrap_or(next);
        // Before anybody can offer it an event; it does not wait for the client.
        client.tell(0, request, &Subscribed { oldest, next });
        // A number that there has not been is another daemon's.
        if let Some(after) = since.filter(|after| *after < next) {
            subscriber.miss(oldest.saturating_sub(after + 1));
            for event in state.kept.after(after) {
                subscriber.offer(event);
            }
        }
        state.subscribers.push(subscriber.clone());
        drop(state);
        client.subscription().begin(subscriber.clone());
        subscriber.pump();
    }

    /// Tells a client of nothing any more. When this is back, nothing more is sent.
    pub(crate) fn unsubscribe(&self, client: &Client) {
        if let Some(subscriber) = client.subscription().end() {
            self.lock().subscribers.retain(|other| !Arc::ptr_eq(other, &subscriber));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Cuts a text that comes from inside a terminal or a plugin, and takes out what would move a terminal's cursor. Line ends become
/// spaces.
fn clean(text: &mut String) {
    if text.len() > MAX_TEXT {
        text.truncate(text.floor_char_boundary(MAX_TEXT));
    }
    if text.chars().any(char::is_control) {
        *text = text.replace(['\n', '\t'], " ");
        text.retain(|c| !c.is_control());
    }
}
