//! The key that leaves a session.

use std::{fmt, str::FromStr};

use scarab_protocol::key::{self, Logical, Mods, parse_key};
use scarab_protocol::surface::Modes;

/// Ctrl with a letter but I and M, or with one of `\ ] ^ _`: keys that are one byte on every terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetachKey {
    byte: u8,
    /// The character of the key, as the kitty protocol and xterm's modifyOtherKeys tell it.
    character: char,
}

/// A key that cannot be the detach key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} cannot be the detach key: that is Ctrl with a letter but I and M, or with one of \\ ] ^ _, such as C-b")]
pub struct DetachKeyError(String);

impl DetachKey {
    /// Ctrl with the backslash: few programs use it, and shells least of all.
    pub const DEFAULT: &str = r"C-\";

    /// Whether this byte, outside of any sequence, is the key.
    pub(super) fn is_byte(&self, byte: u8) -> bool {
        byte == self.byte
    }

    /// Whether a sequence is the key: `CSI code ; modifiers u` (kitty), or `CSI 27 ; modifiers ; code ~` (xterm).
    pub(super) fn is_sequence(&self, sequence: &[u8]) -> bool {
        let Some((last, body)) = sequence.get(2..).and_then(<[u8]>::split_last) else { return false };
        let Ok(body) = str::from_utf8(body) else { return false };
        let mut parameters = body.split(';').map(|parameter| parameter.split(':').map(|part| part.parse::<u32>().ok()));
        let mut first =
            |wanted: usize| parameters.nth(wanted).and_then(|mut parts| Some((parts.next()??, parts.next().flatten())));
        let (code, modifiers, event) = match last {
            b'u' => match (first(0), first(0)) {
                (Some((code, _)), Some((modifiers, event))) => (code, modifiers, event),
                _ => return false,
            },
            b'~' => match (first(0), first(0), first(0)) {
                (Some((27, _)), Some((modifiers, _)), Some((code, _))) => (code, modifiers, None),
                _ => return false,
            },
            _ => return false,
        };
        const RELEASE: u32 = 3;
        let held = Mods::from_bits_truncate(modifiers.saturating_sub(1) as u8).held();
        code == u32::from(self.character) && held == Mods::CTRL && event != Some(RELEASE)
    }
}

impl FromStr for DetachKey {
    type Err = DetachKeyError;

    fn from_str(name: &str) -> Result<Self, DetachKeyError> {
        let wrong = || DetachKeyError(name.to_owned());
        let press = parse_key(name).map_err(|_| wrong())?;
        let Logical::Char(typed) = press.logical else { return Err(wrong()) };
        let mut bytes = Vec::new();
        key::encode(&press, Modes::empty(), &mut bytes);
        match bytes[..] {
            // NUL, Tab, Enter and Escape are keys of their own.
            [byte @ (1..=8 | 10..=12 | 14..=26 | 28..=31)] if press.mods.held().contains(Mods::CTRL) => {
                Ok(Self { byte, character: press.unshifted.unwrap_or(typed) })
            }
            _ => Err(wrong()),
        }
    }
}

impl Default for DetachKey {
    fn default() -> Self {
        Self { byte: 0x1c, character: '\\' }
    }
}

impl fmt::Display for DetachKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ctrl-{}", char::from(self.byte | 0x40))
    }
}
