//! Tables of keys, modes and bytes, written with the names that `parse_key` reads, and properties for all keys.

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
