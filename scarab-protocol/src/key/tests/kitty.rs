//! What the kitty keyboard protocol asks for: `docs/keyboard-protocol.rst` of kitty, with the section at each table. Its
//! table of functional keys, and the keys that it can tell apart, are in `decoded`.

use super::*;

const DISAMBIGUATE: Modes = Modes::KITTY_DISAMBIGUATE;
const EVENTS: Modes = DISAMBIGUATE.union(Modes::KITTY_EVENTS);
const ALTERNATES: Modes = DISAMBIGUATE.union(Modes::KITTY_ALTERNATES);
const ALL: Modes = DISAMBIGUATE.union(Modes::KITTY_ALL);
const TEXT: Modes = ALL.union(Modes::KITTY_TEXT);

fn of_kind(name: &str, kind: KeyKind) -> KeyPress {
    KeyPress { kind, ..key(name) }
}

/// "Disambiguate escape codes", with the numbers of "Functional key definitions".
#[test]
fn disambiguation_leaves_text_and_makes_the_rest_unambiguous() {
    let table = [
        ("a", "a"),
        ("A", "A"),
        ("é", "é"),
        ("Space", " "),
        ("KP5", "5"),
        ("Enter", "\r"),
        ("Tab", "\t"),
        ("Backspace", "\x7f"),
        ("Escape", "\x1b[27u"),
        ("C-c", "\x1b[99;5u"),
        ("C-i", "\x1b[105;5u"),
        ("C-S-c", "\x1b[99;6u"),
        ("M-a", "\x1b[97;3u"),
        ("M-A", "\x1b[97;4u"),
        ("C-?", "\x1b[47;6u"),
        ("Super+a", "\x1b[97;9u"),
        ("C-Space", "\x1b[32;5u"),
        ("S-Enter", "\x1b[13;2u"),
        ("S-Tab", "\x1b[9;2u"),
        ("C-Backspace", "\x1b[127;5u"),
        ("KPEnter", "\x1b[57414u"),
        ("C-KP5", "\x1b[57404;5u"),
        ("Up", "\x1b[A"),
        ("C-Up", "\x1b[1;5A"),
        ("Home", "\x1b[H"),
        ("PageUp", "\x1b[5~"),
        ("S-Delete", "\x1b[3;2~"),
        ("F1", "\x1b[P"),
        ("S-F2", "\x1b[1;2Q"),
        ("F3", "\x1b[13~"),
        ("F5", "\x1b[15~"),
        ("F12", "\x1b[24~"),
        ("F13", "\x1b[57376u"),
        ("F24", "\x1b[57387u"),
        ("Menu", "\x1b[57363u"),
    ];
    check(DISAMBIGUATE, &table);
    check(DISAMBIGUATE | Modes::APP_CURSOR | Modes::APP_KEYPAD | Modes::MODIFY_OTHER_KEYS_2, &table);
}

#[test]
fn a_key_without_a_name_is_called_by_its_place() {
    let key = KeyPress { physical: Physical::Key('c'), mods: Mods::CTRL, ..KeyPress::default() };
    assert_eq!(sent(&key, DISAMBIGUATE), "\x1b[99;5u");
    assert_eq!(sent(&key, Modes::empty()), "\x03");
}

/// "Disambiguate escape codes": "all non text keypad keys will be reported as separate keys".
#[test]
fn keypad_keys_are_keys_of_their_own() {
    let keypad = |place, named| on_keypad(place, Logical::Named(named), Mods::empty());
    assert_eq!(sent(&keypad(Numpad::Digit4, Named::Left), DISAMBIGUATE), "\x1b[57417u");
    assert_eq!(sent(&keypad(Numpad::Decimal, Named::Delete), DISAMBIGUATE), "\x1b[57426u");
    assert_eq!(sent(&keypad(Numpad::Digit5, Named::Begin), DISAMBIGUATE), "\x1b[E");
    check(ALL, &[("KP0", "\x1b[57399u"), ("KPSeparator", "\x1b[57416u")]);
}

/// "Event types" and "Report event types".
#[test]
fn repeats_and_releases_are_told_when_asked_for() {
    use KeyKind::{Press, Release, Repeat};
    let table = [
        ("Up", Press, "\x1b[A"),
        ("Up", Repeat, "\x1b[1;1:2A"),
        ("Up", Release, "\x1b[1;1:3A"),
        ("C-Up", Release, "\x1b[1;5:3A"),
        ("F5", Release, "\x1b[15;1:3~"),
        ("C-c", Repeat, "\x1b[99;5:2u"),
        ("a", Press, "a"),
        ("a", Repeat, "a"),
        ("a", Release, "\x1b[97;1:3u"),
        ("Enter", Repeat, "\r"),
        ("Enter", Release, ""),
        ("Tab", Release, ""),
        ("Backspace", Release, ""),
        ("Escape", Release, "\x1b[27;1:3u"),
    ];
    for (name, kind, expected) in table {
        assert_eq!(sent(&of_kind(name, kind), EVENTS), expected, "{name} {kind:?}");
    }
    assert_eq!(sent(&of_kind("Up", Repeat), DISAMBIGUATE), "\x1b[A");
    assert_eq!(sent(&of_kind("Up", Release), DISAMBIGUATE), "");
    assert_eq!(sent(&of_kind("Enter", Release), EVENTS | ALL), "\x1b[13;1:3u");
    let only_events = Modes::KITTY_EVENTS;
    assert_eq!(sent(&key("C-c"), only_events), "\x03");
    assert_eq!(sent(&key("Escape"), only_events), "\x1b");
    assert_eq!(sent(&of_kind("C-c", Release), only_events), "\x1b[99;5:3u");
}

