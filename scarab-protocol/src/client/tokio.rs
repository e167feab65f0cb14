//! A client for programs that live in Tokio (feature `tokio`): what [`client`](super) is for threads.
//!
//! A [`Client`] keeps one connection, in one task of the runtime in which it was made; an [`Attachment`] is its end of one
//! session. Sending never waits, so input and sizes are plain calls; answers, changes and events are awaited. Everything
//! that waits may be dropped while it does, as in a `select!`, and loses nothing.
//!
//! ```no_run
//! use scarab_protocol::{
//!     client::{AttachOptions, ClientOptions, tokio::Client},
//!     endpoint::Address,
//!     ids::Name,
//!     message::Target,
//! };
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let address = Address::of_daemon(&Name::default())?;
//! let client = Client::connect(ClientOptions::new(address, "example 1.0")).await?;
//! let target = Target::Name("work".into());
//! let attachment = client.attach(AttachOptions { target, size: None, observe: false });
//! attachment.input(b"make\r")?;
//! let title = attachment.until(|state| state.info.as_ref().map(|info| info.title.clone())).await?;
//! println!("joined {title:?}");
//! # Ok(())
//! # }
//! ```

mod attachment;
mod outlet;
mod task;

use std::{fmt, sync::Arc, time::Duration};

use tokio::sync::{oneshot, watch};

pub use attachment::{Attachment, Ended};

use super::{
    AttachOptions, ClientEvent, ClientOptions, ConnectError, FeedItem, RequestError, Shared, Status,
    attachment::attach, feed, request,
};
use crate::message::{Config, Message, Subscribe, Subscribed};
use task::{Orders, Standing};

/// One connection to a daemon, for as long as this lives. Dropping it ends the connection and its task, which writes first what
/// was sent before, if the daemon takes it within a second.
pub struct Client {
    pub(super) shared: Arc<Shared>,
    orders: Arc<Orders>,
    /// Tells who waits that something has arrived or changed. It holds nothing, so that it needs no room.
    changes: watch::Sender<()>,
}

