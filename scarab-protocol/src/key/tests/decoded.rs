//! Keys of the kitty protocol, decoded again by its page (`docs/keyboard-protocol.rst`) alone.

use proptest::prelude::*;

use super::*;

/// "Functional key definitions", whole and in its order: kitty's name, the sequence without `CSI`, and the key's name
/// here. Of two sequences for one key the first, which is the one that kitty sends.
const FUNCTIONAL: [(&str, &str, &str); 111] = [
    ("ESCAPE", "27 u", "Escape"),
    ("ENTER", "13 u", "Enter"),
    ("TAB", "9 u", "Tab"),
    ("BACKSPACE", "127 u", "Backspace"),
    ("INSERT", "2 ~", "Insert"),
    ("DELETE", "3 ~", "Delete"),
    ("LEFT", "1 D", "Left"),
    ("RIGHT", "1 C", "Right"),
    ("UP", "1 A", "Up"),
    ("DOWN", "1 B", "Down"),
    ("PAGE_UP", "5 ~", "PageUp"),
    ("PAGE_DOWN", "6 ~", "PageDown"),
    ("HOME", "1 H", "Home"),
    ("END", "1 F", "End"),
    ("CAPS_LOCK", "57358 u", "CapsLock"),
    ("SCROLL_LOCK", "57359 u", "ScrollLock"),
    ("NUM_LOCK", "57360 u", "NumLock"),
    ("PRINT_SCREEN", "57361 u", "PrintScreen"),
    ("PAUSE", "57362 u", "Pause"),
    ("MENU", "57363 u", "Menu"),
    ("F1", "1 P", "F1"),
    ("F2", "1 Q", "F2"),
    ("F3", "13 ~", "F3"),
    ("F4", "1 S", "F4"),
    ("F5", "15 ~", "F5"),
    ("F6", "17 ~", "F6"),
    ("F7", "18 ~", "F7"),
    ("F8", "19 ~", "F8"),
    ("F9", "20 ~", "F9"),
    ("F10", "21 ~", "F10"),
    ("F11", "23 ~", "F11"),
    ("F12", "24 ~", "F12"),
    ("F13", "57376 u", "F13"),
    ("F14", "57377 u", "F14"),
    ("F15", "57378 u", "F15"),
    ("F16", "57379 u", "F16"),
    ("F17", "57380 u", "F17"),
    ("F18", "57381 u", "F18"),
    ("F19", "57382 u", "F19"),
    ("F20", "57383 u", "F20"),
    ("F21", "57384 u", "F21"),
    ("F22", "57385 u", "F22"),
    ("F23", "57386 u", "F23"),
    ("F24", "57387 u", "F24"),
    ("F25", "57388 u", "F25"),
    ("F26", "57389 u", "F26"),
    ("F27", "57390 u", "F27"),
    ("F28", "57391 u", "F28"),
    ("F29", "57392 u", "F29"),
    ("F30", "57393 u", "F30"),
    ("F31", "57394 u", "F31"),
    ("F32", "57395 u", "F32"),
    ("F33", "57396 u", "F33"),
    ("F34", "57397 u", "F34"),
    ("F35", "57398 u", "F35"),
    ("KP_0", "57399 u", "KP0"),
    ("KP_1", "57400 u", "KP1"),
    ("KP_2", "57401 u", "KP2"),
    ("KP_3", "57402 u", "KP3"),
    ("KP_4", "57403 u", "KP4"),
    ("KP_5", "57404 u", "KP5"),
    ("KP_6", "57405 u", "KP6"),
    ("KP_7", "57406 u", "KP7"),
    ("KP_8", "57407 u", "KP8"),
    ("KP_9", "57408 u", "KP9"),
    ("KP_DECIMAL", "57409 u", "KPDecimal"),
    ("KP_DIVIDE", "57410 u", "KPDivide"),
    ("KP_MULTIPLY", "57411 u", "KPMultiply"),
    ("KP_SUBTRACT", "57412 u", "KPMinus"),
    ("KP_ADD", "57413 u", "KPPlus"),
    ("KP_ENTER", "57414 u", "KPEnter"),
    ("KP_EQUAL", "57415 u", "KPEqual"),
    ("KP_SEPARATOR", "57416 u", "KPSeparator"),
    ("KP_LEFT", "57417 u", "KPLeft"),
    ("KP_RIGHT", "57418 u", "KPRight"),
    ("KP_UP", "57419 u", "KPUp"),
    ("KP_DOWN", "57420 u", "KPDown"),
    ("KP_PAGE_UP", "57421 u", "KPPageUp"),
    ("KP_PAGE_DOWN", "57422 u", "KPPageDown"),
    ("KP_HOME", "57423 u", "KPHome"),
    ("KP_END", "57424 u", "KPEnd"),
    ("KP_INSERT", "57425 u", "KPInsert"),
    ("KP_DELETE", "57426 u", "KPDelete"),
    ("KP_BEGIN", "1 E", "KPBegin"),
    ("MEDIA_PLAY", "57428 u", "MediaPlay"),
    ("MEDIA_PAUSE", "57429 u", "MediaPause"),
    ("MEDIA_PLAY_PAUSE", "57430 u", "MediaPlayPause"),
    ("MEDIA_REVERSE", "57431 u", "MediaReverse"),
    ("MEDIA_STOP", "57432 u", "MediaStop"),
    ("MEDIA_FAST_FORWARD", "57433 u", "MediaFastForward"),
    ("MEDIA_REWIND", "57434 u", "MediaRewind"),
    ("MEDIA_TRACK_NEXT", "57435 u", "MediaTrackNext"),
    ("MEDIA_TRACK_PREVIOUS", "57436 u", "MediaTrackPrevious"),
    ("MEDIA_RECORD", "57437 u", "MediaRecord"),
    ("LOWER_VOLUME", "57438 u", "VolumeDown"),
    ("RAISE_VOLUME", "57439 u", "VolumeUp"),
    ("MUTE_VOLUME", "57440 u", "VolumeMute"),
    ("LEFT_SHIFT", "57441 u", "ShiftLeft"),
    ("LEFT_CONTROL", "57442 u", "CtrlLeft"),
    ("LEFT_ALT", "57443 u", "AltLeft"),
    ("LEFT_SUPER", "57444 u", "SuperLeft"),
    ("LEFT_HYPER", "57445 u", "HyperLeft"),
    ("LEFT_META", "57446 u", "MetaLeft"),
    ("RIGHT_SHIFT", "57447 u", "ShiftRight"),
    ("RIGHT_CONTROL", "57448 u", "CtrlRight"),
    ("RIGHT_ALT", "57449 u", "AltRight"),
    ("RIGHT_SUPER", "57450 u", "SuperRight"),
    ("RIGHT_HYPER", "57451 u", "HyperRight"),
    ("RIGHT_META", "57452 u", "MetaRight"),
    ("ISO_LEVEL3_SHIFT", "57453 u", "AltGr"),
    ("ISO_LEVEL5_SHIFT", "57454 u", "Level5Shift"),
];

