//! Synchronized updates.

use super::*;

/// The first row as it is published.
fn row(screen: &mut Screen) -> String {
    published(screen).row_text(0).trim_end().to_string()
}

#[test]
fn what_is_drawn_in_an_update_is_seen_at_its_end() {
    let mut screen = screen(20, 5);
    screen.feed(b"before\x1b[?2026h\x1b[?25l, within");
    let grid = published(&mut screen);
    assert_eq!((grid.row_text(0).trim_end(), grid.cursor.col, grid.cursor.visible), ("before", 6, true));
    screen.feed(b" it");
    assert_eq!(screen.publish().expect("memory").frame, None);
    screen.feed(b"\x1b[?2026l");
    let grid = published(&mut screen);
    assert_eq!((grid.row_text(0).trim_end(), grid.cursor.visible), ("before, within it", false));
}

#[test]
fn beginnings_and_ends_are_known_in_every_spelling_and_however_they_are_cut() {
    for (begin, end) in
        [("\x1b[?2026h", "\x1b[?2026l"), ("\x1b[?25;2026h", "\x1b[?2026;2004l"), ("\x1b[?\u{7}2026h", "\x1bc!")]
    {
        let mut screen = screen(20, 5);
        for byte in format!("{begin}a").bytes() {
            screen.feed(&[byte]);
        }
        assert!(screen.update_deadline().is_some(), "{begin:?}");
        assert_eq!(answers(&mut screen, "\x1b[?2026$p"), "\x1b[?2026;1$y");
        assert_eq!(row(&mut screen), "", "{begin:?}");
        for byte in end.bytes() {
            screen.feed(&[byte]);
        }
        assert_eq!(answers(&mut screen, "\x1b[?2026$p"), "\x1b[?2026;2$y");
        assert_eq!(row(&mut screen), if end == "\x1bc!" { "!" } else { "a" }, "{end:?}");
    }
}

#[test]
fn an_update_that_is_given_up_or_resized_in_is_seen() {
    let mut screen = screen(20, 5);
    screen.feed(b"\x1b[?2026ha");
    screen.end_update();
    assert_eq!((row(&mut screen).as_str(), screen.update_deadline()), ("a", None));
    screen.feed(b"\x1b[?2026hb");
    screen.resize(TermSize::cells(300, 50));
    let grid = published(&mut screen);
    assert_eq!((grid.row_text(0).trim_end(), grid.cols(), screen.update_deadline()), ("ab", 300, None));
}

#[test]
fn updates_that_are_done_are_seen_while_the_next_goes_on() {
    let mut screen = screen(20, 5);
    screen.feed(b"\x1b[?2026ha\x1b[?2026l");
    // Staging takes its time, and some more until it is done again.
    let is_seen = (0..100_000).any(|turn| {
        let done = format!("{turn:06}");
        screen.feed(format!("\x1b[?2026h\r{done}\x1b[?2026l\x1b[?2026h\rnot").as_bytes());
        let seen = row(&mut screen);
        assert!(!seen.contains("not"));
        screen.feed(format!("\r{done}\x1b[?2026l").as_bytes());
        seen == done
    });
    assert!(is_seen);
}

#[test]
fn an_update_behind_a_resize_that_was_not_published_shows_the_new_size_at_its_end() {
    let mut screen = screen(20, 5);
    screen.feed(b"a");
    screen.resize(TermSize::cells(300, 50));
    screen.feed(b"\x1b[?2026hb");
    assert_eq!(published(&mut screen).cols(), 20);
    screen.feed(b"\x1b[?2026l");
    let published = screen.publish().expect("memory");
    assert!(published.moved && published.frame.is_some());
    assert_eq!(row(&mut screen), "ab");
}