/// "Key codes", with its example of Ctrl+С on a Cyrillic layout.
#[test]
fn alternates_name_the_key_in_other_ways() {
    let ctrl_shift = Mods::CTRL | Mods::SHIFT;
    check(ALTERNATES, &[("a", "a"), ("A", "A"), ("C-c", "\x1b[99;5u"), ("C-S-c", "\x1b[99:67;6u")]);
    assert_eq!(sent(&on_layout('c', 'с', 'с', Mods::CTRL), ALTERNATES), "\x1b[1089::99;5u");
    assert_eq!(sent(&on_layout('c', 'С', 'с', ctrl_shift), ALTERNATES), "\x1b[1089:1057:99;6u");
    check(ALTERNATES | ALL, &[("A", "\x1b[97:65;2u"), ("!", "\x1b[49:33;2u"), ("Enter", "\x1b[13u")]);
}

#[test]
fn the_key_without_shift_is_guessed_when_it_is_not_known() {
    let guessed = |key: KeyPress| sent(&KeyPress { unshifted: None, ..key }, ALL);
    assert_eq!(guessed(key("!")), "\x1b[49;2u");
    assert_eq!(guessed(key("A")), "\x1b[97;2u");
    assert_eq!(guessed(KeyPress::char('É', Mods::SHIFT)), "\x1b[233;2u");
}

/// "Report all keys as escape codes".
#[test]
fn all_keys_as_escape_codes_leaves_no_text() {
    check(
        ALL,
        &[
            ("a", "\x1b[97u"),
            ("A", "\x1b[97;2u"),
            ("Space", "\x1b[32u"),
            ("Enter", "\x1b[13u"),
            ("Tab", "\x1b[9u"),
            ("Backspace", "\x1b[127u"),
            ("Escape", "\x1b[27u"),
        ],
    );
    let shift = KeyPress::named(Named::ShiftLeft, Mods::SHIFT);
    assert_eq!(sent(&shift, ALL), "\x1b[57441;2u");
    assert_eq!(sent(&shift, DISAMBIGUATE), "");
    let composed = KeyPress { text: Some("ж".into()), ..KeyPress::default() };
    assert_eq!(sent(&composed, ALL), "ж");
}

/// "Text as code points", with its example of Shift+A.
#[test]
fn associated_text_follows_the_modifiers() {
    check(TEXT, &[("a", "\x1b[97;;97u"), ("A", "\x1b[97;2;65u"), ("C-a", "\x1b[97;5u"), ("Enter", "\x1b[13u")]);
    check(TEXT | Modes::KITTY_ALTERNATES, &[("A", "\x1b[97:65;2;65u")]);
    check(TEXT, &[("KP5", "\x1b[57404;;53u"), ("Space", "\x1b[32;;32u"), ("M-a", "\x1b[97;3u")]);
    assert_eq!(sent(&on_layout('q', '@', 'q', Mods::empty()), TEXT), "\x1b[113;;64u", "AltGr");
    let composed = KeyPress { text: Some("e\u{301}".into()), ..KeyPress::default() };
    assert_eq!(sent(&composed, TEXT), "\x1b[0;;101:769u");
    assert_eq!(sent(&of_kind("a", KeyKind::Repeat), TEXT | EVENTS), "\x1b[97;1:2;97u");
    assert_eq!(sent(&of_kind("a", KeyKind::Release), TEXT | EVENTS), "\x1b[97;1:3u");
}

/// "Disambiguate escape codes": "the Lock modifiers are not reported for text producing keys".
#[test]
fn locks_are_told_unless_their_work_is_in_the_text() {
    let locked = |name: &str, modes| sent(&KeyPress { mods: key(name).mods | Mods::NUM_LOCK, ..key(name) }, modes);
    assert_eq!(locked("Up", DISAMBIGUATE), "\x1b[1;129A");
    assert_eq!(locked("C-a", DISAMBIGUATE), "\x1b[97;5u");
    assert_eq!(locked("Enter", DISAMBIGUATE), "\r");
    assert_eq!(locked("a", ALL), "\x1b[97;129u");
}
