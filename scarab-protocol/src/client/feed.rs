//! The events that a client has subscribed to, over all its connections.

use std::{collections::VecDeque, sync::Arc};

use super::{
    ClientEvent, Shared,
    link::{Link, Outlet},
    request,
};
use crate::{
    frame::Frame,
    message::{Event, Lagged, Subscribe, Subscribed, Unsubscribe},
};

/// The most that is kept for an owner that does not fetch it, as many as the daemon keeps. Beyond that the oldest are
/// dropped, and counted.
const MAX_ITEMS: usize = 4096;

/// What follows a subscription, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedItem {
    /// Something has happened.
    Event(Event),
    /// So many events before the next one were missed: the daemon has dropped them, or this client has, because they were not
    /// fetched. Those from while there was no connection are told afterwards, as far as the daemon keeps them.
    Lagged {
        /// How many.
        missed: u64,
    },
    /// The daemon is another one now: its events are numbered from 1 again.
    Restarted,
}

/// A subscription, and what it has brought.
#[derive(Debug)]
pub(super) struct Feed {
    wanted: Subscribe,
    /// The daemon's life that `last` is of.
    epoch: Option<u64>,
    /// The number of the newest event that is known to have been told, or to be too old to be.
    last: Option<u64>,
    items: VecDeque<FeedItem>,
    dropped: u64,
}

impl Feed {
    fn new(wanted: Subscribe) -> Self {
        let last = wanted.since;
        Self { wanted, epoch: None, last, items: VecDeque::new(), dropped: 0 }
    }

    /// What to ask a daemon's life for: what comes after that which is known of it.
    fn request(&mut self, epoch: u64) -> Subscribe {
        if self.epoch.replace(epoch).is_some_and(|before| before != epoch) {
            self.last = Some(0);
            self.push(FeedItem::Restarted);
        }
        Subscribe { since: self.last, ..self.wanted.clone() }
    }

    fn push(&mut self, item: FeedItem) {
        if self.items.len() == MAX_ITEMS {
            self.dropped += match self.items.pop_front() {
                Some(FeedItem::Event(_)) => 1,
                Some(FeedItem::Lagged { missed }) => missed,
                Some(FeedItem::Restarted) | None => 0,
            };
        }
        self.items.push_back(item);
    }

    fn take(&mut self) -> Vec<FeedItem> {
        let dropped = std::mem::take(&mut self.dropped);
        let lagged = (dropped > 0).then_some(FeedItem::Lagged { missed: dropped });
        lagged.into_iter().chain(self.items.drain(..)).collect()
    }
}

/// Subscribes, on this connection and every later one; the answer is given to `deliver`.
pub(super) fn subscribe(shared: &Arc<Shared>, wanted: Subscribe, deliver: request::Deliver) -> request::Ticket {
    let mut feed = Feed::new(wanted);
    let mut link = shared.lock();
    let request = match link.epoch() {
        Some(epoch) => feed.request(epoch),
        // It is refused as there is no connection; the next one asks.
        None => feed.wanted.clone(),
    };
    link.feed = Some(feed);
    drop(link);
    let weak = Arc::downgrade(shared);
    let noted = move |answer: Result<Frame, request::RequestError>| {
        if let (Some(shared), Ok(frame)) = (weak.upgrade(), &answer)
            && let Ok(subscribed) = frame.read::<Subscribed>()
        {
            note(&shared, subscribed);
        }
        deliver(answer);
    };
    // It is noted though the caller may wait for the answer no longer.
    request::send_for(shared, 0, &request, Box::new(noted)).keep()
}

/// Ends the subscription; what was not fetched is dropped.
pub(super) fn unsubscribe(shared: &Shared) {
    let mut link = shared.lock();
    link.feed = None;
    if let (Some(sender), Ok(frame)) = (link.sender.clone(), Frame::new(0, 0, &Unsubscribe {})) {
        // A refusal to send means that the connection is about to fall, and the subscription with it.
        let _ = sender.send(frame);
    }
}

/// A new connection stands: the subscription goes on. It is sent before anything that somebody asks for on that connection, so that
/// what comes of that is heard.
pub(super) fn resume(shared: &Arc<Shared>, link: &mut Link, epoch: u64, sender: &dyn Outlet) {
    let Some(request) = link.feed.as_mut().map(|feed| feed.request(epoch)) else { return };
    let weak = Arc::downgrade(shared);
    let deliver = move |answer: Result<Frame, request::RequestError>| {
        let Some(shared) = weak.upgrade() else { return };
        match request::read::<Subscribed>(answer) {
            Ok(subscribed) => note(&shared, subscribed),
            // The next connection asks again.
            Err(request::RequestError::Lost) => {}
            Err(error) => shared.lock().push_event(ClientEvent::Refused { text: format!("no more events: {error}") }),
        }
    };
    let number = link.next_request();
    match Frame::new(0, number, &request) {
        Ok(frame) => {
            link.pending.insert(number, Box::new(deliver));
            // A refusal to send means that the connection is about to fall, which tells whoever waits.
            let _ = sender.send(frame);
        }
        Err(error) => link.push_event(ClientEvent::Refused { text: format!("no more events: {error}") }),
    }
}

/// The subscription stands: what was not asked for is not missed.
fn note(shared: &Shared, subscribed: Subscribed) {
    if let Some(feed) = &mut shared.lock().feed {
        feed.last.get_or_insert(subscribed.next.saturating_sub(1));
    }
}

/// Something has happened.
pub(super) fn event(shared: &Shared, event: Event) {
    if let Some(feed) = &mut shared.lock().feed {
        feed.last = Some(event.number);
        feed.push(FeedItem::Event(event));
    }
}

/// Events were missed.
pub(super) fn lagged(shared: &Shared, lagged: Lagged) {
    if let Some(feed) = &mut shared.lock().feed {
        feed.push(FeedItem::Lagged { missed: lagged.missed });
    }
}

/// What has come since the last call.
pub(super) fn take(shared: &Shared) -> Vec<FeedItem> {
    shared.lock().feed.as_mut().map(Feed::take).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn happened(number: u64) -> FeedItem {
        let (session, name) = (None, String::new());
        FeedItem::Event(Event { number, time_ms: 0, kind: 1, session, name, fields: Vec::new() })
    }

    #[test]
    fn what_is_not_fetched_is_dropped_from_the_oldest_on_and_counted() {
        let mut feed = Feed::new(Subscribe { kinds: Vec::new(), session: None, since: None });
        feed.push(FeedItem::Lagged { missed: 10 });
        (1..=MAX_ITEMS as u64 + 4).for_each(|number| feed.push(happened(number)));
        let items = feed.take();
        // The ten that were missed already, and four more for which there was no room.
        assert_eq!(items.first(), Some(&FeedItem::Lagged { missed: 14 }));
        assert_eq!(items[1..], (5..=MAX_ITEMS as u64 + 4).map(happened).collect::<Vec<_>>());
        assert_eq!(feed.take(), []);
    }

    #[test]
    fn another_daemons_events_are_asked_for_from_the_first_on() {
        let mut feed = Feed::new(Subscribe { kinds: vec![3], session: None, since: Some(7) });
        assert_eq!(feed.request(1).since, Some(7));
        feed.last = Some(12);
        assert_eq!(feed.request(1).since, Some(12));
        assert_eq!(feed.request(2).since, Some(0));
        assert_eq!(feed.take(), [FeedItem::Restarted]);
    }
}
