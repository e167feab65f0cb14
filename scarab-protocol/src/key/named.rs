//! Keys that have a name instead of a character.
//!
//! They are those of the table "Functional key definitions" in kitty's keyboard protocol, and three that only xterm has
//! a sequence for (`ctlseqs`, "Non-Function Keys").

use super::Mods;

/// A key named by what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Named {
    /// Return, or Enter on the keypad.
    Enter,
    /// Tab.
    Tab,
    /// The key that deletes backwards.
    Backspace,
    /// Escape.
    Escape,
    /// The space bar.
    Space,
    /// Cursor up.
    Up,
    /// Cursor down.
    Down,
    /// Cursor left.
    Left,
    /// Cursor right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page Up.
    PageUp,
    /// Page Down.
    PageDown,
    /// Insert.
    Insert,
    /// The key that deletes forwards.
    Delete,
    /// The middle of the keypad without Num Lock; some systems call it Clear.
    Begin,
    /// A function key by its number, from 1 to 35. With another number it is no key and sends nothing.
    F(u8),
    /// Find, on DEC's keyboards. The kitty protocol has no number for it, so it is sent as xterm sends it there, too.
    Find,
    /// Select, on DEC's keyboards; as for Find.
    Select,
    /// Help; as for Find.
    Help,
    /// The context menu key.
    Menu,
    /// Print Screen.
    PrintScreen,
    /// Pause.
    Pause,
    /// Caps Lock.
    CapsLock,
    /// Scroll Lock.
    ScrollLock,
    /// Num Lock.
    NumLock,
    /// Play. This and all that follow are sent in the kitty protocol only: xterm has no sequences for them.
    MediaPlay,
    /// Pause, of what is played.
    MediaPause,
    /// Play and pause on one key.
    MediaPlayPause,
    /// Play backwards.
    MediaReverse,
    /// Stop.
    MediaStop,
    /// Fast forward.
    MediaFastForward,
    /// Rewind.
    MediaRewind,
    /// The next track.
    MediaTrackNext,
    /// The track before.
    MediaTrackPrevious,
    /// Record.
    MediaRecord,
    /// Less loud.
    VolumeDown,
    /// Louder.
    VolumeUp,
    /// No sound.
    VolumeMute,
    /// The left Shift key.
    ShiftLeft,
    /// The right Shift key.
    ShiftRight,
    /// The left Control key.
    ControlLeft,
    /// The right Control key.
    ControlRight,
    /// The left Alt key.
    AltLeft,
    /// The right Alt key, where it is not AltGr.
    AltRight,
    /// AltGr, the shift to the third level of a key's characters (ISO 9995).
    AltGraph,
    /// The shift to the fifth level, on few layouts.
    Level5Shift,
    /// The left Windows or Command key.
    SuperLeft,
    /// The right Windows or Command key.
    SuperRight,
    /// The left Hyper key, on few layouts.
    HyperLeft,
    /// The right Hyper key, on few layouts.
    HyperRight,
    /// The left Meta key, where it is not Alt.
    MetaLeft,
    /// The right Meta key, where it is not Alt.
    MetaRight,
}

impl Named {
    /// The modifier that this key puts in force while it is held; none for other keys. Locks are no modifiers here, for
    /// they stay in force without their key, and AltGr is none, for its effect is in the text.
    pub fn modifier(self) -> Mods {
        match self {
            Self::ShiftLeft | Self::ShiftRight => Mods::SHIFT,
            Self::ControlLeft | Self::ControlRight => Mods::CTRL,
            Self::AltLeft | Self::AltRight => Mods::ALT,
            Self::SuperLeft | Self::SuperRight => Mods::SUPER,
            Self::HyperLeft | Self::HyperRight => Mods::HYPER,
            Self::MetaLeft | Self::MetaRight => Mods::META,
            _ => Mods::empty(),
        }
    }
}

/// A key of the numeric keypad by its place, whatever Num Lock makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Numpad {
    /// 0, or Insert.
    Digit0,
    /// 1, or End.
    Digit1,
    /// 2, or cursor down.
    Digit2,
    /// 3, or Page Down.
    Digit3,
    /// 4, or cursor left.
    Digit4,
    /// 5, or Begin.
    Digit5,
    /// 6, or cursor right.
    Digit6,
    /// 7, or Home.
    Digit7,
    /// 8, or cursor up.
    Digit8,
    /// 9, or Page Up.
    Digit9,
    /// The decimal point or comma, or Delete.
    Decimal,
    /// `/`
    Divide,
    /// `*`
    Multiply,
    /// `-`
    Subtract,
    /// `+`
    Add,
    /// Enter.
    Enter,
    /// `=`, on few keyboards.
    Equal,
    /// The thousands separator, on few keyboards.
    Separator,
}

impl Numpad {
    /// Every key, in the order of the kitty protocol's numbers for them: `KP_0` to `KP_SEPARATOR`, 57399 to 57416.
    pub const ALL: [Self; 18] = [
        Self::Digit0,
        Self::Digit1,
        Self::Digit2,
        Self::Digit3,
        Self::Digit4,
        Self::Digit5,
        Self::Digit6,
        Self::Digit7,
        Self::Digit8,
        Self::Digit9,
        Self::Decimal,
        Self::Divide,
        Self::Multiply,
        Self::Subtract,
        Self::Add,
        Self::Enter,
        Self::Equal,
        Self::Separator,
    ];

    /// The character it types with Num Lock; none for Enter.
    pub fn char(self) -> Option<char> {
        b"0123456789./*-+\0=,".get(self as usize).map(|&c| char::from(c)).filter(|&c| c != '\0')
    }
}
