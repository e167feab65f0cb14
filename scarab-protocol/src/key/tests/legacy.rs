//! What xterm sends.

use super::*;

const NONE: Modes = Modes::empty();

#[test]
fn text_is_sent_as_typed() {
    check(
        NONE,
        &[("a", "a"), ("A", "A"), ("é", "é"), ("ß", "ß"), ("漢", "漢"), ("~", "~"), ("-", "-"), ("+", "+"), ("ǅ", "ǅ")],
    );
    check(NONE, &[("Space", " "), ("S-Space", " "), ("S-a", "A"), ("S-1", "!"), ("S-é", "É")]);
    let composed = KeyPress { text: Some("e\u{301}".into()), ..KeyPress::default() };
    assert_eq!(sent(&composed, NONE), "e\u{301}");
    let dead = KeyPress { logical: Logical::Dead, mods: Mods::ALT, ..KeyPress::default() };
    assert_eq!(sent(&dead, NONE), "", "a dead key sends no lone ESC");
}

#[test]
fn ctrl_makes_control_characters() {
    for letter in 'a'..='z' {
        let control = char::from(letter as u8 & 0x1f).to_string();
        check(NONE, &[(&format!("C-{letter}"), &control), (&format!("Ctrl+Shift+{letter}"), &control)]);
    }
    check(
        NONE,
        &[
            ("C-@", "\0"),
            ("C-Space", "\0"),
            ("C-S-Space", "\0"),
            ("C-`", "\0"),
            ("C-[", "\x1b"),
            ("C-\\", "\x1c"),
            ("C-]", "\x1d"),
            ("C-^", "\x1e"),
            ("C-~", "\x1e"),
            ("C-_", "\x1f"),
            ("C-/", "\x1f"),
            ("C-?", "\x7f"),
            ("C-0", "0"),
            ("C-1", "1"),
            ("C-2", "\0"),
            ("C-3", "\x1b"),
            ("C-4", "\x1c"),
            ("C-5", "\x1d"),
            ("C-6", "\x1e"),
            ("C-7", "\x1f"),
            ("C-8", "\x7f"),
            ("C-9", "9"),
            ("C--", "-"),
            ("C-,", ","),
            ("C-;", ";"),
        ],
    );
}

#[test]
fn ctrl_works_on_the_place_of_a_key_that_types_no_ascii() {
    let ctrl = Mods::CTRL;
    assert_eq!(sent(&on_layout('c', 'с', 'с', ctrl), NONE), "\x03", "Russian");
    assert_eq!(sent(&on_layout('c', 'С', 'с', ctrl | Mods::SHIFT), NONE), "\x03", "Russian with Shift");
    assert_eq!(sent(&on_layout('2', 'é', 'é', ctrl), NONE), "\0", "French");
    assert_eq!(sent(&on_layout('q', 'a', 'a', ctrl), NONE), "\x01", "French: the layout's letter wins");
    assert_eq!(sent(&on_layout('c', 'с', 'с', ctrl | Mods::ALT), NONE), "\x1b\x03");
    let nowhere = KeyPress { physical: Physical::Other, ..on_layout('c', 'с', 'с', ctrl) };
    assert_eq!(sent(&nowhere, NONE), "с");
}

#[test]
fn what_the_window_system_calls_text_under_ctrl_does_not_matter() {
    for text in [None, Some("c"), Some("\x03"), Some("")] {
        let key = KeyPress { text: text.map(Into::into), ..KeyPress::char('c', Mods::CTRL) };
        assert_eq!(sent(&key, NONE), "\x03", "{text:?}");
    }
    for (named, text) in [(Named::Enter, "\r"), (Named::Delete, "\x7f"), (Named::Up, "x")] {
        let key = KeyPress { text: Some(text.into()), ..KeyPress::named(named, Mods::empty()) };
        assert_eq!(sent(&key, NONE), sent(&KeyPress::named(named, Mods::empty()), NONE));
    }
}

