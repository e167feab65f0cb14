//! Requests and their answers.

use std::{marker::PhantomData, sync::Arc, time::Duration};

use crossbeam_channel::{Receiver, RecvTimeoutError, TryRecvError, bounded};

use super::{Shared, WeakShared};
use crate::{
    frame::{Frame, FrameError},
    kind::Kind,
    message::{Error, ErrorCode, Message, Unsupported},
};

/// Why a request got no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The daemon refused.
    #[error("{text}")]
    Refused {
        /// For programs.
        code: ErrorCode,
        /// For people.
        text: String,
        /// When to ask again; zero if that would not help.
        retry: Duration,
    },
    /// The daemon does not know requests of this kind.
    #[error("the daemon is too old for this: it does not know {0}")]
    Unsupported(&'static str),
    /// There is no connection, or it ended before the answer.
    #[error("the connection to the daemon is gone")]
    Lost,
    /// No answer in time.
    #[error("the daemon does not answer (waited {0:?}): it may be stopped; see `scarabctl daemons`")]
    Hung(Duration),
    /// The request cannot be sent, or its answer not be read.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

/// A request on its way. Dropped, its answer is passed over.
#[derive(Debug)]
pub struct Pending<A> {
    answer: Receiver<Result<Frame, RequestError>>,
    kind: PhantomData<fn() -> A>,
    _ticket: Ticket,
}

impl<A: Message> Pending<A> {
    /// One without a connection to be sent on.
    pub(super) fn lost() -> Self {
        let (_, answer) = bounded(1);
        Self { answer, kind: PhantomData, _ticket: Ticket { shared: WeakShared::new(), number: 0 } }
    }

    /// The answer, if it has arrived. After it was given out, and when none will come, this is [`RequestError::Lost`].
    pub fn try_take(&self) -> Option<Result<A, RequestError>> {
        match self.answer.try_recv() {
            Ok(answer) => Some(read(answer)),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(RequestError::Lost)),
        }
    }

    /// Waits for the answer.
    ///
    /// # Errors
    /// As in [`RequestError`]; [`RequestError::Hung`] when `patience` is over.
    pub fn wait(self, patience: Duration) -> Result<A, RequestError> {
        match self.answer.recv_timeout(patience) {
            Ok(answer) => read(answer),
            Err(RecvTimeoutError::Timeout) => Err(RequestError::Hung(patience)),
            Err(RecvTimeoutError::Disconnected) => Err(RequestError::Lost),
        }
    }
}

/// A request's place among those that wait for an answer, given back when nobody waits any more: a daemon that hangs must
/// not make its clients grow.
#[derive(Debug)]
pub(super) struct Ticket {
    shared: WeakShared,
    number: u32,
}

impl Ticket {
    /// The answer is waited for, however long that takes. What is left is no request's ticket.
    pub(super) fn keep(mut self) -> Self {
        self.shared = WeakShared::new();
        self
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let Some(shared) = self.shared.upgrade() else { return };
        // In a statement of its own, so that the link is free again when what it held is dropped.
        let waiting = shared.lock().pending.remove(&self.number);
        drop(waiting);
    }
}

/// Takes the answer to a request, or why there is none; must not block.
pub(super) type Deliver = Box<dyn FnOnce(Result<Frame, RequestError>) + Send>;

/// Sends a request whose answer is waited for by a thread.
pub(super) fn send<Q: Message, A: Message>(shared: &Arc<Shared>, session: u32, request: &Q) -> Pending<A> {
    expect(|deliver| send_for(shared, session, request, deliver))
}

/// Makes an answer that a thread can wait for out of one that is delivered.
pub(super) fn expect<A: Message>(send: impl FnOnce(Deliver) -> Ticket) -> Pending<A> {
    // One place: a request has one answer.
    let (deliver, answer) = bounded(1);
    // Nobody may be waiting any more.
    let ticket = send(Box::new(move |answer| drop(deliver.try_send(answer))));
    Pending { answer, kind: PhantomData, _ticket: ticket }
}

/// Sends a request; the answer, or that there will be none, is given to `deliver`, if the ticket is still there then.
#[must_use]
pub(super) fn send_for<Q: Message>(shared: &Arc<Shared>, session: u32, request: &Q, deliver: Deliver) -> Ticket {
    let mut link = shared.lock();
    let number = link.next_request();
    let ticket = Ticket { shared: Arc::downgrade(shared), number };
    let error = match (link.sender.clone(), Frame::new(session, number, request)) {
        (_, Err(error)) => error.into(),
        (None, _) => RequestError::Lost,
        (Some(sender), Ok(frame)) => {
            // Known before it is sent, because the answer may be faster than we are.
            link.pending.insert(number, deliver);
            if sender.send(frame).is_ok() {
                return ticket;
            }
            let Some(deliver) = link.pending.remove(&number) else { return ticket };
            drop(link);
            deliver(Err(RequestError::Lost));
            return ticket;
        }
    };
    drop(link);
    deliver(Err(error));
    ticket
}

/// Reads the answer to a request.
pub(super) fn read<A: Message>(answer: Result<Frame, RequestError>) -> Result<A, RequestError> {
    let frame = answer?;
    match frame.kind() {
        Some(Kind::Error) => {
            let Error { code, text, retry_ms } = frame.read()?;
            let retry = Duration::from_millis(retry_ms.into());
            Err(RequestError::Refused { code, text: printable(&text), retry })
        }
        Some(Kind::Unsupported) => {
            let Unsupported { kind } = frame.read()?;
            Err(RequestError::Unsupported(Kind::from_number(kind).map_or("this request", Kind::name)))
        }
        _ => Ok(frame.read()?),
    }
}

/// A peer's text without what would move a terminal's cursor.
pub(super) fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}
