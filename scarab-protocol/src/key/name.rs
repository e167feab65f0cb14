//! Keys by name, for scripts.

use super::{KeyPress, Logical, Mods, Named, Numpad, Physical, layout};

/// A name that no key has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no key is called {name:?}: a key is one character or one of Enter, Tab, BackTab, Backspace, Escape, Space, Up, \
     Down, Left, Right, Home, End, PageUp, PageDown, Insert, Delete, Begin, Find, Select, Help, Menu, PrintScreen, \
     Pause, F1 to F35, KP0 to KP9, KPEnter, KPPlus, KPMinus, KPMultiply, KPDivide, KPDecimal, KPEqual, KPSeparator, \
     KPUp and so on, CapsLock, ScrollLock, NumLock, MediaPlay, MediaPause, MediaPlayPause, MediaReverse, MediaStop, \
     MediaFastForward, MediaRewind, MediaTrackNext, MediaTrackPrevious, MediaRecord, VolumeDown, VolumeUp, \
     VolumeMute, AltGr, Level5Shift, ShiftLeft and ShiftRight, and so on for Ctrl, Alt, Super, Hyper and Meta; C- or \
     Ctrl+, M- or Alt+, S- or Shift+, Super+ may stand before it"
)]
pub struct ParseKeyError {
    /// The name as it was given.
    pub name: String,
}

/// The named keys with their names; the first of each is the one to write. Case does not matter.
pub(super) const NAMES: &[(&str, Named)] = &[
    ("Enter", Named::Enter),
    ("Return", Named::Enter),
    ("CR", Named::Enter),
    ("Tab", Named::Tab),
    ("Backspace", Named::Backspace),
    ("BSpace", Named::Backspace),
    ("BS", Named::Backspace),
    ("Escape", Named::Escape),
    ("Esc", Named::Escape),
    ("Space", Named::Space),
    ("Up", Named::Up),
    ("ArrowUp", Named::Up),
    ("Down", Named::Down),
    ("ArrowDown", Named::Down),
    ("Left", Named::Left),
    ("ArrowLeft", Named::Left),
    ("Right", Named::Right),
    ("ArrowRight", Named::Right),
    ("Home", Named::Home),
    ("End", Named::End),
    ("PageUp", Named::PageUp),
    ("PgUp", Named::PageUp),
    ("PPage", Named::PageUp),
    ("PageDown", Named::PageDown),
    ("PgDn", Named::PageDown),
    ("NPage", Named::PageDown),
    ("Insert", Named::Insert),
    ("Ins", Named::Insert),
    ("IC", Named::Insert),
    ("Delete", Named::Delete),
    ("Del", Named::Delete),
    ("DC", Named::Delete),
    ("Begin", Named::Begin),
    ("Find", Named::Find),
    ("Select", Named::Select),
    ("Help", Named::Help),
    ("Menu", Named::Menu),
    ("PrintScreen", Named::PrintScreen),
    ("Pause", Named::Pause),
    ("CapsLock", Named::CapsLock),
    ("ScrollLock", Named::ScrollLock),
    ("NumLock", Named::NumLock),
    ("MediaPlay", Named::MediaPlay),
    ("MediaPause", Named::MediaPause),
    ("MediaPlayPause", Named::MediaPlayPause),
    ("MediaReverse", Named::MediaReverse),
    ("MediaStop", Named::MediaStop),
    ("MediaFastForward", Named::MediaFastForward),
    ("MediaRewind", Named::MediaRewind),
    ("MediaTrackNext", Named::MediaTrackNext),
    ("MediaTrackPrevious", Named::MediaTrackPrevious),
    ("MediaRecord", Named::MediaRecord),
    ("VolumeDown", Named::VolumeDown),
    ("VolumeUp", Named::VolumeUp),
    ("VolumeMute", Named::VolumeMute),
    ("ShiftLeft", Named::ShiftLeft),
    ("ShiftRight", Named::ShiftRight),
    ("CtrlLeft", Named::ControlLeft),
    ("ControlLeft", Named::ControlLeft),
    ("CtrlRight", Named::ControlRight),
    ("ControlRight", Named::ControlRight),
    ("AltLeft", Named::AltLeft),
    ("AltRight", Named::AltRight),
    ("AltGr", Named::AltGraph),
    ("AltGraph", Named::AltGraph),
    ("Level5Shift", Named::Level5Shift),
    ("SuperLeft", Named::SuperLeft),
    ("SuperRight", Named::SuperRight),
    ("HyperLeft", Named::HyperLeft),
    ("HyperRight", Named::HyperRight),
    ("MetaLeft", Named::MetaLeft),
    ("MetaRight", Named::MetaRight),
];

/// The keypad's keys that have words for names; its digits are `KP0` to `KP9`.
pub(super) const KEYPAD: &[(&str, Numpad)] = &[
    ("KPEnter", Numpad::Enter),
    ("KPPlus", Numpad::Add),
    ("KPMinus", Numpad::Subtract),
    ("KPMultiply", Numpad::Multiply),
    ("KPDivide", Numpad::Divide),
    ("KPDecimal", Numpad::Decimal),
    ("KPEqual", Numpad::Equal),
    ("KPSeparator", Numpad::Separator),
];

/// What the keypad's keys are without Num Lock: `KP` before the name of the key of which each is another.
pub(super) const KEYPAD_WITHOUT_NUM_LOCK: &[(&str, Numpad, Named)] = &[
    ("KPInsert", Numpad::Digit0, Named::Insert),
    ("KPEnd", Numpad::Digit1, Named::End),
    ("KPDown", Numpad::Digit2, Named::Down),
    ("KPPageDown", Numpad::Digit3, Named::PageDown),
    ("KPLeft", Numpad::Digit4, Named::Left),
    ("KPBegin", Numpad::Digit5, Named::Begin),
    ("KPRight", Numpad::Digit6, Named::Right),
    ("KPHome", Numpad::Digit7, Named::Home),
    ("KPUp", Numpad::Digit8, Named::Up),
    ("KPPageUp", Numpad::Digit9, Named::PageUp),
    ("KPDelete", Numpad::Decimal, Named::Delete),
];

