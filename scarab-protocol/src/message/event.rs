//! What happens in a daemon, told to whoever has subscribed.

use rkyv::{Archive, Deserialize, Serialize};

use super::Target;
use crate::ids::SessionId;

/// Be told of events. Answered by `Subscribed`, after which the events follow. It takes the place of an earlier subscription of
/// this connection.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Subscribe {
    /// The numbers of the kinds, as the [table](crate::event::EventKind) has them; none for all. Unknown ones are passed over.
    pub kinds: Vec<u16>,
    /// Only those of this session; `None` for all.
    pub session: Option<Target>,
    /// Also those that have happened after the event of this number, as far as they are kept; `None` for none.
    pub since: Option<u64>,
}

/// The subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Subscribed {
    /// The number of the oldest event that is kept, or of the next one if none is.
    pub oldest: u64,
    /// The number that the next event gets.
    pub next: u64,
}

/// Be told of no events any more. Answered by `Done`; what was sent before may still arrive before that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Unsubscribe {}

/// Something has happened. Its fields are named and not fixed, so that later daemons can tell of more.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Event {
    /// Its number in the daemon's life: 1 for the first event of any kind, one more for each.
    pub number: u64,
    /// When, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// The number of its kind, as the [table](crate::event::EventKind) has it.
    pub kind: u16,
    /// The session that it is about.
    pub session: Option<SessionId>,
    /// What that is called; empty without one.
    pub name: String,
    /// What the kind says more.
    pub fields: Vec<EventField>,
}

/// One fact of an event.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct EventField {
    /// What it is.
    pub key: String,
    /// The fact.
    pub value: EventValue,
}

/// The value of a fact.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub enum EventValue {
    /// Without control characters.
    Text(String),
    /// Any whole number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
}

/// So many events that the client has subscribed to were dropped before the next one, because it did not read, or because
/// `since` is longer ago than events are kept; then those of all kinds and sessions are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Lagged {
    /// How many.
    pub missed: u64,
}
