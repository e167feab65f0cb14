//! One try to connect: trust, hello, welcome, each with a deadline.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{ClientOptions, request::printable};
use crate::{
    endpoint::{Address, Endpoint, EndpointError},
    frame::{Frame, FrameError, HEADER_BYTES, Header},
    hello::{ClientHello, DaemonHello, Features, HelloStatus, NoHello},
    ids::Name,
    kind::Kind,
    message::{Auth, Error, Welcome},
    transport::Stream,
    trust::{
        TrustError,
        token::{self, TokenError},
    },
};

/// How long the daemon may take from the connection to its welcome: a living one needs milliseconds, but on a machine whose disk and
/// processors have several times too much to do two seconds were not always enough.
pub const HELLO_PATIENCE: Duration = Duration::from_secs(5);

/// How long a connect may wait for room in the daemon's backlog. Short, because nothing can interrupt it.
pub(super) const CONNECT_PATIENCE: Duration = Duration::from_millis(500);

/// A connection that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connected {
    /// The daemon's program and version.
    pub build: String,
    /// Its process id.
    pub pid: u32,
    /// Its epoch, part of its sessions' ids.
    pub epoch: u64,
    /// What it told at the start: client number, role, limits.
    pub welcome: Welcome,
}

/// Why no connection was made.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nothing listens there.
    #[error("no daemon answers at {0}: start one with `scarabctl {which}start`", which = which(.0))]
    NotRunning(String),
    /// Something listens, and does not answer.
    #[error(
        "the daemon at {endpoint} does not answer (waited {waited:?}): it may be stopped; see `scarabctl daemons`, or end it with kill"
    )]
    Hung {
        /// Where.
        endpoint: String,
        /// How long was waited.
        waited: Duration,
    },
    /// The daemon refused, with the reason and the way out.
    #[error("{0}")]
    Refused(String),
    /// The socket's directory or the process behind it is not to be trusted, or the address makes no sense.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The process behind the socket is not to be trusted.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The daemon wants a token, and there is none to show.
    #[error("{daemon} wants a token: {why}")]
    NoToken {
        /// The daemon's program and version.
        daemon: String,
        /// Why there is none.
        why: TokenError,
    },
    /// What answered is no daemon.
    #[error(transparent)]
    NoHello(#[from] NoHello),
    /// What answered broke the protocol.
    #[error("the daemon broke the protocol: {0}")]
    Frame(#[from] FrameError),
    /// The connection ended, or failed otherwise.
    #[error("the connection failed: {0}")]
    Io(io::Error),
}

/// A connection as it stands after the welcome.
pub(super) struct Opened<S> {
    pub(super) stream: S,
    pub(super) connected: Connected,
}

/// Tries once. `keep` sees the stream before the hello, so that another thread can shut it; if it gives false the try ends.
pub(super) fn open(
    options: &ClientOptions,
    keep: impl FnOnce(&Arc<Stream>) -> bool,
) -> Result<Opened<Arc<Stream>>, ConnectError> {
    let endpoint = &options.address.endpoint;
    options.address.check()?;
    let deadline = Instant::now() + HELLO_PATIENCE;
    let stream = Stream::connect(endpoint, CONNECT_PATIENCE).map_err(|error| unreachable(endpoint, error))?;
    let stream = Arc::new(stream);
    stream.check_peer()?;
    if !keep(&stream) {
        return Err(ConnectError::Io(io::ErrorKind::Interrupted.into()));
    }
    let failed = |error| silent(endpoint, error);

    let hello = hello(options);
    // An empty socket's buffer takes these 64 bytes whole. A daemon that has no room for a client does not wait for them:
    // its answer tells why, and it is there although it cannot be written to any more.
    match stream.write(&hello.to_bytes(), None) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(failed(error)),
        _ => {}
    }
    let mut answer = [0; DaemonHello::BYTES];
    stream.read_exact_by(&mut answer, deadline).map_err(failed)?;
    let (answer, auth) = answered(options, &hello, &answer)?;
    if let Some(auth) = auth {
        // There is room: the daemon has read all that came before.
        stream.write(auth.bytes(), None).map_err(failed)?;
    }
    let mut header = [0; HEADER_BYTES];
    stream.read_exact_by(&mut header, deadline).map_err(failed)?;
    let mut frame = Frame::to_fill(Header::from_bytes(header)?);
    stream.read_exact_by(frame.payload_mut(), deadline).map_err(failed)?;
    Ok(Opened { stream, connected: welcomed(answer, &frame)? })
}

/// What tells `scarabctl` that not the usual daemon is meant.
fn which(endpoint: &str) -> String {
    let usual = Address::of_daemon(&Name::default()).is_ok_and(|address| address.endpoint.to_string() == endpoint);
    if usual { String::new() } else { format!("--socket {endpoint} ") }
}

/// Why a connect failed.
pub(super) fn unreachable(endpoint: &Endpoint, error: io::Error) -> ConnectError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => ConnectError::NotRunning(endpoint.to_string()),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
            ConnectError::Hung { endpoint: endpoint.to_string(), waited: CONNECT_PATIENCE }
        }
        _ => ConnectError::Io(error),
    }
}

/// Why the daemon has not said hello.
pub(super) fn silent(endpoint: &Endpoint, error: io::Error) -> ConnectError {
    match error.kind() {
        io::ErrorKind::TimedOut => ConnectError::Hung { endpoint: endpoint.to_string(), waited: HELLO_PATIENCE },
        _ => ConnectError::Io(error),
    }
}

/// What the client says first.
pub(super) fn hello(options: &ClientOptions) -> ClientHello {
    let features = if options.map { Features::DESCRIPTORS } else { Features::empty() };
    ClientHello::new(options.build.clone(), features)
}

/// What the daemon's hello means, and what it wants to see before it welcomes the client.
pub(super) fn answered(
    options: &ClientOptions,
    hello: &ClientHello,
    answer: &[u8; DaemonHello::BYTES],
) -> Result<(DaemonHello, Option<Frame>), ConnectError> {
    let answer = DaemonHello::from_bytes(answer)?;
    if let Some(refusal) = answer.refusal(hello) {
        return Err(ConnectError::Refused(refusal));
    }
    if answer.status != HelloStatus::TokenWanted {
        return Ok((answer, None));
    }
    let token = token::find_token(&options.address, options.token_file.as_deref());
    let token = token.map_err(|why| ConnectError::NoToken { daemon: answer.build.clone(), why })?;
    Ok((answer, Some(Frame::new(0, 0, &Auth { token })?)))
}

/// What the first frame makes of the connection.
pub(super) fn welcomed(answer: DaemonHello, frame: &Frame) -> Result<Connected, ConnectError> {
    if frame.kind() == Some(Kind::Error) {
        return Err(ConnectError::Refused(printable(&frame.read::<Error>()?.text)));
    }
    let welcome = frame.read::<Welcome>()?;
    Ok(Connected { build: answer.build, pid: answer.pid, epoch: answer.epoch, welcome })
}
