//! Consoles on Windows: not driven yet. [`is_tty`] says that there is no terminal, so nothing here is ever asked for more.

use std::io;

use crossbeam_channel::{Receiver, bounded};
use scarab_protocol::ids::TermSize;

use super::{Event, MAX_WAITING};

/// What a program needs that shows a session in its terminal.
pub const NEEDED: &str = "a terminal that it can drive, and it cannot drive those of Windows yet";

/// Whether this program's input and output are a terminal that can be driven: none is.
pub fn is_tty() -> bool {
    false
}

/// The terminal's size, which nobody tells.
pub fn tty_size() -> Option<TermSize> {
    None
}

/// The terminal's line discipline out of the way.
pub struct RawMode {}

impl RawMode {
    /// Refuses.
    ///
    /// # Errors
    /// Always.
    pub fn enter() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Nothing to take again.
    ///
    /// # Errors
    /// Never.
    pub fn renew(&self) -> io::Result<()> {
        Ok(())
    }
}

/// What happens at the terminal: nothing.
pub struct Events {
    receiver: Receiver<Event>,
}

impl Events {
    /// A receiver that nothing arrives at.
    ///
    /// # Errors
    /// Never.
    pub fn start() -> io::Result<Self> {
        Ok(Self { receiver: bounded(MAX_WAITING).1 })
    }

    /// Where events would arrive.
    pub fn receiver(&self) -> &Receiver<Event> {
        &self.receiver
    }
}
