//! What is known of the connection, and what follows when one stands or falls: the same for every client, however its
//! bytes move.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::{
    ClientEvent, Launch, MAX_EVENTS, Shared, Status, WeakShared,
    attachment::AttachInner,
    connect::{ConnectError, Connected},
    feed::{self, Feed},
    request::{Deliver, RequestError, printable},
};
use crate::{
    frame::Frame,
    message::{Config, GetConfig, Input, Resume},
    transport::SendError,
};

/// The most bytes queued for a daemon that does not read: room for the credit of a few sessions and for requests.
/// Beyond it requests fail as lost and input stays in its outbox.
pub(super) const MAX_QUEUED: usize = 64 * Input::MAX_BYTES;

/// How long the daemon may take to make room for what is written to it. One that is stopped is then tried anew until it goes
/// on, and nothing is lost.
pub(super) const WRITE_PATIENCE: Duration = Duration::from_secs(10);

/// The first wait before connecting again, and the longest.
const MIN_DELAY: Duration = Duration::from_millis(100);
const MAX_DELAY: Duration = Duration::from_secs(5);

/// Where a connection's frames go out. Nothing here waits for the daemon.
pub(crate) trait Outlet: Send + Sync {
    /// Sends a frame, now or later, in the order of calls.
    ///
    /// # Errors
    /// [`SendError::Full`] if [`MAX_QUEUED`] would be exceeded, [`SendError::Closed`] after the connection's end. When there is
    /// room again for what was refused, the outlet calls [`pump_all`].
    fn send(&self, frame: Frame) -> Result<(), SendError>;

    /// Ends the connection.
    fn close(&self);
}

/// What is known of the connection.
pub(crate) struct Link {
    pub(crate) status: Status,
    /// The sending side, while the connection stands.
    pub(crate) sender: Option<Arc<dyn Outlet>>,
    pub(crate) pending: HashMap<u32, Deliver>,
    pub(crate) attachments: Vec<Arc<AttachInner>>,
    pub(crate) events: VecDeque<ClientEvent>,
    pub(crate) lost_events: u64,
    /// The events of the daemon, if they are wanted.
    pub(super) feed: Option<Feed>,
    pub(crate) closing: bool,
    pub(crate) launch_wanted: bool,
    /// What this client names itself with when it comes back, and the epoch of the daemon that gave it.
    pub(crate) token: Option<(u64, [u8; 16])>,
    /// The request that says who this is, while it is unanswered. Nothing is joined before.
    pub(crate) resuming: u32,
    /// The request for the configuration, while it is unanswered.
    pub(crate) asking_config: u32,
    config: Option<Arc<Config>>,
    /// It is of an earlier connection, whose daemon may have been another: the next one told is newer.
    config_is_old: bool,
    last_request: u32,
}

impl Default for Link {
    fn default() -> Self {
        Self {
            status: Status::Connecting,
            sender: None,
            pending: HashMap::new(),
            attachments: Vec::new(),
            events: VecDeque::new(),
            lost_events: 0,
            feed: None,
            closing: false,
            launch_wanted: false,
            token: None,
            resuming: 0,
            asking_config: 0,
            config: None,
            config_is_old: false,
            last_request: 0,
        }
    }
}

impl Link {
    /// A number for the next request; never 0.
    pub(crate) fn next_request(&mut self) -> u32 {
        self.last_request = self.last_request.checked_add(1).unwrap_or(1);
        self.last_request
    }

    /// Keeps an event; drops the oldest, counted, when there are too many.
    pub(crate) fn push_event(&mut self, event: ClientEvent) {
        if self.events.len() == MAX_EVENTS {
            self.events.pop_front();
            self.lost_events += 1;
        }
        self.events.push_back(event);
    }

    /// Keeps a text for the clipboard. One of the same session that nobody has fetched yet is replaced: texts may be large.
    pub(crate) fn push_clipboard(&mut self, session: u32, primary: bool, text: String) {
        self.events.retain(|event| {
            !matches!(event, ClientEvent::Clipboard { session: of, primary: its, .. } if (*of, *its) == (session, primary))
        });
        self.push_event(ClientEvent::Clipboard { session, primary, text });
    }

    /// The newest configuration that was told.
    pub(crate) fn config(&self) -> Option<Arc<Config>> {
        self.config.clone()
    }

    /// Keeps what the daemon has told of its configuration. An answer that a change has overtaken is passed over.
    pub(crate) fn configured(&mut self, mut config: Config) {
        config.path = printable(&config.path);
        config.problem = printable(&config.problem);
        let is_newer = |held: &Arc<Config>| config.revision > held.revision;
        if self.config_is_old || self.config.as_ref().is_none_or(is_newer) {
            (self.config, self.config_is_old) = (Some(Arc::new(config)), false);
        }
    }

    /// The connection that stands.
    pub(crate) fn connected(&self) -> Option<&Connected> {
        match &self.status {
            Status::Connected(connected) => Some(connected),
            _ => None,
        }
    }

    /// The epoch of the daemon, while the connection stands.
    pub(crate) fn epoch(&self) -> Option<u64> {
        self.connected().map(|connected| connected.epoch)
    }
}

/// A client's tries to connect, over its life.
pub(super) struct Course {
    /// There has been no connection yet.
    first: bool,
    /// How many tries have failed since the connection was last there.
    tries: u32,
    delays: ExponentialBackoff,
}

impl Course {
    /// A course that begins with a connection that stands, or without.
    pub(super) fn new(stands: bool) -> Self {
        Self { first: !stands, tries: 0, delays: backoff() }
    }

