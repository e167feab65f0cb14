//! A daemon at an address, until it is told to end.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use scarab_protocol::{
    config::Value,
    endpoint::{Address, EndpointError},
    lock::{DaemonLock, LockError},
    surface::sweep_leftovers,
    trust::token::TokenError,
};

use crate::{
    config::{self, Keeping},
    daemon::{Daemon, Own},
    listen::Listening,
    platform::{
        limit::{self, OldLimit},
        signals,
    },
    plugins::Working,
    token_files::TokenFiles,
};

/// What a daemon is told at its start.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Where it listens, and which lock makes it the only one there.
    pub address: Address,
    /// Where its log goes, for its clients to know; empty for standard error.
    pub log: String,
    /// How long a client whose connection is gone has to come back before its place in its rows of input is forgotten;
    /// and how long a session that does not linger outlives its last client. The configuration goes before this.
    pub resume: Duration,
    /// Whether clients must show a token, whose file says what they may do. Without that, whoever has this user's id may do all.
    pub require_token: bool,
    /// The file of its configuration, which it watches; `None` for none. It need not be there.
    pub config: Option<PathBuf>,
    /// Values of keys for this daemon's life, which go before the file's: what its command line says.
    pub given: Vec<(String, Value)>,
}

impl ServerOptions {
    /// A daemon at an address that logs to standard error. Clients have half a minute to come back: longer than a
    /// busy or stopped machine takes, short enough that nothing piles up.
    pub fn new(address: Address) -> Self {
        Self {
            address,
            log: String::new(),
            resume: Duration::from_secs(30),
            require_token: false,
            config: None,
            given: Vec::new(),
        }
    }
}

/// Why a daemon did not start.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The address cannot be used.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// Another daemon is there, or the lock cannot be had.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The token files cannot be written.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The endpoint cannot be bound.
    #[error("cannot listen at {endpoint}: {error}")]
    Listen {
        /// The endpoint.
        endpoint: String,
        /// Why.
        error: io::Error,
    },
    /// The system has no threads or no random bytes to give.
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
}

/// A running daemon within this process.
pub struct Server {
    pub(crate) daemon: Arc<Daemon>,
    listening: Option<Listening>,
    keeping: Option<Keeping>,
    plugins: Option<Working>,
    /// Held to the last, so that the next daemon finds nothing of this one. It is another one when its file was taken away.
    _lock: Arc<Mutex<DaemonLock>>,
}

impl Server {
    /// Starts a daemon. It is ready for clients when this returns.
    ///
    /// # Errors
    /// [`DaemonError`]; the one of a lock that is held names its holder's process id.
    pub fn start(options: ServerOptions) -> Result<Self, DaemonError> {
        Self::start_with(options, OldLimit::unchanged())
    }

    fn start_with(options: ServerOptions, old_limit: OldLimit) -> Result<Self, DaemonError> {
        let ServerOptions { address, log, resume, require_token, config, given } = options;
        address.prepare()?;
        let lock = Arc::new(Mutex::new(DaemonLock::acquire(&address.lock)?));
        sweep_leftovers();
        let tokens = TokenFiles::make(&address, require_token)?;
        let (config, keeper) = config::open(config, given);
        let resume = config.current().resume().unwrap_or(resume);
        let own = Own { endpoint: address.endpoint.to_string(), log, old_limit, resume, tokens, config };
        let daemon = Daemon::new(own)?;
        let plugins = daemon.plugins.start(&daemon, address.lock.with_extension("plugins"))?;
        let keeping = keeper.start(&daemon)?;
        let listening = Listening::start(&daemon, &address, lock.clone())
            .map_err(|error| DaemonError::Listen { endpoint: address.endpoint.to_string(), error })?;
        tracing::info!(endpoint = %address.endpoint, pid = std::process::id(), "ready");
        Ok(Self { daemon, listening: Some(listening), keeping: Some(keeping), plugins: Some(plugins), _lock: lock })
    }

    /// Waits until a client or a signal has the daemon end; gives back why, in words.
    pub fn wait(&self) -> String {
        self.daemon.wait()
    }

    /// Ends the daemon: clients are told, programs hung up, and killed if that does not do. It takes some seconds at most.
    pub fn stop(mut self, why: &str) {
        self.daemon.request_stop(why);
        self.end();
    }

    fn end(&mut self) {
        let Some(listening) = self.listening.take() else { return };
        // Nobody new first.
        drop(listening);
        self.keeping = None;
        self.plugins = None;
        let why = self.daemon.wait();
        self.daemon.stop(&why);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.daemon.request_stop("it was dropped");
        self.end();
    }
}

/// Runs a daemon in this process until a client or a signal ends it; `ready` is called when clients can connect. It takes
/// over the process's signals, and raises its limit of open descriptors.
///
/// # Errors
/// As [`Server::start`].
pub fn run(options: ServerOptions, ready: impl FnOnce()) -> Result<(), DaemonError> {
    let mut server = Server::start_with(options, limit::raise())?;
    let _signals = signals::listen(&server.daemon)?;
    ready();
    server.daemon.wait();
    server.end();
    tracing::info!("ended");
    Ok(())
}
