//! What a program asks and the core does not answer.

use scarab_protocol::surface::Palette;

use super::*;

/// What programs ask, and what else they write.
fn questions() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "\x1b[>q",
        "\x1b[>0q",
        "\x1b[!p",
        "\x1b[?6n",
        "\x1b[6n",
        "\x1b[16t",
        "\x1b[?996n",
        "\x1bP$qm\x1b\\",
        "\x1bP$qr\x1b\\",
        "\x1bP$q q\x1b\\",
        "\x1bP$q",
        "\x1bP+q544e;436f\x1b\\",
        "\x1bP+q5463;",
        "\x1b\\",
        "\x1b[c",
        "\x1b[?2026h",
        "\x1b[?2026l",
        "\x1b[2;4r",
        "\x1b[?6h",
        "\x1b[?6l",
        "\x1b7",
        "\x1b8",
        "\x1bc",
        "\x1b[?1049h",
        "\x1b[?1049l",
        "\x1b[?3h",
        "\x1b[2e",
        "\x1b[2A",
        "\x1b[3;2H",
        "\x1b[1;31;48;5;9m",
        "\x1b]11;#ffffff\x07",
        "\x1b[4 q",
        "text, ",
        "漢",
        "\r\n",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// What a screen of a window answers to pieces of output, and what it shows then.
fn interpreted<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (String, Vec<Option<[u8; 3]>>, Grid) {
    let mut screen = screen(20, 6);
    screen.resize(TermSize { pixel_width: 200, pixel_height: 120, ..TermSize::cells(20, 6) });
    let answers: Vec<u8> = pieces.flat_map(|piece| screen.feed(piece).answers).collect();
    screen.end_update();
    let mut grid = published(&mut screen);
    // How often it was published is not what it is.
    let palette = std::mem::take(&mut grid.palette);
    let colors = (0..Palette::LEN).map(|place| palette.get(place)).collect();
    (String::from_utf8(answers).expect("text"), colors, grid)
}

proptest! {
    #[test]
    fn answers_and_the_screen_are_the_same_however_output_is_cut(output in questions(), size in 1usize..20) {
        let whole = interpreted(std::iter::once(output.as_bytes()));
        prop_assert_eq!(interpreted(output.as_bytes().chunks(size)), whole);
    }
}

#[test]
fn the_version_is_told() {
    let version = format!("\x1bP>|Scarab({})\x1b\\", env!("CARGO_PKG_VERSION"));
    let mut screen = screen(20, 5);
    assert_eq!(answers(&mut screen, "\x1b[>q\x1b[>0q"), version.repeat(2));
    assert_eq!(answers(&mut screen, "\x1b[>1q\x1b[q"), "");
}

#[test]
fn answers_come_in_the_order_of_the_questions() {
    let mut screen = screen(20, 5);
    let one = "\x1b[5n\x1b[?6nab\x1b[6n\x1bP$qm\x1b\\\x1b[1m\x1b[?6n\x1b[5n\x1bP$qm\x1b\\";
    let told = "\x1b[0n\x1b[?1;1R\x1b[1;3R\x1bP1$r0m\x1b\\\x1b[?1;3R\x1b[0n\x1bP1$r0;1m\x1b\\";
    assert_eq!(answers(&mut screen, one), told);
    // So they do in an update that is not shown yet.
    screen.feed(b"\x1b[m\x1b[H\x1b[?2026h");
    assert_eq!(answers(&mut screen, one), told);
}

#[test]
fn the_size_of_a_cell_is_told_if_it_is_known() {
    let mut screen = screen(20, 5);
    assert_eq!(answers(&mut screen, "\x1b[16t"), "");
    screen.resize(TermSize { pixel_width: 205, pixel_height: 100, ..TermSize::cells(20, 5) });
    assert_eq!(answers(&mut screen, "\x1b[16t\x1b[18t"), "\x1b[6;20;10t\x1b[8;5;20t");
}

#[test]
fn a_dark_and_a_light_background_are_told_apart() {
    let mut screen = screen(20, 5);
    assert_eq!(answers(&mut screen, "\x1b[?996n"), "\x1b[?997;1n");
    assert_eq!(answers(&mut screen, "\x1b]11;#fdf6e3\x07\x1b[?996n"), "\x1b[?997;2n");
    assert_eq!(answers(&mut screen, "\x1b]111\x07\x1b[?996n"), "\x1b[?997;1n");
}

