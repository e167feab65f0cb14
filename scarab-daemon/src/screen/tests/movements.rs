//! Where the cursor goes, and where it is told to be.

use super::*;

#[test]
fn up_and_down_stop_at_the_margins() {
    let mut screen = screen(20, 10);
    screen.feed(b"\x1b[3;6r");
    for (sequences, place) in [
        // From between the margins.
        ("\x1b[4;2H\x1b[9A", "3;2"),
        ("\x1b[4;2H\x1b[9B", "6;2"),
        ("\x1b[4;2H\x1b[9F", "3;1"),
        ("\x1b[4;2H\x1b[9E", "6;1"),
        ("\x1b[4;2H\x1b[A", "3;2"),
        ("\x1b[4;2H\x1b[2E", "6;1"),
        // To one of them from outside.
        ("\x1b[1;2H\x1b[9B", "6;2"),
        ("\x1b[10;2H\x1b[9A", "3;2"),
        // Away from them.
        ("\x1b[2;2H\x1b[9A", "1;2"),
        ("\x1b[7;2H\x1b[99999B", "10;2"),
    ] {
        let told = answers(&mut screen, &format!("{sequences}\x1b[6n"));
        assert_eq!(told, format!("\x1b[{place}R"), "{sequences:?}");
    }
}

#[test]
fn in_origin_mode_rows_count_from_the_top_margin() {
    let mut screen = screen(20, 10);
    screen.feed(b"\x1b[3;6r\x1b[?6h");
    for (sequences, place) in [
        ("\x1b[2;4H", "2;4"),
        ("\x1b[2;4H\x1b[A", "1;4"),
        ("\x1b[2;4H\x1b[9A", "1;4"),
        ("\x1b[2;4H\x1b[B", "3;4"),
        ("\x1b[2;4H\x1b[9B", "4;4"),
        ("\x1b[2;4H\x1b[E", "3;1"),
        ("\x1b[2;4H\x1b[F", "1;1"),
        ("\x1b[2;4H\x1b[7G", "2;7"),
        ("\x1b[2;4H\x1b[99`", "2;20"),
        ("\x1b[2;4H\x1b[3d", "3;4"),
    ] {
        let told = answers(&mut screen, &format!("{sequences}\x1b[6n\x1b[?6n"));
        assert_eq!(told, format!("\x1b[{place}R\x1b[?{place}R"), "{sequences:?}");
    }
    // Without it they count from the top, where the cursor goes then.
    assert_eq!(answers(&mut screen, "\x1b[2;4H\x1b[?6l\x1b[6n\x1b[?6n"), "\x1b[1;1R\x1b[?1;1R");
    assert_eq!(answers(&mut screen, "\x1b[4;4H\x1b[6n\x1b[?6n"), "\x1b[4;4R\x1b[?4;4R");
}

#[test]
fn origin_mode_is_saved_and_restored_with_the_cursor() {
    for (save, restore) in
        [("\x1b7", "\x1b8"), ("\x1b[s", "\x1b[u"), ("\x1b[?1048h", "\x1b[?1048l"), ("\x1b[?1049h", "\x1b[?1049l")]
    {
        let mut screen = screen(20, 10);
        let mut told = |sequences: String| answers(&mut screen, &format!("{sequences}\x1b[6n\x1b[?6$p"));
        assert_eq!(told(format!("\x1b[8;2H{save}\x1b[3;6r\x1b[?6h{restore}")), "\x1b[8;2R\x1b[?6;2$y", "{save:?}");
        assert_eq!(told(format!("\x1b[?6h\x1b[2;4H{save}\x1b[?6l{restore}")), "\x1b[2;4R\x1b[?6;1$y", "{save:?}");
        // The margins have gone elsewhere meanwhile.
        assert_eq!(told(format!("\x1b[4;4H{save}\x1b[2;3r{restore}")), "\x1b[2;4R\x1b[?6;1$y", "{save:?}");
        assert_eq!(told(format!("{save}\x1b[8;9r{restore}")), "\x1b[1;4R\x1b[?6;1$y", "{save:?}");
    }
}

