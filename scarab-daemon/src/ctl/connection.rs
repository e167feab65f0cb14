//! A command's connection to its daemon: which one, and how long its answers may take.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use scarab_protocol::{
    client::{AttachOptions, Attachment, Bell, Client, ClientOptions, ConnectError, Phase, Status},
    endpoint::Address,
    ids::Name,
    message::{ErrorCode, Message, Ping, Pong, Target},
    surface::Grid,
};

use super::outcome::CtlError;
use crate::attach::{AttachError, allowed::when_allowed, scarabctl};

/// How long a daemon may take for an answer: a living one needs milliseconds.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// How long an answer may take that waits for a plugin's script: the daemon gives up on one after some 15 seconds.
pub const SCRIPT_PATIENCE: Duration = Duration::from_secs(30);

/// How this program names itself to daemons.
pub const BUILD: &str = concat!("scarabctl ", env!("CARGO_PKG_VERSION"));

/// The variable that every session has, and that leads back to its daemon.
pub const SOCKET_VARIABLE: &str = "SCARAB_DAEMON_SOCKET";

/// The variable that every session has, and that says which it is: its id, as `list --json` has it.
pub const SESSION_VARIABLE: &str = "SCARAB_SESSION_ID";

/// Which daemon a command is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Which {
    /// As `--daemon` says.
    pub daemon: Option<Name>,
    /// As `--socket` says.
    pub socket: Option<PathBuf>,
    /// As `--token-file` says.
    pub token_file: Option<PathBuf>,
}

impl Which {
    /// The daemon's address: as the command line says, else that of the daemon whose session this runs in, else of `default`.
    ///
    /// # Errors
    /// If that is no address.
    pub fn address(&self) -> Result<Address, CtlError> {
        let socket = match (&self.daemon, &self.socket) {
            (_, Some(socket)) => Some(socket.clone()),
            (Some(_), None) => None,
            (None, None) => std::env::var_os(SOCKET_VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from),
        };
        Ok(match socket {
            Some(socket) => Address::of_socket(&socket)?,
            None => Address::of_daemon(&self.daemon.clone().unwrap_or_default())?,
        })
    }

    /// What stands behind `scarabctl` on the command line to reach this daemon; nothing where that said nothing of it.
    pub fn arguments(&self) -> String {
        match (&self.daemon, &self.socket) {
            (_, Some(socket)) => format!("--socket {}", socket.display()),
            (Some(daemon), None) => format!("--daemon {daemon}"),
            (None, None) => String::new(),
        }
    }

    /// What an advice begins with that is about this daemon.
    pub fn scarabctl(&self) -> String {
        scarabctl(&self.arguments())
    }

    /// Connects to the daemon.
    ///
    /// # Errors
    /// If there is none or it does not answer.
    pub fn connect(&self) -> Result<Connection, CtlError> {
        self.connect_as(false)
    }

    /// Connects to the daemon, and again if the connection is lost and that is wanted.
    ///
    /// # Errors
    /// As [`Which::connect`].
    pub fn connect_as(&self, reconnect: bool) -> Result<Connection, CtlError> {
        let (address, bell) = (self.address()?, Bell::default());
        let (wake, token_file) = (bell.wake(), self.token_file.clone());
        let options = ClientOptions { wake, token_file, reconnect, ..ClientOptions::new(address.clone(), BUILD) };
        let client = Client::connect(options).map_err(|error| match error {
            ConnectError::NotRunning(endpoint) => CtlError::NotRunning { endpoint, scarabctl: self.scarabctl() },
            error => error.into(),
        })?;
        Ok(Connection { client, bell, address, scarabctl: self.scarabctl() })
    }
}

/// A connection that stands.
pub struct Connection {
    /// The connection.
    pub client: Client,
    /// Rung when something has arrived.
    pub bell: Bell,
    /// Where the daemon listens.
    pub address: Address,
    /// What an advice begins with that is about this daemon.
    pub scarabctl: String,
}

