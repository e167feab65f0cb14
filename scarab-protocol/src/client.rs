//! A client on threads (feature `client`): what `scarabctl` and the Bevy suite stand on. In `client::tokio` (feature `tokio`) is the same
//! for programs that live in Tokio.
//!
//! A [`Client`] keeps one connection to a daemon. Its thread connects, says hello, reads, and, if it may, connects
//! again with exponential backoff and jitter; a writer thread is started only when the daemon does not take at once
//! what is sent. An [`Attachment`] is the client's end of one session: the newest grid, title, exit and so on in one
//! slot, and the input that is on its way. Nothing here waits for the daemon but [`Pending::wait`] and [`Client::connect`].
//!
//! Inside, what is known and what follows from it (`link`, `dispatch`, `attachment`, `outbox`, `request`) is apart from how bytes
//! move (`thread` here, `tokio::task` there): frames that were read go into `dispatch`, and frames to be sent go to an `Outlet`.

mod attachment;
mod connect;
mod dispatch;
mod environment;
mod feed;
mod link;
mod outbox;
mod request;
mod scrollback;
mod thread;
#[cfg(feature = "tokio")]
pub mod tokio;

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender, bounded};

pub use attachment::{AttachOptions, AttachState, Attachment, Phase};
pub use connect::{ConnectError, Connected, HELLO_PATIENCE};
pub use environment::client_environment;
pub use feed::FeedItem;
pub use outbox::{HELD_LIMIT, InputRejected};
pub use request::{Pending, RequestError};

use crate::{
    endpoint::Address,
    message::{Config, Message, Subscribe, Subscribed},
    transport::FrameReader,
};
use link::Link;
use thread::Orders;

/// Called by the client's threads when something has arrived or changed; must not block.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Starts a daemon and comes back when it serves, or says in one line why not.
pub type Launch = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// How a client connects.
#[derive(Clone)]
pub struct ClientOptions {
    /// The daemon.
    pub address: Address,
    /// This program and its version, as `name 1.2.3`; the daemon shows the name.
    pub build: String,
    /// The file with the token to show to a daemon that wants one; `None` for the one that the environment names, or the daemon's
    /// own ([`find_token`](crate::trust::token::find_token)).
    pub token_file: Option<PathBuf>,
    /// Whether to connect again when the connection is lost, or could not be made.
    pub reconnect: bool,
    /// Whether the daemon's configuration is asked for whenever the connection stands ([`Client::config`]).
    pub follow_config: bool,
    /// Whether surfaces are mapped; if not, rows come over the connection.
    pub map: bool,
    /// Starts a daemon if none answers the first time, and when [`Client::launch`] asks for it.
    pub launch: Option<Launch>,
    /// Called when something has arrived or changed.
    pub wake: Wake,
}

impl ClientOptions {
    /// A client that connects once, maps surfaces, and starts no daemon.
    pub fn new(address: Address, build: impl Into<String>) -> Self {
        Self {
            address,
            build: build.into(),
            token_file: None,
            reconnect: false,
            follow_config: false,
            map: cfg!(unix),
            launch: None,
            wake: Arc::new(|| {}),
        }
    }
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientOptions")
            .field("address", &self.address)
            .field("build", &self.build)
            .finish_non_exhaustive()
    }
}

/// What a client's connection is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Trying for the first time, or again.
    Connecting,
    /// Starting a daemon, because none answered.
    Launching,
    /// The connection stands.
    Connected(Connected),
    /// Waiting before the next try.
    Waiting {
        /// How many tries have failed since the connection was last there.
        tries: u32,
        /// When the next one starts.
        until: Instant,
        /// Why the last one failed, in one line.
        why: String,
    },
    /// Ended: closed by its owner, or lost without leave to reconnect.
    Closed {
        /// Why, in one line.
        why: String,
    },
}

/// Something that happened and must not be replaced by what happens later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientEvent {
    /// A program wants a text on the clipboard (OSC 52).
    Clipboard {
        /// The session's number.
        session: u32,
        /// Whether the primary selection is meant.
        primary: bool,
        /// The text.
        text: String,
    },
    /// The daemon said that it ends, and why.
    ShuttingDown {
        /// Why.
        reason: String,
    },
    /// Input was thrown away that the session is not known to have taken: it is gone, or does not know this client any more. Some
    /// of it may have arrived.
    InputDiscarded {
        /// The session's name.
        session: String,
        /// How many bytes of text; mouse and focus count none.
        bytes: u64,
    },
    /// The daemon refused something that nobody waits for.
    Refused {
        /// For people.
        text: String,
    },
}

/// The most events kept for an owner that does not fetch them. The oldest are dropped beyond that, and counted.
const MAX_EVENTS: usize = 256;

/// One connection to a daemon, for as long as this lives. Dropping it ends the connection and its threads.
pub struct Client {
    shared: Arc<Shared>,
    orders: Arc<Orders>,
    thread: Option<JoinHandle<()>>,
}

/// What whoever moves a connection's bytes, its owner and its attachments share.
pub(crate) struct Shared {
    pub(crate) options: ClientOptions,
    pub(crate) link: Mutex<Link>,
}

