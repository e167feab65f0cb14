//! A console's records as the bytes that a terminal would send.

use scarab_protocol::{
    key::{self, KeyPress, Mods, Named},
    surface::Modes,
};
use windows_sys::Win32::{
    System::Console::{
        INPUT_RECORD, KEY_EVENT, KEY_EVENT_RECORD, LEFT_ALT_PRESSED, LEFT_CTRL_PRESSED, RIGHT_ALT_PRESSED,
        RIGHT_CTRL_PRESSED, SHIFT_PRESSED, WINDOW_BUFFER_SIZE_EVENT,
    },
    UI::Input::KeyboardAndMouse::{
        VIRTUAL_KEY, VK_DELETE, VK_DOWN, VK_END, VK_ESCAPE, VK_F1, VK_F12, VK_HOME, VK_INSERT, VK_LEFT, VK_MENU,
        VK_NEXT, VK_PRIOR, VK_RIGHT, VK_SPACE, VK_UP,
    },
};

/// Puts together what records tell: a character outside of the basic plane comes in two.
#[derive(Debug, Default)]
pub(super) struct Typing {
    /// The first half of a character whose second has not come.
    high: Option<u16>,
}

impl Typing {
    /// Appends what was typed. True if the record tells of another size instead; of anything else nothing comes.
    pub(super) fn take(&mut self, record: &INPUT_RECORD, out: &mut Vec<u8>) -> bool {
        match u32::from(record.EventType) {
            // SAFETY: the type says that it is a key's record, which is made of numbers.
            KEY_EVENT => self.key(unsafe { &record.Event.KeyEvent }, out),
            other => return other == WINDOW_BUFFER_SIZE_EVENT,
        }
        false
    }

    fn key(&mut self, key: &KEY_EVENT_RECORD, out: &mut Vec<u8>) {
        // SAFETY: both that it can be are numbers, and this is the longer one.
        let unit = unsafe { key.uChar.UnicodeChar };
        // A character that was typed by its number, with Alt held down, comes as Alt comes up.
        let composed = key.wVirtualKeyCode == VK_MENU && unit != 0;
        if key.bKeyDown == 0 && !composed {
            return;
        }
        for _ in 0..key.wRepeatCount.max(1) {
            match unit {
                0 => untold(key, out),
                _ => self.unit(unit, out),
            }
        }
    }

    /// Appends a character, or keeps half of it. A half without its other one is marked.
    fn unit(&mut self, unit: u16, out: &mut Vec<u8>) {
        let mut push = |character: char| out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        if matches!(unit, 0xd800..=0xdbff) {
            if self.high.replace(unit).is_some() {
                push(char::REPLACEMENT_CHARACTER);
            }
            return;
        }
        let units = self.high.take().into_iter().chain([unit]);
        char::decode_utf16(units).for_each(|decoded| push(decoded.unwrap_or(char::REPLACEMENT_CHARACTER)));
    }
}

/// Appends a key that has no character. A console that makes sequences of keys lets few of those through, but not all consoles
/// that take the flag for it do so: Wine's does not.
fn untold(key: &KEY_EVENT_RECORD, out: &mut Vec<u8>) {
    let mods = mods(key.dwControlKeyState);
    match named(key.wVirtualKeyCode) {
        Some(named) => key::encode(&KeyPress::named(named, mods), Modes::empty(), out),
        // NUL looks like no character, and some consoles tell it as no key either. With Alt it is a dead key.
        None if key.wVirtualKeyCode == 0 => out.push(0),
        None if (mods.contains(Mods::CTRL) && !mods.contains(Mods::ALT))
            && [VK_SPACE, VK_2].contains(&key.wVirtualKeyCode) =>
        {
            out.push(0);
        }
        None => {}
    }
}

/// The key of the digit 2, with which Ctrl types NUL.
const VK_2: VIRTUAL_KEY = b'2' as VIRTUAL_KEY;

fn named(key: VIRTUAL_KEY) -> Option<Named> {
    Some(match key {
        VK_UP => Named::Up,
        VK_DOWN => Named::Down,
        VK_RIGHT => Named::Right,
        VK_LEFT => Named::Left,
        VK_HOME => Named::Home,
        VK_END => Named::End,
        VK_INSERT => Named::Insert,
        VK_DELETE => Named::Delete,
        VK_PRIOR => Named::PageUp,
        VK_NEXT => Named::PageDown,
        VK_ESCAPE => Named::Escape,
        VK_F1..=VK_F12 => Named::F((key - VK_F1 + 1) as u8),
        _ => return None,
    })
}

fn mods(state: u32) -> Mods {
    let all = [
        (SHIFT_PRESSED, Mods::SHIFT),
        (LEFT_ALT_PRESSED | RIGHT_ALT_PRESSED, Mods::ALT),
        (LEFT_CTRL_PRESSED | RIGHT_CTRL_PRESSED, Mods::CTRL),
    ];
    all.into_iter().filter(|(bits, _)| state & bits != 0).map(|(_, mods)| mods).collect()
}

