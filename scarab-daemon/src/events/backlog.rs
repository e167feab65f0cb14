//! The newest events, as many as may wait.

use std::{collections::VecDeque, sync::Arc};

use scarab_protocol::message::{Event, EventValue};

/// The most events that wait: some seconds of a churn that nobody would follow with the eye.
pub(super) const MAX_EVENTS: usize = 4096;
/// The most bytes that they take, about: a thousand per event. Few are that large, so that this only bounds the worst.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Events in order. When it is full the oldest leave.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    events: VecDeque<Arc<Event>>,
    bytes: usize,
}

impl Backlog {
    /// Adds the newest event; gives back how many had to leave for it.
    pub(super) fn push(&mut self, event: Arc<Event>) -> u64 {
        self.bytes += bytes(&event);
        self.events.push_back(event);
        let mut left = 0;
        // One event always has room.
        while self.events.len() > MAX_EVENTS || (self.bytes > MAX_BYTES && self.events.len() > 1) {
            self.pop();
            left += 1;
        }
        left
    }

    /// Takes the oldest.
    pub(super) fn pop(&mut self) -> Option<Arc<Event>> {
        let event = self.events.pop_front()?;
        self.bytes -= bytes(&event);
        Some(event)
    }

    /// The number of the oldest.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.events.front().map(|event| event.number)
    }

    /// Those with higher numbers.
    pub(super) fn after(&self, number: u64) -> impl Iterator<Item = &Arc<Event>> {
        let first = self.events.partition_point(|event| event.number <= number);
        self.events.range(first..)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

/// About how many bytes an event takes.
fn bytes(event: &Event) -> usize {
    let fields = event.fields.iter().map(|field| {
        let text = if let EventValue::Text(text) = &field.value { text.len() } else { 0 };
        size_of_val(field) + field.key.len() + text
    });
    size_of::<Event>() + event.name.len() + fields.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use scarab_protocol::message::EventField;

    use super::*;

    fn event(number: u64, text: usize) -> Arc<Event> {
        let fields = vec![EventField::new("text", "x".repeat(text))];
        Arc::new(Event { number, time_ms: 0, kind: 1, session: None, name: String::new(), fields })
    }

    #[test]
    fn the_oldest_leave_and_are_counted() {
        let mut backlog = Backlog::default();
        let left: u64 = (1..=MAX_EVENTS as u64 + 7).map(|number| backlog.push(event(number, 1))).sum();
        assert_eq!((left, backlog.oldest()), (7, Some(8)));
        assert_eq!(backlog.after(MAX_EVENTS as u64).map(|event| event.number).collect::<Vec<_>>(), {
            let end = MAX_EVENTS as u64;
            (end + 1..=end + 7).collect::<Vec<_>>()
        });
        while backlog.pop().is_some() {}
        assert_eq!(backlog.bytes, 0);
    }

    #[test]
    fn large_events_are_bounded_by_their_bytes() {
        let mut backlog = Backlog::default();
        for number in 1..100 {
            backlog.push(event(number, MAX_BYTES / 4));
            assert!(backlog.bytes <= MAX_BYTES);
        }
        assert_eq!(backlog.events.len(), 3);
        backlog.push(event(100, 2 * MAX_BYTES));
        assert_eq!((backlog.events.len(), backlog.oldest()), (1, Some(100)));
    }
}
