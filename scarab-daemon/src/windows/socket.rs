//! The daemon's pipe, which is no file: it goes with its last handle, and nobody can take it away.

use std::io;

use scarab_protocol::endpoint::Endpoint;

/// Pipes are never replaced, so that all are the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity;

/// Nothing that could change.
pub(crate) fn identity(_endpoint: &Endpoint) -> Option<Identity> {
    None
}

/// A dead daemon leaves no pipe.
///
/// # Errors
/// None.
pub(crate) fn remove_stale(_endpoint: &Endpoint) -> io::Result<()> {
    Ok(())
}

/// The pipe goes with its listener.
pub(crate) fn remove(_endpoint: &Endpoint) {}

/// Whether an error says that there are as many handles as there may be: `ERROR_TOO_MANY_OPEN_FILES`.
pub(crate) fn is_out_of_descriptors(error: &io::Error) -> bool {
    error.raw_os_error() == Some(4)
}
