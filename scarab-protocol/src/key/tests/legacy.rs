//! What xterm sends. `ctlseqs`, the manual page and `input.c` are those of xterm 410; kitty's page is
//! `docs/keyboard-protocol.rst`, whose "Legacy key event encoding" says what terminals have in common.

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

/// The comment at `IsControlAlias` in `input.c`, and the X library's rule for all of `@` to `~`. Kitty's "Legacy ctrl
/// mapping of ASCII keys" is the same, but leaves `` ` { | } `` alone.
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
            ("C-{", "\x1b"),
            ("C-|", "\x1c"),
            ("C-}", "\x1d"),
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
            ("C-.", "."),
            ("C-'", "'"),
            ("C-=", "="),
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

/// `ctlseqs`, "Alt and Meta Keys": the rows with `metaSendsEscape`. Kitty's "Legacy text keys", steps 1 to 4.
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
            ("M-3", "\x1b3"),
            ("M-#", "\x1b#"),
            ("M-;", "\x1b;"),
            ("M-:", "\x1b:"),
            ("C-M-3", "\x1b\x1b"),
            ("C-M-;", "\x1b;"),
            ("M-Space", "\x1b "),
            ("C-M-a", "\x1b\x01"),
        ],
    );
}

/// Kitty's table "C0 controls", whole: no modifiers, Ctrl, Alt, Shift, Ctrl+Shift, Alt+Shift, Ctrl+Alt.
#[test]
fn keys_with_control_characters_of_their_own_keep_them_with_modifiers() {
    let prefixes = ["", "C-", "M-", "S-", "C-S-", "M-S-", "C-M-"];
    let table = [
        ("Enter", ["\r", "\r", "\x1b\r", "\r", "\r", "\x1b\r", "\x1b\r"]),
        ("Escape", ["\x1b", "\x1b", "\x1b\x1b", "\x1b", "\x1b", "\x1b\x1b", "\x1b\x1b"]),
        ("Backspace", ["\x7f", "\x08", "\x1b\x7f", "\x7f", "\x08", "\x1b\x7f", "\x1b\x08"]),
        ("Tab", ["\t", "\t", "\x1b\t", "\x1b[Z", "\x1b[Z", "\x1b\x1b[Z", "\x1b\t"]),
        ("Space", [" ", "\0", "\x1b ", " ", "\0", "\x1b ", "\x1b\0"]),
    ];
    for (name, row) in table {
        for (prefix, expected) in prefixes.iter().zip(row) {
            check(NONE, &[(&format!("{prefix}{name}"), expected)]);
        }
    }
}

#[test]
fn text_of_altgr_has_no_esc() {
    assert_eq!(sent(&on_layout('q', '@', 'q', Mods::empty()), NONE), "@");
}

/// LNM: VT510 manual, whose note says that the keypad's Enter is as Return. DECBKM: `ctlseqs`, modes 67; that Ctrl swaps the
/// two of Backspace: `IsBackarrowToggle` in `input.c`.
#[test]
fn modes_change_what_enter_and_backspace_send() {
    check(NONE, &[("BackTab", "\x1b[Z"), ("KPEnter", "\r")]);
    check(Modes::NEW_LINE, &[("Enter", "\r\n"), ("M-Enter", "\x1b\r\n"), ("KPEnter", "\r\n"), ("C-m", "\r")]);
    check(Modes::BACKSPACE_BS, &[("Backspace", "\x08"), ("C-Backspace", "\x7f"), ("M-Backspace", "\x1b\x08")]);
}

/// `ctlseqs`, modes 1034, 1036, 1037 and 1039; `Input` of `input.c`, which sends the eighth bit in UTF-8, touches only what is a
/// single byte, and keeps the modified Delete and the keypad's as they are.
#[test]
fn modes_change_what_alt_and_delete_send() {
    let plain = |c: char| c.to_string();
    check(
        Modes::ALT_EIGHTH_BIT,
        &[
            ("M-a", &plain('\u{e1}')),
            ("M-A", &plain('\u{c1}')),
            ("C-M-a", &plain('\u{81}')),
            ("M-Enter", &plain('\u{8d}')),
            ("M-Backspace", &plain('\u{ff}')),
            ("M-é", "é"),
            ("M-S-Tab", "\x1b[Z"),
            ("a", "a"),
            ("M-Up", "\x1b[1;3A"),
        ],
    );
    check(Modes::DELETE_DEL, &[("Delete", "\x7f"), ("S-Delete", "\x1b[3;2~"), ("M-Delete", "\x1b[3;3~")]);
    let keypad =
        KeyPress { physical: Physical::Numpad(Numpad::Decimal), ..KeyPress::named(Named::Delete, Mods::empty()) };
    assert_eq!(sent(&keypad, Modes::DELETE_DEL), "\x1b[3~");
}

