//! Unix sockets, with descriptors in passing.

#[cfg(feature = "tokio")]
mod tokio;

use std::{
    collections::VecDeque,
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    time::{Duration, Instant},
};

use interprocess::{
    ConnectWaitMode,
    local_socket::{self, ConnectOptions, ListenerNonblockingMode, ListenerOptions, Name, PeerCreds, prelude::*},
    os::unix::{local_socket::ListenerOptionsExt, uds_local_socket},
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    net::{
        RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
        Shutdown, recvmsg, sendmsg, shutdown,
    },
    pipe::{PipeFlags, pipe_with},
};

#[cfg(feature = "tokio")]
pub(crate) use self::tokio::AsyncStream;
use super::Peer;
use crate::{endpoint::Endpoint, trust::TrustError};

/// What travels beside a frame: an open file.
pub type Descriptor = OwnedFd;

/// A [`Descriptor`] lent for a call.
pub type BorrowedDescriptor<'a> = BorrowedFd<'a>;

pub(super) fn borrow(descriptor: &Descriptor) -> BorrowedDescriptor<'_> {
    descriptor.as_fd()
}

/// The most descriptors kept that came before their frames were read; a peer that sends more loses them.
const MAX_PENDING_DESCRIPTORS: usize = 4;

/// Waits for connections at an endpoint. Dropping it leaves the socket's file where it is: the holder of the
/// daemon's lock removes it, and only if it is still this one.
pub struct Listener {
    inner: uds_local_socket::Listener,
    stopped: OwnedFd,
    stopper: Option<Stopper>,
}