#[cfg(test)]
mod tests {
    use windows_sys::Win32::System::Console::{
        FOCUS_EVENT, INPUT_RECORD_0, KEY_EVENT_RECORD_0, MENU_EVENT, MOUSE_EVENT, WINDOW_BUFFER_SIZE_RECORD,
    };

    use super::*;

    fn record(down: bool, key: VIRTUAL_KEY, unit: u16, state: u32) -> INPUT_RECORD {
        let event = KEY_EVENT_RECORD {
            bKeyDown: down.into(),
            wRepeatCount: 1,
            wVirtualKeyCode: key,
            uChar: KEY_EVENT_RECORD_0 { UnicodeChar: unit },
            dwControlKeyState: state,
            ..KEY_EVENT_RECORD::default()
        };
        INPUT_RECORD { EventType: KEY_EVENT as u16, Event: INPUT_RECORD_0 { KeyEvent: event } }
    }

    /// A text as a console tells it: each half goes down and up by itself.
    fn typed(text: &str) -> Vec<INPUT_RECORD> {
        text.encode_utf16().flat_map(|unit| [true, false].map(|down| record(down, 0, unit, 0))).collect()
    }

    fn bytes(records: &[INPUT_RECORD]) -> String {
        let (mut typing, mut out) = (Typing::default(), Vec::new());
        assert!(!records.iter().any(|record| typing.take(record, &mut out)), "none tells of a size");
        out.escape_ascii().to_string()
    }

    #[test]
    fn a_text_is_its_characters_whatever_they_take() {
        for text in ["ls\r", "\x1b[A\x1b[200~", "grün €", "a🦀b", "\x03\x1c\x7f"] {
            assert_eq!(bytes(&typed(text)), text.as_bytes().escape_ascii().to_string());
        }
    }

    #[test]
    fn half_a_character_is_marked_and_takes_nothing_with_it() {
        let halves = [0xd83e, 0xd83e, 0x41, 0xdd80, 0x42].map(|unit| record(true, 0, unit, 0));
        assert_eq!(bytes(&halves), "\u{fffd}\u{fffd}A\u{fffd}B".as_bytes().escape_ascii().to_string());
    }

    #[test]
    fn a_key_that_is_held_comes_as_often_as_it_says() {
        let mut held = record(true, 0, b'x'.into(), 0);
        held.Event.KeyEvent.wRepeatCount = 3;
        assert_eq!(bytes(&[held]), "xxx");
        held.Event.KeyEvent.wRepeatCount = 0;
        assert_eq!(bytes(&[held]), "x");
    }

    #[test]
    fn keys_without_a_character_are_told_as_terminals_do() {
        let ctrl_shift = LEFT_CTRL_PRESSED | SHIFT_PRESSED;
        for (key, state, sent) in [
            (VK_UP, 0, r"\x1b[A"),
            (VK_LEFT, ctrl_shift, r"\x1b[1;6D"),
            (VK_DELETE, 0, r"\x1b[3~"),
            (VK_F1, 0, r"\x1bOP"),
            (VK_F12, RIGHT_ALT_PRESSED, r"\x1b[24;3~"),
            (VK_ESCAPE, 0, r"\x1b"),
            (VK_SPACE, RIGHT_CTRL_PRESSED, r"\x00"),
            (VK_2, ctrl_shift, r"\x00"),
            (VK_2, 0, ""),
            (VK_2, LEFT_CTRL_PRESSED | RIGHT_ALT_PRESSED, ""),
            (0, 0, r"\x00"),
            (VK_MENU, LEFT_ALT_PRESSED, ""),
        ] {
            assert_eq!(bytes(&[record(true, key, 0, state)]), sent, "{key}");
        }
    }

    #[test]
    fn what_goes_up_says_nothing_but_of_a_character_typed_by_its_number() {
        assert_eq!(bytes(&[record(false, VK_UP, 0, 0), record(false, 0, b'x'.into(), 0)]), "");
        assert_eq!(bytes(&[record(false, VK_MENU, 0x20ac, 0)]), "€".as_bytes().escape_ascii().to_string());
    }

    #[test]
    fn a_new_size_is_told_and_the_rest_is_not() {
        let size = INPUT_RECORD_0 { WindowBufferSizeEvent: WINDOW_BUFFER_SIZE_RECORD::default() };
        let mut out = Vec::new();
        for (kind, resized) in [
            (WINDOW_BUFFER_SIZE_EVENT, true),
            (MOUSE_EVENT, false),
            (FOCUS_EVENT, false),
            (MENU_EVENT, false),
            (99, false),
        ] {
            let record = INPUT_RECORD { EventType: kind as u16, Event: size };
            assert_eq!(Typing::default().take(&record, &mut out), resized, "{kind}");
        }
        assert!(out.is_empty());
    }
}
