//! Tables of keys, modes and bytes, written with the names that `parse_key` reads, and properties for all keys.

mod decoded;
mod kitty;
mod legacy;
mod names;
mod other;
mod properties;

use super::*;

/// What a key sends, as text.
fn sent(key: &KeyPress, modes: Modes) -> String {
    let mut out = Vec::new();
    encode(key, modes, &mut out);
    String::from_utf8(out).expect("all that keys send is UTF-8")
}

fn key(name: &str) -> KeyPress {
    parse_key(name).expect("the tables name keys")
}

/// Checks a table of key names and what each sends in these modes.
#[track_caller]
fn check(modes: Modes, table: &[(&str, &str)]) {
    for &(name, expected) in table {
        assert_eq!(sent(&key(name), modes), expected, "{name} in {modes:?}");
    }
}

/// The key that types `logical` where a US keyboard has `place`, in a layout where the key alone types `unshifted`.
fn on_layout(place: char, logical: char, unshifted: char, mods: Mods) -> KeyPress {
    KeyPress {
        physical: Physical::Key(place),
        logical: Logical::Char(logical),
        text: Some(logical.to_string()),
        unshifted: Some(unshifted),
        mods,
        kind: KeyKind::Press,
    }
}

/// A keypad key as it arrives with or without Num Lock.
fn on_keypad(place: Numpad, logical: Logical, mods: Mods) -> KeyPress {
    KeyPress { physical: Physical::Numpad(place), logical, mods, ..KeyPress::default() }
}

#[test]
fn a_binding_is_found_in_any_layout() {
    let chord = |name: &str| parse_key(name).expect("a key");
    let press = |c: char, place: char, mods: Mods| KeyPress {
        physical: Physical::Key(place),
        logical: Logical::Char(c),
        mods,
        ..KeyPress::default()
    };
    let ctrl_shift = Mods::CTRL | Mods::SHIFT;
    assert!(press('C', 'c', ctrl_shift).is(&chord("Ctrl+Shift+C")));
    assert!(!press('C', 'c', Mods::CTRL).is(&chord("Ctrl+Shift+C")));
    assert!(!press('C', 'c', ctrl_shift | Mods::ALT).is(&chord("Ctrl+Shift+C")));
    // Russian: the key in the place of C. Dvorak: the key that types c, not the one in its place.
    assert!(press('С', 'c', ctrl_shift).is(&chord("Ctrl+Shift+C")));
    assert!(press('C', 'i', ctrl_shift).is(&chord("Ctrl+Shift+C")));
    assert!(!press('J', 'c', ctrl_shift).is(&chord("Ctrl+Shift+C")));
    // German: plus needs no Shift. French: digits do.
    assert!(press('+', ']', Mods::CTRL).is(&chord("Ctrl++")));
    assert!(press('&', '1', Mods::ALT).is(&chord("Alt+1")));
    assert!(press('1', '1', Mods::ALT | Mods::NUM_LOCK).is(&chord("Alt+1")));
    assert!(KeyPress::named(Named::PageUp, Mods::SHIFT).is(&chord("Shift+PageUp")));
    assert!(!KeyPress::named(Named::PageUp, Mods::empty()).is(&chord("Shift+PageUp")));
}