/// The keys that only change what others do: told when all keys are reported, and not before.
const MODIFIER_KEYS: [&str; 17] = [
    "CapsLock",
    "ScrollLock",
    "NumLock",
    "ShiftLeft",
    "CtrlLeft",
    "AltLeft",
    "SuperLeft",
    "HyperLeft",
    "MetaLeft",
    "ShiftRight",
    "CtrlRight",
    "AltRight",
    "SuperRight",
    "HyperRight",
    "MetaRight",
    "AltGr",
    "Level5Shift",
];

/// "Legacy text keys": the keys that type ASCII on a US keyboard, each with what Shift makes of it.
const TYPING: &str = "`~1!2@3#4$5%6^7&8*9(0)-_=+[{]}\\|;:'\",<.>/?aAbBcCdDeEfFgGhHiIjJkKlLmMnNoOpPqQrRsStTuUvVwWxXyYzZ";

/// Keys of a Russian layout: its letter, the capital, and what a US keyboard has there.
const RUSSIAN: [(char, char, char); 4] = [('с', 'С', 'c'), ('ф', 'Ф', 'a'), ('ж', 'Ж', ';'), ('ё', 'Ё', '`')];

/// What a sequence says, by "An overview" of the page: `CSI key:shifted:base ; modifiers:event ; text` and a last byte.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    /// The number and the last byte.
    key: (u32, char),
    shifted: Option<u32>,
    base: Option<u32>,
    /// Less the one that is added.
    mods: u32,
    event: u32,
    text: String,
}