#[test]
fn alt_sends_esc_before_the_key() {
    check(
        NONE,
        &[
            ("M-a", "\x1ba"),
            ("M-A", "\x1bA"),
            ("M-é", "\x1bé"),
            ("M-.", "\x1b."),
            ("M-[", "\x1b["),
            ("M-Space", "\x1b "),
            ("C-M-a", "\x1b\x01"),
            ("C-M-Space", "\x1b\0"),
            ("M-Enter", "\x1b\r"),
            ("M-Tab", "\x1b\t"),
            ("M-S-Tab", "\x1b\x1b[Z"),
            ("M-Escape", "\x1b\x1b"),
            ("M-Backspace", "\x1b\x7f"),
            ("C-M-Backspace", "\x1b\x08"),
        ],
    );
}

#[test]
fn text_of_altgr_has_no_esc() {
    assert_eq!(sent(&on_layout('q', '@', 'q', Mods::empty()), NONE), "@");
}

#[test]
fn enter_tab_backspace_and_escape_are_control_characters() {
    check(
        NONE,
        &[
            ("Enter", "\r"),
            ("S-Enter", "\r"),
            ("C-Enter", "\r"),
            ("Tab", "\t"),
            ("C-Tab", "\t"),
            ("S-Tab", "\x1b[Z"),
            ("C-S-Tab", "\x1b[Z"),
            ("BackTab", "\x1b[Z"),
            ("Backspace", "\x7f"),
            ("S-Backspace", "\x7f"),
            ("C-Backspace", "\x08"),
            ("Escape", "\x1b"),
            ("S-Escape", "\x1b"),
            ("C-Escape", "\x1b"),
            ("KPEnter", "\r"),
        ],
    );
    check(Modes::NEW_LINE, &[("Enter", "\r\n"), ("M-Enter", "\x1b\r\n"), ("KPEnter", "\r\n"), ("C-m", "\r")]);
    check(Modes::BACKSPACE_BS, &[("Backspace", "\x08"), ("C-Backspace", "\x7f"), ("M-Backspace", "\x1b\x08")]);
}

#[test]
fn function_keys_are_those_of_xterm() {
    check(
        NONE,
        &[
            ("F1", "\x1bOP"),
            ("F2", "\x1bOQ"),
            ("F3", "\x1bOR"),
            ("F4", "\x1bOS"),
            ("F5", "\x1b[15~"),
            ("F6", "\x1b[17~"),
            ("F7", "\x1b[18~"),
            ("F8", "\x1b[19~"),
            ("F9", "\x1b[20~"),
            ("F10", "\x1b[21~"),
            ("F11", "\x1b[23~"),
            ("F12", "\x1b[24~"),
            ("F13", "\x1b[25~"),
            ("F14", "\x1b[26~"),
            ("F15", "\x1b[28~"),
            ("F16", "\x1b[29~"),
            ("F17", "\x1b[31~"),
            ("F18", "\x1b[32~"),
            ("F19", "\x1b[33~"),
            ("F20", "\x1b[34~"),
            ("F21", "\x1b[42~"),
            ("F24", "\x1b[45~"),
            ("S-F1", "\x1b[1;2P"),
            ("C-F4", "\x1b[1;5S"),
            ("S-F5", "\x1b[15;2~"),
            ("C-M-S-F12", "\x1b[24;8~"),
            ("Insert", "\x1b[2~"),
            ("Delete", "\x1b[3~"),
            ("C-Delete", "\x1b[3;5~"),
            ("PageUp", "\x1b[5~"),
            ("S-PageUp", "\x1b[5;2~"),
            ("PageDown", "\x1b[6~"),
            ("M-PageDown", "\x1b[6;3~"),
            ("Menu", "\x1b[29~"),
            ("Super+F5", "\x1b[15;9~"),
        ],
    );
}

