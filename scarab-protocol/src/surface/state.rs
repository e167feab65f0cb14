//! What a screen has beside its cells: cursor, modes, palette.

use bitflags::bitflags;

/// The shape of a cursor (DECSCUSR).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum CursorShape {
    /// A full cell.
    #[default]
    Block = 0,
    /// A line under the cell.
    Underline = 1,
    /// A line at the cell's left.
    Beam = 2,
    /// The outline of a cell.
    HollowBlock = 3,
    /// None that the program has chosen: what the client likes, or a block.
    Unset = 4,
}

impl CursorShape {
    /// The shape with this number; an unknown one reads as a block.
    pub fn from_bits(bits: u8) -> Self {
        match bits {
            1 => Self::Underline,
            2 => Self::Beam,
            3 => Self::HollowBlock,
            4 => Self::Unset,
            _ => Self::Block,
        }
    }
}

/// Where the cursor is and how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Cursor {
    /// Column, from 0.
    pub col: u16,
    /// Row, from 0.
    pub row: u16,
    /// Its shape.
    pub shape: CursorShape,
    /// Whether the program shows it (DECTCEM).
    pub visible: bool,
    /// Whether the program asked for a blinking one.
    pub blinking: bool,
}

bitflags! {
    /// The modes of a terminal that drawing and input encoding need, as published on its surface.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct Modes: u64 {
        /// Cursor keys send SS3 sequences (DECCKM, 1).
        const APP_CURSOR = 1 << 0;
        /// The keypad sends SS3 sequences (DECKPAM, `ESC =`).
        const APP_KEYPAD = 1 << 1;
        /// Return sends CR LF (LNM, 20).
        const NEW_LINE = 1 << 2;
        /// Pastes are bracketed (2004).
        const BRACKETED_PASTE = 1 << 3;
        /// Gaining and losing focus is told (1004).
        const FOCUS = 1 << 4;
        /// Mouse presses and releases are told (1000).
        const MOUSE_CLICK = 1 << 5;
        /// Motion with a button held is told too (1002).
        const MOUSE_DRAG = 1 << 6;
        /// All motion is told (1003).
        const MOUSE_MOTION = 1 << 7;
        /// Mouse reports in SGR form (1006).
        const MOUSE_SGR = 1 << 8;
        /// Mouse reports with UTF-8 coordinates (1005).
        const MOUSE_UTF8 = 1 << 9;
        /// On the alternate screen the wheel sends cursor keys (1007).
        const ALTERNATE_SCROLL = 1 << 10;
        /// The alternate screen is shown (1049).
        const ALTERNATE_SCREEN = 1 << 11;
        /// Backspace sends BS and not DEL (DECBKM, 67).
        const BACKSPACE_BS = 1 << 12;
        /// Colours are shown inverted (DECSCNM, 5).
        const REVERSE_SCREEN = 1 << 13;
        /// Mouse presses of three buttons are told, and nothing else (X10, 9).
        const MOUSE_X10 = 1 << 14;
        /// Mouse reports in SGR form with pixels in place of cells (1016).
        const MOUSE_PIXELS = 1 << 15;
        /// Kitty keyboard: disambiguate escape codes (flag 1).
        const KITTY_DISAMBIGUATE = 1 << 16;
        /// Kitty keyboard: report event types (flag 2).
        const KITTY_EVENTS = 1 << 17;
        /// Kitty keyboard: report alternate keys (flag 4).
        const KITTY_ALTERNATES = 1 << 18;
        /// Kitty keyboard: report all keys as escape codes (flag 8).
        const KITTY_ALL = 1 << 19;
        /// Kitty keyboard: report associated text (flag 16).
        const KITTY_TEXT = 1 << 20;
        /// modifyOtherKeys level 1 (`CSI > 4 ; 1 m`).
        const MODIFY_OTHER_KEYS_1 = 1 << 24;
        /// modifyOtherKeys level 2 (`CSI > 4 ; 2 m`).
        const MODIFY_OTHER_KEYS_2 = 1 << 25;
        /// Alt sets the eighth bit of what a key sends, in place of an ESC before it (1034, without 1036 and 1039).
        const ALT_EIGHTH_BIT = 1 << 26;
        /// Num Lock does not keep the keypad from sending SS3 sequences (1035 reset).
        const APP_KEYPAD_ALWAYS = 1 << 27;
        /// Delete sends DEL (1037).
        const DELETE_DEL = 1 << 28;

        /// Any mouse tracking at all.
        const MOUSE = Self::MOUSE_X10.bits() | Self::MOUSE_CLICK.bits() | Self::MOUSE_DRAG.bits()
            | Self::MOUSE_MOTION.bits();
    }
}

/// Red, green and blue.
pub type Rgb = [u8; 3];

/// The colours that a program has changed (OSC 4, 10, 11, 12); the others are the client's theme's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Palette {
    /// The frame in which the palette last changed; 0 when it never did.
    pub version: u64,
    overrides: Vec<Option<Rgb>>,
}

impl Palette {
    /// How many colours there are: 256 indexed ones, then foreground, background and cursor.
    pub const LEN: usize = 259;
    /// The place of the default foreground.
    pub const FOREGROUND: usize = 256;
    /// The place of the default background.
    pub const BACKGROUND: usize = 257;
    /// The place of the cursor's colour.
    pub const CURSOR: usize = 258;

    /// The colour the program put in a place, if it did.
    pub fn get(&self, place: usize) -> Option<Rgb> {
        self.overrides.get(place).copied().flatten()
    }

    /// Puts a colour in a place, or takes it away. Places beyond [`Palette::LEN`] are ignored.
    pub fn set(&mut self, place: usize, color: Option<Rgb>) {
        if place >= Self::LEN || self.get(place) == color {
            return;
        }
        if self.overrides.len() <= place {
            self.overrides.resize(place + 1, None);
        }
        self.overrides[place] = color;
        // Equal palettes are to compare equal, whatever was set and taken away before.
        while self.overrides.pop_if(|last| last.is_none()).is_some() {}
    }
}
