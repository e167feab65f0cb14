//! What is drawn of a terminal beside its grid: what stands out, what is composed, and where it is scrolled to.

use scarab_bevy::{HoveredLink, ScrollRequest, ScrollTo, SelectionKind, TerminalLinkText, TerminalPreedit};
use scarab_protocol::surface::{Attrs, Color, CursorShape};

use crate::{
    page::Page,
    support::{check, look_for, offscreen, select, stack, terminal},
};

#[test]
fn what_is_selected_found_or_a_link_under_the_pointer_stands_out() {
    let mut page = Page::new(38, 6);
    page.write(0, 0, "what is selected reaches from here")
        .write(1, 0, "漢字 to here, and no further")
        .write(2, 0, "a needle, a Needle, and a needle")
        .write(3, 0, "a link: https://scarab.example/page.")
        .color(Color::Indexed(1), Color::Indexed(4))
        .style(Attrs::INVERSE)
        .write(4, 0, "a needle in colours of its own")
        .cursor(5, 0, CursorShape::Block);
    let link = TerminalLinkText { uri: "https://scarab.example/page".into(), parts: vec![(3, 8..35)] };
    // Apart from each other; and a block over all of them.
    let selections = [(SelectionKind::Cells, (0, 30), (1, 7)), (SelectionKind::Block, (0, 4), (4, 16))];
    let pictures = offscreen(move |app| {
        selections.map(|(kind, from, to)| {
            let terminal = terminal(app, &page.grid);
            app.world_mut().entity_mut(terminal).insert(HoveredLink(Some(link.clone())));
            select(app, terminal, kind, from, to);
            // Of the four, the lowest one is where the search stops.
            look_for(app, terminal, "needle");
            let picture = app.picture(terminal);
            app.close(terminal);
            picture
        })
    });
    check("highlights", &stack(&pictures));
}

#[test]
fn what_an_input_method_composes_is_drawn_at_the_cursor() {
    let mut page = Page::new(24, 2);
    page.write(0, 0, "this is covered by it").write(1, 0, "this is not").cursor(0, 8, CursorShape::Beam);
    // The cursor behind it, the cursor in it after a character of two cells, and more than is left of the row.
    let composed = [("kana", None), ("漢字 kana", Some(3)), ("of what is long the end is seen", None)];
    let pictures = offscreen(move |app| {
        let terminal = terminal(app, &page.grid);
        let pictures = composed.map(|(text, caret)| {
            app.world_mut().entity_mut(terminal).insert(TerminalPreedit { text: text.into(), caret });
            app.picture(terminal)
        });
        app.world_mut().entity_mut(terminal).insert(TerminalPreedit::default());
        let after = app.picture(terminal);
        app.close(terminal);
        [&pictures[..], &[after]].concat()
    });
    check("preedit", &stack(&pictures));
}

#[test]
fn scrolled_back_by_part_of_a_line_the_first_and_the_last_are_cut() {
    let mut page = Page::new(20, 5);
    for row in 0..5 {
        page.write(row, 0, &format!("row {row} ├──┤ gjpqy"));
    }
    page.cursor(2, 12, CursorShape::Block);
    // Above the screen there are three lines, which nobody knows: blank ones.
    (page.grid.scrolled, page.grid.scrollback) = (3, 3);
    let pictures = offscreen(move |app| {
        let terminal = terminal(app, &page.grid);
        let pictures = [0.5, 1.0, -1.25].map(|lines| {
            app.world_mut().write_message(ScrollRequest { terminal, to: ScrollTo::Lines(lines) });
            app.picture(terminal)
        });
        app.close(terminal);
        pictures
    });
    check("scrolled", &stack(&pictures));
}