/// Reads one sequence, the whole of what was sent. What is left out has the default that the page gives it.
fn decode(sent: &str) -> Option<Told> {
    let body = sent.strip_prefix("\x1b[")?;
    let last = body.chars().last()?;
    let fields: Vec<Vec<&str>> =
        body[..body.len() - last.len_utf8()].split(';').map(|field| field.split(':').collect()).collect();
    let number = |field: usize, part: usize| -> Option<u32> { fields.get(field)?.get(part)?.parse().ok() };
    let text = fields.get(2).map_or_else(String::new, |codes| {
        codes.iter().filter_map(|code| code.parse().ok()).filter_map(char::from_u32).collect()
    });
    Some(Told {
        key: (number(0, 0).unwrap_or(1), last),
        shifted: number(0, 1),
        base: number(0, 2),
        mods: number(1, 0).unwrap_or(1) - 1,
        event: number(1, 1).unwrap_or(1),
        text,
    })
}

/// A key, with all that the page says of it.
#[derive(Debug, Clone)]
struct Sample {
    /// The press without Shift.
    plain: KeyPress,
    /// The press with Shift.
    capital: KeyPress,
    key: (u32, char),
    /// What it types without and with Shift, if it types.
    types: Option<[char; 2]>,
    base: Option<char>,
    modifier: bool,
}

fn functional((_, sequence, name): (&str, &str, &str)) -> Sample {
    let (number, last) = sequence.split_once(' ').expect("a number and a last byte");
    let plain = key(name);
    let types = match plain.logical {
        Logical::Char(c) => Some([c, c]),
        _ => None,
    };
    Sample {
        capital: KeyPress { mods: plain.mods | Mods::SHIFT, ..plain.clone() },
        plain,
        key: (number.parse().expect("a number"), last.chars().next().expect("a last byte")),
        types,
        base: None,
        modifier: MODIFIER_KEYS.contains(&name),
    }
}

fn typing(c: char, shifted: char) -> Sample {
    Sample {
        plain: key(&c.to_string()),
        capital: key(&shifted.to_string()),
        key: (u32::from(c), 'u'),
        types: Some([c, shifted]),
        base: None,
        modifier: false,
    }
}

fn russian((c, shifted, place): (char, char, char)) -> Sample {
    Sample {
        plain: on_layout(place, c, c, Mods::empty()),
        capital: on_layout(place, shifted, c, Mods::SHIFT),
        base: Some(place),
        ..typing(c, shifted)
    }
}

fn samples() -> Vec<Sample> {
    let typed: Vec<char> = TYPING.chars().collect();
    let space = Sample { plain: key("Space"), capital: key("S-Space"), ..typing(' ', ' ') };
    FUNCTIONAL
        .into_iter()
        .map(functional)
        .chain(typed.chunks_exact(2).map(|pair| typing(pair[0], pair[1])))
        .chain(RUSSIAN.into_iter().map(russian))
        .chain([space])
        .collect()
}

/// What is to be seen of a key.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Bytes(String),
    Key(Told),
}

/// What the page says that a program sees, which has asked for disambiguation and for these flags.
fn expected(sample: &Sample, press: &KeyPress, flags: Modes) -> Seen {
    let (all, events) = (flags.contains(Modes::KITTY_ALL), flags.contains(Modes::KITTY_EVENTS));
    let release = press.kind == KeyKind::Release;
    let held = press.mods - Mods::LOCKS;
    let shift = held.contains(Mods::SHIFT);
    let typed = sample.types.filter(|_| (held - Mods::SHIFT).is_empty()).map(|types| types[usize::from(shift)]);
    let c0 = match sample.key {
        (13, 'u') => Some("\r"),
        (9, 'u') => Some("\t"),
        (127, 'u') => Some("\x7f"),
        _ => None,
    };
    let nothing = Seen::Bytes(String::new());
    if release && !events || sample.modifier && !all {
        return nothing;
    }
    if !all
        && !release
        && let Some(c) = typed
    {
        return Seen::Bytes(c.to_string());
    }
    if !all
        && held.is_empty()
        && let Some(c0) = c0
    {
        return if release { nothing } else { Seen::Bytes(c0.to_owned()) };
    }
    // "The Lock modifiers are not reported for text producing keys."
    let text_producing = sample.types.is_some() || c0.is_some();
    let mods = if all || !text_producing { press.mods } else { held };
    let event = match press.kind {
        KeyKind::Repeat if events => 2,
        KeyKind::Release => 3,
        _ => 1,
    };
    // Keypad keys and Space are the same with Shift, so there is no other name to tell.
    let shifted = sample.types.filter(|types| types[0] != types[1]).map(|types| u32::from(types[1]));
    let alternates = flags.contains(Modes::KITTY_ALTERNATES);
    Seen::Key(Told {
        key: sample.key,
        shifted: shifted.filter(|_| alternates && shift),
        base: sample.base.filter(|_| alternates).map(u32::from),
        mods: u32::from(mods.bits()),
        event,
        text: typed
            .filter(|_| all && !release && flags.contains(Modes::KITTY_TEXT))
            .map_or_else(String::new, String::from),
    })
}

