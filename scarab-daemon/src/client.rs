//! A client: its connection, and what it is attached to.

mod attach;
mod config;
mod documents;
mod events;
mod greet;
mod input;
mod pace;
mod plugins;
mod reader;
mod requests;
pub(crate) mod resume;
mod rows;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use scarab_protocol::{
    frame::Frame,
    message::{Error, ErrorCode, Message, Role},
    transport::{FrameSender, Outgoing, SendError},
};

pub(crate) use self::{greet::turn_away, reader::serve};
use crate::{
    events::Subscription,
    session::{Session, attachment::Attachment, input_queue::LaneKey},
};
use pace::Pace;
use resume::Token;

/// The most bytes that wait for a client that does not read. One that gets more than that behind is closed, because
/// it has lost track of what it was told. There is room for what a program can have its clients told, the
/// largest clipboard on its way and the next one behind it, so that no program can have them closed.
pub(crate) const MAX_QUEUED: usize = 4 * 1024 * 1024;

/// A client, as all threads see it.
pub(crate) struct Client {
    /// Its number in the daemon's life.
    pub(crate) number: u32,
    /// The program's name, from its hello.
    pub(crate) program: String,
    /// What it may do.
    pub(crate) role: Role,
    pace: Pace,
    /// Its last words are queued: nothing that it says counts any more.
    closing: AtomicBool,
    sender: FrameSender,
    subscription: Arc<Subscription>,
    token: Mutex<Token>,
    held: Mutex<Held>,
}

/// What is undone when the client goes.
#[derive(Default)]
pub(crate) struct Held {
    attachments: HashMap<u32, Arc<Attachment>>,
    /// Lanes from its connection before, of sessions that it has not joined again yet.
    parked: HashMap<u32, (Weak<Session>, LaneKey)>,
    /// Sessions it has made and may not have attached yet.
    made: Vec<Weak<Session>>,
    /// The connection is gone, or the client has come on another: it gets nothing any more, and what is said on it still could only
    /// mislead.
    gone: bool,
}

impl Client {
    /// A client that was greeted. Its sender calls [`Subscription::has_room`] of the subscription.
    pub(crate) fn new(
        number: u32,
        program: String,
        role: Role,
        token: Token,
        sender: FrameSender,
        subscription: Arc<Subscription>,
    ) -> Arc<Self> {
        Arc::new(Self {
            number,
            program,
            role,
            pace: Pace::new(),
            closing: AtomicBool::new(false),
            sender,
            subscription,
            token: Mutex::new(token),
            held: Mutex::default(),
        })
    }

    /// What names it when it comes back.
    fn token(&self) -> Token {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is the client that has this token.
    fn rename(&self, token: Token) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = token;
    }

    /// Sends a frame, now or when the client reads. A client that is too far behind is closed.
    pub(crate) fn send(&self, outgoing: impl Into<Outgoing>) {
        match self.sender.send(outgoing) {
            Ok(()) | Err(SendError::Closed) => {}
            Err(SendError::Full) => {
                tracing::warn!(client = self.number, program = %self.program, "closed: it does not read");
                self.close_with(ErrorCode::TooSlow, "this client did not read what it was told: connect again");
            }
        }
    }

    /// Sends a message. `request` is the one it answers, `session` the one it is about; 0 for none.
    pub(crate) fn tell<M: Message>(&self, session: u32, request: u32, message: &M) {
        match Frame::new(session, request, message) {
            Ok(frame) => self.send(frame),
            Err(error) => tracing::error!(%error, kind = M::KIND.name(), "a message was not sent"),
        }
    }

    /// Sends a message that makes an earlier one of its kind and session superfluous.
    pub(crate) fn tell_newest<M: Message>(&self, session: u32, message: &M) {
        match Frame::new(session, 0, message) {
            Ok(frame) => self.send(Outgoing::newest(frame)),
            Err(error) => tracing::error!(%error, kind = M::KIND.name(), "a message was not sent"),
        }
    }

    /// Refuses a request. One without a number has nobody who waits, and an error without a number would be the end.
    pub(crate) fn refuse(&self, request: u32, code: ErrorCode, text: impl Into<String>) {
        let text = text.into();
        if request == 0 {
            tracing::debug!(client = self.number, ?code, text, "a message was ignored");
        } else {
            self.tell(0, request, &Error::new(code, text));
        }
    }

    /// Refuses a request that may come again after a while. Without a number it is lost.
    pub(crate) fn refuse_for_now(&self, request: u32, what: &str, wait: Duration) {
        let retry_ms = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX).max(1);
        if request != 0 {
            let text = format!("{what}: try again in {retry_ms} ms");
            self.tell(0, request, &Error { code: ErrorCode::RateLimited, text, retry_ms });
        }
    }

    /// Waits for the client to take what was sent, but not for long.
    pub(crate) fn flush(&self, patience: Duration) -> bool {
        self.sender.flush(patience)
    }

    /// How many bytes wait for the client.
    pub(crate) fn queued_bytes(&self) -> usize {
        self.sender.queued_bytes()
    }

    /// The place of its subscription to events.
    pub(crate) fn subscription(&self) -> &Subscription {
        &self.subscription
    }

    /// Ends the connection.
    pub(crate) fn close(&self) {
        self.sender.close();
    }

    /// Ends the connection with the reason as the last thing that is said on it. What was still queued is not.
    pub(crate) fn close_with(&self, code: ErrorCode, text: impl Into<String>) {
        match Frame::new(0, 0, &Error::new(code, text)) {
            Ok(frame) => self.sender.finish(frame),
            Err(_) => self.sender.close(),
        }
        // Behind that: the client's thread ends the connection as soon as it sees this and nothing is left to be written.
        self.closing.store(true, Ordering::Relaxed);
    }

    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// Everything that it holds, which it does not hold any more.
    pub(crate) fn take_held(&self) -> Held {
        std::mem::replace(&mut self.lock(), Held { gone: true, ..Held::default() })
    }

    /// Whether what it held was taken from it.
    pub(crate) fn is_gone(&self) -> bool {
        self.lock().gone
    }

    /// What ties the client to a session.
    pub(crate) fn attachment(&self, session: u32) -> Option<Arc<Attachment>> {
        self.lock().attachments.get(&session).cloned()
    }

    /// Whether this is what ties the client to a session.
    pub(crate) fn holds(&self, session: u32, attachment: &Arc<Attachment>) -> bool {
        self.lock().attachments.get(&session).is_some_and(|held| Arc::ptr_eq(held, attachment))
    }

    /// The session has let the client go.
    pub(crate) fn forget_attachment(&self, session: u32, attachment: &Arc<Attachment>) {
        let mut held = self.lock();
        if held.attachments.get(&session).is_some_and(|own| Arc::ptr_eq(own, attachment)) {
            held.attachments.remove(&session);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
