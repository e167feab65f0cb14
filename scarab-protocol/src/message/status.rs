//! The connection itself: welcome, errors, pings, the daemon's state and end.

use rkyv::{Archive, Deserialize, Serialize};

/// A token, when the daemon's hello asked for one. The daemon's token files decide which role it gives.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Auth {
    /// The token.
    pub token: [u8; 32],
}

/// What a client may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Archive, Serialize, Deserialize)]
#[repr(u8)]
pub enum Role {
    /// Look at sessions and list them.
    Observer,
    /// Everything.
    Control,
}

/// The connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Welcome {
    /// The number of this client in the daemon's life.
    pub client: u32,
    /// What it may do.
    pub role: Role,
    /// What the client names itself with in `Resume` when this connection is lost; never on disk.
    pub resume_token: [u8; 16],
    /// What the daemon holds the client to.
    pub limits: Limits,
}

/// What the daemon holds a client to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Limits {
    /// The most bytes of a payload.
    pub payload: u32,
    /// The most bytes of one item of input.
    pub item: u32,
    /// How long the state of a client is kept whose connection is gone, in milliseconds.
    pub resume_ms: u32,
    /// How many commands may come at once, after a while without any.
    pub commands: u32,
    /// How many commands a second may come in the long run.
    pub commands_per_second: u32,
}

/// The client is the one that a `Welcome` gave this token to, on a connection that is gone or about to go: its rows of
/// input go on where they were. Answered by `Done`, and the token then goes on naming the client, in place of this connection's own; or by
/// `Error` with `NotResumable`. To be sent before anything is attached. A connection that still stands under the
/// token is closed with `Superseded`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Resume {
    /// The token.
    pub token: [u8; 16],
}

/// The request in the frame's header was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Done {}

/// Why a request was refused. Numbers are for programs; the text is for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Archive, Serialize, Deserialize)]
#[repr(u16)]
pub enum ErrorCode {
    /// The peer broke the protocol; the connection ends.
    Protocol,
    /// No session of this name or id.
    NoSuchSession,
    /// Another session has this name.
    NameTaken,
    /// The name is not one.
    BadName,
    /// The size is not one a session can have.
    BadSize,
    /// The session has ended.
    Ended,
    /// The session is still running.
    StillRunning,
    /// The client is not attached to the session.
    NotAttached,
    /// The client's role, or its way of attaching, does not allow it.
    NotAllowed,
    /// The program could not be started.
    SpawnFailed,
    /// There are as many sessions, clients or attachments as there may be.
    Full,
    /// Something in the request makes no sense.
    BadRequest,
    /// Too many requests; `retry_ms` tells when to come back.
    RateLimited,
    /// The daemon is ending.
    Stopping,
    /// Something went wrong in the daemon; its log says more.
    Internal,
    /// Nothing is kept under this resume token: it is another daemon's, or its time is over.
    NotResumable,
    /// Another connection has come with this one's resume token; this one is closed.
    Superseded,
    /// The client did not read what it was told, and has lost track of it; the connection is closed.
    TooSlow,
    /// The token is none of the daemon's; the connection is closed.
    BadToken,
    /// The configuration cannot be changed so: there is no such key, it does not allow the value, or the file cannot be written.
    BadConfig,
    /// No plugin of this name is loaded.
    NoSuchPlugin,
    /// The plugin was not loaded; the text names what is wrong with it, and where.
    BadPlugin,
    /// The plugin's command was not carried out; the text is the plugin's own.
    PluginFailed,
}

/// A request was refused; with request id 0, why the connection is about to be closed.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Error {
    /// For programs.
    pub code: ErrorCode,
    /// For people: one line that names the thing and the way out.
    pub text: String,
    /// When to come back with the same request, in milliseconds; 0 unless the code is `RateLimited`.
    pub retry_ms: u32,
}

impl Error {
    /// A refusal that coming back does not help against.
    pub fn new(code: ErrorCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into(), retry_ms: 0 }
    }
}

/// The kind of a request is not known here, or out of place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Unsupported {
    /// The kind's number.
    pub kind: u16,
}

/// Answered at once by `Pong`.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Ping {
    /// Comes back as it is.
    pub payload: Vec<u8>,
}

/// The answer to `Ping`.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Pong {
    /// What the ping carried.
    pub payload: Vec<u8>,
}

/// Asks the daemon about itself; answered by `DaemonStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Status {}

/// What the daemon has to say of itself.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct DaemonStatus {
    /// Its version.
    pub version: String,
    /// Its process id.
    pub pid: u32,
    /// How long it has been running, in milliseconds.
    pub uptime_ms: u64,
    /// How many sessions it holds, ended ones included.
    pub sessions: u32,
    /// How many clients are connected, the one that asks included.
    pub clients: u32,
    /// Where its log goes; empty for standard error.
    pub log: String,
}

/// Ends the daemon and every session. Answered by `Done`, then `ShuttingDown` goes to every client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Shutdown {}

/// The daemon ends; its sessions end with it.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ShuttingDown {
    /// Why, in words.
    pub reason: String,
}
