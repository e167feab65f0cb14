//! The input of a session on its way to its program.
//!
//! There is one queue for a session and a *lane* in it for each client: its position, its credit, and how much of the
//! queue it has. An item is *taken* when it is appended, whole, under the queue's lock. Whoever appends to an idle
//! queue writes to the PTY at once, without blocking; what the PTY does not take is written by a thread that is started
//! for it and ends when the queue is empty.

mod item;
mod pump;
mod writer;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use scarab_protocol::{message::InputCredit, paste::PasteEncoder, surface::Modes};

use self::item::Item;
pub(crate) use self::item::{Bytes, What};
use self::pump::Current;
use crate::{
    deadline::{Deadlines, Ticket},
    platform::{poll::Waker, pty::Master},
};

/// How much of the queue a client may fill, counted as positions are. Beyond its credit nothing is accepted.
const WINDOW: u64 = 1024 * 1024;
/// Credit is told anew when it can grow by this much, so that acknowledgements coalesce.
const WORTH_TELLING: u64 = WINDOW / 2;
/// The most bytes of answers to the program's queries that wait; what comes beyond is dropped, because a program
/// that does not read its answers has no use for more.
const MAX_ANSWERS: usize = 64 * 1024;
/// For so long others wait for the next piece of a paste.
const PASTE_PATIENCE: Duration = Duration::from_secs(5);

/// Hears how far a client's input was taken.
type CreditSink = Box<dyn Fn(InputCredit) + Send>;

/// What a client did that the protocol forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InputError {
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

/// The input queue of one session.
pub(crate) struct InputQueue {
    session: u32,
    deadlines: Deadlines,
    /// The program's modes, as bits of [`Modes`]; stored by the screen thread.
    modes: AtomicU64,
    state: Mutex<State>,
}

struct State {
    /// Bounded by the lanes' credit.
    items: VecDeque<Item>,
    /// What is being written.
    current: Option<Current>,
    answers: Vec<u8>,
    paste: Option<OpenPaste>,
    lanes: BTreeMap<u64, Lane>,
    next_lane: u64,
    next_paste: u64,
    /// What lanes without a client still have in the queue. It is taken off everybody's credit, or
    /// a client that comes and goes could fill the queue without bound.
    orphaned: u64,
    /// The PTY; `None` once the session has ended.
    master: Option<Arc<Master>>,
    /// Wakes the writer thread; there is one while the PTY takes no more.
    writer: Option<Waker>,
}

struct Lane {
    /// Where the next item begins.
    next: u64,
    /// How far the client may send.
    granted: u64,
    /// How much it has in the queue.
    queued: u64,
    /// Its client has left.
    gone: bool,
    observe: bool,
    tell: CreditSink,
}

struct OpenPaste {
    number: u64,
    lane: u64,
    bracketed: bool,
    encoder: PasteEncoder,
    /// Ends it if its next piece does not come.
    expiry: Option<Ticket>,
}

impl InputQueue {
    /// An empty queue to a PTY.
    pub(crate) fn new(session: u32, deadlines: Deadlines, master: Arc<Master>) -> Arc<Self> {
        let state = State {
            items: VecDeque::new(),
            current: None,
            answers: Vec::new(),
            paste: None,
            lanes: BTreeMap::new(),
            next_lane: 1,
            next_paste: 1,
            orphaned: 0,
            master: Some(master),
            writer: None,
        };
        Arc::new(Self { session, deadlines, modes: AtomicU64::new(0), state: Mutex::new(state) })
    }

    /// Says in which modes the program is now. Whatever leaves the queue from now on is encoded so.
    pub(crate) fn set_modes(&self, modes: Modes) {
        self.modes.store(modes.bits(), Ordering::Relaxed);
    }

    /// A lane for a client, whose credit is told to `tell`, which must not block. An observer's has no credit.
    pub(crate) fn open_lane(&self, observe: bool, tell: impl Fn(InputCredit) + Send + 'static) -> u64 {
        let mut state = self.lock();
        let number = state.next_lane;
        state.next_lane += 1;
        let granted = if observe { 0 } else { WINDOW.saturating_sub(state.orphaned) };
        let lane = Lane { next: 0, granted, queued: 0, gone: false, observe, tell: Box::new(tell) };
        state.lanes.insert(number, lane);
        number
    }

    /// How far a lane's input was taken, and how far it may go on.
    pub(crate) fn credit(&self, lane: u64) -> InputCredit {
        let state = self.lock();
        state.lanes.get(&lane).map_or(InputCredit { taken: 0, may_send_through: 0 }, Lane::credit)
    }