/// Ends a [`Listener::accept`] that waits, from another thread; dropping it does so too.
pub struct Stopper(#[allow(dead_code, reason = "held to be closed: the other end of the pipe sees that")] OwnedFd);

impl Listener {
    /// Listens at an endpoint. A socket in a directory gets mode 0600 before it is bound.
    ///
    /// # Errors
    /// As the system refuses; `AddrInUse` if the name is taken, even by a dead daemon's socket.
    pub fn bind(endpoint: &Endpoint) -> io::Result<Self> {
        let options = || -> io::Result<ListenerOptions<'_>> {
            Ok(ListenerOptions::new()
                .name(socket_name(endpoint)?)
                .nonblocking(ListenerNonblockingMode::Accept)
                .reclaim_name(false))
        };
        let restricted = match endpoint {
            Endpoint::Path(_) => options()?.mode(0o600).create_sync(),
            Endpoint::Abstract(_) => options()?.create_sync(),
        };
        // Where a mode cannot be set before binding, the 0700 directory alone keeps others out.
        let listener = match restricted {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => options()?.create_sync()?,
            result => result?,
        };
        let local_socket::Listener::UdSocket(inner) = listener;
        let (stopped, stopper) = pipe_with(PipeFlags::CLOEXEC)?;
        Ok(Self { inner, stopped, stopper: Some(Stopper(stopper)) })
    }

    /// What ends a waiting [`Listener::accept`]; there is one.
    pub fn stopper(&mut self) -> Option<Stopper> {
        self.stopper.take()
    }

    /// Waits for the next connection; `None` once the stopper was dropped.
    ///
    /// # Errors
    /// As accepting fails; running out of descriptors is one that passes.
    pub fn accept(&self) -> io::Result<Option<Stream>> {
        loop {
            let mut ready = [PollFd::new(&self.inner, PollFlags::IN), PollFd::new(&self.stopped, PollFlags::IN)];
            match poll(&mut ready, None) {
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            if !ready[1].revents().is_empty() {
                return Ok(None);
            }
            match self.inner.accept() {
                Ok(stream) => return Ok(Some(Stream { inner: stream })),
                // The client is gone again, or another thread took it.
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// A connection. Reading and writing need no exclusive access: one thread reads while others write.
#[derive(Debug)]
pub struct Stream {
    inner: uds_local_socket::Stream,
}

impl Stream {
    /// Whether frames are queued although the system would take them: no, [`Stream::try_write`] writes them at once.
    pub(super) const QUEUES_ALL: bool = false;

    /// Whether what has come can still be read after [`Stream::shutdown`].
    pub(super) const IS_READ_TO_ITS_END: bool = true;

    /// Connects to an endpoint.
    ///
    /// # Errors
    /// As the system refuses; `TimedOut` or `WouldBlock` if the daemon's backlog is full.
    pub fn connect(endpoint: &Endpoint, patience: Duration) -> io::Result<Self> {
        let local_socket::Stream::UdSocket(inner) = ConnectOptions::new()
            .name(socket_name(endpoint)?)
            .wait_mode(ConnectWaitMode::Timeout(patience))
            .connect_sync()?;
        is_connected(inner.inner().peer_addr())?;
        inner.inner().set_nonblocking(false)?;
        Ok(Self { inner })
    }

    /// Makes sure that the other end belongs to the user of this process, before a byte of it is believed.
    ///
    /// # Errors
    /// [`TrustError::ForeignPeer`] if it does not, or if the system does not tell.
    pub fn check_peer(&self) -> Result<Peer, TrustError> {
        check(self.inner.peer_creds())
    }

    /// Reads what is there, waiting for at least a byte; 0 at the end of the stream. Descriptors that came along
    /// are added to `descriptors`.
    ///
    /// # Errors
    /// As the system fails.
    pub fn read(&self, buffer: &mut [u8], descriptors: &mut VecDeque<Descriptor>) -> io::Result<usize> {
        receive(self.as_fd(), buffer, descriptors, RecvFlags::empty())
    }

    /// Reads what is there, without waiting; as [`Stream::read`] else.
    ///
    /// # Errors
    /// `WouldBlock` if nothing is there, else as the system fails.
    pub fn try_read(&self, buffer: &mut [u8], descriptors: &mut VecDeque<Descriptor>) -> io::Result<usize> {
        receive(self.as_fd(), buffer, descriptors, RecvFlags::DONTWAIT)
    }

    /// Fills a buffer before a deadline.
    ///
    /// # Errors
    /// `TimedOut` at the deadline, `UnexpectedEof` if the stream ends before, else as the system fails.
    pub fn read_exact_by(&self, mut buffer: &mut [u8], deadline: Instant) -> io::Result<()> {
        let mut none = VecDeque::new();
        while !buffer.is_empty() {
            self.wait_for(PollFlags::IN, deadline)?;
            match self.read(buffer, &mut none)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => buffer = &mut buffer[count..],
            }
        }
        Ok(())
    }

    /// Writes what the system takes at once. A descriptor goes with the first byte.
    ///
    /// # Errors
    /// `WouldBlock` if that is nothing, else as the system fails.
    pub fn try_write(&self, bytes: &[u8], descriptor: Option<BorrowedDescriptor<'_>>) -> io::Result<usize> {
        send(self.as_fd(), bytes, descriptor, SendFlags::DONTWAIT)
    }

    /// Writes some of the bytes, waiting until the system takes at least one. A descriptor goes with the first byte.
    ///
    /// # Errors
    /// As the system fails.
    pub fn write(&self, bytes: &[u8], descriptor: Option<BorrowedDescriptor<'_>>) -> io::Result<usize> {
        send(self.as_fd(), bytes, descriptor, SendFlags::empty())
    }

    /// Writes some of the bytes before a deadline, waiting until the system takes at least one. A descriptor goes with the
    /// first byte.
    ///
    /// # Errors
    /// `TimedOut` at the deadline, else as the system fails.
    pub fn write_by(
        &self,
        bytes: &[u8],
        descriptor: Option<BorrowedDescriptor<'_>>,
        deadline: Instant,
    ) -> io::Result<usize> {
        loop {
            match self.try_write(bytes, descriptor) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait_for(PollFlags::OUT, deadline)?,
                other => return other,
            }
        }
    }

    /// Waits until something can be done, or is over; `TimedOut` at the deadline.
    fn wait_for(&self, what: PollFlags, deadline: Instant) -> io::Result<()> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let patience = Timespec { tv_sec: left.as_secs() as _, tv_nsec: left.subsec_nanos() as _ };
            match poll(&mut [PollFd::new(self, what)], Some(&patience)) {
                Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
                Ok(_) => return Ok(()),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Ends the connection for both sides and every thread that waits on it.
    pub fn shutdown(&self) {
        // It fails only if the connection is gone already, which is what was wanted.
        let _ = shutdown(self, Shutdown::Both);
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

/// Whether there is another end. Linux does not put a socket in line behind a full backlog: it refuses with an error that looks
/// as if it did, and calls the socket writable, which is how one that waits in line would get to know that it is connected.
fn is_connected<T>(peer: io::Result<T>) -> io::Result<()> {
    match peer {
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Err(io::ErrorKind::WouldBlock.into()),
        _ => Ok(()),
    }
}

/// Whether the other end belongs to the user of this process.
fn check(creds: io::Result<PeerCreds>) -> Result<Peer, TrustError> {
    let own = rustix::process::geteuid().as_raw();
    let creds = creds.map_err(|_| TrustError::ForeignPeer { theirs: None, own })?;
    match creds.euid() {
        Some(theirs) if theirs == own => Ok(Peer { pid: creds.pid().and_then(|pid| u32::try_from(pid).ok()) }),
        theirs => Err(TrustError::ForeignPeer { theirs, own }),
    }
}

/// Reads what is there; 0 at the end of the stream. Descriptors that came along are added to `descriptors`.
fn receive(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    descriptors: &mut VecDeque<Descriptor>,
    flags: RecvFlags,
) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_PENDING_DESCRIPTORS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = loop {
        match recvmsg(socket, &mut [IoSliceMut::new(buffer)], &mut control, recv_flags() | flags) {
            Err(rustix::io::Errno::INTR) => {}
            // The peer ended with something of ours unread. That is an end as any other, and it comes after all that was sent.
            Err(rustix::io::Errno::CONNRESET) => return Ok(0),
            other => break other?,
        }
    };
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(fds) = message {
            for fd in fds {
                if descriptors.len() < MAX_PENDING_DESCRIPTORS {
                    descriptors.push_back(close_on_exec(fd));
                }
            }
        }
    }
    Ok(received.bytes)
}

/// Writes some of the bytes. A descriptor goes with the first of them.
fn send(
    socket: BorrowedFd<'_>,
    bytes: &[u8],
    descriptor: Option<BorrowedDescriptor<'_>>,
    flags: SendFlags,
) -> io::Result<usize> {
    let fds = descriptor.map(|fd| [fd]);
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if let Some(fds) = &fds {
        control.push(SendAncillaryMessage::ScmRights(fds));
    }
    loop {
        match sendmsg(socket, &[IoSlice::new(bytes)], &mut control, send_flags() | flags) {
            Err(rustix::io::Errno::INTR) => {}
            other => return Ok(other?),
        }
    }
}

fn socket_name(endpoint: &Endpoint) -> io::Result<Name<'_>> {
    match endpoint {
        Endpoint::Path(path) => path.as_path().to_fs_name::<local_socket::GenericFilePath>(),
        Endpoint::Abstract(name) => name.as_str().to_ns_name::<local_socket::GenericNamespaced>(),
    }
}

/// A peer that is gone is an error to be handled, not a signal that kills.
#[cfg(not(target_vendor = "apple"))]
fn send_flags() -> SendFlags {
    SendFlags::NOSIGNAL
}

/// Apple's systems know no such flag; Rust's runtime ignores SIGPIPE for the whole process.
#[cfg(target_vendor = "apple")]
fn send_flags() -> SendFlags {
    SendFlags::empty()
}

#[cfg(not(target_vendor = "apple"))]
fn recv_flags() -> RecvFlags {
    RecvFlags::CMSG_CLOEXEC
}

#[cfg(target_vendor = "apple")]
fn recv_flags() -> RecvFlags {
    RecvFlags::empty()
}

/// Keeps a received descriptor from children, where receiving it did not.
fn close_on_exec(fd: OwnedFd) -> OwnedFd {
    #[cfg(target_vendor = "apple")]
    let _ = rustix::io::fcntl_setfd(&fd, rustix::io::FdFlags::CLOEXEC);
    fd
}
