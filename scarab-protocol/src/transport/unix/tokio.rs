//! The same sockets in Tokio.

use std::{collections::VecDeque, io, os::fd::AsFd, time::Duration};

use interprocess::{
    ConnectWaitMode,
    local_socket::{
        self, ConnectOptions,
        traits::{StreamCommon, tokio::Stream as _},
    },
    os::unix::uds_local_socket,
};
use rustix::net::{RecvFlags, SendFlags};
use tokio::io::Interest;

use super::{Descriptor, check, is_connected, receive, send, socket_name};
use crate::{endpoint::Endpoint, trust::TrustError};

/// A connection that makes tasks wait, not threads. Reading and writing need no exclusive access. What waits can be dropped:
/// then nothing was read, and nothing was written that was not told of.
#[derive(Debug)]
pub(crate) struct AsyncStream {
    inner: uds_local_socket::tokio::Stream,
}

impl AsyncStream {
    /// Connects to an endpoint.
    ///
    /// # Errors
    /// As the system refuses; `TimedOut` or `WouldBlock` if the daemon's backlog is full.
    pub(crate) async fn connect(endpoint: &Endpoint, patience: Duration) -> io::Result<Self> {
        let options = ConnectOptions::new().name(socket_name(endpoint)?).wait_mode(ConnectWaitMode::Timeout(patience));
        let local_socket::tokio::Stream::UdSocket(inner) = local_socket::tokio::Stream::from_options(&options).await?;
        is_connected(inner.inner().peer_addr())?;
        Ok(Self { inner })
    }

    /// Makes sure that the other end belongs to the user of this process, before a byte of it is believed.
    ///
    /// # Errors
    /// [`TrustError::ForeignPeer`] if it does not, or if the system does not tell.
    pub(crate) fn check_peer(&self) -> Result<(), TrustError> {
        check(self.inner.peer_creds()).map(|_| ())
    }

    /// Reads what is there, waiting for at least a byte; 0 at the end of the stream. Descriptors that came along
    /// are added to `descriptors`.
    ///
    /// # Errors
    /// As the system fails.
    pub(crate) async fn read(&self, buffer: &mut [u8], descriptors: &mut VecDeque<Descriptor>) -> io::Result<usize> {
        let socket = self.inner.inner();
        // What the crate reads comes without its descriptors, so only the waiting is left to Tokio.
        socket.async_io(Interest::READABLE, || receive(socket.as_fd(), buffer, descriptors, RecvFlags::empty())).await
    }

    /// Writes some of the bytes, waiting until the system takes at least one.
    ///
    /// # Errors
    /// As the system fails.
    pub(crate) async fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let socket = self.inner.inner();
        // The crate's own writing does not keep a signal from a process that wants to die of them.
        socket.async_io(Interest::WRITABLE, || send(socket.as_fd(), bytes, None, SendFlags::empty())).await
    }
}
