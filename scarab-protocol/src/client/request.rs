//! Requests and their answers.

use std::{marker::PhantomData, sync::Arc, time::Duration};

use crossbeam_channel::{Receiver, RecvTimeoutError, TryRecvError, bounded};

use super::Shared;
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

/// A request on its way.
#[derive(Debug)]
pub struct Pending<A> {
    answer: Receiver<Result<Frame, RequestError>>,
    kind: PhantomData<fn() -> A>,
}

impl<A: Message> Pending<A> {
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

/// Takes the answer to a request, or why there is none; must not block.
pub(super) type Deliver = Box<dyn FnOnce(Result<Frame, RequestError>) + Send>;

/// Sends a request whose answer is waited for by a thread.
pub(super) fn send<Q: Message, A: Message>(shared: &Arc<Shared>, session: u32, request: &Q) -> Pending<A> {
    // One place: a request has one answer.
    let (deliver, answer) = bounded(1);
    // Nobody may be waiting any more.
    send_for(shared, session, request, Box::new(move |answer| drop(deliver.try_send(answer))));
    Pending { answer, kind: PhantomData }
}

/// Sends a request; the answer, or that there will be none, is given to `deliver`.
pub(super) fn send_for<Q: Message>(shared: &Arc<Shared>, session: u32, request: &Q, deliver: Deliver) {
    let mut link = shared.lock();
    let Some(sender) = link.sender.clone() else {
        drop(link);
        return deliver(Err(RequestError::Lost));
    };
    let number = link.next_request();
    let frame = match Frame::new(session, number, request) {
        Ok(frame) => frame,
        Err(error) => {
            drop(link);
            return deliver(Err(error.into()));
        }
    };
    // Known before it is sent, because the answer may be faster than we are.
    link.pending.insert(number, deliver);
    if sender.send(frame).is_err()
        && let Some(deliver) = link.pending.remove(&number)
    {
        drop(link);
        deliver(Err(RequestError::Lost));
    }
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