#[test]
fn cursor_keys_follow_decckm_unless_modified() {
    let letters = [("Up", 'A'), ("Down", 'B'), ("Right", 'C'), ("Left", 'D'), ("End", 'F'), ("Home", 'H')];
    let prefixes = [("S-", 2), ("M-", 3), ("M-S-", 4), ("C-", 5), ("C-S-", 6), ("C-M-", 7), ("C-M-S-", 8)];
    for (name, letter) in letters {
        check(NONE, &[(name, &format!("\x1b[{letter}"))]);
        check(Modes::APP_CURSOR, &[(name, &format!("\x1bO{letter}"))]);
        for (prefix, mods) in prefixes {
            let (name, expected) = (format!("{prefix}{name}"), format!("\x1b[1;{mods}{letter}"));
            check(NONE, &[(&name, &expected)]);
            check(Modes::APP_CURSOR | Modes::APP_KEYPAD, &[(&name, &expected)]);
        }
    }
}

#[test]
fn keypad_types_unless_in_application_mode() {
    let keys = [
        ("KPEnter", "\r", "\x1bOM"),
        ("KPPlus", "+", "\x1bOk"),
        ("KPMinus", "-", "\x1bOm"),
        ("KPMultiply", "*", "\x1bOj"),
        ("KPDivide", "/", "\x1bOo"),
        ("KPDecimal", ".", "\x1bOn"),
        ("KPEqual", "=", "\x1bOX"),
        ("KPSeparator", ",", "\x1bOl"),
        ("KP0", "0", "\x1bOp"),
        ("KP5", "5", "\x1bOu"),
        ("KP9", "9", "\x1bOy"),
        ("C-KP8", "8", "\x1bO5x"),
    ];
    for (name, normal, application) in keys {
        check(NONE, &[(name, normal)]);
        check(Modes::APP_KEYPAD, &[(name, application)]);
        let with_num_lock = KeyPress { mods: key(name).mods | Mods::NUM_LOCK, ..key(name) };
        assert_eq!(sent(&with_num_lock, Modes::APP_KEYPAD), normal, "{name} with Num Lock");
    }
}

#[test]
fn keypad_without_num_lock_moves_the_cursor() {
    let left = on_keypad(Numpad::Digit4, Logical::Named(Named::Left), Mods::empty());
    assert_eq!(sent(&left, NONE), "\x1b[D");
    assert_eq!(sent(&left, Modes::APP_KEYPAD), "\x1b[D");
    assert_eq!(sent(&left, Modes::APP_CURSOR), "\x1bOD");
    let begin = on_keypad(Numpad::Digit5, Logical::Named(Named::Begin), Mods::CTRL);
    assert_eq!(sent(&begin, NONE), "\x1b[1;5E");
    let delete = on_keypad(Numpad::Decimal, Logical::Named(Named::Delete), Mods::empty());
    assert_eq!(sent(&delete, Modes::APP_KEYPAD), "\x1b[3~");
}

#[test]
fn locks_change_nothing() {
    for name in ["a", "C-c", "Up", "S-F5", "Enter", "M-x"] {
        let locked = KeyPress { mods: key(name).mods | Mods::LOCKS, ..key(name) };
        assert_eq!(sent(&locked, NONE), sent(&key(name), NONE), "{name}");
    }
}

#[test]
fn super_types_nothing() {
    let silent = ["Super+a", "Super+C-c", "Super+Space", "Super+Enter", "Super+Tab", "Super+Escape", "Super+KP5"];
    for name in silent {
        check(NONE, &[(name, "")]);
        check(Modes::APP_KEYPAD | Modes::MODIFY_OTHER_KEYS_2, &[(name, "")]);
    }
}

#[test]
fn keys_that_only_modify_send_nothing() {
    for named in [Named::ShiftLeft, Named::ControlRight, Named::AltGraph, Named::CapsLock, Named::F(0), Named::F(99)] {
        assert_eq!(sent(&KeyPress::named(named, Mods::SHIFT), NONE), "");
    }
}
