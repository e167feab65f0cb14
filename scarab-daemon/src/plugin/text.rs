//! Texts that leave a sandbox, made fit for people and bounded.

/// A text without control characters, so that it moves no cursor and ends no escape sequence wherever it is shown.
/// Line ends and tabs become spaces.
pub(super) fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !is_control(*c)).collect()
}

/// As [`shown`], but line ends stay.
pub(super) fn shown_lines(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_whitespace() && c != '\n' { ' ' } else { c })
        .filter(|c| *c == '\n' || !is_control(*c))
        .collect()
}

/// As much of a text as fits, whole characters only.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// Control characters, and those that turn the direction of the text around them.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_shown_controls_nothing(text in any::<String>()) {
            prop_assert!(!shown(&text).chars().any(char::is_control));
            prop_assert!(!shown_lines(&text).chars().any(|c| c.is_control() && c != '\n'));
        }

        #[test]
        fn a_cut_text_is_a_beginning_that_fits(text in any::<String>(), bytes in 0usize..40) {
            let cut = cut(&text, bytes);
            prop_assert!(cut.len() <= bytes && text.starts_with(cut));
        }
    }

    #[test]
    fn escapes_lose_their_teeth() {
        assert_eq!(shown("a\x1b[31mb\u{9b}c\nd\u{202e}"), "a[31mbc d");
        assert_eq!(shown_lines("a\r\n\tb"), "a \n b");
    }
}