impl Client {
    /// Starts connecting, and comes back at once: [`Client::status`] tells how it goes.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn start(options: ClientOptions) -> Self {
        Self::run(options, |_| None)
    }

    /// Connects, and comes back when the connection stands.
    ///
    /// # Errors
    /// Why it does not; no daemon is started.
    pub async fn connect(options: ClientOptions) -> Result<Self, ConnectError> {
        let opened = task::open(&options).await?;
        Ok(Self::run(options, |shared| Some(task::stand(shared, opened))))
    }

    fn run(mut options: ClientOptions, stand: impl FnOnce(&Arc<Shared>) -> Option<Standing>) -> Self {
        let changes = watch::Sender::new(());
        let (wake, waiting) = (options.wake, changes.clone());
        options.wake = Arc::new(move || {
            waiting.send_replace(());
            wake();
        });
        let shared = Shared::new(options);
        let orders = Arc::<Orders>::default();
        let standing = stand(&shared);
        tokio::spawn(task::run(shared.clone(), orders.clone(), standing));
        Self { shared, orders, changes }
    }

    /// What the connection is doing.
    pub fn status(&self) -> Status {
        self.shared.lock().status.clone()
    }

    /// Waits until the connection does what `is` says, or for its end, [`Status::Closed`].
    pub async fn until(&self, mut is: impl FnMut(&Status) -> bool) -> Status {
        self.wait_for(|shared| {
            let status = shared.lock().status.clone();
            (is(&status) || matches!(status, Status::Closed { .. })).then_some(status)
        })
        .await
    }

    /// Waits for events, and gives back those since the last call, and how many were dropped because nobody fetched them.
    /// Once the client is closed there are none.
    pub async fn events(&self) -> (Vec<ClientEvent>, u64) {
        self.wait_for(|shared| {
            let mut link = shared.lock();
            let closed = matches!(link.status, Status::Closed { .. });
            (closed || !link.events.is_empty())
                .then(|| (link.events.drain(..).collect(), std::mem::take(&mut link.lost_events)))
        })
        .await
    }

    /// The newest configuration that the daemon has told of, on this connection or one before. With
    /// [`ClientOptions::follow_config`] that is the one in force, soon after the connection stands; else there is none before it changes.
    pub fn config(&self) -> Option<Arc<Config>> {
        self.shared.lock().config()
    }

    /// Waits for a configuration other than the one held, or any if none is; `None` once the client is closed.
    pub async fn other_config(&self, held: Option<&Arc<Config>>) -> Option<Arc<Config>> {
        self.wait_for(|shared| {
            let link = shared.lock();
            let other = link.config().filter(|config| held.is_none_or(|held| !Arc::ptr_eq(config, held)));
            let closed = matches!(link.status, Status::Closed { .. });
            (closed || other.is_some()).then_some(other)
        })
        .await
    }

    /// Sends a request about no session and waits for its answer, but no longer than `patience`.
    ///
    /// # Errors
    /// As in [`RequestError`]; [`RequestError::Hung`] when `patience` is over.
    pub async fn ask<Q: Message, A: Message>(&self, request: &Q, patience: Duration) -> Result<A, RequestError> {
        self.ask_of(0, request, patience).await
    }

    /// Sends a request about a session, by its number, and waits for its answer, but no longer than `patience`.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn ask_of<Q: Message, A: Message>(
        &self,
        session: u32,
        request: &Q,
        patience: Duration,
    ) -> Result<A, RequestError> {
        answered(|deliver| request::send_for(&self.shared, session, request, deliver), patience).await
    }

    /// Subscribes to events, in place of what was subscribed to before: on this connection, and again whenever another one stands,
    /// from where the last one ended. They come with [`Client::feed`]. The answer is waited for no longer than `patience`.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn subscribe(&self, wanted: Subscribe, patience: Duration) -> Result<Subscribed, RequestError> {
        let answer = |deliver| feed::subscribe(&self.shared, wanted, deliver);
        answered(answer, patience).await
    }

    /// Ends the subscription. What was not fetched is dropped.
    pub fn unsubscribe(&self) {
        feed::unsubscribe(&self.shared);
    }

    /// Waits for what the subscription brings, and gives back what has come since the last call, in order. Once the
    /// client is closed that is nothing.
    pub async fn feed(&self) -> Vec<FeedItem> {
        self.wait_for(|shared| {
            let items = feed::take(shared);
            let closed = matches!(shared.lock().status, Status::Closed { .. });
            (closed || !items.is_empty()).then_some(items)
        })
        .await
    }

    /// Joins a session as soon as the connection stands, and again whenever it stands again.
    /// Dropping the last clone of the attachment leaves the session.
    pub fn attach(&self, options: AttachOptions) -> Attachment {
        Attachment::new(attach(&self.shared, options))
    }

    /// Does not wait for the next try but starts a daemon, if one can be started, and connects at once.
    pub fn launch(&self) {
        self.shared.lock().launch_wanted = true;
        self.orders.nudge.notify_one();
    }

    /// Ends the connection, as dropping does, without waiting for it. Safe to call twice.
    pub fn close(&self) {
        let sender = {
            let mut link = self.shared.lock();
            link.closing = true;
            link.sender.clone()
        };
        if let Some(sender) = sender {
            sender.close();
        }
        self.orders.closing.send_replace(true);
    }

    /// Waits until `look` gives something, looking now and after every change.
    async fn wait_for<T>(&self, mut look: impl FnMut(&Shared) -> Option<T>) -> T {
        let mut changes = self.changes.subscribe();
        loop {
            changes.mark_unchanged();
            if let Some(found) = look(&self.shared) {
                return found;
            }
            // The sending side is here.
            let _ = changes.changed().await;
        }
    }
}

/// Sends a request and waits for its answer.
async fn answered<A: Message>(
    send: impl FnOnce(request::Deliver) -> request::Ticket,
    patience: Duration,
) -> Result<A, RequestError> {
    let (deliver, answer) = oneshot::channel();
    // Nobody may be waiting any more.
    let _ticket = send(Box::new(move |answer| drop(deliver.send(answer))));
    match tokio::time::timeout(patience, answer).await {
        Ok(Ok(answer)) => request::read(answer),
        Ok(Err(_)) => Err(RequestError::Lost),
        Err(_) => Err(RequestError::Hung(patience)),
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("status", &self.status()).finish_non_exhaustive()
    }
}