impl Connection {
    /// Asks the daemon and waits for the answer.
    ///
    /// # Errors
    /// As the daemon refuses, or if it does not answer.
    pub fn ask<Q: Message, A: Message>(&self, request: &Q) -> Result<A, CtlError> {
        self.ask_within(request, PATIENCE)
    }

    /// Asks for something that waits for a plugin's script.
    ///
    /// # Errors
    /// As [`Connection::ask`].
    pub fn ask_for_long<Q: Message, A: Message>(&self, request: &Q) -> Result<A, CtlError> {
        self.ask_within(request, SCRIPT_PATIENCE)
    }

    fn ask_within<Q: Message, A: Message>(&self, request: &Q, patience: Duration) -> Result<A, CtlError> {
        Ok(when_allowed(patience, || self.client.ask(request, patience))?)
    }

    /// Waits until the daemon has handled all that was sent before on this connection, and until what it sent
    /// before its answer has been handled here.
    ///
    /// # Errors
    /// If the daemon does not answer.
    pub fn settle(&self) -> Result<(), CtlError> {
        self.ask(&Ping { payload: Vec::new() }).map(|Pong { .. }| ())
    }

    /// Joins a session at whatever size it has.
    ///
    /// # Errors
    /// If there is no such session, or if the daemon does not answer.
    pub fn attach(&self, name: &Name, observe: bool) -> Result<Attachment, CtlError> {
        let target = Target::Name(name.as_str().into());
        let attachment = self.client.attach(AttachOptions { target, size: None, observe });
        let deadline = Instant::now() + PATIENCE;
        let joined = self.bell.wait_for(Some(deadline), || match self.state(&attachment) {
            Ok(Phase::Pending) => None,
            // It was joined and may be gone already: what was told of it is there, for who wants to know.
            Err(_) if attachment.look(|state| state.info.is_some()) => Some(Ok(Phase::Attached)),
            other => Some(other),
        });
        joined.ok_or_else(|| {
            CtlError::Hung(format!(
                "the daemon does not answer (waited {PATIENCE:?}): it may be stopped; see `{} daemons`",
                self.scarabctl
            ))
        })??;
        // The screen is read after the phase is told; by the answer to this it has been.
        self.settle()?;
        Ok(attachment)
    }

    /// How it stands with an attachment.
    ///
    /// # Errors
    /// If the session or the daemon is gone.
    pub fn state(&self, attachment: &Attachment) -> Result<Phase, CtlError> {
        if let Status::Closed { why } = self.client.status() {
            return Err(CtlError::Lost(why));
        }
        match attachment.look(|state| state.phase.clone()) {
            Phase::Failed { code: ErrorCode::NoSuchSession, why } => Err(CtlError::NoSession(why)),
            Phase::Failed { code, why } => Err(AttachError::Refused { code, why }.into()),
            Phase::Lost => Err(CtlError::Lost("the connection was lost".into())),
            Phase::Gone { why } => match self.client.status() {
                Status::Connected(_) => Err(CtlError::NoSession(format!("the session is gone: {why}"))),
                _ => Err(CtlError::Lost(why)),
            },
            phase => Ok(phase),
        }
    }
}

/// Brings a grid up to the newest frame; whether anything had changed. A session that has not published anything yet
/// is a blank screen.
pub fn update(attachment: &Attachment, grid: &mut Grid) -> bool {
    let changed = attachment.update(grid);
    if grid.cols() == 0
        && let Some(size) = attachment.look(|state| state.info.as_ref().map(|info| info.size))
    {
        grid.reset(size.cols, size.rows, 0);
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_advice_reaches_the_daemon_that_the_command_line_has_named() {
        let which = |daemon: Option<&str>, socket: Option<&str>| {
            let daemon = daemon.map(|name| Name::new(name).expect("a name"));
            Which { daemon, socket: socket.map(PathBuf::from), token_file: None }.scarabctl()
        };
        assert_eq!(which(None, None), "scarabctl");
        assert_eq!(which(Some("work"), None), "scarabctl --daemon work");
        assert_eq!(which(None, Some("/tmp/d.sock")), "scarabctl --socket /tmp/d.sock");
    }
}