/// `ctlseqs`: F1 to F12 of "PC-Style Function Keys", F13 to F20 and the editing keypad of "VT220-Style Function Keys",
/// Find, Select, Help and Menu of "Non-Function Keys"; F21 and on of `decfuncvalue` in `input.c`.
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
            ("F25", "\x1b[46~"),
            ("F35", "\x1b[56~"),
            ("Find", "\x1b[1~"),
            ("Insert", "\x1b[2~"),
            ("Delete", "\x1b[3~"),
            ("Select", "\x1b[4~"),
            ("PageUp", "\x1b[5~"),
            ("PageDown", "\x1b[6~"),
            ("Help", "\x1b[28~"),
            ("Menu", "\x1b[29~"),
        ],
    );
}

/// `ctlseqs`, "PC-Style Function Keys": the table of modifiers, codes 2 to 8.
const MODIFIERS: [(&str, u32); 7] =
    [("S-", 2), ("M-", 3), ("M-S-", 4), ("C-", 5), ("C-S-", 6), ("C-M-", 7), ("C-M-S-", 8)];

/// The same section: the modifiers come before the last character, and SS3 becomes CSI for that.
#[test]
fn function_keys_tell_their_modifiers() {
    let tilde = [("Insert", 2), ("Delete", 3), ("PageUp", 5), ("PageDown", 6), ("F5", 15), ("F12", 24), ("F20", 34)];
    for (prefix, mods) in MODIFIERS {
        for (name, letter) in [("F1", 'P'), ("F2", 'Q'), ("F3", 'R'), ("F4", 'S'), ("Begin", 'E')] {
            check(NONE, &[(&format!("{prefix}{name}"), &format!("\x1b[1;{mods}{letter}"))]);
        }
        for (name, number) in tilde {
            check(NONE, &[(&format!("{prefix}{name}"), &format!("\x1b[{number};{mods}~"))]);
        }
    }
}

/// Kitty's "Modifiers". Xterm has Meta for the bit of Super, and nothing for Super.
#[test]
fn function_keys_tell_the_modifiers_of_the_desktop_as_kitty_does() {
    check(NONE, &[("Super+F5", "\x1b[15;9~"), ("Super+Up", "\x1b[1;9A")]);
    assert_eq!(sent(&KeyPress::named(Named::F(1), Mods::HYPER | Mods::SHIFT), NONE), "\x1b[1;18P");
    assert_eq!(sent(&KeyPress::named(Named::F(5), Mods::META), NONE), "\x1b[15;33~");
}

/// Xterm and `ctlseqs` have nothing for these; kitty's "Legacy functional keys" leaves the choice.
#[test]
fn keys_that_no_terminal_of_old_had_send_nothing() {
    for name in ["PrintScreen", "Pause", "MediaPlay", "MediaTrackNext", "VolumeMute", "C-VolumeUp"] {
        check(NONE, &[(name, "")]);
    }
}

/// `ctlseqs`, "PC-Style Function Keys": the tables of cursor keys and of Home and End; Begin of `curfinal` in `input.c`.
#[test]
fn cursor_keys_follow_decckm_unless_modified() {
    let letters =
        [("Up", 'A'), ("Down", 'B'), ("Right", 'C'), ("Left", 'D'), ("Begin", 'E'), ("End", 'F'), ("Home", 'H')];
    for (name, letter) in letters {
        check(NONE, &[(name, &format!("\x1b[{letter}"))]);
        check(Modes::APP_CURSOR, &[(name, &format!("\x1bO{letter}"))]);
        for (prefix, mods) in MODIFIERS {
            let (name, expected) = (format!("{prefix}{name}"), format!("\x1b[1;{mods}{letter}"));
            check(NONE, &[(&name, &expected)]);
            check(Modes::APP_CURSOR | Modes::APP_KEYPAD, &[(&name, &expected)]);
        }
    }
}