#[test]
fn settings_are_told_as_they_would_be_set() {
    let mut screen = screen(20, 5);
    let mut setting = |sequences: &str, name: &str| answers(&mut screen, &format!("{sequences}\x1bP$q{name}\x1b\\"));
    let is = |sequence: &str| format!("\x1bP1$r{sequence}\x1b\\");
    for (sequences, told) in [
        ("\x1b[m", "0"),
        ("\x1b[0;1;2;3;4;5;7;8;9m", "0;1;4;5;7;8;2;3;9"),
        ("\x1b[0;21;31;102m", "0;21;31;102"),
        ("\x1b[0;4:3;38;5;1;48;5;200;58;5;9m", "0;4:3;38:5:1;48:5:200;58:5:9"),
        ("\x1b[0;97;48;2;1;2;3;58:2::4:5:6m", "0;97;48:2::1:2:3;58:2::4:5:6"),
        ("\x1b[0;90;47m", "0;90;47"),
    ] {
        assert_eq!(setting(sequences, "m"), is(&format!("{told}m")), "{sequences:?}");
        // What was told sets it so.
        assert_eq!(setting(&format!("\x1b[{told}m"), "m"), is(&format!("{told}m")), "{told:?}");
    }
    assert_eq!(setting("", "r"), is("1;5r"));
    for style in 1..=6 {
        assert_eq!(setting(&format!("\x1b[{style} q"), " q"), is(&format!("{style} q")));
    }
    assert_eq!(setting("", "\"p"), is("62;1\"p"));
    for unknown in ["", "s", "\"q", "mm", "$|"] {
        assert_eq!(setting("", unknown), "\x1bP0$r\x1b\\", "{unknown:?}");
    }
}

#[test]
fn capabilities_are_told_by_their_names() {
    let mut screen = screen(20, 5);
    screen.set_terminal_name("xterm-256color".into());
    let mut ask = |names: &str| answers(&mut screen, &format!("\x1bP+q{names}\x1b\\"));
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02X}")).collect::<String>();
    for (name, value) in [
        ("TN", "xterm-256color"),
        ("name", "xterm-256color"),
        ("Co", "256"),
        ("colors", "256"),
        ("RGB", "8"),
        ("Smulx", "\x1b[4:%p1%dm"),
        ("Ss", "\x1b[%p1%d q"),
    ] {
        assert_eq!(ask(&hex(name)), format!("\x1bP1+r{}={}\x1b\\", hex(name), hex(value)), "{name}");
    }
    // A flag has no value; names come back as they were written.
    assert_eq!(ask("5463"), "\x1bP1+r5463\x1b\\");
    assert_eq!(
        ask("544e;7a7a;53750"),
        "\x1bP1+r544e=787465726D2D323536636F6C6F72\x1b\\\x1bP0+r7a7a\x1b\\\x1bP0+r\x1b\\"
    );
    // Only what was asked for in digits comes back.
    assert_eq!(ask("rm -rf\r"), "\x1bP0+r\x1b\\");
    assert_eq!(ask(""), "\x1bP0+r\x1b\\");
    assert_eq!(ask(&"436f;".repeat(300)), "\x1bP0+r\x1b\\");
    assert_eq!(ask(&["436f"; 200].join(";")), "\x1bP1+r436f=323536\x1b\\".repeat(200));
}

#[test]
fn behind_a_capability_without_room_for_its_answer_none_is_told() {
    let mut screen = screen(20, 5);
    // There is room for two flags, but not for what Smulx is.
    let filled = Effects::MAX_ANSWERS - 25;
    screen.core.with_effects(|effects| effects.answers = vec![b'x'; filled]);
    let told = answers(&mut screen, "\x1bP+q5463;536d756c78;5463\x1b\\");
    assert_eq!(&told[filled..], "\x1bP1+r5463\x1b\\");
}

#[test]
fn a_soft_reset_leaves_the_text_and_takes_the_modes_back() {
    let mut screen = screen(20, 5);
    screen.feed(b"text\x1b[2;4r\x1b[?1h\x1b[?6h\x1b[?7l\x1b[?25l\x1b[4h\x1b=\x1b[>4;2m\x1b[1;31m\x1b(0\x1b[2;3H\x1b7");
    let state = "\x1b[?1$p\x1b[?6$p\x1b[?7$p\x1b[?25$p\x1b[4$p\x1b[?4m\x1bP$qm\x1b\\\x1bP$qr\x1b\\";
    // The cursor stays where it is, in the third row of the screen.
    assert_eq!(
        answers(&mut screen, &format!("\x1b[!p{state}\x1b[6n")),
        "\x1b[?1;2$y\x1b[?6;2$y\x1b[?7;1$y\x1b[?25;1$y\x1b[4;2$y\x1b[>4;0m\x1bP1$r0m\x1b\\\x1bP1$r1;5r\x1b\\\x1b[3;3R"
    );
    assert!(!screen.modes().intersects(Modes::APP_CURSOR | Modes::APP_KEYPAD));
    // What was saved is the upper left corner.
    screen.feed(b"q\x1b8\x1b[4C!");
    let grid = published(&mut screen);
    assert_eq!((grid.row_text(0).trim_end(), grid.row_text(2).trim_end()), ("text!", "  q"));
    assert!(grid.cursor.visible);
}
