//! Keys that have a name instead of a character.

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
    /// A function key by its number, from 1. Encoded up to 24 as xterm does, up to 35 in the kitty protocol.
    F(u8),
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
    /// AltGr.
    AltGraph,
    /// The left Windows or Command key.
    SuperLeft,
    /// The right Windows or Command key.
    SuperRight,
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
    /// Every key, in the order of the kitty protocol's numbers for them.
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
