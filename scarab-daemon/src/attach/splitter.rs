//! What comes from the outer terminal, split into what is typed, pasted, done with the mouse, and meant for us.

mod detach;
mod report;

use std::time::Duration;

use scarab_protocol::mouse::MouseEvent;

pub use detach::{DetachKey, DetachKeyError};

/// What a piece of the outer terminal's bytes means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// Keys, encoded as the outer terminal encodes them, which has been told the session's modes.
    Bytes(Vec<u8>),
    /// A paste, or a part of a very long one.
    Paste(Vec<u8>),
    /// The mouse did something, at a cell of the outer terminal.
    Mouse(MouseEvent),
    /// The outer terminal gained or lost the keyboard.
    Focus(bool),
    /// The detach key.
    Detach,
}

/// How long the rest of an escape sequence may take: a terminal sends it in one go, a person who pressed Escape does not go on.
const SEQUENCE_PATIENCE: Duration = Duration::from_millis(25);

/// How long a paste may pause before it counts as over. Else a terminal that never ends one would leave no way to detach.
const PASTE_PATIENCE: Duration = Duration::from_secs(2);

/// The longest sequence that is waited for, in bytes: a mouse report has at most some twenty.
const MAX_SEQUENCE: usize = 32;

/// The most bytes of a paste that are kept before they are handed on.
const MAX_PASTE: usize = 16 * 1024 * 1024;

const PASTE_START: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";

/// Splits a stream of bytes, whatever the chunks that it comes in.
#[derive(Debug)]
pub struct Splitter {
    detach: DetachKey,
    /// The beginning of a sequence whose rest has not come.
    held: Vec<u8>,
    /// A paste that has not ended.
    paste: Option<Vec<u8>>,
}

impl Splitter {
    /// A splitter that knows the detach key.
    pub fn new(detach: DetachKey) -> Self {
        Self { detach, held: Vec::new(), paste: None }
    }

    /// Splits the next bytes. What cannot be told yet is kept: see [`Splitter::patience`].
    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<Typed>) {
        let mut input = std::mem::take(&mut self.held);
        input.extend_from_slice(bytes);
        let mut rest = &input[..];
        while !rest.is_empty() {
            let used = match &mut self.paste {
                Some(_) => self.in_paste(rest, out),
                None => self.typed(rest, out),
            };
            if used == 0 {
                self.held = rest.to_vec();
                return;
            }
            rest = &rest[used..];
        }
    }

    /// How long to wait for more before [`Splitter::flush`]; `None` if nothing is kept.
    pub fn patience(&self) -> Option<Duration> {
        match (&self.paste, self.held.is_empty()) {
            (Some(_), _) => Some(PASTE_PATIENCE),
            (None, false) => Some(SEQUENCE_PATIENCE),
            (None, true) => None,
        }
    }

    /// Nothing more has come: what was kept is what it looks like, and a paste is over.
    pub fn flush(&mut self, out: &mut Vec<Typed>) {
        let held = std::mem::take(&mut self.held);
        match self.paste.take() {
            Some(mut paste) => {
                paste.extend_from_slice(&held);
                out.push(Typed::Paste(paste));
            }
            None => push_bytes(&held, out),
        }
    }

    /// Splits off the front of what is typed; 0 if more is needed to tell what it is.
    fn typed(&mut self, bytes: &[u8], out: &mut Vec<Typed>) -> usize {
        let special = bytes.iter().position(|&byte| byte == 0x1b || self.detach.is_byte(byte));
        match special {
            Some(0) if bytes[0] == 0x1b => self.sequence(bytes, out),
            Some(0) => {
                out.push(Typed::Detach);
                1
            }
            other => {
                let count = other.unwrap_or(bytes.len());
                push_bytes(&bytes[..count], out);
                count
            }
        }
    }

    /// What begins with an escape.
    fn sequence(&mut self, bytes: &[u8], out: &mut Vec<Typed>) -> usize {
        let Some(length) = report::csi_length(bytes) else {
            if bytes.len() < MAX_SEQUENCE && report::may_become_csi(bytes) {
                return 0;
            }
            // Not one of ours: what follows it is looked at by itself.
            push_bytes(&bytes[..1], out);
            return 1;
        };
        let sequence = &bytes[..length];
        if sequence == PASTE_START {
            self.paste = Some(Vec::new());
        } else if sequence == PASTE_END {
            // The end of a paste that was given up.
        } else if let Some(gained) = report::focus(sequence) {
            out.push(Typed::Focus(gained));
        } else if let Some(mouse) = report::mouse(sequence) {
            out.push(Typed::Mouse(mouse));
        } else if self.detach.is_sequence(sequence) {
            out.push(Typed::Detach);
        } else {
            push_bytes(sequence, out);
        }
        length
    }

    /// Takes more of a paste; 0 if what is left may be the beginning of its end.
    fn in_paste(&mut self, bytes: &[u8], out: &mut Vec<Typed>) -> usize {
        let Some(paste) = &mut self.paste else { return 0 };
        if let Some(end) = memchr::memmem::find(bytes, PASTE_END) {
            paste.extend_from_slice(&bytes[..end]);
            out.push(Typed::Paste(std::mem::take(paste)));
            self.paste = None;
            return end + PASTE_END.len();
        }
        let kept = (1..PASTE_END.len()).rev().find(|&count| bytes.ends_with(&PASTE_END[..count])).unwrap_or(0);
        let used = bytes.len() - kept;
        paste.extend_from_slice(&bytes[..used]);
        if paste.len() > MAX_PASTE {
            out.push(Typed::Paste(std::mem::take(paste)));
        }
        used
    }
}

/// Adds bytes to those before them, so that what was one write stays one.
fn push_bytes(bytes: &[u8], out: &mut Vec<Typed>) {
    match out.last_mut() {
        _ if bytes.is_empty() => {}
        Some(Typed::Bytes(last)) => last.extend_from_slice(bytes),
        _ => out.push(Typed::Bytes(bytes.to_vec())),
    }
}

#[cfg(test)]
mod tests;
