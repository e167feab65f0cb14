//! Keys as the bytes a terminal sends for them: a pure function of the key and of the terminal's modes.
//!
//! - [`KeyPress`] is what a window system tells about a key, cleared of the window system.
//! - [`encode`] makes the bytes: as xterm does, in xterm's modifyOtherKeys form, or in the kitty keyboard protocol,
//!   whichever the program on the terminal has asked for.
//! - [`parse_key`] reads the names that scripts write, such as `C-c` or `Shift+F5`.
//!
//! Sources: xterm's `ctlseqs`, its manual page and `input.c`, all of patch 410; DEC's VT510 manual; and the page
//! "Comprehensive keyboard handling in terminals" of kitty (`docs/keyboard-protocol.rst`). Each table names its own.

mod kitty;
mod layout;
mod legacy;
mod name;
mod named;
mod other;

use std::borrow::Cow;

use bitflags::bitflags;

pub use name::{ParseKeyError, parse_key};
pub use named::{Named, Numpad};

use crate::surface::Modes;

bitflags! {
    /// The modifiers in force with a key. The bits are those of the kitty protocol ("Modifiers"), less the one that is
    /// added; the first three are xterm's, too (`ctlseqs`, "PC-Style Function Keys"), whose fourth is Meta.
    ///
    /// AltGr is not a modifier here: its effect is in the text. A caller whose system tells AltGr as Alt, or as
    /// Ctrl+Alt (Windows), takes those bits away when the key gave a text of its own, or `@` would get an ESC.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct Mods: u8 {
        /// Either Shift key.
        const SHIFT = 1 << 0;
        /// The Alt key, Option on a Mac. Not AltGr.
        const ALT = 1 << 1;
        /// Either Control key.
        const CTRL = 1 << 2;
        /// The Windows or Command key.
        const SUPER = 1 << 3;
        /// The Hyper key, on few layouts.
        const HYPER = 1 << 4;
        /// The Meta key, where it is not Alt.
        const META = 1 << 5;
        /// Caps Lock is on.
        const CAPS_LOCK = 1 << 6;
        /// Num Lock is on. Without it the keypad follows DECKPAM, so a caller that cannot learn its state
        /// sets it on keypad keys that type a character: digits then stay digits in every program.
        const NUM_LOCK = 1 << 7;

        /// The locks: they never make a key another one.
        const LOCKS = Self::CAPS_LOCK.bits() | Self::NUM_LOCK.bits();
        /// The modifiers that are for the desktop: with them a key types nothing, and only the kitty protocol tells it.
        const DESKTOP = Self::SUPER.bits() | Self::HYPER.bits() | Self::META.bits();
    }
}

impl Mods {
    /// The modifiers that are held down, without the locks.
    pub fn held(self) -> Self {
        self - Self::LOCKS
    }

    /// The number that stands for these modifiers in a control sequence: one more than their bits.
    fn param(self) -> u32 {
        u32::from(self.bits()) + 1
    }
}

/// What happened to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum KeyKind {
    /// It went down.
    #[default]
    Press,
    /// It is held and repeats.
    Repeat,
    /// It came up. Only the kitty protocol sends anything for that.
    Release,
}

/// What a key means in the active keyboard layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Logical {
    /// A key with a name instead of a character.
    Named(Named),
    /// A key that types this character with the modifiers held now: `A` with Shift, not `a`.
    Char(char),
    /// A dead key, which alone types nothing.
    Dead,
    /// Anything else. It still sends its text, if it has one.
    #[default]
    Unidentified,
}

/// Where a key is on the keyboard, as far as encoding depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Physical {
    /// A key of the main block, named by what it types without Shift on a US keyboard: `a` to `z`, `0` to `9`, and
    /// `` `-=[]\;',./ ``. Ctrl+С on a Russian layout is Ctrl+C because of this.
    Key(char),
    /// A key of the numeric keypad.
    Numpad(Numpad),
    /// Any other place, or an unknown one.
    #[default]
    Other,
}

