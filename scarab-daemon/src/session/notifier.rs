//! Telling what a session's program wants the user told, as often as a person can read it.

use std::num::NonZeroU32;

use governor::{
    Quota, RateLimiter,
    clock::DefaultClock,
    state::{InMemoryState, NotKeyed},
};
use scarab_protocol::{event::EventKind, message::EventField};

use super::Session;
use crate::screen::Notification;

/// How many notifications may come at once: a build with several parts that end together.
const BURST: NonZeroU32 = NonZeroU32::new(5).expect("not zero");
/// How many a second may come in the long run, as of a plugin: who gets more reads none.
const PER_SECOND: NonZeroU32 = NonZeroU32::new(1).expect("not zero");

/// A session's token bucket for notifications.
pub(super) struct Notifier(RateLimiter<NotKeyed, InMemoryState, DefaultClock>);

impl Notifier {
    pub(super) fn new() -> Self {
        Self(RateLimiter::direct(Quota::per_second(PER_SECOND).allow_burst(BURST)))
    }

    /// Tells whoever has subscribed; one too many is dropped.
    pub(super) fn tell(&self, session: &Session, notification: Notification) {
        if self.0.check().is_err() {
            tracing::debug!(session = session.id.number, "a notification too many was dropped");
            return;
        }
        let Notification { title, body } = notification;
        let fields = vec![EventField::new("title", title), EventField::new("body", body)];
        session.happened(EventKind::Notification, fields);
    }
}
