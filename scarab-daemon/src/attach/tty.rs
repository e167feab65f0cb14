//! The terminal that this program runs in: raw mode, size, what is typed, signals. Platform code is in `unix.rs` and
//! `windows.rs`, behind the same face.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::{Events, NEEDED, RawMode, is_tty, tty_size};
#[cfg(windows)]
pub use windows::{Events, NEEDED, RawMode, is_tty, tty_size};

/// What the outer terminal, or the system, has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Bytes were typed, pasted, or reported.
    Bytes(Vec<u8>),
    /// The terminal has another size.
    Resized,
    /// This process goes on after it was stopped: somebody else may have used the terminal meanwhile.
    #[cfg_attr(windows, expect(dead_code, reason = "no process is stopped there"))]
    Continued,
    /// This process is asked to end, by the signal of this number.
    Ending(i32),
    /// The terminal is gone.
    Gone,
}

/// How many events may wait for the main loop. When it is full the reading thread waits, and with it whoever types; signals of one
/// kind that come meanwhile are one.
const MAX_WAITING: usize = 16;