    /// Takes an item that begins at a position. One that was taken before is dropped; after the session's
    /// end all are.
    ///
    /// # Errors
    /// [`InputError`], after which nothing of that client makes sense any more.
    pub(crate) fn take(self: &Arc<Self>, lane: u64, position: u64, what: What) -> Result<(), InputError> {
        let mut state = self.lock();
        if state.master.is_none() {
            return Ok(());
        }
        let Some(own) = state.lanes.get_mut(&lane) else { return Ok(()) };
        let cost = what.cost();
        if position != own.next {
            return if position < own.next { Ok(()) } else { Err(InputError::Gap { position, next: own.next }) };
        }
        let end = position.saturating_add(cost);
        if end > own.granted {
            return Err(InputError::BeyondCredit { end, granted: own.granted });
        }
        own.next = end;
        own.queued += cost;
        let merged = state.items.back_mut().is_some_and(|last| last.merge(lane, &what, cost));
        if !merged {
            state.items.push_back(Item { lane, cost, what });
        }
        if state.writer.is_none() {
            self.pump(&mut state);
        }
        Ok(())
    }

    /// Takes answers to the program's queries.
    pub(crate) fn answer(self: &Arc<Self>, answers: &[u8]) {
        let mut state = self.lock();
        if state.master.is_none() || answers.is_empty() {
            return;
        }
        if state.answers.len() + answers.len() > MAX_ANSWERS {
            tracing::debug!(session = self.session, "answers were dropped: the program does not read them");
            return;
        }
        state.answers.extend_from_slice(answers);
        if state.writer.is_none() {
            self.pump(&mut state);
        }
    }

    /// Drops what a client has in the queue, ends its paste, and tells it its credit.
    pub(crate) fn cancel(self: &Arc<Self>, lane: u64) {
        let mut state = self.lock();
        let mut dropped = 0;
        state.items.retain(|item| {
            let own = item.lane == lane;
            dropped += if own { item.cost } else { 0 };
            !own
        });
        if let Some(current) = &mut state.current {
            current.cut_short(lane);
        }
        if state.paste.as_ref().is_some_and(|open| open.lane == lane) {
            self.end_paste(&mut state);
        }
        if let Some(own) = state.lanes.get_mut(&lane) {
            own.queued -= dropped;
            own.granted = if own.observe { 0 } else { own.granted.max(own.next) };
        }
        self.pump(&mut state);
        state.tell(lane);
    }

    /// A client has left. What it has in the queue stays; a paste that it has not ended ends after that.
    pub(crate) fn leave(self: &Arc<Self>, lane: u64) {
        let mut state = self.lock();
        let Some(own) = state.lanes.get_mut(&lane).filter(|own| !own.gone) else { return };
        own.gone = true;
        let queued = own.queued;
        state.orphaned += queued;
        state.forget_if_done(lane);
        self.pump(&mut state);
    }

    /// The session has ended: nothing is written any more, and the PTY is let go.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.master = None;
        state.items.clear();
        state.current = None;
        state.answers.clear();
        if let Some(ticket) = state.paste.take().and_then(|open| open.expiry) {
            self.deadlines.cancel(ticket);
        }
        if let Some(waker) = state.writer.take() {
            waker.wake();
        }
    }

    fn modes(&self) -> Modes {
        Modes::from_bits_retain(self.modes.load(Ordering::Relaxed))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    fn credit(&self) -> InputCredit {
        InputCredit { taken: self.next, may_send_through: self.granted }
    }
}

impl State {
    /// Something of a lane has left the queue.
    fn freed(&mut self, lane: u64, cost: u64) {
        if let Some(own) = self.lanes.get_mut(&lane) {
            own.queued -= cost;
            if own.gone {
                self.orphaned -= cost;
            }
        }
        self.forget_if_done(lane);
    }

    fn forget_if_done(&mut self, lane: u64) {
        if self.lanes.get(&lane).is_some_and(|own| own.gone && own.queued == 0) {
            self.lanes.remove(&lane);
        }
    }

    /// Tells clients of credit that has grown enough to be worth telling. The telling does not block, and happens
    /// under the lock so that an older credit never follows a newer one.
    fn grant(&mut self) {
        for lane in self.lanes.values_mut().filter(|lane| !lane.gone && !lane.observe) {
            let free = WINDOW.saturating_sub(lane.queued).saturating_sub(self.orphaned);
            let possible = lane.next + free;
            if possible >= lane.granted + WORTH_TELLING {
                lane.granted = possible;
                (lane.tell)(lane.credit());
            }
        }
    }

    fn tell(&self, lane: u64) {
        if let Some(own) = self.lanes.get(&lane) {
            (own.tell)(own.credit());
        }
    }
}
