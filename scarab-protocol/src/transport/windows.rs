//! Named pipes. Only bytes travel on them: clients open surfaces by name.
//!
//! The listener is `interprocess`'s. The ends' transfers are our own ([`pipe`]), because the crate's have no deadlines,
//! cannot be ended without a race, and let a handle linger, when it is dropped, for as long as the peer does not read.

mod pipe;
#[cfg(test)]
mod tests;
#[cfg(feature = "tokio")]
mod tokio;

use std::{
    collections::VecDeque,
    io,
    os::windows::io::{AsHandle, OwnedHandle},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use interprocess::os::windows::named_pipe::{PipeListener, PipeListenerOptions, pipe_mode};
use widestring::U16CString;

use self::pipe::{End, Pipe};
#[cfg(feature = "tokio")]
pub(crate) use self::tokio::AsyncStream;
use super::Peer;
use crate::{
    endpoint::Endpoint,
    trust::{self, TrustError},
};

/// What travels beside a frame elsewhere. On Windows nothing does, and there is no value of this type.
#[derive(Debug)]
pub enum Descriptor {}

/// A [`Descriptor`] lent for a call.
pub type BorrowedDescriptor<'a> = &'a Descriptor;

pub(super) fn borrow(descriptor: &Descriptor) -> BorrowedDescriptor<'_> {
    descriptor
}

/// How much a pipe holds in each direction before a write has to wait. It is taken from memory that is never paged out.
const BUFFER_BYTES: u32 = 64 * 1024;

/// How long a stopper tries to wake its listener: it has to wait only if clients come at the same moment.
const KNOCK_PATIENCE: Duration = Duration::from_secs(1);

/// Waits for connections at an endpoint, one thread at a time. The pipe's name goes with it and its last connection.
pub struct Listener {
    inner: PipeListener<pipe_mode::Bytes, pipe_mode::Bytes>,
    stop: Arc<Stop>,
    stopper: Option<Stopper>,
}

/// Ends a [`Listener::accept`] that waits, from another thread; dropping it does so too.
pub struct Stopper {
    stop: Arc<Stop>,
    endpoint: Endpoint,
}

#[derive(Default)]
struct Stop {
    stopped: AtomicBool,
    /// The connection that has woken the listener. It is kept as long as the listener, which, just about to wait, would
    /// take one that has ended already for nothing, and wait.
    knock: Mutex<Option<OwnedHandle>>,
}

impl Listener {
    /// Listens at an endpoint. The pipe belongs to this process's user, and nobody else can open it, from no other machine either.
    ///
    /// # Errors
    /// As the system refuses; `AddrInUse` if there is a pipe of the name already, whosever it is.
    pub fn bind(endpoint: &Endpoint) -> io::Result<Self> {
        let path = U16CString::from_str(endpoint.to_string())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let listener = PipeListenerOptions::new()
            .path(path)
            .input_buffer_size_hint(BUFFER_BYTES)
            .output_buffer_size_hint(BUFFER_BYTES)
            .accept_remote(false)
            .security_descriptor(Some(trust::pipe_security()?))
            .create_duplex::<pipe_mode::Bytes>();
        let inner = listener.map_err(|error| match error.kind() {
            // The first end of a pipe is asked for, and this is how the system says that it is not the first.
            io::ErrorKind::PermissionDenied => io::Error::new(io::ErrorKind::AddrInUse, error),
            _ => error,
        })?;
        let stop = Arc::<Stop>::default();
        let stopper = Stopper { stop: stop.clone(), endpoint: endpoint.clone() };
        Ok(Self { inner, stop, stopper: Some(stopper) })
    }

    /// What ends a waiting [`Listener::accept`]; there is one.
    pub fn stopper(&mut self) -> Option<Stopper> {
        self.stopper.take()
    }

    /// Waits for the next connection; `None` once the stopper was dropped.
    ///
    /// # Errors
    /// As accepting fails; running out of memory or handles is one that passes.
    pub fn accept(&self) -> io::Result<Option<Stream>> {
        if self.stop.stopped.load(Ordering::SeqCst) {
            return Ok(None);
        }
        let accepted = self.inner.accept();
        // Whoever came now is the stopper, or comes too late.
        if self.stop.stopped.load(Ordering::SeqCst) {
            return Ok(None);
        }
        let handle = OwnedHandle::try_from(accepted?).map_err(|_| io::Error::other("the pipe is shared"))?;
        Ok(Some(Stream::new(handle, End::Server)?))
    }
}

impl Drop for Stopper {
    fn drop(&mut self) {
        self.stop.stopped.store(true, Ordering::SeqCst);
        // There is no other way to end the wait: it holds the lock of the handle that it waits on.
        match pipe::open(&self.endpoint.to_string(), KNOCK_PATIENCE) {
            Ok(handle) => *self.stop.knock.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(%error, "cannot wake the listener to stop it"),
        }
    }
}

/// A connection. Reading and writing need no exclusive access: one thread reads while others write.
#[derive(Debug)]
pub struct Stream {
    /// Nothing after [`Stream::shutdown`]. Every transfer holds the pipe for itself, so that its handle is closed, and the
    /// peer sees the end, as soon as the last of them has ended.
    pipe: Mutex<Option<Arc<Pipe>>>,
}

