//! The hello with a new client.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use scarab_protocol::{
    frame::{Frame, HEADER_BYTES, Header, MAX_PAYLOAD},
    hello::{ClientHello, DaemonHello, Features, HelloStatus},
    message::{Auth, Error, ErrorCode, Input, Limits, Message, Role, Welcome},
    transport::{FrameSender, Stream},
    trust::token::Token,
};

use super::{Client, MAX_QUEUED, pace};
use crate::{daemon::Daemon, events::Subscription, token_files::TokenFiles};

/// What this daemon calls itself in a hello.
pub(crate) const BUILD: &str = concat!("scarab-daemon ", env!("CARGO_PKG_VERSION"));
/// How long a client may take for its hello.
const HELLO_PATIENCE: Duration = Duration::from_secs(2);
/// A frame with an `Auth` in it.
const AUTH_BYTES: usize = HEADER_BYTES + size_of::<Token>();
/// How long a peer may take to send a frame it has begun, or to make room for one that waits for it.
pub(super) const FRAME_PATIENCE: Duration = Duration::from_secs(5);

/// What this side can do.
pub(crate) fn features() -> Features {
    if cfg!(unix) { Features::DESCRIPTORS } else { Features::empty() }
}

/// Hears a client's hello and answers it. `None` if that was the end of it.
pub(super) fn greet(daemon: &Arc<Daemon>, stream: Arc<Stream>, number: u32) -> Option<Arc<Client>> {
    let mut block = [0; ClientHello::BYTES];
    if let Err(error) = stream.read_exact_by(&mut block, Instant::now() + HELLO_PATIENCE) {
        tracing::debug!(%error, "a connection without a hello");
        return None;
    }
    let pid = std::process::id();
    let Ok(hello) = ClientHello::from_bytes(&block) else {
        let nobody = ClientHello::new("", Features::empty());
        let answer = DaemonHello::answer(&nobody, BUILD, features(), daemon.epoch, pid);
        send(&stream, &DaemonHello { status: HelloStatus::Malformed, version: 0, ..answer });
        return None;
    };
    let mut answer = DaemonHello::answer(&hello, BUILD, features(), daemon.epoch, pid);
    if daemon.is_stopping() {
        answer = DaemonHello { status: HelloStatus::Stopping, version: 0, ..answer };
    }
    if answer.status == HelloStatus::Ok && daemon.tokens.is_some() {
        answer.status = HelloStatus::TokenWanted;
    }
    let goes_on = matches!(answer.status, HelloStatus::Ok | HelloStatus::TokenWanted);
    if !send(&stream, &answer) || !goes_on {
        tracing::debug!(status = ?answer.status, build = hello.build, "a client was sent away");
        return None;
    }
    let role = match &daemon.tokens {
        None => Role::Control,
        Some(tokens) => authenticate(&stream, tokens)?,
    };
    let mut resume_token = [0; 16];
    if let Err(error) = getrandom::fill(&mut resume_token) {
        tracing::error!(%error, "no random bytes");
        return None;
    }
    let subscription = Arc::<Subscription>::default();
    let sender = sender(stream, number, subscription.clone());
    let client = Client::new(number, hello.program().to_owned(), role, resume_token, sender, subscription);
    let limits = Limits {
        payload: MAX_PAYLOAD as u32,
        item: Input::MAX_BYTES as u32,
        resume_ms: u32::try_from(daemon.resume.as_millis()).unwrap_or(u32::MAX),
        commands: pace::BURST.get(),
        commands_per_second: pace::PER_SECOND.get(),
    };
    client.tell(0, 0, &Welcome { client: client.number, role, resume_token, limits });
    tracing::debug!(client = client.number, build = hello.build, "connected");
    Some(client)
}

/// Hears a client's token. What it gives, or `None` if that was the end of it.
fn authenticate(stream: &Stream, tokens: &TokenFiles) -> Option<Role> {
    let token = read_auth(stream, Instant::now() + HELLO_PATIENCE);
    let role = token.and_then(|token| tokens.role(&token));
    if role.is_none() {
        tracing::warn!("a client was sent away: it has no token of this daemon");
        let text = "the token is none of this daemon's: it makes new ones each time it starts";
        if let Ok(frame) = Frame::new(0, 0, &Error::new(ErrorCode::BadToken, text)) {
            // It is closed whether it hears why or not.
            let _ = stream.write_by(frame.bytes(), None, Instant::now() + HELLO_PATIENCE);
        }
        stream.shutdown();
    }
    role
}

/// Reads an `Auth`, and nothing larger: whoever sends it is not known yet.
fn read_auth(stream: &Stream, deadline: Instant) -> Option<Token> {
    let mut frame = [0; AUTH_BYTES];
    stream.read_exact_by(&mut frame, deadline).ok()?;
    let (header, payload) = frame.split_first_chunk::<HEADER_BYTES>()?;
    let header = Header::from_bytes(*header).ok()?;
    let is_auth = header.kind == Auth::KIND.number() && header.length as usize == payload.len();
    // The archive of an array of bytes is those bytes.
    is_auth.then(|| payload.try_into().ok())?
}

/// Says that there is no room, without reading anything and so without waiting.
pub(crate) fn turn_away(daemon: &Daemon, stream: &Stream) {
    if stream.check_peer().is_err() {
        return;
    }
    let nobody = ClientHello::new("", Features::empty());
    let answer = DaemonHello::answer(&nobody, BUILD, features(), daemon.epoch, std::process::id());
    let text = "close some of its clients".into();
    send(stream, &DaemonHello { status: HelloStatus::Full, version: 0, text, ..answer });
    stream.shutdown();
}

/// Sends a hello. The first bytes on a connection always find room, so that this does not wait: the deadline only says what
/// would happen if it did.
fn send(stream: &Stream, hello: &DaemonHello) -> bool {
    let deadline = Instant::now() + HELLO_PATIENCE;
    matches!(stream.write_by(&hello.to_bytes(), None, deadline), Ok(DaemonHello::BYTES))
}

/// The sending side of a connection, which is ended when the client keeps a write waiting for too long.
fn sender(stream: Arc<Stream>, number: u32, subscription: Arc<Subscription>) -> FrameSender {
    FrameSender::new(stream, MAX_QUEUED, format!("send-{number}"), FRAME_PATIENCE, move || subscription.has_room())
}
