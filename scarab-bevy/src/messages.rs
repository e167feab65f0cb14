//! What systems tell terminals, and what terminals tell systems.
//!
//! Facts come twice: as messages, for systems that look at all terminals, and as entity events, for observers of one.

use std::time::Instant;

use bevy::prelude::*;
use crossbeam_channel::{Receiver, Sender, bounded};
use scarab_protocol::{client::InputRejected as Rejection, message::Exit, mouse::MouseEvent};

/// Input for a terminal: the way in which every key, paste and mouse event goes, and in which systems type.
///
/// ```
/// # use bevy::prelude::*;
/// # use scarab_bevy::TerminalInput;
/// fn greet(terminal: Entity, mut input: MessageWriter<TerminalInput>) {
///     input.write(TerminalInput::text(terminal, "echo hello\r"));
/// }
/// ```
#[derive(Message, Debug, Clone, PartialEq, Eq)]
pub struct TerminalInput {
    /// The terminal.
    pub terminal: Entity,
    /// What is sent.
    pub kind: InputKind,
}

/// What is sent to a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputKind {
    /// Bytes for the program as they are; Return is `\r`.
    Bytes(Vec<u8>),
    /// A text to paste: bracketed if the program wants that, a unit among others' input.
    Paste(String),
    /// The same, of a text that is not there yet.
    Promised(PromisedText),
    /// A mouse event, encoded as the program asked, or not sent if it asked for none.
    Mouse(MouseEvent),
    /// The terminal gained (true) or lost the keyboard; told to the program if it asked.
    Focus(bool),
}

impl InputKind {
    /// How many bytes of text it has; mouse, focus and a text that is not there yet have none.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Paste(text) => text.len() as u64,
            Self::Promised(_) | Self::Mouse(_) | Self::Focus(_) => 0,
        }
    }
}

impl TerminalInput {
    /// Text as if typed; Return is `\r`.
    pub fn text(terminal: Entity, text: impl Into<String>) -> Self {
        Self { terminal, kind: InputKind::Bytes(text.into().into_bytes()) }
    }

    /// A paste.
    pub fn paste(terminal: Entity, text: impl Into<String>) -> Self {
        Self { terminal, kind: InputKind::Paste(text.into()) }
    }

    /// A paste of a text that is not there yet, and where to put that. What comes after it waits for it. It is nothing if the other
    /// end is dropped, or if the text has kept somebody waiting who types. Who does either from another thread wakes the App with
    /// [`Waker::wake`](crate::Waker::wake).
    pub fn promised_paste(terminal: Entity) -> (Self, Sender<String>) {
        // One text, of one promise: the queue is never full.
        let (text, coming) = bounded(1);
        (Self { terminal, kind: InputKind::Promised(PromisedText { coming, since: Instant::now() }) }, text)
    }
}

/// A text that somebody was asked for, such as the program that has what is selected.
#[derive(Debug, Clone)]
pub struct PromisedText {
    pub(crate) coming: Receiver<String>,
    pub(crate) since: Instant,
}

/// The same promise, whatever comes of it.
impl PartialEq for PromisedText {
    fn eq(&self, other: &Self) -> bool {
        self.coming.same_channel(&other.coming)
    }
}

impl Eq for PromisedText {}

/// Asks to end a terminal's program and its session. Leaving a session never does that by itself.
#[derive(Message, Debug, Clone, Copy, PartialEq, Eq)]
pub struct KillRequest {
    /// The terminal.
    pub terminal: Entity,
}

/// Asks to drop what has scrolled off a terminal's screen, for all who look at its session. The screen stays.
#[derive(Message, Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClearScrollbackRequest {
    /// The terminal.
    pub terminal: Entity,
}

/// Asks how far a terminal's input was taken; [`TerminalBacklog`](crate::TerminalBacklog) has the answer when it has come.
#[derive(Message, Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreditRequest {
    /// The terminal.
    pub terminal: Entity,
}

/// Input for a terminal was refused; none of it was or will be sent.
#[derive(Message, EntityEvent, Debug, Clone, PartialEq, Eq)]
pub struct InputRejected {
    /// The terminal.
    #[event_target]
    pub terminal: Entity,
    /// How many bytes of text; mouse and focus count none.
    pub bytes: u64,
    /// Why.
    pub why: Rejection,
}

/// A terminal's bell has rung.
#[derive(Message, EntityEvent, Debug, Clone, Copy, PartialEq, Eq)]
pub struct BellRang {
    /// The terminal.
    #[event_target]
    pub terminal: Entity,
    /// How often since the last message.
    pub times: u64,
}

/// A terminal's program has ended. The screen stays until the entity is despawned.
#[derive(Message, EntityEvent, Debug, Clone, PartialEq, Eq)]
pub struct TerminalExited {
    /// The terminal.
    #[event_target]
    pub terminal: Entity,
    /// How it ended.
    pub exit: Exit,
    /// Whether it had ended before the terminal was attached to its session, or while the connection was lost.
    pub before: bool,
}

/// A terminal's program wants a text on the clipboard (OSC 52). The clipboard plugin obeys it.
#[derive(Message, EntityEvent, Debug, Clone, PartialEq, Eq)]
pub struct ClipboardSet {
    /// The terminal.
    #[event_target]
    pub terminal: Entity,
    /// Whether the primary selection is meant.
    pub primary: bool,
    /// The text.
    pub text: String,
}

/// What was selected in a terminal is to be copied. The clipboard plugin obeys it.
#[derive(Message, EntityEvent, Debug, Clone, PartialEq, Eq)]
pub struct SelectionCopied {
    /// The terminal.
    #[event_target]
    pub terminal: Entity,
    /// Whether the primary selection is meant.
    pub primary: bool,
    /// The text.
    pub text: String,
}

/// Events of a connection were dropped, because the App did not look for a long time, or ([`DaemonEvents`](crate::DaemonEvents)) because
/// the daemon does not keep them any more.
#[derive(Message, Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lagged {
    /// The connection.
    pub connection: Entity,
    /// How many.
    pub events: u64,
}

/// A daemon was told to end, and its sessions end with it. [`ConnectionNoted`] says so too, for people.
#[derive(Message, Debug, Clone, PartialEq, Eq)]
pub struct DaemonStopped {
    /// The connection.
    pub connection: Entity,
    /// Why, in words.
    pub reason: String,
}

/// A connection has something to say that belongs to no terminal any more, in one line.
#[derive(Message, Debug, Clone, PartialEq, Eq)]
pub struct ConnectionNoted {
    /// The connection.
    pub connection: Entity,
    /// What.
    pub text: String,
}
