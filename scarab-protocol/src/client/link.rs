//! The connection's thread: connects, reads, connects again.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use backon::{BackoffBuilder, ExponentialBuilder};
use crossbeam_channel::Sender;

use super::{
    ClientEvent, MAX_EVENTS, Shared, Status, WeakShared,
    attachment::AttachInner,
    connect::{self, ConnectError, Connected, Opened},
    dispatch,
    request::RequestError,
};
use crate::{
    frame::Frame,
    lock,
    message::{Input, Resume},
    transport::{FrameReader, FrameSender, ReadError, Stream},
};

/// The most bytes queued for a daemon that does not read: room for the credit of a few sessions and for requests.
/// Beyond it requests fail as lost and input stays in its outbox.
const MAX_QUEUED: usize = 64 * Input::MAX_BYTES;

/// How long the daemon may take to make room for what is written to it. One that is stopped is then tried anew until it goes
/// on, and nothing is lost.
const WRITE_PATIENCE: Duration = Duration::from_secs(10);

/// The first wait before connecting again, and the longest.
const MIN_DELAY: Duration = Duration::from_millis(100);
const MAX_DELAY: Duration = Duration::from_secs(5);

/// What is known of the connection.
pub(crate) struct Link {
    pub(crate) status: Status,
    /// The sending side, while the connection stands.
    pub(crate) sender: Option<FrameSender>,
    /// A stream whose hello is under way, so that closing can shut it.
    pub(crate) connecting: Option<Arc<Stream>>,
    pub(crate) pending: HashMap<u32, Sender<Result<Frame, RequestError>>>,
    pub(crate) attachments: Vec<Arc<AttachInner>>,
    pub(crate) events: VecDeque<ClientEvent>,
    pub(crate) lost_events: u64,
    pub(crate) closing: bool,
    pub(crate) launch_wanted: bool,
    /// What this client names itself with when it comes back, and the epoch of the daemon that gave it.
    pub(crate) token: Option<(u64, [u8; 16])>,
    /// The request that says who this is, while it is unanswered. Nothing is joined before.
    pub(crate) resuming: u32,
    last_request: u32,
}

