//! What starting a daemon takes on Unix.

use std::{
    fs::Metadata,
    io::{self, PipeReader, Read},
    os::unix::fs::PermissionsExt,
    process::Command,
    time::Instant,
};

use rustix::event::{PollFd, PollFlags};

use super::poll::poll_until;

/// Has a program start apart from this one. A daemon does that itself here, after its start.
pub(crate) fn set_apart(_command: &mut Command) {}

/// Reads what is there, waiting for at least a byte; 0 at the end.
///
/// # Errors
/// `TimedOut` at the deadline, else as the system fails.
pub(crate) fn read_by(mut reader: &PipeReader, buffer: &mut [u8], deadline: Instant) -> io::Result<usize> {
    let mut one = [PollFd::new(reader, PollFlags::IN)];
    poll_until(&mut one, Some(deadline))?;
    if one[0].revents().is_empty() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    reader.read(buffer)
}

/// Whether a file may be executed by somebody; if not by us, starting it tells.
pub(crate) fn is_executable(found: &Metadata) -> bool {
    found.permissions().mode() & 0o111 != 0
}
