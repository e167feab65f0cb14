//! Input on its way to one session: in order, within the daemon's credit, never in anyone's way.
//!
//! What was sent stays here until the daemon is known to have taken it. After a lost connection the daemon says how far it
//! came, and the rest is sent again from there ([`Outbox::joined`]): each byte arrives once, or is reported.

mod item;

use std::{collections::VecDeque, sync::Arc};

pub(super) use self::item::Item;
use self::item::{SMALL, pieces};
use super::link::Outlet;
use crate::{
    ids::SessionId,
    message::{Input, InputCredit},
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

#[cfg(test)]
mod tests;