impl Default for Link {
    fn default() -> Self {
        Self {
            status: Status::Connecting,
            sender: None,
            connecting: None,
            pending: HashMap::new(),
            attachments: Vec::new(),
            events: VecDeque::new(),
            lost_events: 0,
            closing: false,
            launch_wanted: false,
            token: None,
            resuming: 0,
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

/// The thread's loop. `reader` is a connection that stands already.
pub(super) fn run(shared: &Arc<Shared>, mut reader: Option<FrameReader>) {
    let mut ever_connected = reader.is_some();
    loop {
        let mut delays = backoff().build();
        let mut tries = 0;
        let mut current = match reader.take() {
            Some(reader) => reader,
            None => loop {
                match try_once(shared, !ever_connected) {
                    Ok(reader) => break reader,
                    Err(why) => {
                        tries += 1;
                        let why = why.to_string();
                        tracing::debug!(tries, why, "no connection");
                        let delay = delays.next().unwrap_or(MAX_DELAY);
                        if !wait(shared, tries, delay, why) {
                            return;
                        }
                    }
                }
            },
        };
        ever_connected = true;
        let why = read_all(shared, &mut current);
        fall(shared, &why);
        if !shared.options.reconnect || shared.lock().closing {
            close(shared, why);
            return;
        }
    }
}

fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(MIN_DELAY)
        .with_max_delay(MAX_DELAY)
        .with_factor(2.0)
        .without_max_times()
        .with_jitter()
}

/// Tries once, starting a daemon if none answers and one is wanted.
fn try_once(shared: &Arc<Shared>, first: bool) -> Result<FrameReader, ConnectError> {
    set_status(shared, Status::Connecting);
    let keep = |stream: &Arc<Stream>| {
        let mut link = shared.lock();
        link.connecting = Some(stream.clone());
        !link.closing
    };
    let mut opened = connect::open(&shared.options, keep);
    let wanted = std::mem::take(&mut shared.lock().launch_wanted) || first;
    if let (Err(ConnectError::NotRunning(_)), true, Some(launch)) = (&opened, wanted, &shared.options.launch) {
        set_status(shared, Status::Launching);
        launch().map_err(ConnectError::Refused)?;
        opened = connect::open(&shared.options, keep);
    }
    shared.lock().connecting = None;
    if let Err(ConnectError::NotRunning(_)) = &opened
        && lock::holder(&shared.options.address.lock).is_none()
    {
        // Nobody listens and nobody holds the lock: the daemon is dead, and its sessions will not come back.
        let attachments = shared.lock().attachments.clone();
        for attachment in attachments {
            attachment.bury(shared);
        }
    }
    Ok(stand(shared, opened?))
}

/// Takes a new connection into service: attachments join again.
pub(super) fn stand(shared: &Arc<Shared>, opened: Opened) -> FrameReader {
    let weak = Arc::downgrade(shared);
    let sender =
        FrameSender::new(opened.stream.clone(), MAX_QUEUED, "scarab-send", WRITE_PATIENCE, move || pump_all(&weak));
    {
        let mut link = shared.lock();
        if link.closing {
            sender.close();
        }
        let Connected { epoch, pid, ref build, welcome } = opened.connected;
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
        link.status = Status::Connected(opened.connected);
        link.sender = Some(sender);
    }
    join_all(shared);
    shared.wake();
    FrameReader::new(opened.stream)
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
fn pump_all(shared: &WeakShared) {
    let Some(shared) = shared.upgrade() else { return };
    let attachments = shared.lock().attachments.clone();
    for attachment in attachments {
        attachment.pump(&shared);
    }
}

/// Reads until the connection ends; says why it did.
fn read_all(shared: &Arc<Shared>, reader: &mut FrameReader) -> String {
    let mut goodbye = None;
    loop {
        match reader.next(|_| {}) {
            Ok(Some(received)) => {
                if let Err(error) = dispatch::dispatch(shared, received, &mut goodbye) {
                    tracing::warn!(%error, "the daemon sent what cannot be read");
                    return format!("the daemon broke the protocol: {error}");
                }
            }
            Ok(None) => return goodbye.unwrap_or_else(|| "the daemon is gone".into()),
            Err(ReadError::Frame(error)) => return format!("the daemon broke the protocol: {error}"),
            Err(error) => return goodbye.unwrap_or_else(|| error.to_string()),
        }
    }
}

/// The connection is gone: whoever waits for answers is told, attachments wait for the next one.
fn fall(shared: &Arc<Shared>, why: &str) {
    let (sender, pending, attachments) = {
        let mut link = shared.lock();
        link.status = Status::Connecting;
        link.resuming = 0;
        (link.sender.take(), std::mem::take(&mut link.pending), link.attachments.clone())
    };
    if let Some(sender) = sender {
        sender.close();
    }
    for (_, deliver) in pending {
        let _ = deliver.try_send(Err(RequestError::Lost));
    }
    for attachment in attachments {
        attachment.lose(shared, why);
    }
}

/// Waits before the next try, or until nudged; whether to go on.
fn wait(shared: &Arc<Shared>, tries: u32, delay: Duration, why: String) -> bool {
    {
        let mut link = shared.lock();
        if link.closing || !shared.options.reconnect {
            drop(link);
            close(shared, why);
            return false;
        }
        link.status = Status::Waiting { tries, until: Instant::now() + delay, why: why.clone() };
    }
    shared.wake();
    let _ = shared.nudged.recv_timeout(delay);
    if shared.lock().closing {
        close(shared, why);
        return false;
    }
    true
}

fn close(shared: &Arc<Shared>, why: String) {
    let attachments = {
        let mut link = shared.lock();
        link.status = Status::Closed { why: why.clone() };
        link.connecting = None;
        link.attachments.clone()
    };
    for attachment in attachments {
        attachment.lose(shared, &why);
    }
    shared.wake();
}

fn set_status(shared: &Arc<Shared>, status: Status) {
    shared.lock().status = status;
    shared.wake();
}
