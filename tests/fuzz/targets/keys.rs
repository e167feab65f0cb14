//! Input encoded for a terminal's modes: keys, the mouse, pastes, and the names of keys.

#![no_main]

use libfuzzer_sys::fuzz_target;
use scarab_fuzz::source::Source;
use scarab_protocol::{
    ids::TermSize,
    key::{KeyKind, KeyPress, Logical, Mods, Named, Numpad, Physical, encode, parse_key},
    message::Mouse,
    mouse::encode_mouse,
    paste::{PASTE_END, PASTE_START, PasteEncoder},
    surface::Modes,
};

/// The longest that a key's sequence gets beside its text.
const MAX_KEY: usize = 64;

const NAMED: [Named; 31] = [
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
    Named::Menu,
    Named::PrintScreen,
    Named::Pause,
    Named::CapsLock,
    Named::ScrollLock,
    Named::NumLock,
    Named::ShiftLeft,
    Named::ShiftRight,
    Named::ControlLeft,
    Named::ControlRight,
    Named::AltLeft,
    Named::AltRight,
    Named::AltGraph,
    Named::SuperLeft,
    Named::SuperRight,
];

fuzz_target!(|data: &[u8]| {
    let mut source = Source::new(data);
    let modes = Modes::from_bits_retain(source.u64());
    match source.u8() % 4 {
        0 | 1 => key(&any_key(&mut source), modes),
        2 => mouse(&mut source, modes),
        _ => paste(source.flag(), source.u8(), source.rest()),
    }
});

fn any_key(source: &mut Source) -> KeyPress {
    let physical = match source.u8() % 4 {
        0 => Physical::Key(source.char()),
        1 => Physical::Key(char::from(source.u8())),
        2 => Physical::Numpad(source.one_of(&Numpad::ALL)),
        _ => Physical::Other,
    };
    let logical = match source.u8() % 6 {
        0 => Logical::Named(source.one_of(&NAMED)),
        1 => Logical::Named(Named::F(source.u8())),
        2 => Logical::Char(source.char()),
        3 => Logical::Char(char::from(source.u8())),
        4 => Logical::Dead,
        _ => Logical::Unidentified,
    };
    KeyPress {
        physical,
        logical,
        text: source.flag().then(|| source.text()),
        unshifted: source.flag().then(|| source.char()),
        mods: Mods::from_bits_retain(source.u8()),
        kind: source.one_of(&[KeyKind::Press, KeyKind::Repeat, KeyKind::Release]),
    }
}

fn key(key: &KeyPress, modes: Modes) {
    let mut out = b"before".to_vec();
    encode(key, modes, &mut out);
    let sent = out.strip_prefix(b"before").expect("what was there stays");
    assert!(str::from_utf8(sent).is_ok());
    let text = key.text.as_deref().unwrap_or_default();
    // The kitty protocol tells the text as decimal numbers, seven digits and a colon each.
    assert!(sent.len() <= MAX_KEY + 8 * text.len(), "{} bytes for {key:?}", sent.len());
    if key.kind == KeyKind::Release && !modes.contains(Modes::KITTY_EVENTS) {
        assert!(sent.is_empty(), "a release was sent");
    }
    // Names that scripts write lead to keys that can be sent, and none makes the parser fail.
    if let Ok(named) = parse_key(text) {
        encode(&named, modes, &mut out);
    }
}

fn mouse(source: &mut Source, modes: Modes) {
    let (action, button, mods) = (source.u8(), source.u8(), source.u8());
    let (col, row, x, y) = (source.u16(), source.u16(), source.u8(), source.u8());
    let wire = Mouse { position: 0, action, button, mods, col, row, x, y };
    let Some(event) = wire.event() else { return };
    assert_eq!(Mouse::from(&event).event(), Some(event));
    let mut out = Vec::new();
    let (cols, rows, pixel_width, pixel_height) = (source.u16(), source.u16(), source.u16(), source.u16());
    let told = encode_mouse(&event, modes, TermSize { cols, rows, pixel_width, pixel_height }, &mut out);
    assert_eq!(told, !out.is_empty());
    assert!(out.len() as u64 <= scarab_protocol::message::Input::EVENT_COST, "more than its cost: {out:?}");
}

/// Where a paste is cut makes no difference, and nothing in it ends its brackets.
fn paste(bracketed: bool, cut: u8, text: &[u8]) {
    let whole = pasted(bracketed, text.len().max(1), text);
    assert_eq!(pasted(bracketed, usize::from(cut).max(1), text), whole);
    assert!(whole.len() <= text.len() + 1 + PASTE_START.len() + PASTE_END.len());
    let inner = match bracketed {
        true => whole.strip_prefix(PASTE_START).and_then(|rest| rest.strip_suffix(PASTE_END)).expect("brackets"),
        false => &whole,
    };
    assert!(!inner.contains(&0x1b) && !inner.contains(&0x03), "a control character was pasted");
}

fn pasted(bracketed: bool, cut: usize, text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = PasteEncoder::new(bracketed);
    encoder.start(&mut out);
    text.chunks(cut).for_each(|chunk| encoder.chunk(chunk, &mut out));
    encoder.end(&mut out);
    out
}
