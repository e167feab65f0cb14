//! What a session's screen thread is asked for.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crossbeam_channel::Sender;
use scarab_protocol::{
    ids::TermSize,
    message::{ErrorCode, Exit},
};

use super::attachment::Attachment;
use crate::{client::Client, platform::poll::Waker};

/// The most requests that wait, beside those to join. They are taken between two reads of output, so that this many
/// are a flood; one more is refused, and its client is told.
const MAX_REQUESTS: usize = 256;

/// A request to join. Answered by `Attached`.
pub(crate) struct Join {
    /// Who joins.
    pub(crate) attachment: Arc<Attachment>,
    /// The number of the client's request.
    pub(crate) request: u32,
    /// The client's size, if it has one.
    pub(crate) size: Option<TermSize>,
}

impl Join {
    /// Tells the client that a later request has come before this one was served.
    pub(crate) fn refuse(&self) {
        let why = "another request took the place of this one";
        self.attachment.client.refuse(self.request, ErrorCode::BadRequest, why);
    }
}

/// A request that only whoever has the screen can answer.
pub(crate) enum Request {
    /// Join.
    Attach(Join),
    /// Lines of scrollback. Answered by `ScrollbackRows`.
    Scrollback {
        /// Who asks.
        client: Arc<Client>,
        /// The number of the client's request.
        request: u32,
        /// The first line wanted.
        first: u64,
        /// How many lines at most.
        count: u32,
    },
    /// Drop the scrollback. Answered by `Done`.
    Clear {
        /// Who asks.
        client: Arc<Client>,
        /// The number of the client's request.
        request: u32,
    },
    /// Tell all who are attached that the session has another name.
    Renamed(String),
    /// Put what has been interpreted on the surface, but for a synchronized update that goes on, without waiting until it is time for
    /// that. Whoever waits knows that it is
    /// done when this is dropped.
    Show(Sender<()>),
}

impl Request {
    /// Tells who asks that the session of this number has been forgotten meanwhile.
    pub(crate) fn refuse(self, session: u32) {
        let gone = |client: &Client, request| client.refuse(request, ErrorCode::NoSuchSession, "the session is gone");
        match self {
            Self::Attach(Join { attachment, request, .. }) => {
                attachment.client.forget_attachment(session, &attachment);
                gone(&attachment.client, request);
            }
            Self::Scrollback { client, request, .. } | Self::Clear { client, request } => gone(&client, request),
            // Nobody is left to be told, and whoever waits for the surface goes on when this is dropped.
            Self::Renamed(_) | Self::Show(_) => {}
        }
    }
}

/// Why a request was not taken.
pub(crate) enum Refused {
    /// Too many are waiting.
    Full,
    /// The thread has ended; the request can be served by the caller.
    Ended(Request),
}

/// Everything that came in since the last look.
#[derive(Default)]
pub(crate) struct Mail {
    /// Requests, in order.
    pub(crate) requests: VecDeque<Request>,
    /// The size that the session is to have, if that has changed.
    pub(crate) size: Option<TermSize>,
    /// How many lines of scrollback it is to have, if that has changed.
    pub(crate) scrollback: Option<usize>,
    /// How the program ended, once it has.
    pub(crate) exit: Option<Exit>,
}

/// The inbox of one screen thread. Requests are bounded; of sizes and lengths only the newest is kept, and there is one exit.
pub(crate) struct Inbox {
    state: Mutex<State>,
    waker: Waker,
}

#[derive(Default)]
struct State {
    mail: Mail,
    closed: bool,
}

impl Inbox {
    /// An empty inbox, whose thread is woken so.
    pub(crate) fn new(waker: Waker) -> Self {
        Self { state: Mutex::default(), waker }
    }

    /// Asks for something.
    ///
    /// # Errors
    /// [`Refused`], with the request if the caller is to serve it.
    pub(crate) fn request(&self, request: Request) -> Result<(), Refused> {
        let mut state = self.lock();
        if state.closed {
            return Err(Refused::Ended(request));
        }
        let others = state.mail.requests.iter().filter(|waiting| !matches!(waiting, Request::Attach(_)));
        if others.count() >= MAX_REQUESTS {
            return Err(Refused::Full);
        }
        state.mail.requests.push_back(request);
        drop(state);
        self.waker.wake();
        Ok(())
    }

    /// Asks to join. Nobody is refused, because somebody may come back to what he has typed; of one client only the last request
    /// waits, so that there are no more than clients. Gives back the one before.
    ///
    /// # Errors
    /// With the request, which the caller is to serve, if the thread has ended.
    pub(crate) fn join(&self, join: Join) -> Result<Option<Join>, Join> {
        let mut state = self.lock();
        if state.closed {
            return Err(join);
        }
        let requests = &mut state.mail.requests;
        let is_same = |waiting: &Request| matches!(waiting, Request::Attach(other) if Arc::ptr_eq(&other.attachment.client, &join.attachment.client));
        let before = requests.iter().position(is_same).and_then(|at| requests.remove(at));
        requests.push_back(Request::Attach(join));
        drop(state);
        self.waker.wake();
        Ok(before.and_then(|before| match before {
            Request::Attach(before) => Some(before),
            _ => None,
        }))
    }

    /// Has the size changed.
    pub(crate) fn resize(&self, size: TermSize) {
        self.lock().mail.size = Some(size);
        self.waker.wake();
    }

    /// Has the length of the scrollback changed; false if the thread has ended and the caller is to see to it.
    pub(crate) fn set_scrollback(&self, lines: usize) -> bool {
        let mut state = self.lock();
        if !state.closed {
            state.mail.scrollback = Some(lines);
        }
        let taken = !state.closed;
        drop(state);
        if taken {
            self.waker.wake();
        }
        taken
    }

    /// The program has ended.
    pub(crate) fn exited(&self, exit: Exit) {
        self.lock().mail.exit = Some(exit);
        self.waker.wake();
    }

    /// Takes everything out.
    pub(crate) fn take(&self) -> Mail {
        std::mem::take(&mut self.lock().mail)
    }

    /// Closes the inbox for good, and takes out what came until now.
    pub(crate) fn close(&self) -> Mail {
        let mut state = self.lock();
        state.closed = true;
        std::mem::take(&mut state.mail)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
