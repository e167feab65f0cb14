//! Known grids, drawn off-screen with the bundled font and compared with the pictures beside this file.
//!
//! `SCARAB_BLESS=1` writes the pictures anew; they are to be looked at before they are kept. What a
//! failing test drew lies in the target directory under `tmp/golden/`.

mod emoji;
mod one_camera;
mod over_text;
mod page;
mod shared_buffer;
mod support;
mod themes;
mod window;

use std::time::{Duration, Instant};

use scarab_bevy::render::{FontSettings, TerminalTheme, TerminalView};
use scarab_protocol::surface::{Attrs, Color, CursorShape, Modes, Palette, Underline};

use page::Page;
use support::{bundled, check, draw, draw_scaled, offscreen, stack};

const STYLES: [(&str, Attrs); 9] = [
    ("plain", Attrs::empty()),
    ("bold", Attrs::BOLD),
    ("italic", Attrs::ITALIC),
    ("bold italic", Attrs::BOLD.union(Attrs::ITALIC)),
    ("faint", Attrs::FAINT),
    ("inverse", Attrs::INVERSE),
    ("hidden", Attrs::HIDDEN),
    ("struck out", Attrs::STRIKEOUT),
    ("faint inverse", Attrs::FAINT.union(Attrs::INVERSE)),
];

fn attributes() -> Page {
    let mut page = Page::new(44, 16);
    for (row, (name, attrs)) in (0..).zip(STYLES) {
        page.style(attrs).write(row, 0, &format!("{name}: Hamburgefonstiv 0O1lI")).style(Attrs::empty());
    }
    let underlines = [Underline::Single, Underline::Double, Underline::Curly, Underline::Dotted, Underline::Dashed];
    for (row, style) in (9..).zip(underlines) {
        page.style(Attrs::empty().with_underline(style)).write(row, 0, &format!("{style:?} underline, gjpqy"));
        if row % 2 == 1 {
            page.underline_color(row, Color::Indexed(1));
        }
    }
    page.style(Attrs::empty()).write(14, 0, "e\u{301} a\u{308} n\u{303} o\u{302}\u{323} é ä ñ -> != =>");
    page.write(15, 0, "漢字 wide ひらがな|").cursor(15, 20, CursorShape::Block);
    page
}

#[test]
fn attributes_are_drawn() {
    check("attributes", &draw(attributes().grid));
}

#[test]
fn a_scale_factor_gives_larger_letters_and_not_stretched_ones() {
    for (name, scale) in [("scale-1.5", 1.5), ("scale-2", 2.0)] {
        check(name, &draw_scaled(attributes().grid, scale));
    }
}

#[test]
fn colours_are_drawn() {
    let mut page = Page::new(72, 12);
    for index in 0..=255_u8 {
        let (row, col) = match index {
            0..16 => (0, u16::from(index) * 4),
            16..232 => (u16::from((index - 16) / 36) + 1, u16::from((index - 16) % 36) * 2),
            _ => (7, u16::from(index - 232) * 3),
        };
        page.color(Color::Default, Color::Indexed(index)).write(row, col, "  ");
        if index < 16 {
            page.color(Color::Indexed(index), Color::Default).write(8, col, "fg");
        }
    }
    for col in 0..72_u8 {
        let (r, g, b) = (col * 3, 255 - col * 3, 128);
        page.color(Color::Rgb(b, r, g), Color::Rgb(r, g, b)).write(9, u16::from(col), "#");
    }
    check("colours", &draw(page.grid));
}

#[test]
fn boxes_join_without_gaps() {
    let mut page = Page::new(40, 24);
    let rows = [
        "┌─┬┐ ┏━┳┓ ╔═╦╗ ╭─╮ ┍━┑ ┎─┒ ╒═╕ ╓─╖",
        "│ ││ ┃ ┃┃ ║ ║║ │ │ │ │ ┃ ┃ │ │ ║ ║",
        "├─┼┤ ┣━╋┫ ╠═╬╣ ╰─╯ ┝━┥ ┠─┨ ╞═╡ ╟─╢",
        "└─┴┘ ┗━┻┛ ╚═╩╝ ╱╲╳ ┕━┙ ┖─┚ ╘═╛ ╙─╜",
        "╪╫╬ ╤╥╦ ╧╨╩ ┄┄┅┅┈┈┉┉╌╌╍╍ ╴╵╶╷╸╹╺╻╼╽╾╿",
        "┆┇┊┋╎╏ ┆┇┊┋╎╏ ╁╀╂╃╄╅╆╇╈╉╊ ┽┾┿ ┞┟┡┢",
        "▁▂▃▄▅▆▇█ ▏▎▍▌▋▊▉█ ▀▔▐▕ ░░▒▒▓▓██",
        "▖▗▘▙▚▛▜▝▞▟ \u{1fb00}\u{1fb01}\u{1fb04}\u{1fb0a}\u{1fb13}\u{1fb14}\u{1fb27}\u{1fb28}\u{1fb3b}",
        "████ ▛▀▜ ╲╱╲╱",
        "████ ▌ ▐ ╱╲╱╲",
        "████ ▙▄▟",
        "⣿⡇⠿ ⣀⣤⣶⣿ ←↑→↓ ▲▼◀▶ ●○■□ ✓✗ … ⏎",
    ];
    for (row, text) in (0..).zip(rows) {
        page.write(row, 0, text);
    }
    page.style(Attrs::BOLD);
    for (row, text) in (12..).zip(rows) {
        page.write(row, 0, text);
    }
    check("boxes", &draw(page.grid));
}

