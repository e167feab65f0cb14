//! The file of the daemon's socket.

use std::{
    fs, io,
    os::unix::fs::{FileTypeExt, MetadataExt},
};

use rustix::io::Errno;
use scarab_protocol::endpoint::Endpoint;

/// Which file a socket is: the device and the inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity(u64, u64);

/// Which file is at the endpoint; `None` if there is none, and for endpoints that are no files.
pub(crate) fn identity(endpoint: &Endpoint) -> Option<Identity> {
    let Endpoint::Path(path) = endpoint else { return None };
    let found = fs::symlink_metadata(path).ok()?;
    Some(Identity(found.dev(), found.ino()))
}

/// Removes what a daemon has left that is dead. The caller holds the lock, so that no living one can be meant.
///
/// # Errors
/// If there is something that is no socket, or cannot be removed.
pub(crate) fn remove_stale(endpoint: &Endpoint) -> io::Result<()> {
    let Endpoint::Path(path) = endpoint else { return Ok(()) };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(found) if found.file_type().is_socket() => fs::remove_file(path),
        Ok(_) => Err(io::Error::new(io::ErrorKind::AlreadyExists, "something that is no socket is there already")),
    }
}

/// Removes the socket of this daemon.
pub(crate) fn remove(endpoint: &Endpoint) {
    if let Endpoint::Path(path) = endpoint
        && let Err(error) = fs::remove_file(path)
    {
        tracing::warn!(path = %path.display(), %error, "the socket was not removed");
    }
}

/// Whether an error says that the process or the system has as many descriptors as it may have.
pub(crate) fn is_out_of_descriptors(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    [Errno::MFILE, Errno::NFILE].iter().any(|errno| code == Some(errno.raw_os_error()))
}