/// `ctlseqs`, "VT220-Style Function Keys": the table of the application keypad. That Num Lock overrides it:
/// "PC-Style Function Keys". That modifiers come before the letter: `MODIFIER_PARM` in `input.c`.
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
        ("KP1", "1", "\x1bOq"),
        ("KP2", "2", "\x1bOr"),
        ("KP3", "3", "\x1bOs"),
        ("KP4", "4", "\x1bOt"),
        ("KP5", "5", "\x1bOu"),
        ("KP6", "6", "\x1bOv"),
        ("KP7", "7", "\x1bOw"),
        ("KP8", "8", "\x1bOx"),
        ("KP9", "9", "\x1bOy"),
        ("C-KP8", "8", "\x1bO5x"),
        ("C-KPEnter", "\r", "\x1bO5M"),
    ];
    for (name, normal, application) in keys {
        check(NONE, &[(name, normal)]);
        check(Modes::APP_KEYPAD, &[(name, application)]);
        let with_num_lock = KeyPress { mods: key(name).mods | Mods::NUM_LOCK, ..key(name) };
        assert_eq!(sent(&with_num_lock, Modes::APP_KEYPAD), normal, "{name} with Num Lock");
        let always = Modes::APP_KEYPAD | Modes::APP_KEYPAD_ALWAYS;
        assert_eq!(sent(&with_num_lock, always), application, "{name} with Num Lock, and mode 1035 reset");
    }
}

/// `input.c`: `XK_KP_Home` to `XK_KP_Begin` become `XK_Home` to `XK_Begin`, which follow DECCKM and not DECKPAM. The table
/// of `ctlseqs` ("PC-Style Function Keys") has the same keys, with SS3 for Home and End as under DECCKM.
#[test]
fn keypad_without_num_lock_moves_the_cursor() {
    for (name, expected) in [
        ("KPInsert", "\x1b[2~"),
        ("KPEnd", "\x1b[F"),
        ("KPDown", "\x1b[B"),
        ("KPPageDown", "\x1b[6~"),
        ("KPLeft", "\x1b[D"),
        ("KPBegin", "\x1b[E"),
        ("KPRight", "\x1b[C"),
        ("KPHome", "\x1b[H"),
        ("KPUp", "\x1b[A"),
        ("KPPageUp", "\x1b[5~"),
        ("KPDelete", "\x1b[3~"),
        ("C-KPBegin", "\x1b[1;5E"),
    ] {
        check(NONE, &[(name, expected)]);
        check(Modes::APP_KEYPAD, &[(name, expected)]);
    }
    check(Modes::APP_CURSOR, &[("KPLeft", "\x1bOD"), ("KPHome", "\x1bOH"), ("KPInsert", "\x1b[2~")]);
}

#[test]
fn locks_change_nothing() {
    for name in ["a", "C-c", "Up", "S-F5", "Enter", "M-x"] {
        let locked = KeyPress { mods: key(name).mods | Mods::LOCKS, ..key(name) };
        assert_eq!(sent(&locked, NONE), sent(&key(name), NONE), "{name}");
    }
}

#[test]
fn modifiers_of_the_desktop_type_nothing() {
    let silent = ["Super+a", "Super+C-c", "Super+Space", "Super+Enter", "Super+Tab", "Super+Escape", "Super+KP5"];
    for name in silent {
        check(NONE, &[(name, "")]);
        check(Modes::APP_KEYPAD | Modes::MODIFY_OTHER_KEYS_2, &[(name, "")]);
    }
    for mods in [Mods::HYPER, Mods::META, Mods::META | Mods::CTRL] {
        assert_eq!(sent(&KeyPress::char('a', mods), NONE), "");
        assert_eq!(sent(&KeyPress::char('a', mods), Modes::MODIFY_OTHER_KEYS_2), "");
    }
}

#[test]
fn keys_that_only_modify_send_nothing() {
    let modifiers = [Named::ShiftLeft, Named::ControlRight, Named::AltGraph, Named::HyperLeft, Named::Level5Shift];
    for named in modifiers.into_iter().chain([Named::CapsLock, Named::NumLock, Named::F(0), Named::F(36)]) {
        assert_eq!(sent(&KeyPress::named(named, Mods::SHIFT), NONE), "");
    }
}