    /// A try begins.
    pub(super) fn begin(&self, shared: &Shared) {
        set_status(shared, Status::Connecting);
    }

    /// What starts a daemon, if the try failed because none answers, and one is wanted.
    pub(super) fn launch<T>(&self, shared: &Shared, outcome: &Result<T, ConnectError>) -> Option<Launch> {
        let wanted = std::mem::take(&mut shared.lock().launch_wanted) || self.first;
        let launch = shared.options.launch.clone().filter(|_| wanted)?;
        matches!(outcome, Err(ConnectError::NotRunning(_))).then(|| {
            set_status(shared, Status::Launching);
            launch
        })
    }

    /// The try has led to a connection.
    pub(super) fn succeed(&mut self) {
        (self.first, self.tries, self.delays) = (false, 0, backoff());
    }

    /// The try has failed. Gives back how long to wait before the next one, or nothing if this was the last.
    pub(super) fn fail(&mut self, shared: &Shared, why: &str) -> Option<Duration> {
        self.tries += 1;
        tracing::debug!(tries = self.tries, why, "no connection");
        let delay = self.delays.next().unwrap_or(MAX_DELAY);
        {
            let mut link = shared.lock();
            if link.closing || !shared.options.reconnect {
                drop(link);
                close(shared, why);
                return None;
            }
            let until = Instant::now() + delay;
            link.status = Status::Waiting { tries: self.tries, until, why: why.into() };
        }
        shared.wake();
        Some(delay)
    }

    /// The connection has fallen. Gives back whether to connect again.
    pub(super) fn fall(&self, shared: &Shared, why: &str) -> bool {
        fall(shared, why);
        if !shared.options.reconnect {
            close(shared, why);
            return false;
        }
        !ends(shared, why)
    }
}

fn backoff() -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(MIN_DELAY)
        .with_max_delay(MAX_DELAY)
        .with_factor(2.0)
        .without_max_times()
        .with_jitter()
        .build()
}

/// Whether nothing more will come.
#[cfg(feature = "tokio")]
pub(super) fn is_closed(shared: &Shared) -> bool {
    matches!(shared.lock().status, Status::Closed { .. })
}

/// Whether the client's owner has closed it; then that is what it is from now on.
pub(super) fn ends(shared: &Shared, why: &str) -> bool {
    let closing = shared.lock().closing;
    if closing {
        close(shared, why);
    }
    closing
}

/// Takes a new connection into service: attachments join again.
pub(super) fn stand(shared: &Arc<Shared>, connected: Connected, sender: Arc<dyn Outlet>) {
    {
        let mut link = shared.lock();
        if link.closing {
            sender.close();
        }
        let Connected { epoch, pid, ref build, welcome } = connected;
        tracing::debug!(pid, build, "connected");
        match link.token {
            Some((known, token)) if known == epoch => {
                let request = link.next_request();
                link.resuming = request;
                // A refusal to send means that the connection is about to fall, which starts all this again.
                if let Ok(frame) = Frame::new(0, request, &Resume { token }) {
                    let _ = sender.send(frame);
                }
            }
            _ => link.token = Some((epoch, welcome.resume_token)),
        }
        if shared.options.follow_config {
            let request = link.next_request();
            link.asking_config = request;
            if let Ok(frame) = Frame::new(0, request, &GetConfig {}) {
                let _ = sender.send(frame);
            }
        }
        feed::resume(shared, &mut link, epoch, &*sender);
        link.status = Status::Connected(connected);
        link.sender = Some(sender);
    }
    join_all(shared);
    shared.wake();
}

/// The daemon has said whether this client goes on with what it had.
pub(super) fn resumed(shared: &Arc<Shared>, goes_on: bool) {
    {
        let mut link = shared.lock();
        link.resuming = 0;
        if !goes_on {
            link.token = link.connected().map(|connected| (connected.epoch, connected.welcome.resume_token));
        }
    }
    join_all(shared);
}

fn join_all(shared: &Arc<Shared>) {
    let attachments = shared.lock().attachments.clone();
    for attachment in attachments {
        attachment.join(shared);
    }
}

/// Room in the sending queue: what waited in outboxes may go on.
pub(super) fn pump_all(shared: &WeakShared) {
    let Some(shared) = shared.upgrade() else { return };
    let attachments = shared.lock().attachments.clone();
    for attachment in attachments {
        attachment.pump(&shared);
    }
}

/// The daemon is dead, and its sessions will not come back.
pub(super) fn bury_all(shared: &Shared) {
    let attachments = shared.lock().attachments.clone();
    for attachment in attachments {
        attachment.bury(shared);
    }
}

/// The connection is gone: whoever waits for answers is told, attachments wait for the next one.
pub(super) fn fall(shared: &Shared, why: &str) {
    let (sender, pending, attachments) = {
        let mut link = shared.lock();
        link.status = Status::Connecting;
        link.resuming = 0;
        link.asking_config = 0;
        link.config_is_old = true;
        (link.sender.take(), std::mem::take(&mut link.pending), link.attachments.clone())
    };
    if let Some(sender) = sender {
        sender.close();
    }
    for (_, deliver) in pending {
        deliver(Err(RequestError::Lost));
    }
    for attachment in attachments {
        attachment.lose(shared, why);
    }
}

/// Nothing more will come.
pub(super) fn close(shared: &Shared, why: &str) {
    let attachments = {
        let mut link = shared.lock();
        link.status = Status::Closed { why: why.into() };
        link.attachments.clone()
    };
    for attachment in attachments {
        attachment.lose(shared, why);
    }
    shared.wake();
}

fn set_status(shared: &Shared, status: Status) {
    shared.lock().status = status;
    shared.wake();
}