impl Stream {
    /// Whether frames are queued although the system would take them, because [`Stream::try_write`] writes nothing.
    pub(super) const QUEUES_ALL: bool = true;

    /// Whether what has come can still be read after [`Stream::shutdown`].
    pub(super) const IS_READ_TO_ITS_END: bool = false;

    fn new(handle: OwnedHandle, end: End) -> io::Result<Self> {
        Ok(Self { pipe: Mutex::new(Some(Arc::new(Pipe::new(handle, end)?))) })
    }

    /// Connects to an endpoint. The daemon learns who this is, and cannot act in this user's name.
    ///
    /// # Errors
    /// As the system refuses; `TimedOut` if no end of the pipe is free for as long as `patience`.
    pub fn connect(endpoint: &Endpoint, patience: Duration) -> io::Result<Self> {
        Self::new(pipe::open(&endpoint.to_string(), patience)?, End::Client)
    }

    /// Makes sure that the other end belongs to the user of this process, before a byte of it is believed: for a daemon
    /// by the client's process, for a client by the pipe's owner. The former may be gone and its number another's
    /// by now, but nobody but this user could open the pipe.
    ///
    /// # Errors
    /// [`TrustError::ForeignPeer`] if it does not, or if the system does not tell.
    pub fn check_peer(&self) -> Result<Peer, TrustError> {
        let own = trust::user_sid()?;
        let Some(pipe) = self.pipe() else { return Err(TrustError::ForeignPeer { theirs: None, own }) };
        let pid = pipe.peer_pid();
        let theirs = match pipe.end() {
            End::Server => pid.as_ref().ok().and_then(|pid| trust::user_of_process(*pid).ok()),
            End::Client => trust::owner_of_pipe(pipe.as_handle()).ok(),
        };
        match theirs {
            Some(theirs) if theirs == own => Ok(Peer { pid: pid.ok() }),
            theirs => Err(TrustError::ForeignPeer { theirs, own }),
        }
    }

    /// Reads what is there, waiting for at least a byte; 0 at the end of the stream. No descriptors come along.
    ///
    /// # Errors
    /// As the system fails.
    pub fn read(&self, buffer: &mut [u8], _descriptors: &mut VecDeque<Descriptor>) -> io::Result<usize> {
        match self.pipe() {
            Some(pipe) => pipe.read(buffer, None),
            None => Ok(0),
        }
    }

    /// Reads nothing: a read that is taken back does not say whether it has had something.
    ///
    /// # Errors
    /// `WouldBlock`.
    pub fn try_read(&self, _buffer: &mut [u8], _descriptors: &mut VecDeque<Descriptor>) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    /// Fills a buffer before a deadline.
    ///
    /// # Errors
    /// `TimedOut` at the deadline, `UnexpectedEof` if the stream ends before, else as the system fails.
    pub fn read_exact_by(&self, mut buffer: &mut [u8], deadline: Instant) -> io::Result<()> {
        while !buffer.is_empty() {
            let count = match self.pipe() {
                Some(pipe) => pipe.read(buffer, Some(deadline))?,
                None => 0,
            };
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            buffer = &mut buffer[count..];
        }
        Ok(())
    }

    /// Writes nothing: whether a pipe will take bytes at once cannot be known beforehand, and a write that is
    /// taken back does not say how much of it the peer has read. A thread that may wait is to use [`Stream::write`].
    ///
    /// # Errors
    /// `WouldBlock`, or `BrokenPipe` after [`Stream::shutdown`].
    pub fn try_write(&self, _bytes: &[u8], _descriptor: Option<BorrowedDescriptor<'_>>) -> io::Result<usize> {
        let kind = if self.pipe().is_some() { io::ErrorKind::WouldBlock } else { io::ErrorKind::BrokenPipe };
        Err(kind.into())
    }

    /// Writes some of the bytes, waiting until the system takes at least one.
    ///
    /// # Errors
    /// As the system fails.
    pub fn write(&self, bytes: &[u8], _descriptor: Option<BorrowedDescriptor<'_>>) -> io::Result<usize> {
        match self.pipe() {
            Some(pipe) => pipe.write(bytes, None),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Writes some of the bytes before a deadline, waiting until the system takes at least one.
    ///
    /// # Errors
    /// `TimedOut` at the deadline, after which nobody knows how much the peer has read; else as the system fails.
    pub fn write_by(
        &self,
        bytes: &[u8],
        _descriptor: Option<BorrowedDescriptor<'_>>,
        deadline: Instant,
    ) -> io::Result<usize> {
        match self.pipe() {
            Some(pipe) => pipe.write(bytes, Some(deadline)),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Ends the connection for both sides and every thread that waits on it. What was written can still be read by the peer.
    pub fn shutdown(&self) {
        let pipe = self.lock().take();
        if let Some(pipe) = pipe {
            pipe.end_transfers();
        }
    }

    fn pipe(&self) -> Option<Arc<Pipe>> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Pipe>>> {
        self.pipe.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