/// So many characters from a number on.
fn characters(first: u32, count: u32) -> String {
    (first..first + count).filter_map(char::from_u32).collect()
}

#[test]
fn every_sextant_and_every_braille_pattern_is_drawn() {
    let mut page = Page::new(64, 5);
    page.write(0, 0, &characters(0x1fb00, 60));
    for row in 0..4 {
        page.write(row + 1, 0, &characters(0x2800 + 64 * u32::from(row), 64));
    }
    check("mosaics", &draw(page.grid));
}

#[test]
fn symbols_for_status_lines_and_mosaics_reach_the_edges() {
    let mut page = Page::new(46, 11);
    page.write(0, 0, "\u{e0b0}\u{e0b1}\u{e0b2}\u{e0b3} \u{e0b4}\u{e0b5}\u{e0b6}\u{e0b7} \u{e0b8}\u{e0b9}\u{e0ba}\u{e0bb}\u{e0bc}\u{e0bd}\u{e0be}\u{e0bf}");
    for (row, first) in [(1, 0x1fb3c), (2, 0x1fb52)] {
        page.write(row, 0, &characters(first, 22));
    }
    page.write(3, 0, &characters(0x1fb68, 8)).write(3, 10, &characters(0x1fb70, 16));
    page.write(4, 0, &characters(0x1fb80, 19));
    page.write(5, 0, &characters(0x1fb9a, 6)).write(5, 8, &characters(0x1fba0, 15));
    for row in 0..5 {
        page.write(6 + row as u16, 0, &characters(0x1cd00 + 46 * row, 46));
    }
    check("symbols", &draw(page.grid));
}

#[test]
fn signs_are_joined_where_the_font_has_them_so_and_that_is_wanted() {
    let pictures = offscreen(|app| {
        let mut page = Page::new(28, 3);
        page.write(0, 0, "a -> b => c != d <= e >= f")
            .style(Attrs::BOLD)
            .write(1, 0, "|> <|> :: ... /* */ ++ && ||")
            .style(Attrs::ITALIC)
            .write(2, 0, "- > = > ->->-> --------- ###");
        let pictures = [false, true].map(|ligatures| {
            app.set_font(FontSettings { ligatures, ..bundled() });
            let terminal = app.terminal(TerminalView::default(), 1.0);
            app.show(terminal, &page.grid);
            let picture = app.picture(terminal);
            app.close(terminal);
            picture
        });
        app.set_font(bundled());
        pictures
    });
    assert_ne!(pictures[0].rgba, pictures[1].rgba);
    check("ligatures", &stack(&pictures));
}

#[test]
fn text_that_blinks_is_there_and_not_in_turns() {
    let mut page = Page::new(12, 1);
    page.write(0, 0, "still");
    let without = draw(page.grid.clone());
    page.style(Attrs::BLINK.union(Attrs::STRIKEOUT)).write(0, 6, "blinks");
    offscreen(move |app| {
        let terminal = app.terminal(TerminalView::default(), 1.0);
        app.show(terminal, &page.grid);
        let deadline = Instant::now() + Duration::from_secs(30);
        let (mut seen, mut unseen) = (false, false);
        while !(seen && unseen) {
            assert!(Instant::now() < deadline, "seen {seen}, not seen {unseen}");
            let hidden = app.picture(terminal).rgba == without.rgba;
            unseen |= hidden;
            seen |= !hidden;
        }
        app.close(terminal);
    });
}

#[test]
fn every_cursor_is_drawn() {
    let shapes = [CursorShape::Block, CursorShape::Underline, CursorShape::Beam, CursorShape::HollowBlock];
    let pictures = offscreen(move |app| {
        let mut pictures = Vec::new();
        let mut page = Page::new(12, 2);
        page.write(0, 0, "cursor 漢字").write(1, 0, "over text");
        for focused in [true, false] {
            let terminal = app.terminal(TerminalView { focused, ..TerminalView::default() }, 1.0);
            for shape in shapes {
                for (row, col) in [(1, 3), (0, 8)] {
                    page.cursor(row, col, shape);
                    page.grid.frame += 1;
                    app.show(terminal, &page.grid);
                    pictures.push(app.picture(terminal));
                }
            }
            app.close(terminal);
        }
        pictures
    });
    check("cursors", &stack(&pictures));
}

