//! An [`Extra`] packed into words, as it lies in the side table's arena.
//!
//! Word 0 holds the lengths in bytes of the marks, the link's id and its address, 16 bits each from the lowest, and in
//! bit 48 whether there is a link. Word 1 holds the underline colour. Then come those bytes, one string
//! after the other, eight to a word from the lowest, the last word filled up with zeros.

use std::borrow::Cow;

use super::{Color, Extra, Link};

/// The longest address of a link, in bytes. It is what programs that write links hold each other to, and about
/// what browsers take; without a bound the program in the terminal would decide how much memory a cell needs.
pub(crate) const MAX_URI: usize = 2083;
/// The longest id of a link, in bytes; other terminals have the same bound.
pub(crate) const MAX_LINK_ID: usize = 250;

const HEAD_WORDS: usize = 2;
const LINK: u64 = 1 << 48;
/// The most words that a packed extra takes.
pub(crate) const MAX_WORDS: usize = HEAD_WORDS + (Extra::MAX_MARKS * 4 + MAX_LINK_ID + MAX_URI).div_ceil(8);

/// What of an extra can be published: marks up to their number, a link up to its length. A link that is too long
/// is dropped whole, because half an address leads elsewhere.
pub(crate) fn fitted(extra: &Extra) -> Cow<'_, Extra> {
    let too_long = |link: &Link| link.uri.len() > MAX_URI || link.id.len() > MAX_LINK_ID;
    let end = extra.marks.char_indices().nth(Extra::MAX_MARKS).map(|(at, _)| at);
    if end.is_none() && !extra.link.as_ref().is_some_and(too_long) {
        return Cow::Borrowed(extra);
    }
    Cow::Owned(Extra {
        marks: extra.marks[..end.unwrap_or(extra.marks.len())].to_owned(),
        link: extra.link.clone().filter(|link| !too_long(link)),
        underline_color: extra.underline_color,
    })
}

/// Packs a fitted extra behind the words that are there.
pub(crate) fn pack(extra: &Extra, words: &mut Vec<u64>) {
    let (id, uri) = extra.link.as_ref().map_or(("", ""), |link| (&*link.id, &*link.uri));
    let lengths = extra.marks.len() as u64 | (id.len() as u64) << 16 | (uri.len() as u64) << 32;
    words.push(lengths | if extra.link.is_some() { LINK } else { 0 });
    words.push(u64::from(extra.underline_color.to_bits()));
    let mut bytes = extra.marks.bytes().chain(id.bytes()).chain(uri.bytes()).peekable();
    while bytes.peek().is_some() {
        words.push(u64::from_le_bytes(std::array::from_fn(|_| bytes.next().unwrap_or(0))));
    }
}

/// Unpacks an extra; `None` if the words are not one.
pub(crate) fn unpack(words: &[u64]) -> Option<Extra> {
    let [lengths, color, text @ ..] = words else { return None };
    let bytes: Vec<u8> = text.iter().flat_map(|word| word.to_le_bytes()).collect();
    let mut rest = bytes.as_slice();
    let mut string = |shift: u32| {
        let (string, after) = rest.split_at_checked(usize::from((lengths >> shift) as u16))?;
        rest = after;
        std::str::from_utf8(string).ok()
    };
    let (marks, id, uri) = (string(0)?, string(16)?, string(32)?);
    let link = (lengths & LINK != 0).then(|| Link { id: id.into(), uri: uri.into() });
    let extra = Extra { marks: marks.to_owned(), link, underline_color: Color::from_bits(*color as u32) };
    Some(fitted(&extra).into_owned())
}

#[cfg(test)]
mod tests {
    use super::super::testing::any_extra;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_fitted_extra_unpacks_to_itself_within_the_most_words(extra in any_extra()) {
            let fitted = fitted(&extra);
            let mut words = Vec::new();
            pack(&fitted, &mut words);
            prop_assert!(words.len() <= MAX_WORDS);
            prop_assert_eq!(unpack(&words), Some(fitted.into_owned()));
        }

        #[test]
        fn any_words_unpack_to_a_fitted_extra_or_nothing(
            marks in 0u64..80, id in 0u64..300, link: bool, words in proptest::collection::vec(any::<u64>(), 0..60),
        ) {
            let head = [marks | id << 16 | u64::from(link) << 48, 0];
            if let Some(extra) = unpack(&[&head, words.as_slice()].concat()) {
                prop_assert_eq!(&*fitted(&extra), &extra);
            }
            if let Some(extra) = unpack(&words) {
                prop_assert_eq!(&*fitted(&extra), &extra);
            }
        }
    }

    #[test]
    fn a_link_that_is_too_long_is_dropped_and_the_marks_stay() {
        let link = Link { id: "1".into(), uri: "x".repeat(MAX_URI + 1).into() };
        let extra = Extra { marks: "\u{301}".repeat(Extra::MAX_MARKS + 1), link: Some(link), ..Extra::default() };
        let expected = Extra { marks: "\u{301}".repeat(Extra::MAX_MARKS), ..Extra::default() };
        assert_eq!(*fitted(&extra), expected);
    }
}
