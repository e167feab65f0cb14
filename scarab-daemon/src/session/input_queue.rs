//! The input of a session on its way to its program.
//!
//! There is one queue for a session and a *lane* in it for each client: its position, its credit, and how much of the
//! queue it has ([`Lane`]). An item is *taken* when it is appended, whole, under the queue's lock. Whoever appends to an idle
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

use scarab_protocol::{
    ids::TermSize,
    lane::{Connection, Lane, LaneError, Taken},
    message::InputCredit,
    paste::PasteEncoder,
    surface::Modes,
};

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

/// Names a lane, for the connection that it listens to. What another connection says with the lane's old key is not heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LaneKey {
    /// The lane's number: no two lanes of a session share one.
    pub(crate) number: u64,
    connection: Connection,
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
    /// The screen's size, which reports of the mouse in pixels (1016) are of.
    size: TermSize,
    /// The place that the last report of the mouse named.
    pointed_at: Option<(u64, u64)>,
    /// Bounded by the lanes' credit.
    items: VecDeque<Item>,
    /// What is being written.
    current: Option<Current>,
    answers: Vec<u8>,
    paste: Option<OpenPaste>,
    lanes: BTreeMap<u64, Seat>,
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

struct Seat {
    lane: Lane,
    client: Whereabouts,
    observe: bool,
    tell: CreditSink,
}

