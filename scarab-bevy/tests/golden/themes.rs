//! The same text in other colours: in the themes that have a name, and in what is made of a theme's colours.

use scarab_bevy::{
    SelectionKind,
    render::{TerminalTheme, TerminalView, ThemeOverride, offscreen::Picture},
};
use scarab_protocol::{
    config::{THEMES, theme},
    surface::{Attrs, Color, CursorShape, Grid},
};

use crate::{
    page::Page,
    support::{check, look_for, offscreen, select, stack, terminal},
};

/// What a grid looks like in each of these themes.
fn in_themes<const N: usize>(grid: Grid, themes: [TerminalTheme; N]) -> [Picture; N] {
    offscreen(move |app| {
        themes.map(|theme| {
            let terminal = app.terminal(TerminalView::default(), 1.0);
            app.world_mut().entity_mut(terminal).insert(ThemeOverride(theme));
            app.show(terminal, &grid);
            let picture = app.picture(terminal);
            app.close(terminal);
            picture
        })
    })
}

/// All colours that a theme has: its name in the text's and the cursor, the sixteen as backgrounds and as text, and a
/// line to be selected from and searched.
fn all_colours(name: &str) -> Page {
    let mut page = Page::new(36, 4);
    page.write(0, 0, name).cursor(0, name.len() as u16 + 1, CursorShape::Block);
    for index in 0..16_u8 {
        let col = 2 * u16::from(index);
        page.color(Color::Default, Color::Indexed(index)).write(1, col, "  ");
        page.color(Color::Indexed(index), Color::Default).write(2, col, "Aa");
    }
    page.color(Color::Default, Color::Default).write(3, 0, "selected, found, and found here");
    page
}

#[test]
fn every_theme_is_drawn_in_its_own_colours() {
    let pictures = offscreen(|app| {
        let mut pictures = Vec::new();
        for name in THEMES {
            let colors = theme(name).expect("a theme of that name");
            let terminal = terminal(app, &all_colours(name).grid);
            app.world_mut().entity_mut(terminal).insert(ThemeOverride(colors.into()));
            select(app, terminal, SelectionKind::Cells, (3, 0), (3, 8));
            look_for(app, terminal, "found");
            pictures.push(app.picture(terminal));
            app.close(terminal);
        }
        pictures
    });
    check("themes", &stack(&pictures));
}

#[test]
fn bold_text_has_the_bright_colours_where_that_is_wanted() {
    let mut page = Page::new(34, 3);
    for index in 0..8_u8 {
        let col = 4 * u16::from(index);
        page.style(Attrs::empty()).color(Color::Indexed(index), Color::Default).write(0, col, "abc");
        page.style(Attrs::BOLD).write(1, col, "abc");
        page.color(Color::Indexed(index + 8), Color::Default).write(2, col, "abc");
    }
    let themes = [false, true].map(|bold_is_bright| TerminalTheme { bold_is_bright, ..TerminalTheme::default() });
    let pictures = in_themes(page.grid, themes);
    assert!(pictures[0] != pictures[1]);
    check("bold-is-bright", &stack(&pictures));
}

#[test]
fn text_with_too_little_contrast_is_made_lighter_or_darker() {
    let mut page = Page::new(48, 3);
    // The greys on the background, on the one in their middle, and the sixteen on white.
    for grey in 232..=255_u8 {
        let col = 2 * u16::from(grey - 232);
        page.color(Color::Indexed(grey), Color::Default).write(0, col, "Aa");
        page.color(Color::Indexed(grey), Color::Indexed(244)).write(1, col, "Aa");
    }
    for index in 0..16_u8 {
        page.color(Color::Indexed(index), Color::Indexed(231)).write(2, 3 * u16::from(index), "Aa ");
    }
    // Any, what WCAG 2 wants of text, and more than most colours have.
    let least = [1.0, 4.5, 10.0];
    let themes = least.map(|minimum_contrast| TerminalTheme { minimum_contrast, ..TerminalTheme::default() });
    let pictures = in_themes(page.grid, themes);
    assert!(pictures[0] != pictures[1] && pictures[1] != pictures[2]);
    check("contrast", &stack(&pictures));
}
