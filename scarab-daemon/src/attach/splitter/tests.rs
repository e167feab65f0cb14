use proptest::{collection::vec, prelude::*};
use scarab_protocol::{
    ids::TermSize,
    key::Mods,
    mouse::{MouseAction, MouseButton, encode_mouse},
    surface::Modes,
};

use super::*;

fn split(chunks: &[&[u8]]) -> Vec<Typed> {
    let mut splitter = Splitter::new(DetachKey::default());
    let mut out = Vec::new();
    for chunk in chunks {
        splitter.feed(chunk, &mut out);
    }
    splitter.flush(&mut out);
    out
}

fn bytes(bytes: &[u8]) -> Typed {
    Typed::Bytes(bytes.to_vec())
}

#[test]
fn keys_go_through_as_they_are() {
    let keys = "ls\r\x1b[A\x1bOA\x1b[1;5C\x1b[200\x1bx\u{e9}\x7f".as_bytes();
    assert_eq!(split(&[keys]), [bytes(keys)]);
}

#[test]
fn a_paste_is_one_whatever_is_in_it() {
    let input = b"a\x1b[200~one\x1b[A\x1c\x1b[I two\x1b[201~b";
    assert_eq!(split(&[input]), [bytes(b"a"), Typed::Paste(b"one\x1b[A\x1c\x1b[I two".to_vec()), bytes(b"b")]);
}

#[test]
fn focus_and_the_detach_key_are_not_typed() {
    let input = b"a\x1b[I\x1b[Ob\x1cc";
    let focus = [Typed::Focus(true), Typed::Focus(false)];
    assert_eq!(split(&[input]), [&[bytes(b"a")][..], &focus, &[bytes(b"b"), Typed::Detach, bytes(b"c")]].concat());
}

#[test]
fn the_detach_key_is_known_in_the_newer_protocols_too() {
    for detach in [&b"\x1b[92;5u"[..], b"\x1b[92;5:1u", b"\x1b[92:124;69u", b"\x1b[27;5;92~"] {
        assert_eq!(split(&[detach]), [Typed::Detach], "{}", detach.escape_ascii());
    }
    for other in [&b"\x1b[92;5:3u"[..], b"\x1b[92;7u", b"\x1b[93;5u", b"\x1b[27;5;93~", b"\x1b[92u", b"\x1b[5~"] {
        assert_eq!(split(&[other]), [bytes(other)], "{}", other.escape_ascii());
    }
}

#[test]
fn an_escape_alone_is_waited_with_and_then_typed() {
    let mut splitter = Splitter::new(DetachKey::default());
    let mut out = Vec::new();
    splitter.feed(b"\x1b", &mut out);
    assert!(out.is_empty() && splitter.patience().is_some());
    splitter.flush(&mut out);
    assert_eq!(out, [bytes(b"\x1b")]);
    assert_eq!(splitter.patience(), None);
}

#[test]
fn a_paste_that_never_ends_is_given_up() {
    let mut splitter = Splitter::new(DetachKey::default());
    let mut out = Vec::new();
    splitter.feed(b"\x1b[200~lost", &mut out);
    assert!(splitter.patience().is_some());
    splitter.flush(&mut out);
    splitter.feed(b"\x1b[201~\x1c", &mut out);
    assert_eq!(out, [Typed::Paste(b"lost".to_vec()), Typed::Detach]);
}

#[test]
fn detach_keys_are_single_bytes_everywhere() {
    let key = |name: &str| name.parse::<DetachKey>();
    assert_eq!(key(DetachKey::DEFAULT), Ok(DetachKey::default()));
    assert_eq!(key("C-b").map(|key| key.to_string()), Ok("Ctrl-B".into()));
    assert_eq!(key("Ctrl+]").map(|key| key.to_string()), Ok("Ctrl-]".into()));
    for bad in ["b", "C-i", "C-m", "C-[", "C-Space", "F1", "C-1", "M-x", "C-M-x", ""] {
        assert!(key(bad).is_err(), "{bad}");
    }
}

/// Joins neighbouring bytes, which chunks may have parted.
fn joined(typed: Vec<Typed>) -> Vec<Typed> {
    let mut out = Vec::new();
    for item in typed {
        match item {
            Typed::Bytes(bytes) => push_bytes(&bytes, &mut out),
            other => out.push(other),
        }
    }
    out
}

fn any_piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..6),
        Just(b"\x1b[200~".to_vec()),
        Just(b"\x1b[201~".to_vec()),
        Just(b"\x1b[<0;10;20M".to_vec()),
        Just(b"\x1b[<35;1;1m".to_vec()),
        Just(b"\x1b[I".to_vec()),
        Just(b"\x1b[92;5u".to_vec()),
        Just(b"\x1b[A".to_vec()),
        Just(b"\x1b".to_vec()),
        Just(b"text".to_vec()),
    ]
}

proptest! {
    #[test]
    fn chunks_make_no_difference(pieces in vec(any_piece(), 0..12), cuts in vec(1usize..9, 0..60)) {
        let all = pieces.concat();
        let mut chunks = Vec::new();
        let mut rest = &all[..];
        for cut in cuts {
            let (chunk, left) = rest.split_at(cut.min(rest.len()));
            chunks.push(chunk);
            rest = left;
        }
        chunks.push(rest);
        prop_assert_eq!(joined(split(&chunks)), joined(split(&[&all])));
    }

    #[test]
    fn mouse_reports_read_back(
        action in prop_oneof![Just(MouseAction::Press), Just(MouseAction::Release), Just(MouseAction::Motion)],
        button in prop_oneof![
            Just(MouseButton::Left), Just(MouseButton::Middle), Just(MouseButton::Right), Just(MouseButton::Back),
        ],
        col in 0u16..1000, row in 0u16..1000, mods in 0u8..8,
    ) {
        let (mods, middle) = (Mods::from_bits_truncate(mods), MouseEvent::MIDDLE);
        let event = MouseEvent { action, button: Some(button), col, row, x: middle, y: middle, mods };
        let mut report = Vec::new();
        encode_mouse(&event, Modes::MOUSE | Modes::MOUSE_SGR, TermSize::default(), &mut report);
        prop_assert_eq!(split(&[&report]), [Typed::Mouse(event)]);
    }
}
