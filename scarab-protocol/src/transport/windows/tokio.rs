//! The same pipes in Tokio.

use std::{collections::VecDeque, io, os::windows::io::AsHandle, time::Duration};

use interprocess::os::windows::named_pipe::{pipe_mode, tokio::DuplexPipeStream};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::spawn_blocking,
};

use super::{Descriptor, pipe};
use crate::{
    endpoint::Endpoint,
    trust::{self, TrustError},
};

/// A connection that makes tasks wait, not threads. Reading and writing need no exclusive access. What waits can be dropped:
/// then nothing was read, and nothing was written that was not told of.
#[derive(Debug)]
pub(crate) struct AsyncStream {
    inner: DuplexPipeStream<pipe_mode::Bytes>,
}

impl AsyncStream {
    /// Connects to an endpoint. The daemon learns who this is, and cannot act in this user's name.
    ///
    /// # Errors
    /// As the system refuses; `TimedOut` if no end of the pipe is free for as long as `patience`.
    pub(crate) async fn connect(endpoint: &Endpoint, patience: Duration) -> io::Result<Self> {
        let path = endpoint.to_string();
        // The crate would let the daemon act in this user's name, and waits for a free end with a thread as well.
        let handle = spawn_blocking(move || pipe::open(&path, patience)).await??;
        let inner = DuplexPipeStream::try_from(handle).map_err(|error| {
            error.cause.unwrap_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "this is not a pipe of bytes"))
        })?;
        Ok(Self { inner })
    }

    /// Makes sure that the other end belongs to the user of this process, before a byte of it is believed.
    ///
    /// # Errors
    /// [`TrustError::ForeignPeer`] if it does not, or if the system does not tell.
    pub(crate) fn check_peer(&self) -> Result<(), TrustError> {
        let own = trust::user_sid()?;
        match trust::owner_of_pipe(self.inner.as_handle()).ok() {
            Some(theirs) if theirs == own => Ok(()),
            theirs => Err(TrustError::ForeignPeer { theirs, own }),
        }
    }

    /// Reads what is there, waiting for at least a byte; 0 at the end of the stream. No descriptors come along.
    ///
    /// # Errors
    /// As the system fails.
    pub(crate) async fn read(&self, buffer: &mut [u8], _descriptors: &mut VecDeque<Descriptor>) -> io::Result<usize> {
        (&self.inner).read(buffer).await
    }

    /// Writes some of the bytes, waiting until the system takes at least one.
    ///
    /// # Errors
    /// As the system fails.
    pub(crate) async fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        (&self.inner).write(bytes).await
    }
}

impl Drop for AsyncStream {
    fn drop(&mut self) {
        // Else the handle would stay open for as long as the daemon does not read. What was written it can read all the same.
        self.inner.assume_flushed();
    }
}
