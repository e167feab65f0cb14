//! Input on its way to one session: in order, within the daemon's credit, never in anyone's way.

use std::{collections::VecDeque, ops::Range, sync::Arc};

use crate::{
    frame::Frame,
    message::{Focus, Input, InputCredit, Mouse, Paste},
    transport::FrameSender,
};

/// The most bytes held for a session that does not take its input. What would exceed it is refused whole.
pub const HELD_LIMIT: u64 = 64 * 1024 * 1024;

/// Input was refused, and none of it will be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InputRejected {
    /// The session takes no input, and as much is held for it as may.
    #[error("the session does not take its input, and {held} bytes are waiting for it already")]
    Full {
        /// How many bytes are held.
        held: u64,
    },
    /// The attachment only looks.
    #[error("attached as an observer: input is not allowed")]
    Observer,
    /// There is no such session any more, or there never was.
    #[error("the session is gone")]
    Gone,
}

/// A piece of input, without its position: that is given when it is sent.
#[derive(Debug, Clone)]
pub(super) enum Item {
    Bytes { data: Arc<[u8]>, range: Range<usize> },
    Paste { data: Arc<[u8]>, range: Range<usize>, first: bool, last: bool },
    Mouse(Mouse),
    Focus(bool),
}

impl Item {
    fn cost(&self) -> u64 {
        match self {
            Self::Bytes { range, .. } | Self::Paste { range, .. } => Input::cost(range.len()),
            Self::Mouse(_) | Self::Focus(_) => Input::EVENT_COST,
        }
    }

    fn frame(&self, session: u32, position: u64) -> Option<Frame> {
        match self {
            Self::Bytes { data, range } => {
                Frame::new(session, 0, &Input { position, data: data[range.clone()].to_vec() })
            }
            Self::Paste { data, range, first, last } => {
                let (first, last, data) = (*first, *last, data[range.clone()].to_vec());
                Frame::new(session, 0, &Paste { position, first, last, data })
            }
            Self::Mouse(mouse) => Frame::new(session, 0, &Mouse { position, ..*mouse }),
            Self::Focus(gained) => Frame::new(session, 0, &Focus { position, gained: *gained }),
        }
        // Items are cut to size when they are made.
        .ok()
    }
}

/// What waits for one session.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// First those sent and not yet known to be taken, then those not sent.
    items: VecDeque<Item>,
    /// How many of the items are sent.
    sent: usize,
    /// The position of the first item that is not taken.
    taken: u64,
    /// The position of the first item that is not sent.
    next: u64,
    /// How far the daemon has room.
    through: u64,
    /// What the items cost together.
    held: u64,
}

impl Outbox {
    /// Adds bytes as they are.
    pub(super) fn push_bytes(&mut self, data: Arc<[u8]>) -> Result<(), InputRejected> {
        self.reserve(data.len() as u64)?;
        for range in pieces(data.len()) {
            self.push(Item::Bytes { data: data.clone(), range });
        }
        Ok(())
    }

    /// Adds a paste, cut into pieces.
    pub(super) fn push_paste(&mut self, data: Arc<[u8]>) -> Result<(), InputRejected> {
        self.reserve(data.len() as u64)?;
        let end = data.len();
        for range in pieces(end) {
            let (first, last) = (range.start == 0, range.end == end);
            self.push(Item::Paste { data: data.clone(), range, first, last });
        }
        Ok(())
    }

    /// Adds an item without bytes.
    pub(super) fn push_event(&mut self, item: Item) -> Result<(), InputRejected> {
        self.reserve(Input::EVENT_COST)?;
        self.push(item);
        Ok(())
    }

    /// How many bytes wait here or at the daemon's door.
    pub(super) fn held(&self) -> u64 {
        self.held
    }

    /// How many bytes wait here and are not sent.
    pub(super) fn unsent(&self) -> u64 {
        self.items.iter().skip(self.sent).map(Item::cost).sum()
    }

