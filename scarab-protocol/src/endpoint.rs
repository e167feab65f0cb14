//! Where a daemon listens, and where its lock and its logs are.
//!
//! On Unix a daemon's socket is `$XDG_RUNTIME_DIR/scarab/<daemon>.sock`; without the variable it is under
//! `/run/user/<uid>` if that is ours, else `/tmp/scarab-<uid>/<daemon>.sock`. The lock is elsewhere,
//! `~/.local/state/scarab/<host>/<daemon>.lock`, because a runtime directory vanishes at logout while the daemon lives on.

#[cfg(all(test, not(loom)))]
pub(crate) mod testing;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

#[cfg(unix)]
use unix as platform;
#[cfg(windows)]
use windows as platform;

use crate::{
    ids::Name,
    trust::{self, TrustError},
};

/// What a listener is bound to and a client connects to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// A Unix socket in the file system.
    #[cfg(unix)]
    Path(PathBuf),
    /// A Unix socket in Linux's abstract namespace, without the leading zero byte.
    #[cfg(unix)]
    Abstract(String),
    /// A named pipe, by its name behind `\\.\pipe\`.
    #[cfg(windows)]
    Pipe(String),
}

/// All that names one daemon: what to connect to, and the lock that its process holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    /// Where it listens.
    pub endpoint: Endpoint,
    /// The file that the daemon holds locked for as long as it lives.
    pub lock: PathBuf,
}

/// Why an address cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// The system allows no path of this length for a socket.
    #[error("{} has {length} bytes, and a socket's path may have {max}: name a shorter one with --socket", path.display())]
    TooLong {
        /// The path.
        path: PathBuf,
        /// Its length in bytes.
        length: usize,
        /// The most the system takes.
        max: usize,
    },
    /// What `--socket` gave names no socket.
    #[error("{0:?} names no socket: give a path, or on Linux @NAME for an abstract one")]
    NotASocket(String),
    /// A directory or a file is not to be trusted.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// A directory cannot be made.
    #[error("cannot make {}: {error}", path.display())]
    Make {
        /// The directory.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl Address {
    /// The address of the daemon of a name.
    ///
    /// # Errors
    /// [`EndpointError::TooLong`].
    pub fn of_daemon(name: &Name) -> Result<Self, EndpointError> {
        platform::of_daemon(name)
    }

    /// The address that `--socket` names: a path, or `@NAME` for an abstract socket on Linux. The lock lies beside a path.
    ///
    /// # Errors
    /// [`EndpointError::TooLong`], [`EndpointError::NotASocket`].
    pub fn of_socket(socket: &Path) -> Result<Self, EndpointError> {
        platform::of_socket(socket)
    }

    /// Makes the directories that a daemon at this address needs, and checks them: what is there already must be
    /// a real directory, ours, and not writable by others.
    ///
    /// # Errors
    /// [`EndpointError::Make`], [`EndpointError::Trust`].
    pub fn prepare(&self) -> Result<(), EndpointError> {
        if let Some(directory) = self.directory() {
            trust::ensure_directory(directory)?;
        }
        if let Some(directory) = self.lock.parent() {
            trust::ensure_directory(directory)?;
        }
        Ok(())
    }

    /// Checks, for a client, the directory that the socket is in. A directory that does not exist is no breach: nobody answers there.
    ///
    /// # Errors
    /// [`EndpointError::Trust`].
    pub fn check(&self) -> Result<(), EndpointError> {
        match self.directory() {
            Some(directory) if directory.exists() => Ok(trust::check_directory(directory)?),
            _ => Ok(()),
        }
    }

    /// The directory that the socket is in, if it is in one.
    pub fn directory(&self) -> Option<&Path> {
        match &self.endpoint {
            #[cfg(unix)]
            Endpoint::Path(path) => path.parent().filter(|directory| !directory.as_os_str().is_empty()),
            _ => None,
        }
    }
}

impl fmt::Display for Endpoint {
    /// As `--socket` takes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(unix)]
            Self::Path(path) => path.display().fmt(f),
            #[cfg(unix)]
            Self::Abstract(name) => write!(f, "@{name}"),
            #[cfg(windows)]
            Self::Pipe(name) => write!(f, r"\\.\pipe\{name}"),
        }
    }
}

/// The daemons of this user that left a socket or a lock, by name, in the usual places.
pub fn known_daemons() -> Vec<Name> {
    platform::known_daemons()
}

/// Where a daemon that nobody watches writes its log: `$XDG_STATE_HOME/scarab/<host>` on Unix.
pub fn state_directory() -> PathBuf {
    platform::state_directory()
}
