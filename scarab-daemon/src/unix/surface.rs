//! How clients get at a session's surface on Unix: by a read-only descriptor that travels with a message.

use std::io;

use scarab_protocol::{
    surface::{Mapping, SurfaceError, SurfaceWriter},
    transport::Descriptor,
};

/// A descriptor of the surface, of the sender's own.
///
/// # Errors
/// If no descriptors are left.
pub(crate) fn descriptor(surface: &SurfaceWriter) -> io::Result<Descriptor> {
    surface.reader_fd().try_clone_to_owned()
}

/// The name of the mapping, which surfaces have none of here.
pub(crate) fn name(_surface: &SurfaceWriter) -> String {
    String::new()
}

/// Maps a surface for the daemon itself, as a client would.
///
/// # Errors
/// As the system refuses.
pub(crate) fn map(descriptor: &Descriptor) -> Result<Mapping, SurfaceError> {
    Mapping::from_fd(descriptor.try_clone().map_err(SurfaceError::Open)?)
}
