//! How clients get at a session's surface on Windows: by its name, which only its user can open.

use std::{io, sync::Arc};

use scarab_protocol::{
    frame::{Frame, FrameError},
    message::Message,
    surface::{Mapping, SurfaceError, SurfaceWriter},
    transport::Outgoing,
};

/// What a session's surface is mapped with.
#[derive(Debug, Clone)]
pub(crate) struct Handle(Arc<str>);

impl Handle {
    /// The handle of a surface.
    ///
    /// # Errors
    /// None.
    pub(crate) fn of(surface: &SurfaceWriter) -> io::Result<Self> {
        Ok(Self(surface.segment_name().into()))
    }

    /// The surface's name.
    pub(crate) fn name(&self) -> String {
        self.0.to_string()
    }

    /// A message that has the surface's name in it already.
    ///
    /// # Errors
    /// As [`Frame::new`].
    pub(crate) fn with<M: Message>(&self, session: u32, request: u32, message: &M) -> Result<Outgoing, FrameError> {
        Ok(Frame::new(session, request, message)?.into())
    }

    /// Maps the surface for the daemon itself, as a client would.
    ///
    /// # Errors
    /// As the system refuses.
    pub(crate) fn map(&self) -> Result<Mapping, SurfaceError> {
        Mapping::open(&self.0)
    }
}
