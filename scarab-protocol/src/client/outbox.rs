//! Input on its way to one session: in order, within the daemon's credit, never in anyone's way.
//!
//! What was sent stays here until the daemon is known to have taken it. After a lost connection the daemon says how far it
//! came, and the rest is sent again from there ([`Outbox::joined`]): each byte arrives once, or is reported.

use std::{collections::VecDeque, ops::Range, sync::Arc};

use super::link::Outlet;
use crate::{
    frame::Frame,
    ids::SessionId,
    message::{Focus, Input, InputCredit, Mouse, Paste},
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

/// Typed bytes up to this length are put together with those before them.
const SMALL: usize = 512;
/// No more is put together than this. A frame for each key would be dear when the daemon has no room for a while, and an item
/// for each dear as long as it has not said that it has taken them.
const MERGED: usize = 4096;

/// A piece of input, without its position: that is given when it is sent.
#[derive(Debug, Clone)]
pub(super) enum Item {
    /// A few bytes, of which the first may be known to be taken already: those are not in here any more.
    Typed(Vec<u8>),
    Bytes {
        data: Arc<[u8]>,
        range: Range<usize>,
    },
    Paste {
        data: Arc<[u8]>,
        range: Range<usize>,
        first: bool,
        last: bool,
    },
    Mouse(Mouse),
    Focus(bool),
}

impl Item {
    fn cost(&self) -> u64 {
        match self {
            Self::Typed(bytes) => Input::cost(bytes.len()),
            Self::Bytes { range, .. } | Self::Paste { range, .. } => Input::cost(range.len()),
            Self::Mouse(_) | Self::Focus(_) => Input::EVENT_COST,
        }
    }

    /// How many bytes of text it is.
    fn bytes(&self) -> u64 {
        match self {
            Self::Mouse(_) | Self::Focus(_) => 0,
            Self::Typed(_) | Self::Bytes { .. } | Self::Paste { .. } => self.cost(),
        }
    }

    fn frame(&self, session: u32, position: u64) -> Option<Frame> {
        match self {
            Self::Typed(bytes) => Frame::new(session, 0, &Input { position, data: bytes.clone() }),
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

    /// Puts another item's bytes to this one's, if both were typed and that is not too much; else gives it back.
    fn merge(&mut self, other: Self) -> Result<(), Self> {
        match (self, other) {
            (Self::Typed(bytes), Self::Typed(more)) if bytes.len() + more.len() <= MERGED => {
                bytes.extend_from_slice(&more);
                Ok(())
            }
            (_, other) => Err(other),
        }
    }
}

/// A row of positions, as `Attached` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) session: SessionId,
    pub(super) lane: u64,
}

/// What waits for one session.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// First those sent and not yet known to be taken, then those not sent.
    items: VecDeque<Item>,
    /// How many of the items are sent.
    sent: usize,
    /// Which row the positions are in.
    row: Option<Row>,
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
        if data.len() <= SMALL {
            self.push(Item::Typed(data.to_vec()));
            return Ok(());
        }
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

    /// The session was joined. If the row of positions goes on, what was sent and not taken is sent again. In a new row
    /// that could type it twice, because nobody knows how much of it has arrived: it is dropped; gives back how many bytes of text that was.
    pub(super) fn joined(&mut self, row: Row, credit: InputCredit) -> u64 {
        let goes_on = self.row.replace(row) == Some(row) && (self.taken..=self.next).contains(&credit.taken);
        let dropped = if goes_on || self.sent == 0 {
            self.settle(credit.taken);
            self.sent = 0;
            0
        } else {
            self.drop_sent()
        };
        (self.taken, self.next, self.through) = (credit.taken, credit.taken, credit.may_send_through);
        dropped
    }

    fn drop_sent(&mut self) -> u64 {
        let (mut lost, mut broken) = (0, false);
        for _ in 0..std::mem::take(&mut self.sent) {
            let Some(item) = self.drop_front() else { break };
            lost += item.bytes();
            if let Item::Paste { last, .. } = item {
                broken = !last;
            }
        }
        // The rest of a paste whose beginning is lost would be typed as something it is not.
        while broken && let Some(Item::Paste { last, .. }) = self.items.front() {
            broken = !last;
            lost += self.drop_front().map_or(0, |item| item.bytes());
        }
        lost
    }

    /// Throws everything away; gives back how many bytes of text that was.
    pub(super) fn clear(&mut self) -> u64 {
        let lost = self.items.iter().map(Item::bytes).sum();
        self.items.clear();
        self.sent = 0;
        // What was sent is not sent again, whether it was taken or not.
        self.taken = self.next;
        self.held = 0;
        lost
    }

    /// The daemon has taken more, or has more room.
    pub(super) fn credit(&mut self, credit: InputCredit) {
        self.through = self.through.max(credit.may_send_through);
        self.settle(credit.taken);
    }

    /// All that was sent up to a position is taken.
    pub(super) fn settle(&mut self, taken: u64) {
        while self.sent > 0
            && let Some(item) = self.items.front_mut()
        {
            let left = taken.saturating_sub(self.taken);
            if item.cost() <= left {
                self.taken += item.cost();
                self.sent -= 1;
                self.drop_front();
                continue;
            }
            // Of items that were put together after they were sent a part may be taken.
            if let Item::Typed(bytes) = item
                && left > 0
            {
                bytes.drain(..left as usize);
                self.held -= left;
                self.taken += left;
            }
            return;
        }
    }

    /// All below this position is known to be taken.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Sends what may be sent.
    pub(super) fn pump(&mut self, session: u32, sender: &dyn Outlet) {
        self.cut_to_credit();
        while let Some(item) = self.items.get(self.sent) {
            // A daemon that puts the row at the end of all numbers gets nothing.
            let end = self.next.checked_add(item.cost()).filter(|end| *end <= self.through);
            let Some(end) = end else { return };
            // A frame refused stays here: the next credit, item or free space in the queue tries again.
            if let Some(frame) = item.frame(session, self.next)
                && sender.send(frame).is_err()
            {
                return;
            }
            self.next = end;
            self.sent += 1;
            self.merge_sent();
            self.cut_to_credit();
        }
    }

    /// Of typed bytes that wait together as many go as may: what was put together must not wait for room for all of it.
    fn cut_to_credit(&mut self) {
        let room = self.through.saturating_sub(self.next);
        if let Some(Item::Typed(bytes)) = self.items.get_mut(self.sent)
            && room > 0
            && room < bytes.len() as u64
        {
            let rest = bytes.split_off(room as usize);
            self.items.insert(self.sent + 1, Item::Typed(rest));
        }
    }

    /// Puts the item sent last to the one sent before it, if both are small.
    fn merge_sent(&mut self) {
        let last = self.sent - 1;
        if last == 0 || !matches!((&self.items[last - 1], &self.items[last]), (Item::Typed(_), Item::Typed(_))) {
            return;
        }
        let Some(item) = self.items.remove(last) else { return };
        match self.items[last - 1].merge(item) {
            Ok(()) => self.sent -= 1,
            Err(item) => self.items.insert(last, item),
        }
    }

    fn push(&mut self, item: Item) {
        self.held += item.cost();
        let unsent = self.items.len() > self.sent;
        let item = match self.items.back_mut().filter(|_| unsent) {
            Some(last) => last.merge(item),
            None => Err(item),
        };
        if let Err(item) = item {
            self.items.push_back(item);
        }
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

    fn row(lane: u64) -> Row {
        Row { session: SessionId { epoch: 1, number: 1 }, lane }
    }

    /// An outbox that has sent some of what it holds, as if it had a connection.
    fn sent(pieces: &[&[u8]], kept: &[&[u8]]) -> Outbox {
        let mut outbox = Outbox::default();
        outbox.joined(row(1), credit(0, 1 << 20));
        for piece in pieces {
            outbox.push_bytes((*piece).into()).expect("fits");
            let cost = outbox.items[outbox.sent].cost();
            outbox.next += cost;
            outbox.sent += 1;
            outbox.merge_sent();
        }
        for piece in kept {
            outbox.push_bytes((*piece).into()).expect("fits");
        }
        outbox
    }

    fn bytes(outbox: &Outbox) -> Vec<u8> {
        let of = |item: &Item| match item {
            Item::Typed(bytes) => bytes.clone(),
            Item::Bytes { data, range } | Item::Paste { data, range, .. } => data[range.clone()].to_vec(),
            Item::Mouse(_) | Item::Focus(_) => Vec::new(),
        };
        outbox.items.iter().flat_map(of).collect()
    }

    #[test]
    fn in_a_new_row_what_may_have_arrived_is_not_sent_again() {
        let mut outbox = sent(&[b"sent"], &[b"kept"]);
        assert_eq!(outbox.joined(row(2), credit(0, 100)), 4);
        assert_eq!((outbox.held(), bytes(&outbox)), (4, b"kept".to_vec()));
    }

    #[test]
    fn in_the_same_row_all_that_was_not_taken_is_sent_again() {
        let mut outbox = sent(&[b"one ", b"two ", &[b'x'; 600], b"three"], &[b"kept"]);
        assert_eq!(outbox.joined(row(1), credit(6, 1 << 20)), 0);
        assert_eq!((outbox.taken, outbox.next, outbox.sent), (6, 6, 0));
        assert_eq!(bytes(&outbox), [b"o ".as_slice(), &[b'x'; 600], b"threekept"].concat());
        assert_eq!(outbox.held(), 2 + 600 + 9);
    }

    #[test]
    fn a_daemon_that_claims_to_have_taken_what_was_not_sent_is_not_believed() {
        let mut outbox = sent(&[b"sent"], &[b"kept"]);
        assert_eq!(outbox.joined(row(1), credit(5, 100)), 4);
        assert_eq!((outbox.next, bytes(&outbox)), (5, b"kept".to_vec()));
    }

    #[test]
    fn credit_after_a_clearing_is_counted_from_what_was_sent() {
        let mut outbox = sent(&[&[b'x'; 100]], &[]);
        outbox.clear();
        outbox.push_bytes(b"new".as_slice().into()).expect("fits");
        (outbox.next, outbox.sent) = (103, 1);
        outbox.credit(credit(100, 1 << 20));
        assert_eq!(bytes(&outbox), b"new");
    }

    proptest::proptest! {
        /// Whatever pieces are typed, and wherever in what was sent the connection breaks, what is sent again goes on there.
        #[test]
        fn every_byte_is_kept_until_it_is_taken(
            pieces in proptest::collection::vec(proptest::collection::vec(proptest::prelude::any::<u8>(), 1..700), 1..12),
            split in 0usize..12,
            cut in 0.0f64..=1.0,
        ) {
            let (before, after) = pieces.split_at(split.min(pieces.len()));
            let slices = |pieces: &[Vec<u8>]| pieces.concat();
            let mut outbox = sent(
                &before.iter().map(Vec::as_slice).collect::<Vec<_>>(),
                &after.iter().map(Vec::as_slice).collect::<Vec<_>>(),
            );
            let all = slices(&pieces);
            // The daemon takes whole items.
            let ends: Vec<usize> = before.iter().scan(0, |end, piece| { *end += piece.len(); Some(*end) }).collect();
            let taken = ends.iter().rev().find(|end| **end as f64 <= cut * slices(before).len() as f64).copied().unwrap_or(0);
            let half = ends.iter().find(|end| **end <= taken).copied().unwrap_or(0);
            outbox.credit(credit(half as u64, 1 << 20));
            proptest::prop_assert_eq!(outbox.joined(row(1), credit(taken as u64, 1 << 20)), 0);
            proptest::prop_assert_eq!(bytes(&outbox), &all[taken..]);
            proptest::prop_assert_eq!(outbox.held(), (all.len() - taken) as u64);
        }
    }
}