/// What has become of a lane's client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whereabouts {
    /// Attached.
    Here,
    /// Its connection is gone, and it may come back.
    Away,
    /// It has left for good: the lane goes when nothing of it waits any more.
    Gone,
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
    /// An empty queue to a PTY of this size.
    pub(crate) fn new(session: u32, deadlines: Deadlines, master: Arc<Master>, size: TermSize) -> Arc<Self> {
        let state = State {
            size,
            pointed_at: None,
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

    /// Says what size the screen has now. Reports of the mouse that leave the queue from now on are of that.
    pub(crate) fn set_size(&self, size: TermSize) {
        self.lock().size = size;
    }

    /// A lane for a client, whose credit is told to `tell`, which must not block. An observer's has no credit.
    pub(crate) fn open_lane(&self, observe: bool, tell: impl Fn(InputCredit) + Send + 'static) -> LaneKey {
        let mut state = self.lock();
        let number = state.next_lane;
        state.next_lane += 1;
        let lane = Lane::new(if observe { 0 } else { state.window() });
        let key = LaneKey { number, connection: lane.connection() };
        state.lanes.insert(number, Seat { lane, client: Whereabouts::Here, observe, tell: Box::new(tell) });
        key
    }

    /// Keeps a lane whose client's connection is gone, for when it comes back.
    pub(crate) fn park(&self, key: LaneKey) {
        let mut state = self.lock();
        if let Some(queued) = state.seat(key).and_then(|seat| seat.go(Whereabouts::Away)) {
            state.orphaned += queued;
        }
    }

    /// The client of a lane is on another connection now: the one it had is not heard any more, whatever it has
    /// still read. The lane stays parked until the client joins the session again.
    pub(crate) fn move_on(&self, number: u64) -> Option<LaneKey> {
        let mut state = self.lock();
        let seat = state.lanes.get_mut(&number).filter(|seat| seat.client != Whereabouts::Gone)?;
        let connection = seat.lane.move_on();
        if let Some(queued) = seat.go(Whereabouts::Away) {
            state.orphaned += queued;
        }
        Some(LaneKey { number, connection })
    }

    /// The client of a parked lane has joined the session again. False if there is no such lane any more.
    pub(crate) fn rejoin(&self, key: LaneKey, tell: impl Fn(InputCredit) + Send + 'static) -> bool {
        let mut state = self.lock();
        let Some(seat) = state.seat(key).filter(|seat| seat.client == Whereabouts::Away) else { return false };
        seat.client = Whereabouts::Here;
        seat.tell = Box::new(tell);
        let queued = seat.lane.queued();
        state.orphaned -= queued;
        true
    }

    /// How far a lane's input was taken.
    pub(crate) fn taken(&self, key: LaneKey) -> u64 {
        self.lock().seat(key).map_or(0, |seat| seat.lane.credit().taken)
    }

    /// How far a lane's input was taken, and how far it may go on: as far as there is room now.
    pub(crate) fn credit(&self, key: LaneKey) -> InputCredit {
        let mut state = self.lock();
        let window = state.window();
        state.seat(key).map_or(InputCredit { taken: 0, may_send_through: 0 }, |seat| {
            if !seat.observe {
                seat.lane.grant(window);
            }
            seat.lane.credit()
        })
    }

    /// Takes an item that begins at a position. One that was taken before is dropped; after the session's
    /// end all are.
    ///
    /// # Errors
    /// [`LaneError`], after which nothing of that client makes sense any more.
    pub(crate) fn take(self: &Arc<Self>, key: LaneKey, position: u64, what: What) -> Result<(), LaneError> {
        let mut state = self.lock();
        if state.master.is_none() {
            return Ok(());
        }
        let cost = what.cost();
        let Some(seat) = state.seat(key) else { return Ok(()) };
        if seat.lane.take(key.connection, position, cost)? == Taken::Before {
            return Ok(());
        }
        let merged = state.items.back_mut().is_some_and(|last| last.merge(key.number, &what, cost));
        if !merged {
            state.items.push_back(Item { lane: key.number, cost, what });
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
    pub(crate) fn cancel(self: &Arc<Self>, key: LaneKey) {
        let mut state = self.lock();
        if state.seat(key).is_none() {
            return;
        }
        let lane = key.number;
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
        if let Some(seat) = state.seat(key) {
            seat.lane.freed(dropped);
        }
        self.pump(&mut state);
        if let Some(seat) = state.seat(key) {
            (seat.tell)(seat.lane.credit());
        }
    }

    /// A client has left. What it has in the queue stays; a paste that it has not ended ends after that.
    pub(crate) fn leave(self: &Arc<Self>, key: LaneKey) {
        let mut state = self.lock();
        let Some(seat) = state.seat(key) else { return };
        let before = seat.client;
        if let Some(queued) = seat.go(Whereabouts::Gone)
            && before == Whereabouts::Here
        {
            state.orphaned += queued;
        }
        state.forget_if_done(key.number);
        self.pump(&mut state);
    }

    /// Types bytes for somebody who is no client, and has no more to say. False if there is no room for all of them.
    pub(crate) fn type_in(self: &Arc<Self>, bytes: Vec<u8>) -> bool {
        let key = self.open_lane(false, |_| {});
        let InputCredit { taken, may_send_through } = self.credit(key);
        let fits = bytes.len() as u64 <= may_send_through - taken;
        let typed = fits && self.take(key, taken, What::Bytes(Bytes::Own(bytes))).is_ok();
        self.leave(key);
        typed
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

    /// How many lanes there are.
    #[cfg(all(test, unix))]
    pub(crate) fn seats(&self) -> usize {
        self.lock().lanes.len()
    }

    fn modes(&self) -> Modes {
        Modes::from_bits_retain(self.modes.load(Ordering::Relaxed))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// The client goes from here, or from further than here. Gives back what it has in the queue, if it had not gone so far.
    fn go(&mut self, whereto: Whereabouts) -> Option<u64> {
        if self.client == whereto || self.client == Whereabouts::Gone {
            return None;
        }
        self.client = whereto;
        Some(self.lane.queued())
    }
}

impl State {
    /// The seat of a key that is still good.
    fn seat(&mut self, key: LaneKey) -> Option<&mut Seat> {
        self.lanes.get_mut(&key.number).filter(|seat| seat.lane.connection() == key.connection)
    }

    /// How much of the queue one client may fill.
    fn window(&self) -> u64 {
        WINDOW.saturating_sub(self.orphaned)
    }

    /// Something of a lane has left the queue.
    fn freed(&mut self, lane: u64, cost: u64) {
        if let Some(seat) = self.lanes.get_mut(&lane) {
            seat.lane.freed(cost);
            if seat.client != Whereabouts::Here {
                self.orphaned -= cost;
            }
        }
        self.forget_if_done(lane);
    }

    fn forget_if_done(&mut self, lane: u64) {
        if self.lanes.get(&lane).is_some_and(|seat| seat.client == Whereabouts::Gone && seat.lane.queued() == 0) {
            self.lanes.remove(&lane);
        }
    }

    /// Tells clients of credit that has grown enough to be worth telling. The telling does not block, and happens
    /// under the lock so that an older credit never follows a newer one.
    fn grant(&mut self) {
        let window = self.window();
        let here = |seat: &&mut Seat| seat.client == Whereabouts::Here && !seat.observe;
        for seat in self.lanes.values_mut().filter(here) {
            if seat.lane.could_grow(window) >= WORTH_TELLING {
                seat.lane.grant(window);
                (seat.tell)(seat.lane.credit());
            }
        }
    }
}
