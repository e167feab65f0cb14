//! What holds for all keys in all modes.

use proptest::prelude::*;

use super::*;

const ALL_NAMED: [Named; 52] = [
    Named::Enter,
    Named::Tab,
    Named::Backspace,
    Named::Escape,
    Named::Space,
    Named::Up,
    Named::Down,
    Named::Left,
    Named::Right,
    Named::Home,
    Named::End,
    Named::PageUp,
    Named::PageDown,
    Named::Insert,
    Named::Delete,
    Named::Begin,
    Named::Find,
    Named::Select,
    Named::Help,
    Named::Menu,
    Named::PrintScreen,
    Named::Pause,
    Named::CapsLock,
    Named::ScrollLock,
    Named::NumLock,
    Named::MediaPlay,
    Named::MediaPause,
    Named::MediaPlayPause,
    Named::MediaReverse,
    Named::MediaStop,
    Named::MediaFastForward,
    Named::MediaRewind,
    Named::MediaTrackNext,
    Named::MediaTrackPrevious,
    Named::MediaRecord,
    Named::VolumeDown,
    Named::VolumeUp,
    Named::VolumeMute,
    Named::ShiftLeft,
    Named::ShiftRight,
    Named::ControlLeft,
    Named::ControlRight,
    Named::AltLeft,
    Named::AltRight,
    Named::AltGraph,
    Named::Level5Shift,
    Named::SuperLeft,
    Named::SuperRight,
    Named::HyperLeft,
    Named::HyperRight,
    Named::MetaLeft,
    Named::MetaRight,
];

fn any_logical() -> impl Strategy<Value = Logical> {
    prop_oneof![
        proptest::sample::select(&ALL_NAMED[..]).prop_map(Logical::Named),
        any::<u8>().prop_map(|n| Logical::Named(Named::F(n))),
        any::<char>().prop_map(Logical::Char),
        proptest::char::range(' ', '~').prop_map(Logical::Char),
        Just(Logical::Dead),
        Just(Logical::Unidentified),
    ]
}

fn any_physical() -> impl Strategy<Value = Physical> {
    prop_oneof![
        any::<char>().prop_map(Physical::Key),
        proptest::char::range(' ', '~').prop_map(Physical::Key),
        proptest::sample::select(&Numpad::ALL[..]).prop_map(Physical::Numpad),
        Just(Physical::Other),
    ]
}

fn any_key() -> impl Strategy<Value = KeyPress> {
    let kind = prop_oneof![Just(KeyKind::Press), Just(KeyKind::Repeat), Just(KeyKind::Release)];
    let text = proptest::option::of(any::<String>());
    let unshifted = proptest::option::of(any::<char>());
    (any_physical(), any_logical(), text, unshifted, any::<u8>(), kind).prop_map(
        |(physical, logical, text, unshifted, mods, kind)| KeyPress {
            physical,
            logical,
            text,
            unshifted,
            mods: Mods::from_bits_retain(mods),
            kind,
        },
    )
}

/// Whether bytes are empty or one complete control sequence: `CSI`, parameters, a last byte.
fn is_one_sequence(bytes: &[u8]) -> bool {
    let Some(rest) = bytes.strip_prefix(b"\x1b[") else { return bytes.is_empty() };
    let Some((last, params)) = rest.split_last() else { return false };
    matches!(last, b'@'..=b'~') && params.iter().all(|b| matches!(b, b'0'..=b'9' | b';' | b':'))
}

proptest! {
    #[test]
    fn every_key_is_encoded_in_all_modes_after_what_was_there(key in any_key(), modes in any::<u64>()) {
        let mut out = b"before".to_vec();
        encode(&key, Modes::from_bits_retain(modes), &mut out);
        prop_assert!(out.starts_with(b"before"));
        prop_assert!(str::from_utf8(&out).is_ok());
    }

    #[test]
    fn text_without_control_characters_goes_through_unchanged(text in "\\PC+", key in any_key(), shift: bool) {
        let logical = match key.logical {
            Logical::Named(_) => Logical::Unidentified,
            other => other,
        };
        let mods = if shift { Mods::SHIFT } else { Mods::empty() };
        let key = KeyPress { logical, text: Some(text.clone()), mods: mods | Mods::LOCKS, kind: KeyKind::Press, ..key };
        // Level 2 of modifyOtherKeys tells capitals as keys, and the keypad may be no text even with Num Lock.
        let not_text = Modes::MODIFY_OTHER_KEYS_2 | Modes::APP_KEYPAD_ALWAYS;
        let all_else = Modes::all() - crate::key::kitty::FLAGS - not_text;
        for modes in [Modes::empty(), all_else, Modes::KITTY_DISAMBIGUATE] {
            prop_assert_eq!(&sent(&key, modes), &text);
        }
    }

    #[test]
    fn releases_send_nothing_unless_events_are_asked_for(key in any_key(), modes in any::<u64>()) {
        let modes = Modes::from_bits_retain(modes) - Modes::KITTY_EVENTS;
        prop_assert_eq!(sent(&KeyPress { kind: KeyKind::Release, ..key }, modes), "");
    }

    #[test]
    fn a_repeat_is_a_press_where_events_are_not_asked_for(key in any_key(), modes in any::<u64>()) {
        let modes = Modes::from_bits_retain(modes) - Modes::KITTY_EVENTS;
        let press = KeyPress { kind: KeyKind::Press, ..key.clone() };
        let repeat = KeyPress { kind: KeyKind::Repeat, ..key };
        prop_assert_eq!(sent(&press, modes), sent(&repeat, modes));
    }

    #[test]
    fn with_all_keys_as_escape_codes_a_known_key_is_one_sequence(key in any_key(), others in any::<u64>()) {
        // A control character for a name names no key, and a key without a name may be text alone.
        let names = |c: Option<char>| !c.is_some_and(char::is_control);
        let named = matches!(key.logical, Logical::Named(_) | Logical::Char(_));
        if !named || !names(key.character()) || !names(key.unshifted) {
            return Ok(());
        }
        let modes = Modes::from_bits_retain(others) | Modes::KITTY_ALL;
        let mut out = Vec::new();
        encode(&key, modes, &mut out);
        prop_assert!(is_one_sequence(&out), "{:?}", String::from_utf8_lossy(&out));
    }

    #[test]
    fn a_key_named_by_any_character_types_it(c in any::<char>()) {
        prop_assume!(!c.is_control());
        let expected = c.to_string();
        prop_assert_eq!(sent(&key(&expected), Modes::empty()), expected);
    }

    #[test]
    fn any_string_is_a_name_or_an_error(name in any::<String>(), ascii in "[CMSAF+0-9a-zA-Z-]{0,8}") {
        let _ = parse_key(&name);
        let _ = parse_key(&ascii);
    }
}