/// The flags besides the one that disambiguates. Associated text "is undefined if used without" all keys.
fn any_flags() -> impl Strategy<Value = Modes> {
    let events = prop_oneof![Just(Modes::empty()), Just(Modes::KITTY_EVENTS)];
    let alternates = prop_oneof![Just(Modes::empty()), Just(Modes::KITTY_ALTERNATES)];
    let all = prop_oneof![Just(Modes::empty()), Just(Modes::KITTY_ALL), Just(Modes::KITTY_ALL | Modes::KITTY_TEXT)];
    (events, alternates, all).prop_map(|(events, alternates, all)| events | alternates | all)
}

#[test]
fn functional_keys_have_the_numbers_of_the_table() {
    for (kitty, sequence, name) in FUNCTIONAL {
        let press = KeyPress { mods: Mods::empty(), ..key(name) };
        let expected = sequence.replace(' ', "");
        let expected = match expected.strip_prefix('1').filter(|last| last.len() == 1) {
            // "The escape codes of the form CSI 1 letter will omit the 1 if there are no modifiers".
            Some(letter) => letter,
            None => &expected,
        };
        assert_eq!(sent(&press, Modes::KITTY_DISAMBIGUATE | Modes::KITTY_ALL), format!("\x1b[{expected}"), "{kitty}");
    }
}

#[test]
fn no_two_keys_of_the_table_have_one_name() {
    let mut keys: Vec<_> = samples().into_iter().map(|sample| sample.key).collect();
    let all = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), all);
}

#[test]
fn modifier_keys_tell_the_modifier_that_they_are_when_they_go_down_and_not_when_they_come_up() {
    // "Modifiers": "the corresponding modifier's bit must be set to the modifier state including the effect for the
    // current event".
    let modes = Modes::KITTY_ALL | Modes::KITTY_EVENTS;
    check(modes, &[("CtrlLeft", "\x1b[57442;5u"), ("HyperLeft", "\x1b[57445;17u"), ("MetaRight", "\x1b[57452;33u")]);
    let up = KeyPress { kind: KeyKind::Release, ..KeyPress::named(Named::ControlLeft, Mods::empty()) };
    assert_eq!(sent(&up, modes), "\x1b[57442;1:3u");
    let other_is_down = KeyPress { mods: Mods::CTRL, ..up };
    assert_eq!(sent(&other_is_down, modes), "\x1b[57442;5:3u");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn a_program_learns_which_key_was_pressed_with_which_modifiers(
        sample in proptest::sample::select(samples()),
        mods in any::<u8>(),
        kind in prop_oneof![Just(KeyKind::Press), Just(KeyKind::Repeat), Just(KeyKind::Release)],
        flags in any_flags(),
    ) {
        let mods = Mods::from_bits_retain(mods);
        let base = if mods.contains(Mods::SHIFT) { &sample.capital } else { &sample.plain };
        let press = KeyPress { mods: base.mods | mods, kind, ..base.clone() };
        let sent = sent(&press, flags | Modes::KITTY_DISAMBIGUATE);
        let seen = match decode(&sent) {
            Some(told) => Seen::Key(told),
            None => Seen::Bytes(sent),
        };
        prop_assert_eq!(seen, expected(&sample, &press, flags));
    }
}
