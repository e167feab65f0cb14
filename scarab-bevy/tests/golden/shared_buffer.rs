//! Terminals have their cells in one buffer on the GPU; none shows another's.

use bevy::prelude::Entity;
use scarab_bevy::render::{
    TerminalView,
    offscreen::{Offscreen, Picture},
};
use scarab_protocol::surface::Grid;

use crate::{page::Page, support::offscreen};

/// A page with a word in every row.
fn filled(word: &str, cols: u16, rows: u16) -> Page {
    let mut page = Page::new(cols, rows);
    for row in 0..rows {
        page.write(row, row % 5, word);
    }
    page
}

fn open(app: &mut Offscreen, grid: &Grid) -> Entity {
    let terminal = app.terminal(TerminalView::default(), 1.0);
    app.show(terminal, grid);
    terminal
}

/// What a grid looks like in a terminal that was just opened.
fn anew(app: &mut Offscreen, grid: &Grid) -> Picture {
    let terminal = open(app, grid);
    let picture = app.picture(terminal);
    app.close(terminal);
    picture
}

/// Pictures that are as they should be, by their place.
fn check<const N: usize>((seen, expected): ([Picture; N], [Picture; N])) {
    let wrong: Vec<usize> = (0..N).filter(|&at| seen[at] != expected[at]).collect();
    assert!(wrong.is_empty(), "not as drawn anew: {wrong:?}");
}

#[test]
fn terminals_show_their_own_text_whatever_becomes_of_the_others() {
    let (seen, expected) = offscreen(|app| {
        let [one, mut two, three, late] = ["one", "two", "three", "late"].map(|word| filled(word, 30, 8));
        let first = open(app, &one.grid);
        let second = open(app, &two.grid);
        let third = open(app, &three.grid);
        // A row in the middle, then another terminal in the first one's place, and one that leaves a gap behind the second.
        two.write(3, 12, "changed");
        app.show(second, &two.grid);
        app.close(first);
        let fourth = open(app, &late.grid);
        let smaller = filled("smaller", 20, 4);
        app.show(third, &smaller.grid);
        let seen = [second, third, fourth].map(|terminal| app.picture(terminal));
        for terminal in [second, third, fourth] {
            app.close(terminal);
        }
        (seen, [two, smaller, late].map(|page| anew(app, &page.grid)))
    });
    assert!(expected[0] != expected[2], "the same picture of different texts");
    check((seen, expected));
}

#[test]
fn a_buffer_that_grows_or_is_laid_out_anew_leaves_everyones_picture_as_it_was() {
    check(offscreen(|app| {
        // In the smallest font, so that there are many cells and few pixels.
        let tiny = |app: &mut Offscreen, cols, rows| {
            let terminal = app.terminal(TerminalView { font_size: Some(4.0), ..TerminalView::default() }, 0.5);
            app.show(terminal, &filled("large", cols, rows).grid);
            terminal
        };
        let mut page = filled("small", 30, 8);
        let small = open(app, &page.grid);
        let before = app.picture(small);
        // More than the smallest buffer holds, and than all other tests have at a time: it becomes one of 65,536 cells.
        let large = tiny(app, 200, 170);
        let grown = app.picture(small);
        page.write(5, 9, "later");
        app.show(small, &page.grid);
        let later = app.picture(small);
        // What is larger than the gap that is left before this one, and than what is free behind it, but not than both.
        let neighbour = filled("neighbour", 30, 8);
        let behind = open(app, &neighbour.grid);
        app.close(large);
        let larger = tiny(app, 200, 180);
        let moved = [small, behind].map(|terminal| app.picture(terminal));
        page.write(2, 11, "last");
        app.show(small, &page.grid);
        let last = app.picture(small);
        for terminal in [larger, behind, small] {
            app.close(terminal);
        }
        let [moved, moved_neighbour] = moved;
        let expected_last = anew(app, &page.grid);
        let mut page = filled("small", 30, 8);
        page.write(5, 9, "later");
        let expected_later = anew(app, &page.grid);
        let expected_neighbour = anew(app, &neighbour.grid);
        (
            [grown, later, moved, moved_neighbour, last],
            [before, expected_later.clone(), expected_later, expected_neighbour, expected_last],
        )
    }));
}