impl Shared {
    fn new(options: ClientOptions) -> Arc<Self> {
        Arc::new(Self { options, link: Mutex::default() })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wake(&self) {
        (self.options.wake)();
    }
}

impl Client {
    /// Starts connecting, and comes back at once: [`Client::status`] tells how it goes.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(options: ClientOptions) -> std::io::Result<Self> {
        Self::run(Shared::new(options), None)
    }

    /// Connects, and comes back when the connection stands.
    ///
    /// # Errors
    /// Why it does not; no daemon is started.
    pub fn connect(options: ClientOptions) -> Result<Self, ConnectError> {
        let opened = connect::open(&options, |_| true)?;
        let shared = Shared::new(options);
        let reader = thread::stand(&shared, opened);
        Self::run(shared, Some(reader)).map_err(ConnectError::Io)
    }

    fn run(shared: Arc<Shared>, reader: Option<FrameReader>) -> std::io::Result<Self> {
        let orders = Arc::<Orders>::default();
        let thread = {
            let (shared, orders) = (shared.clone(), orders.clone());
            let run = move || thread::run(&shared, &orders, reader);
            std::thread::Builder::new().name("scarab-link".into()).spawn(run)?
        };
        Ok(Self { shared, orders, thread: Some(thread) })
    }

    /// What the connection is doing.
    pub fn status(&self) -> Status {
        self.shared.lock().status.clone()
    }

    /// The events since the last call, and how many were dropped because nobody fetched them.
    pub fn take_events(&self) -> (Vec<ClientEvent>, u64) {
        let mut link = self.shared.lock();
        (link.events.drain(..).collect(), std::mem::take(&mut link.lost_events))
    }

    /// The newest configuration that the daemon has told of, on this connection or one before. With
    /// [`ClientOptions::follow_config`] that is the one in force, soon after the connection stands; else there is none before it changes.
    pub fn config(&self) -> Option<Arc<Config>> {
        self.shared.lock().config()
    }

    /// Sends a request about no session; the answer arrives in the [`Pending`].
    pub fn request<Q: Message, A: Message>(&self, request: &Q) -> Pending<A> {
        self.request_of(0, request)
    }

    /// Sends a request about a session, by its number.
    pub fn request_of<Q: Message, A: Message>(&self, session: u32, request: &Q) -> Pending<A> {
        request::send(&self.shared, session, request)
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// As [`Pending::wait`].
    pub fn ask<Q: Message, A: Message>(&self, request: &Q, patience: Duration) -> Result<A, RequestError> {
        self.request(request).wait(patience)
    }

    /// Subscribes to events, in place of what was subscribed to before: on this connection, and again whenever another one stands,
    /// from where the last one ended. They come with [`Client::take_feed`].
    pub fn subscribe(&self, wanted: Subscribe) -> Pending<Subscribed> {
        request::expect(|deliver| feed::subscribe(&self.shared, wanted, deliver))
    }

    /// Ends the subscription. What was not fetched is dropped.
    pub fn unsubscribe(&self) {
        feed::unsubscribe(&self.shared);
    }

    /// What the subscription has brought since the last call, in order.
    pub fn take_feed(&self) -> Vec<FeedItem> {
        feed::take(&self.shared)
    }

    /// Joins a session as soon as the connection stands, and again whenever it stands again.
    /// Dropping the last clone of the attachment leaves the session.
    pub fn attach(&self, options: AttachOptions) -> Attachment {
        attachment::attach(&self.shared, options)
    }

    /// Does not wait for the next try but starts a daemon, if one can be started, and connects at once.
    pub fn launch(&self) {
        self.shared.lock().launch_wanted = true;
        self.orders.nudge();
    }

    /// Ends the connection, from any thread, without waiting for its threads. Safe to call twice.
    pub fn close(&self) {
        let sender = {
            let mut link = self.shared.lock();
            link.closing = true;
            link.sender.clone()
        };
        if let Some(sender) = sender {
            sender.close();
        }
        self.orders.end();
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.close();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the connection's thread panicked");
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("status", &self.status()).finish_non_exhaustive()
    }
}

/// Lets a thread wait for a client without polling: the client's [`Wake`] rings it.
#[derive(Debug, Clone)]
pub struct Bell {
    ring: Sender<()>,
    rung: Receiver<()>,
}

impl Default for Bell {
    fn default() -> Self {
        // One token: rings while one is unheard say nothing new.
        let (ring, rung) = bounded(1);
        Self { ring, rung }
    }
}

impl Bell {
    /// What to give to a client as its [`Wake`].
    pub fn wake(&self) -> Wake {
        let ring = self.ring.clone();
        Arc::new(move || {
            let _ = ring.try_send(());
        })
    }

    /// Waits until `done` gives something, looking after every ring; `None` at the deadline.
    pub fn wait_for<T>(&self, deadline: Option<Instant>, mut done: impl FnMut() -> Option<T>) -> Option<T> {
        loop {
            if let Some(result) = done() {
                return Some(result);
            }
            match deadline {
                Some(deadline) => {
                    if self.rung.recv_deadline(deadline).is_err() {
                        return done();
                    }
                }
                None => {
                    let _ = self.rung.recv();
                }
            }
        }
    }

    /// The receiving end, for a `select!` over more than a client.
    pub fn receiver(&self) -> &Receiver<()> {
        &self.rung
    }
}

pub(crate) type WeakShared = Weak<Shared>;

#[cfg(all(test, not(loom)))]
mod tests;