    /// The session was joined: positions start where the daemon says. What was sent on an earlier connection and
    /// not known to be taken is dropped, because sending it again could type it twice; gives back how much that was.
    pub(super) fn restart(&mut self, credit: InputCredit) -> u64 {
        let before = self.held;
        let mut broken = false;
        for _ in 0..std::mem::take(&mut self.sent) {
            if let Some(item) = self.drop_front()
                && let Item::Paste { last, .. } = item
            {
                broken = !last;
            }
        }
        // The rest of a paste whose beginning is lost would be typed as something it is not.
        while broken && let Some(Item::Paste { last, .. }) = self.items.front() {
            broken = !last;
            self.drop_front();
        }
        (self.taken, self.next, self.through) = (credit.taken, credit.taken, credit.may_send_through);
        before - self.held
    }

    /// Throws everything away; gives back how much that was.
    pub(super) fn clear(&mut self) -> u64 {
        self.items.clear();
        self.sent = 0;
        std::mem::take(&mut self.held)
    }

    /// The daemon has taken more, or has more room.
    pub(super) fn credit(&mut self, credit: InputCredit) {
        self.through = self.through.max(credit.may_send_through);
        while self.sent > 0
            && let Some(item) = self.items.front()
            && self.taken + item.cost() <= credit.taken
        {
            self.taken += item.cost();
            self.sent -= 1;
            self.drop_front();
        }
    }

    /// Sends what may be sent.
    pub(super) fn pump(&mut self, session: u32, sender: &FrameSender) {
        while let Some(item) = self.items.get(self.sent) {
            let end = self.next + item.cost();
            if end > self.through {
                return;
            }
            // A frame refused stays here: the next credit, item or free space in the queue tries again.
            if let Some(frame) = item.frame(session, self.next)
                && sender.send(frame).is_err()
            {
                return;
            }
            self.next = end;
            self.sent += 1;
        }
    }

    fn push(&mut self, item: Item) {
        self.held += item.cost();
        self.items.push_back(item);
    }

    fn drop_front(&mut self) -> Option<Item> {
        let item = self.items.pop_front()?;
        self.held -= item.cost();
        Some(item)
    }

    fn reserve(&self, bytes: u64) -> Result<(), InputRejected> {
        if self.held + bytes > HELD_LIMIT { Err(InputRejected::Full { held: self.held }) } else { Ok(()) }
    }
}

/// Ranges of at most an item's size that cover a length.
fn pieces(length: usize) -> impl Iterator<Item = Range<usize>> {
    (0..length).step_by(Input::MAX_BYTES).map(move |start| start..(start + Input::MAX_BYTES).min(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credit(taken: u64, may_send_through: u64) -> InputCredit {
        InputCredit { taken, may_send_through }
    }

    #[test]
    fn what_exceeds_the_bound_is_refused_whole() {
        let mut outbox = Outbox::default();
        let big: Arc<[u8]> = vec![0; HELD_LIMIT as usize].into();
        outbox.push_bytes(big).expect("just fits");
        assert_eq!(outbox.push_event(Item::Focus(true)), Err(InputRejected::Full { held: HELD_LIMIT }));
        assert_eq!(outbox.clear(), HELD_LIMIT);
        outbox.push_event(Item::Focus(true)).expect("room again");
    }

    #[test]
    fn a_paste_is_cut_into_pieces_of_which_one_is_first_and_one_last() {
        let mut outbox = Outbox::default();
        outbox.push_paste(vec![b'x'; 3 * Input::MAX_BYTES + 1].into()).expect("fits");
        let ends: Vec<(bool, bool)> = outbox
            .items
            .iter()
            .map(|item| match item {
                Item::Paste { first, last, .. } => (*first, *last),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(ends, [(true, false), (false, false), (false, false), (false, true)]);
    }

    #[test]
    fn after_a_loss_what_may_have_arrived_is_not_sent_again() {
        let mut outbox = Outbox::default();
        outbox.restart(credit(0, 100));
        outbox.push_bytes(b"sent".as_slice().into()).expect("fits");
        outbox.push_bytes(b"kept".as_slice().into()).expect("fits");
        outbox.sent = 1;
        assert_eq!(outbox.restart(credit(0, 100)), 4);
        assert_eq!(outbox.held(), 4);
    }
}