#[test]
fn each_screen_has_origin_mode_saved_until_a_reset() {
    let mut screen = screen(20, 10);
    let mut mode = |sequences: &str| answers(&mut screen, &format!("{sequences}\x1b8\x1b[?6$p"));
    let (on, off) = ("\x1b[?6;1$y", "\x1b[?6;2$y");
    assert_eq!(mode("\x1b[3;6r\x1b[?6h\x1b7\x1b[?47h\x1b[?6l\x1b7"), off);
    assert_eq!(mode("\x1b[?47l"), on);
    assert_eq!(mode("\x1b[?47h"), off);
    assert_eq!(mode("\x1b[?47l"), on);
    assert_eq!(mode("\x1b[!p"), off);
    assert_eq!(mode("\x1b[?6h\x1b7"), on);
    assert_eq!(mode("\x1bc"), off);
}

/// The margins after some output, as the screen tells them and as the VT core has them: rows, counted from 1.
fn margins(screen: &mut Screen, output: &str) -> String {
    let told = answers(screen, &format!("{output}\x1bP$qr\x1b\\"));
    // In origin mode the core lets the cursor go from one to the other.
    let mut row_after = |output: &[u8]| {
        screen.feed(output);
        screen.core.row() + 1
    };
    let (top, bottom) = (row_after(b"\x1b[?6h\x1b[H"), row_after(b"\x1b[999H"));
    screen.feed(b"\x1b[?6l");
    let of_core = format!("\x1bP1$r{top};{bottom}r\x1b\\");
    assert_eq!(told, of_core, "{output:?}");
    told
}

#[test]
fn margins_are_as_the_core_has_them() {
    let mut screen = screen(20, 10);
    let mut margins = |output: &str| margins(&mut screen, output);
    assert_eq!(margins(""), "\x1bP1$r1;10r\x1b\\");
    assert_eq!(margins("\x1b[3;6r"), "\x1bP1$r3;6r\x1b\\");
    // What makes no sense changes nothing.
    for nonsense in ["\x1b[6;6r", "\x1b[7;3r", "\x1b[10;12r", "\x1b[40;50r"] {
        assert_eq!(margins(nonsense), "\x1bP1$r3;6r\x1b\\", "{nonsense:?}");
    }
    // The screens share them.
    assert_eq!(margins("\x1b[?1049h"), "\x1bP1$r3;6r\x1b\\");
    assert_eq!(margins("\x1b[?1049l"), "\x1bP1$r3;6r\x1b\\");
    for reset in ["\x1bc", "\x1b[!p", "\x1b[?3h", "\x1b[?3l", "\x1b[r"] {
        assert_eq!(margins(&format!("\x1b[3;99r{reset}")), "\x1bP1$r1;10r\x1b\\", "{reset:?}");
    }
    margins("\x1b[3;6r");
    screen.resize(TermSize::cells(20, 5));
    assert_eq!(self::margins(&mut screen, ""), "\x1bP1$r1;5r\x1b\\");
    // A line scrolls off where the margins say that it does.
    screen.feed(b"\x1b[2;3r\x1b[3;1Hone\r\ntwo");
    let grid = published(&mut screen);
    assert_eq!((grid.row_text(1).trim_end(), grid.row_text(2).trim_end()), ("one", "two"));
}

#[test]
fn what_is_written_after_a_movement_is_on_the_surface() {
    let mut screen = screen(10, 6);
    screen.feed(b"\x1b[2;5r\x1b[4;1H");
    published(&mut screen);
    screen.feed(b"\x1b[9Ax\x1b[9By\x1b[Fz\x1b[9E\x1b[5Gw\x1b[H");
    let grid = published(&mut screen);
    let rows: Vec<String> = (0..6).map(|row| grid.row_text(row).trim_end().to_owned()).collect();
    assert_eq!(rows, ["", "x", "", "z", " y  w", ""]);
}