/// Reads the name of a key: one character, or a name such as `Enter`, `PageDown`, `F5`, with modifiers before it: `C-c`,
/// `Ctrl+C`, `M-x`, `Alt+x`, `S-F5`, `C-M-Left`, `Ctrl+-`.
///
/// The single letters of the short modifiers are capitals; case matters nowhere else but in the character of a key
/// without Ctrl, where a capital means Shift. Characters are typed as on a US keyboard, so `C-?` is Ctrl+Shift+/.
/// Keypad keys are those of a keypad without Num Lock, so that they follow DECKPAM. A modifier key is in force itself, as
/// when it goes down. `Meta+` is Alt, as Emacs has it: there are no names for Hyper, and for the Meta that is not Alt.
pub fn parse_key(name: &str) -> Result<KeyPress, ParseKeyError> {
    let (mods, key) = split_modifiers(name);
    find(key, mods).ok_or_else(|| ParseKeyError { name: name.to_owned() })
}

/// Takes the modifiers off a name. What is left is the key's, and is no name if a modifier was none.
fn split_modifiers(name: &str) -> (Mods, &str) {
    let mut mods = Mods::empty();
    let mut rest = name;
    // A separator at the start or at the end is itself the key, or part of a wrong name.
    while let Some((at, _)) = rest.char_indices().skip(1).find(|&(_, c)| c == '-' || c == '+')
        && at + 1 < rest.len()
        && let Some(modifier) = modifier(&rest[..at])
    {
        mods |= modifier;
        rest = &rest[at + 1..];
    }
    (mods, rest)
}

fn modifier(name: &str) -> Option<Mods> {
    let is_one_of = |names: &[&str]| names.iter().any(|other| name.eq_ignore_ascii_case(other));
    Some(match name {
        "C" => Mods::CTRL,
        "M" | "A" => Mods::ALT,
        "S" => Mods::SHIFT,
        _ if is_one_of(&["Ctrl", "Control"]) => Mods::CTRL,
        _ if is_one_of(&["Alt", "Meta"]) => Mods::ALT,
        _ if is_one_of(&["Shift"]) => Mods::SHIFT,
        _ if is_one_of(&["Super", "Cmd", "Win"]) => Mods::SUPER,
        _ => return None,
    })
}

fn find(key: &str, mods: Mods) -> Option<KeyPress> {
    let mut chars = key.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return character(c, mods);
    }
    if let Some(&(_, named)) = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)) {
        return Some(KeyPress::named(named, mods | named.modifier()));
    }
    if key.eq_ignore_ascii_case("BackTab") || key.eq_ignore_ascii_case("BTab") {
        return Some(KeyPress::named(Named::Tab, mods | Mods::SHIFT));
    }
    if let Some(&(_, place)) = KEYPAD.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)) {
        return Some(keypad(place, mods));
    }
    if let Some(&(_, place, named)) = KEYPAD_WITHOUT_NUM_LOCK.iter().find(|(name, ..)| name.eq_ignore_ascii_case(key)) {
        return Some(KeyPress { physical: Physical::Numpad(place), ..KeyPress::named(named, mods) });
    }
    if let Some(digit) = strip_prefix_any_case(key, "KP").and_then(number) {
        return Numpad::ALL[..10].get(usize::from(digit)).map(|&place| keypad(place, mods));
    }
    let function = strip_prefix_any_case(key, "F").and_then(number)?;
    (1..=35).contains(&function).then(|| KeyPress::named(Named::F(function), mods))
}

fn strip_prefix_any_case<'a>(key: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = key.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// One or two digits without a zero before them: `F05` is no name.
fn number(digits: &str) -> Option<u8> {
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && (digits.len() == 1 || !digits.starts_with('0'));
    digits.parse().ok().filter(|_| plain)
}

/// The press that types a character, with Shift taken from the character and the character from Shift.
fn character(c: char, mods: Mods) -> Option<KeyPress> {
    if c == ' ' {
        return Some(KeyPress::named(Named::Space, mods));
    }
    if c.is_control() {
        return None;
    }
    // `Ctrl+C` is how people write Ctrl and the C key.
    let c = if mods.contains(Mods::CTRL) { layout::lowercase(c) } else { c };
    let (place, shifted) = match layout::us_place(c) {
        Some((place, shifted)) => (Some(place), shifted),
        None => (None, layout::lowercase(c) != c),
    };
    let mods = if shifted { mods | Mods::SHIFT } else { mods };
    let typed = match place {
        Some(place) => layout::on_us_keyboard(place, mods.contains(Mods::SHIFT))?,
        None if mods.contains(Mods::SHIFT) && !shifted => layout::uppercase(c),
        None => c,
    };
    Some(KeyPress {
        physical: place.map_or(Physical::Other, Physical::Key),
        logical: Logical::Char(typed),
        text: (!mods.intersects(Mods::CTRL | Mods::DESKTOP)).then(|| typed.to_string()),
        unshifted: Some(place.unwrap_or_else(|| layout::lowercase(c))),
        mods,
        ..KeyPress::default()
    })
}

fn keypad(place: Numpad, mods: Mods) -> KeyPress {
    let logical = place.char().map_or(Logical::Named(Named::Enter), Logical::Char);
    KeyPress { physical: Physical::Numpad(place), logical, mods, ..KeyPress::default() }
}
