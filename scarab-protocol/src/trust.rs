//! Whom and what to believe: the other end of a connection, and the directories that sockets and locks are in.

pub mod token;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::{io, path::PathBuf};

#[cfg(unix)]
pub use unix::{check_directory, ensure_directory};
#[cfg(windows)]
pub use windows::{check_directory, ensure_directory, user_sid};
#[cfg(windows)]
pub(crate) use windows::{owner_of_pipe, pipe_security, user_of_process};

/// What the system calls a user: a uid.
#[cfg(unix)]
pub type User = u32;
/// What the system calls a user: a SID, as text.
#[cfg(windows)]
pub type User = String;

/// What was not believed, and why.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The process at the other end belongs to another user.
    #[error("the other end belongs to {}, this process to user {own}: not talking to it", match theirs { Some(user) => format!("user {user}"), None => "an unknown user".into() })]
    ForeignPeer {
        /// The other end's user, if the system told.
        theirs: Option<User>,
        /// This process's user.
        own: User,
    },
    /// The path is a link or a file.
    #[error("{} is not a directory but something else: move it away, or name another place with --socket", path.display())]
    NotADirectory {
        /// The path.
        path: PathBuf,
    },
    /// The directory belongs to somebody else.
    #[error("{} belongs to user {owner}, not to user {own}: name another place with --socket", path.display())]
    ForeignDirectory {
        /// The directory.
        path: PathBuf,
        /// Whose it is.
        owner: User,
        /// This process's user.
        own: User,
    },
    /// Others may put things into the directory.
    #[cfg(windows)]
    #[error("{} is writable by {writer}: take that right from them, or set LOCALAPPDATA to another place", path.display())]
    WritableBy {
        /// The directory.
        path: PathBuf,
        /// Who may write to it.
        writer: User,
    },
    /// Others may put things into the directory.
    #[error("{} is writable by others (mode {mode:03o}): run chmod 700 on it", path.display())]
    Writable {
        /// The directory.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The system did not say.
    #[error("cannot look at {}: {error}", path.display())]
    Io {
        /// What was looked at.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
}
