//! Emoji, from a font of the system: which one is not known, and so neither is what they look like.

use std::ops::Range;

use scarab_bevy::{
    TerminalMetrics,
    render::{FontSettings, TerminalView, offscreen::Picture},
};
use scarab_protocol::surface::CursorShape;

use crate::{
    page::Page,
    support::{bundled, offscreen},
};

/// The pixels of some columns of the first row.
fn pixels(picture: &Picture, metrics: &TerminalMetrics, cols: Range<u32>) -> Vec<[u8; 3]> {
    let (cell, padding) = (metrics.cell, metrics.padding);
    let (left, right) = (padding + cols.start * cell.x, padding + cols.end * cell.x);
    let places = (padding..padding + cell.y).flat_map(|y| (left..right).map(move |x| (x, y)));
    places
        .map(|(x, y)| {
            let at = 4 * (y * picture.width + x) as usize;
            [picture.rgba[at], picture.rgba[at + 1], picture.rgba[at + 2]]
        })
        .collect()
}

/// Whether there is more than the theme's text and background, which are nearly grey.
fn is_coloured(pixels: &[[u8; 3]]) -> bool {
    let coloured = |[r, g, b]: &&[u8; 3]| r.max(g).max(b) - r.min(g).min(b) > 64;
    pixels.iter().filter(coloured).count() >= 10
}

#[test]
fn emoji_have_colours_and_several_that_are_joined_are_one() {
    let mut page = Page::new(15, 1);
    page.write(0, 0, "😀 👩🚀 👩\u{200d}🚀|").cursor(0, 14, CursorShape::Beam);
    let (picture, metrics) = offscreen(move |app| {
        app.set_font(FontSettings::default());
        let terminal = app.terminal(TerminalView::default(), 1.0);
        app.show(terminal, &page.grid);
        let picture = app.picture(terminal);
        let metrics = *app.world_mut().get::<TerminalMetrics>(terminal).expect("a terminal");
        app.close(terminal);
        app.set_font(bundled());
        (picture, metrics)
    });
    let cells = |cols| pixels(&picture, &metrics, cols);
    assert!(is_coloured(&cells(0..2)), "not in colour: is there a font that is (Debian: fonts-noto-color-emoji)?");
    let blank = cells(2..3)[0];
    let is_blank = |cols| cells(cols).iter().all(|pixel| *pixel == blank);
    // Side by side a woman and a rocket; joined an astronaut in the first one's place, and nothing in the other's.
    let [woman, rocket, astronaut] = [3..5, 5..7, 8..10].map(cells);
    assert!([&woman, &rocket, &astronaut].into_iter().all(|cells| is_coloured(cells)));
    assert!(astronaut != woman && astronaut != rocket);
    assert!(is_blank(10..12) && !is_blank(12..13));
}
