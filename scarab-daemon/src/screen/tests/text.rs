//! Text that is written in runs.

use super::*;

/// That output makes of a screen, in one piece and in pieces with each of which what has changed is published, what it makes of a plain
/// core, and scrolls off as many lines.
fn is_as_in_a_plain_core(cols: u16, rows: u16, output: &str) {
    let term = plain_core(cols, rows, output.as_bytes());
    for cut in [1, 7, output.len()] {
        let mut screen = screen(cols, rows);
        for piece in output.as_bytes().chunks(cut) {
            screen.feed(piece);
            if cut < output.len() {
                screen.publish().expect("memory");
            }
        }
        assert_eq!(screen.scrolled().0, term.history_size() as u64, "{output:?}");
        shows(&published(&mut screen), &term).unwrap_or_else(|error| panic!("{output:?}: {error}"));
    }
}

#[test]
fn text_longer_than_a_run_wraps_and_scrolls() {
    let text: String = (b' '..=b'~').cycle().take(3000).map(char::from).collect();
    is_as_in_a_plain_core(7, 4, &text);
    is_as_in_a_plain_core(300, 4, &text);
    // To the last column, and one beyond.
    is_as_in_a_plain_core(8, 2, "12345678");
    is_as_in_a_plain_core(8, 2, "12345678\r\n12345678\r\n123456789");
    // REP.
    is_as_in_a_plain_core(9, 5, "abc\x1b[1000bd");
}

#[test]
fn text_scrolls_within_a_region() {
    is_as_in_a_plain_core(6, 5, "one\r\ntwo\r\nthree\x1b[2;4r\x1b[4;1Habcdefghijklmnopq\x1b[r\x1b[5;1Hlast");
}

#[test]
fn text_without_wrapping_stays_in_the_last_column() {
    is_as_in_a_plain_core(6, 3, "\x1b[?7labcdefghij\x1b[?7hk");
}

#[test]
fn text_that_is_inserted_or_drawn_is_the_cores_affair() {
    is_as_in_a_plain_core(8, 3, "abcdef\r\x1b[4hxyz\x1b[4lw");
    is_as_in_a_plain_core(8, 3, "\x1b(0lqqk\x1b(Blqqk\x1b)0\x0elqqk\x0flqqk");
}

#[test]
fn text_over_half_a_wide_character_takes_the_other_half_with_it() {
    for start in 1..=6 {
        is_as_in_a_plain_core(6, 3, &format!("漢字漢\x1b[1;{start}Hx"));
        is_as_in_a_plain_core(6, 3, &format!("漢字漢字漢字\x1b[1;{start}Habc\x1b[mdef"));
    }
    // The wide one did not fit, and what stands for that in the row above is gone with it.
    is_as_in_a_plain_core(5, 3, "abcd漢\x1b[2;1Hxy");
}

#[test]
fn text_has_the_style_of_where_it_was_written() {
    let styled = "a\x1b[1;31mbc\x1b[4:3;58;5;9mde\x1b]8;id=l;http://x/\x1b\\fg\x1b]8;;\x1b\\hi\x1b[mj";
    is_as_in_a_plain_core(8, 3, styled);
    is_as_in_a_plain_core(8, 3, &format!("{styled}\r{styled}\r0123"));
}
