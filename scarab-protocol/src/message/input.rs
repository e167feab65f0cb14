//! Input: what a client sends to a session's program.
//!
//! `Input`, `Paste`, `Mouse` and `Focus` of one client and session share one row of positions, counted like the
//! bytes of a stream: an item starts where the one before it ended. Bytes count one each; an item without bytes
//! counts [`Input::EVENT_COST`]. What a position below `taken` has reached the session is never taken again.

use rkyv::{Archive, Deserialize, Serialize};

/// Bytes for the session's PTY, encoded by the client with the modes it saw on the surface.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Input {
    /// Where this item starts.
    pub position: u64,
    /// The bytes, 1 to [`Input::MAX_BYTES`].
    pub data: Vec<u8>,
}

impl Input {
    /// The most bytes of one `Input` or `Paste`: small enough that a flood of them is no wall for other clients.
    pub const MAX_BYTES: usize = 64 * 1024;
    /// What an item counts that carries no bytes (or an empty piece of a paste): room for the longest sequence
    /// that a mouse event or a change of focus can become.
    pub const EVENT_COST: u64 = 32;

    /// How far an item with this many bytes moves the position on.
    pub const fn cost(bytes: usize) -> u64 {
        if bytes == 0 { Self::EVENT_COST } else { bytes as u64 }
    }
}

/// A piece of a paste. The pieces from `first` to `last` are a unit among other clients' input; the daemon
/// brackets them if the program asks for that when the first one leaves its queue.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Paste {
    /// Where this item starts.
    pub position: u64,
    /// Whether the paste begins here.
    pub first: bool,
    /// Whether the paste ends here.
    pub last: bool,
    /// The text's bytes, at most [`Input::MAX_BYTES`]; may be empty in the last piece.
    pub data: Vec<u8>,
}

/// A mouse event. The daemon encodes it for the mode the program asked for when it leaves the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Mouse {
    /// Where this item starts.
    pub position: u64,
    /// 0 press, 1 release, 2 motion.
    pub action: u8,
    /// 0 none, 1 left, 2 middle, 3 right, 4 wheel up, 5 wheel down, 6 wheel left, 7 wheel right, 8 back, 9 forward.
    pub button: u8,
    /// Modifiers: 1 shift, 2 alt, 4 control.
    pub mods: u8,
    /// Column, from 0.
    pub col: u16,
    /// Row, from 0.
    pub row: u16,
    /// Where in the cell, in 256ths of its width from its left; 0 if the client does not know.
    pub x: u8,
    /// Where in the cell, in 256ths of its height from its top; 0 if the client does not know.
    pub y: u8,
}

/// The terminal gained or lost the keyboard's focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Focus {
    /// Where this item starts.
    pub position: u64,
    /// Whether it was gained.
    pub gained: bool,
}

/// Drops what this client has queued for the session and the program has not been given yet; an open bracketed
/// paste is closed. Answered by `Done`, with an `InputCredit` before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct CancelInput {}

/// Asks how far the input for the session in the frame's header was taken. Answered by `InputCredit`. Credit is otherwise
/// told only when it has grown by much, so that keystrokes cost no acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct AskCredit {}

/// How far the daemon has taken this client's input, and how far the client may send. Both are absolute, so that
/// a later one makes an earlier one superfluous.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct InputCredit {
    /// All items below this position are in the session's queue or beyond it.
    pub taken: u64,
    /// Items that end at or below this position may be sent. The daemon has room for them, whatever the program does.
    pub may_send_through: u64,
}
