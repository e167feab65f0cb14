//! A lane: the daemon's account of one client's input for one session.
//!
//! Input of a client is one row of positions (see [`Input`](crate::message::Input)). The lane knows which position is
//! next, how far the client may send, how much of that still waits, and which of the client's connections, one after the
//! other, it listens to. An item is *taken* by [`Lane::take`], which the daemon calls under the lock of the queue that it
//! appends the item to: a client that comes back on a new connection first moves the lane to that ([`Lane::move_on`])
//! and then hears what is next, so that whatever the old connection still holds is too late, and nothing is taken twice.

use crate::message::InputCredit;

/// Which connection of a client a lane listens to: counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Connection(u32);

/// One client's account for one session.
#[derive(Debug)]
pub struct Lane {
    next: u64,
    granted: u64,
    queued: u64,
    connection: Connection,
}

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is the lane's: append it.
    New,
    /// It was taken before, or it came on a connection that the client has left: drop it.
    Before,
}

/// What a client did that the protocol forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LaneError {
    /// There is a gap before the item.
    #[error("input begins at {position}, where {next} is next")]
    Gap {
        /// Where the item begins.
        position: u64,
        /// Where it should.
        next: u64,
    },
    /// The item exceeds the client's credit.
    #[error("input that ends at {end} exceeds the credit, which ends at {granted}")]
    BeyondCredit {
        /// Where the item ends.
        end: u64,
        /// Where the credit does.
        granted: u64,
    },
}

impl Lane {
    /// A lane that begins at 0, with this much credit.
    pub fn new(credit: u64) -> Self {
        Self { next: 0, granted: credit, queued: 0, connection: Connection(0) }
    }

    /// The connection that it listens to.
    pub fn connection(&self) -> Connection {
        self.connection
    }

    /// Listens to the client's next connection from now on, and no more to the one before.
    pub fn move_on(&mut self) -> Connection {
        self.connection.0 += 1;
        self.connection
    }

    /// Takes an item of this cost that begins at a position and came on a connection.
    ///
    /// # Errors
    /// [`LaneError`], after which nothing of that client makes sense any more.
    pub fn take(&mut self, connection: Connection, position: u64, cost: u64) -> Result<Taken, LaneError> {
        if connection != self.connection || position < self.next {
            return Ok(Taken::Before);
        }
        if position > self.next {
            return Err(LaneError::Gap { position, next: self.next });
        }
        let end = position.saturating_add(cost);
        if end > self.granted {
            return Err(LaneError::BeyondCredit { end, granted: self.granted });
        }
        self.next = end;
        self.queued += cost;
        Ok(Taken::New)
    }

    /// Something of the lane has left the queue.
    pub fn freed(&mut self, cost: u64) {
        self.queued = self.queued.saturating_sub(cost);
    }

    /// How much of it waits in the queue.
    pub fn queued(&self) -> u64 {
        self.queued
    }

    /// How far was taken, and how far the client may send.
    pub fn credit(&self) -> InputCredit {
        InputCredit { taken: self.next, may_send_through: self.granted }
    }

    /// Grants what there is room for, if the lane may fill so much of the queue: credit that was granted is not taken
    /// back. Gives back by how much it has grown.
    pub fn grant(&mut self, window: u64) -> u64 {
        let possible = self.next + window.saturating_sub(self.queued);
        let grown = possible.saturating_sub(self.granted);
        self.granted += grown;
        grown
    }

    /// By how much [`Lane::grant`] would grow the credit.
    pub fn could_grow(&self, window: u64) -> u64 {
        (self.next + window.saturating_sub(self.queued)).saturating_sub(self.granted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_taken_once_in_order_and_within_the_credit() {
        let mut lane = Lane::new(10);
        let here = lane.connection();
        assert_eq!(lane.take(here, 0, 4), Ok(Taken::New));
        assert_eq!(lane.take(here, 0, 4), Ok(Taken::Before));
        assert_eq!(lane.take(here, 5, 1), Err(LaneError::Gap { position: 5, next: 4 }));
        assert_eq!(lane.take(here, 4, 7), Err(LaneError::BeyondCredit { end: 11, granted: 10 }));
        assert_eq!(lane.take(here, 4, 6), Ok(Taken::New));
        assert_eq!(lane.take(here, u64::MAX, u64::MAX), Err(LaneError::Gap { position: u64::MAX, next: 10 }));
        assert_eq!(lane.credit(), InputCredit { taken: 10, may_send_through: 10 });
    }

    #[test]
    fn what_leaves_the_queue_is_granted_anew() {
        let mut lane = Lane::new(10);
        lane.take(lane.connection(), 0, 10).expect("within the credit");
        assert_eq!(lane.grant(10), 0);
        lane.freed(6);
        assert_eq!((lane.could_grow(10), lane.grant(10), lane.queued()), (6, 6, 4));
        // A smaller window takes nothing back.
        assert_eq!(lane.grant(1), 0);
        assert_eq!(lane.credit().may_send_through, 16);
    }

    #[test]
    fn a_connection_that_was_left_is_not_heard_any_more() {
        let mut lane = Lane::new(10);
        let old = lane.connection();
        lane.take(old, 0, 4).expect("within the credit");
        let new = lane.move_on();
        assert_eq!(lane.take(old, 4, 4), Ok(Taken::Before));
        assert_eq!(lane.take(new, 4, 4), Ok(Taken::New));
    }
}

#[cfg(all(test, loom))]
mod model;
