//! How clients get at a session's surface on Unix: by a read-only descriptor that travels with a message.

use std::{io, sync::Arc};

use scarab_protocol::{
    frame::{Frame, FrameError},
    message::Message,
    surface::{Mapping, SurfaceError, SurfaceWriter},
    transport::{Descriptor, Outgoing},
};

/// What a session's surface is mapped with.
#[derive(Debug, Clone)]
pub(crate) struct Handle(Arc<Descriptor>);

impl Handle {
    /// The handle of a surface; it stays good without it.
    ///
    /// # Errors
    /// If no descriptors are left.
    pub(crate) fn of(surface: &SurfaceWriter) -> io::Result<Self> {
        Ok(Self(Arc::new(surface.reader_fd().try_clone_to_owned()?)))
    }

    /// The surface's name, of which it has none here.
    pub(crate) fn name(&self) -> String {
        String::new()
    }

    /// A message that brings the handle along.
    ///
    /// # Errors
    /// As [`Frame::new`].
    pub(crate) fn with<M: Message>(&self, session: u32, request: u32, message: &M) -> Result<Outgoing, FrameError> {
        let frame = Frame::with_descriptor(session, request, message)?;
        Ok(Outgoing { frame, descriptor: Some(self.0.clone()), coalesce: None })
    }

    /// Maps the surface for the daemon itself, as a client would.
    ///
    /// # Errors
    /// As the system refuses.
    pub(crate) fn map(&self) -> Result<Mapping, SurfaceError> {
        Mapping::from_fd(self.0.try_clone().map_err(SurfaceError::Open)?)
    }
}