#[test]
fn something_is_seen_through_the_default_background_and_nothing_else() {
    let (cols, theme) = (6, TerminalTheme::default());
    let mut page = Page::new(cols, 1);
    page.color(Color::Default, Color::Indexed(1)).write(0, 1, " ");
    page.color(Color::Default, Color::Default).write(0, 2, "\u{2588}");
    page.style(Attrs::INVERSE).write(0, 3, " ").cursor(0, 4, CursorShape::Block);
    let picture = offscreen(move |app| {
        let terminal = app.terminal(TerminalView { opacity: 0.5, ..TerminalView::default() }, 1.0);
        app.show(terminal, &page.grid);
        let picture = app.picture(terminal);
        app.close(terminal);
        picture
    });
    let pixel = |x: u32, y: u32| -> [u8; 4] {
        let at = 4 * (y * picture.width + x) as usize;
        picture.rgba[at..at + 4].try_into().expect("four bytes")
    };
    let padding = 4;
    let cell = (picture.width - 2 * padding) / u32::from(cols);
    let middle = |col: u32| pixel(padding + col * cell + cell / 2, picture.height / 2);
    let opaque = |[r, g, b]: [u8; 3]| [r, g, b, 255];
    // Colours are multiplied by their alpha.
    let [r, g, b] = theme.background.map(|byte| (f32::from(byte) / 2.0).round() as u8);
    let through = [r, g, b, 128];
    let expected = [
        (through, pixel(0, 0), "the padding"),
        (through, middle(0), "the default background"),
        (opaque(theme.ansi[1]), middle(1), "a background of its own"),
        (opaque(theme.foreground), middle(2), "text"),
        (opaque(theme.foreground), middle(3), "inverse"),
        (opaque(theme.cursor), middle(4), "the cursor"),
        (through, middle(5), "the default background behind all that"),
    ];
    for (wanted, drawn, what) in expected {
        let near = wanted.iter().zip(drawn).all(|(wanted, drawn)| wanted.abs_diff(drawn) <= 1);
        assert!(near, "{what}: {wanted:?} expected, {drawn:?} drawn");
    }
}

#[test]
fn a_reversed_screen_and_a_changed_palette_are_drawn() {
    let mut page = Page::new(30, 3);
    page.write(0, 0, "default colours").color(Color::Indexed(1), Color::Default).write(1, 0, "red").write(2, 4, "red");
    let plain = draw(page.grid.clone());
    page.grid.modes.insert(Modes::REVERSE_SCREEN);
    let reversed = draw(page.grid.clone());
    page.grid.palette.set(1, Some([0, 200, 255]));
    page.grid.palette.set(Palette::BACKGROUND, Some([60, 0, 60]));
    page.grid.modes.remove(Modes::REVERSE_SCREEN);
    let changed = draw(page.grid);
    check("palette", &stack(&[plain, reversed, changed]));
}

#[test]
fn what_is_drawn_bit_by_bit_looks_like_what_is_drawn_at_once() {
    // Single rows, moved cursors, neighbouring rows, new glyphs; then a larger grid, which takes another
    // place in the buffer, and a smaller one, which does so, too.
    let mut page = Page::new(20, 4);
    page.write(0, 0, "one").write(3, 0, "four").cursor(3, 4, CursorShape::Block);
    let mut grids = vec![page.grid.clone()];
    for (row, text) in [(1, "two ├──┤"), (2, "three 漢字"), (3, "FOUR"), (0, "o\u{308}ne")] {
        page.write(row, 0, text).cursor(row, 7, CursorShape::Beam);
        grids.push(page.grid.clone());
    }
    for (cols, rows) in [(150, 40), (9, 3), (151, 41)] {
        let mut page = Page::new(cols, rows);
        page.grid.frame = 100;
        for row in 0..rows {
            page.write(row, row % 5, "Row");
        }
        grids.push(page.grid);
    }
    let different = offscreen(move |app| {
        let patched = app.terminal(TerminalView::default(), 1.0);
        let different = grids.into_iter().position(|grid| {
            let fresh = app.terminal(TerminalView::default(), 1.0);
            app.show(fresh, &grid);
            app.show(patched, &grid);
            let same = app.picture(patched) == app.picture(fresh);
            app.close(fresh);
            !same
        });
        app.close(patched);
        different
    });
    assert_eq!(different, None, "the place in the list of grids");
}

#[test]
fn an_atlas_that_fills_up_while_drawing_loses_nothing() {
    // The same screen twice, at a size that no other test draws at: the first fills the atlas more than once, the
    // second finds all glyphs there.
    let mut page = Page::new(100, 60);
    for row in 0..60 {
        let first = 0x21 + u32::from(row) * 50;
        let text: String = (first..first + 50).filter_map(char::from_u32).filter(|c| !c.is_control()).collect();
        let text = text.replace(|c: char| ('\u{300}'..='\u{36f}').contains(&c), "x");
        page.style(Attrs::BOLD).write(row, 0, &text).style(Attrs::ITALIC).write(row, 50, &text);
    }
    let same = offscreen(move |app| {
        let mut picture = || {
            let terminal = app.terminal(TerminalView { font_size: Some(19.0), ..TerminalView::default() }, 1.0);
            app.show(terminal, &page.grid);
            (terminal, app.picture(terminal))
        };
        // The first one stays open meanwhile, so that its atlas does.
        let [(first, filling), (second, found)] = [picture(), picture()];
        app.close(first);
        app.close(second);
        filling.rgba.iter().any(|&byte| byte > 0x80) && filling == found
    });
    assert!(same);
}