/// One key going down, repeating, or coming up.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct KeyPress {
    /// Where the key is.
    pub physical: Physical,
    /// What it means in the active layout.
    pub logical: Logical,
    /// The text that the press typed, with Shift, AltGr and compose applied. A text with control characters counts as
    /// none. Without one the character of `logical` is typed.
    pub text: Option<String>,
    /// The character that the key would type alone in the active layout. Only the kitty protocol looks at it; without
    /// it the answer is guessed from the other fields.
    pub unshifted: Option<char>,
    /// The modifiers in force. For a modifier key itself: those in force after the event.
    pub mods: Mods,
    /// Whether it went down, repeats or came up.
    pub kind: KeyKind,
}

impl KeyPress {
    /// A press of a key with a name.
    pub fn named(named: Named, mods: Mods) -> Self {
        Self { logical: Logical::Named(named), mods, ..Self::default() }
    }

    /// A press of a key that types a character, in an unknown place of the keyboard.
    pub fn char(c: char, mods: Mods) -> Self {
        Self { logical: Logical::Char(c), mods, ..Self::default() }
    }

    /// Whether this is the key of a binding, as [`parse_key`] reads it: all its modifiers and no others.
    ///
    /// A letter is found by what the key types, or where that is not Latin by its place, as Ctrl does it. Of another character Shift
    /// is a part of typing it, and its place on a US keyboard counts too: the digits of a French keyboard are there.
    pub fn is(&self, chord: &Self) -> bool {
        let (own, wanted) = (self.mods.held(), chord.mods.held());
        match (chord.physical, chord.logical) {
            (Physical::Numpad(_), _) => own == wanted && self.physical == chord.physical,
            (_, Logical::Char(c)) if c.is_alphabetic() => {
                let letter = self.ascii().or(self.character()).map(layout::lowercase);
                own == wanted && letter == Some(layout::lowercase(c))
            }
            (place, Logical::Char(c)) => {
                let types_it = self.character() == Some(c) && own - Mods::SHIFT == wanted - Mods::SHIFT;
                types_it || own == wanted && self.physical == place && place != Physical::Other
            }
            (_, logical) => own == wanted && self.logical == logical,
        }
    }

    /// The character this key means. Space is one, although it has a name.
    fn character(&self) -> Option<char> {
        match self.logical {
            Logical::Char(c) => Some(c),
            Logical::Named(Named::Space) => Some(' '),
            _ => None,
        }
    }

    /// What this key types, whatever modifiers are held. Never empty, never with control characters.
    fn typed(&self) -> Option<Cow<'_, str>> {
        let printable = |text: &&str| !text.is_empty() && !text.contains(char::is_control);
        if let Logical::Named(named) = self.logical
            && named != Named::Space
        {
            // Window systems give Enter the text "\r" and Delete "\x7f", and some give others worse.
            return None;
        }
        match self.text.as_deref().filter(printable) {
            Some(text) => Some(Cow::Borrowed(text)),
            None => self.character().filter(|c| !c.is_control()).map(|c| Cow::Owned(c.to_string())),
        }
    }

    /// What this key types now: nothing under Ctrl, Alt or a modifier of the desktop.
    fn plain_text(&self) -> Option<Cow<'_, str>> {
        self.typed().filter(|_| (self.mods.held() - Mods::SHIFT).is_empty())
    }

    /// The ASCII character for Ctrl to work on: the key's own, else that of its place on a US keyboard, so that control
    /// combinations work on layouts without Latin letters.
    fn ascii(&self) -> Option<char> {
        match (self.character(), self.logical, self.physical) {
            (Some(c), ..) if c.is_ascii() => Some(c),
            (Some(_), _, Physical::Key(place)) | (_, Logical::Unidentified, Physical::Key(place)) => {
                layout::on_us_keyboard(place, self.mods.contains(Mods::SHIFT))
            }
            _ => None,
        }
    }
}

/// Appends what a terminal in these modes sends for this key; nothing if the key sends nothing.
///
/// The kitty keyboard protocol is used when the program has set any of its flags, else xterm's encoding, with
/// modifyOtherKeys if that is on. What an input method commits is text and not a key: it is sent as it is.
pub fn encode(key: &KeyPress, modes: Modes, out: &mut Vec<u8>) {
    if speaks_kitty(modes) {
        kitty::encode(key, modes, out);
    } else {
        legacy::encode(key, modes, out);
    }
}

/// Whether the program on a terminal in these modes has asked for the kitty keyboard protocol, by any of its flags.
pub fn speaks_kitty(modes: Modes) -> bool {
    modes.intersects(kitty::FLAGS)
}

#[cfg(test)]
mod tests;
