//! The connection: a listener, a stream, frames read from it and frames sent on it.
//!
//! A stream is shared by the thread that reads it and by whoever sends; platform code is in `unix.rs` and `windows.rs`.

mod mailbox;
mod reader;
mod sender;
mod sync;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(feature = "tokio")]
pub(crate) use reader::Assembly;
pub use reader::{FrameReader, Progress, ReadError, Received};
pub use sender::{Coalesce, FrameSender, Outgoing, SendError};
#[cfg(all(unix, feature = "tokio"))]
pub(crate) use unix::AsyncStream;
#[cfg(unix)]
use unix::borrow;
#[cfg(unix)]
pub use unix::{BorrowedDescriptor, Descriptor, Listener, Stopper, Stream};
#[cfg(all(windows, feature = "tokio"))]
pub(crate) use windows::AsyncStream;
#[cfg(windows)]
use windows::borrow;
#[cfg(windows)]
pub use windows::{BorrowedDescriptor, Descriptor, Listener, Stopper, Stream};

/// Who is at the other end of a stream, as the system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its process id, where the system tells.
    pub pid: Option<u32>,
}

#[cfg(all(test, not(loom)))]
mod tests;
