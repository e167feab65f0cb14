//! What a paste lets through, however it is cut.

use proptest::prelude::*;

use super::*;

/// A paste given in these pieces.
fn pasted<'a>(bracketed: bool, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut paste = PasteEncoder::new(bracketed);
    paste.start(&mut out);
    for piece in pieces {
        let before = out.len();
        paste.chunk(piece, &mut out);
        assert!(out.len() - before <= piece.len() + 1, "a chunk grows by a byte at most");
    }
    paste.end(&mut out);
    out
}

fn plain(text: &str) -> String {
    String::from_utf8(pasted(false, [text.as_bytes()])).expect("text stays text")
}

fn bracketed(text: &str) -> String {
    let out = String::from_utf8(pasted(true, [text.as_bytes()])).expect("text stays text");
    let inner = out.strip_prefix("\x1b[200~").and_then(|rest| rest.strip_suffix("\x1b[201~"));
    inner.expect("a bracketed paste is between its markers").to_owned()
}

/// Bytes among which all that matters to a paste is likely.
fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\r".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"\x1b[201~".to_vec()),
        Just(b"\x9b201~".to_vec()),
        Just("\u{9b}".as_bytes().to_vec()),
        Just("é漢😀".as_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 0..4),
        proptest::collection::vec(prop_oneof![Just(0xc2), 0x80..0xc0_u8], 0..4),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

#[test]
fn newlines_become_what_enter_sends_unless_bracketed() {
    assert_eq!(plain("a\nb\r\nc\rd\n\n\r\n\r\r\ne"), "a\rb\rc\rd\r\r\r\r\re");
    assert_eq!(bracketed("a\nb\r\nc\rd\n\n"), "a\nb\r\nc\rd\n\n");
}

#[test]
fn control_characters_are_left_out() {
    let text = "a\x1b[201~\0b\x03\x04\x08\x7fc\td\u{9b}201~\u{85}é\u{a0}";
    assert_eq!(plain(text), "a[201~bc\td201~é\u{a0}");
    assert_eq!(bracketed(text), plain(text));
    assert_eq!(pasted(false, [&b"a\x9bb\xe9\xffc\xc2"[..]]), b"ab\xe9\xffc\xc2", "stray bytes");
}

#[test]
fn twenty_megabytes_of_lines_arrive_whole() {
    let line: Vec<u8> = (b' '..=b'~').chain([b'\n']).collect();
    let text = line.repeat(20_000_000 / line.len());
    let expected: Vec<u8> = text.iter().map(|&b| if b == b'\n' { b'\r' } else { b }).collect();
    assert!(pasted(false, text.chunks(65_536)) == expected, "a long paste is changed");
}

proptest! {
    #[test]
    fn where_a_paste_is_cut_makes_no_difference(
        text in any_bytes(),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..6),
        is_bracketed: bool,
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|ends| &text[ends[0]..ends[1]]);
        let whole = pasted(is_bracketed, [text.as_slice()]);
        prop_assert_eq!(pasted(is_bracketed, pieces), whole.clone());
        prop_assert_eq!(pasted(is_bracketed, text.chunks(1)), whole);
    }

    #[test]
    fn a_bracketed_paste_has_one_end_at_its_end(text in any_bytes()) {
        let out = pasted(true, [text.as_slice()]);
        let escapes: Vec<usize> = (0..out.len()).filter(|&i| out[i] == 0x1b).collect();
        prop_assert_eq!(escapes, [0, out.len() - PASTE_END.len()]);
        prop_assert!(out.starts_with(PASTE_START) && out.ends_with(PASTE_END));
    }

    #[test]
    fn no_control_character_gets_through(text in any_bytes(), is_bracketed: bool) {
        let out = pasted(is_bracketed, [text.as_slice()]);
        let inner = if is_bracketed { &out[PASTE_START.len()..out.len() - PASTE_END.len()] } else { &out };
        for c in String::from_utf8_lossy(inner).chars().filter(|c| c.is_control()) {
            prop_assert!(matches!(c, '\t' | '\r') || c == '\n' && is_bracketed, "{:?}", c);
        }
    }

    #[test]
    fn ordinary_text_arrives_whole(text in "[\\PC\t\n]*") {
        prop_assert_eq!(bracketed(&text), text.clone());
        prop_assert_eq!(plain(&text), text.replace('\n', "\r"));
    }
}
