//! Keys by name.

use super::name::{KEYPAD, KEYPAD_WITHOUT_NUM_LOCK, NAMES};
use super::*;

const MODIFIERS: [(&[&str], Mods); 4] = [
    (&["C-", "Ctrl+", "control-", "CTRL+"], Mods::CTRL),
    (&["M-", "A-", "Alt+", "meta-"], Mods::ALT),
    (&["S-", "Shift+", "SHIFT-"], Mods::SHIFT),
    (&["Super+", "Cmd-", "win+"], Mods::SUPER),
];

#[test]
fn every_name_is_read_with_every_modifier_in_any_case() {
    for &(name, named) in NAMES {
        for spelling in [name.to_owned(), name.to_lowercase(), name.to_uppercase()] {
            assert_eq!(parse_key(&spelling), Ok(KeyPress::named(named, named.modifier())), "{spelling}");
            for (prefixes, mods) in MODIFIERS {
                for prefix in prefixes {
                    let full = format!("{prefix}{spelling}");
                    assert_eq!(parse_key(&full), Ok(KeyPress::named(named, mods | named.modifier())), "{full}");
                }
            }
        }
    }
    for n in 1..=35 {
        assert_eq!(parse_key(&format!("F{n}")), Ok(KeyPress::named(Named::F(n), Mods::empty())));
    }
    for &(name, place) in KEYPAD {
        assert_eq!(key(name).physical, Physical::Numpad(place), "{name}");
    }
    for &(name, place, named) in KEYPAD_WITHOUT_NUM_LOCK {
        let press = key(&format!("C-{name}"));
        let found = (press.physical, press.logical, press.mods);
        assert_eq!(found, (Physical::Numpad(place), Logical::Named(named), Mods::CTRL), "{name}");
    }
    for n in 0..=9 {
        assert_eq!(key(&format!("kp{n}")).physical, Physical::Numpad(Numpad::ALL[n]));
    }
}

#[test]
fn modifiers_add_up_in_any_order() {
    let all = Mods::CTRL | Mods::ALT | Mods::SHIFT;
    for name in ["C-M-S-Left", "Shift+Alt+Ctrl+Left", "M-Ctrl+S-Left", "C-C-M-S-Left"] {
        assert_eq!(parse_key(name), Ok(KeyPress::named(Named::Left, all)), "{name}");
    }
}

#[test]
fn ctrl_with_a_capital_is_ctrl_with_the_letter() {
    assert_eq!(parse_key("Ctrl+C"), parse_key("C-c"));
    assert_ne!(parse_key("C-S-c"), parse_key("C-c"));
    assert_eq!(parse_key("C-S-c"), parse_key("C-S-C"));
    assert_ne!(parse_key("M-X"), parse_key("M-x"));
    assert_eq!(parse_key("M-X"), parse_key("M-S-x"));
}

#[test]
fn separators_are_keys_too() {
    for (name, c, mods) in [
        ("-", '-', Mods::empty()),
        ("+", '+', Mods::SHIFT),
        ("C--", '-', Mods::CTRL),
        ("Ctrl+-", '-', Mods::CTRL),
        ("C-+", '+', Mods::CTRL | Mods::SHIFT),
        ("Ctrl++", '+', Mods::CTRL | Mods::SHIFT),
    ] {
        let key = key(name);
        assert_eq!((key.logical, key.mods), (Logical::Char(c), mods), "{name}");
    }
}

#[test]
fn a_wrong_name_is_told_with_what_is_right_in_one_line() {
    for name in
        ["", "Ctrl+", "C-", "Entr", "c-x", "F0", "F36", "F05", "F+1", "KP10", "Hyper+a", "ab", "\n", "C-\x1b", "--"]
    {
        let error = parse_key(name).expect_err("no key has such a name").to_string();
        assert!(error.contains("PageDown") && error.contains("Ctrl+") && !error.contains('\n'), "{error}");
    }
}

#[test]
fn a_modifier_key_is_in_force_itself() {
    assert_eq!(key("ShiftLeft").mods, Mods::SHIFT);
    assert_eq!(key("C-AltRight").mods, Mods::CTRL | Mods::ALT);
    assert_eq!(key("CapsLock").mods, Mods::empty(), "a lock is in force after it came up");
}
