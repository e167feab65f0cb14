//! Tabs and panes in a window that no system shows.

use bevy::{
    a11y::{AccessibilityNode, AccessibilityRequested},
    prelude::*,
};
use scarab_bevy::{
    TerminalArea,
    panes::{LastPaneClosed, Tab, Tabs},
    prelude::*,
    protocol::config::Action,
};

use crate::support::*;

fn until_cols(app: &mut App, terminal: Entity, cols: u16) {
    until(app, &format!("{cols} columns"), |world| {
        (world.get::<TerminalGrid>(terminal)?.grid.cols() == cols).then_some(())
    });
}

fn panes(app: &mut App) -> Vec<usize> {
    let order = app.world().resource::<Tabs>().order().to_vec();
    order.iter().map(|tab| app.world().get::<Tab>(*tab).expect("a tab").tree.panes().len()).collect()
}

#[test]
fn panes_share_the_window_and_have_sessions_of_their_own() {
    let place = Place::new();
    let _daemon = place.daemon();
    let (mut app, first) = tabbed(&place);
    // The window has 648 pixels, a cell that nobody has measured 8.
    until_cols(&mut app, first, 81);
    act(&mut app, Action::SplitRight);
    let second = focused(&app);
    assert_ne!(first, second);
    until_cols(&mut app, first, 40);
    until_cols(&mut app, second, 40);
    until_shows(&mut app, second, "ready");
    app.world_mut().write_message(TerminalInput::text(second, "in 42"));
    until_shows(&mut app, second, "in 42");
    assert!(shows(app.world(), first, "in 42").is_none());

    act(&mut app, Action::FocusLeft);
    assert_eq!(focused(&app), first);
    act(&mut app, Action::ResizeRight);
    until_cols(&mut app, first, 42);
    act(&mut app, Action::Zoom);
    until_cols(&mut app, first, 81);
    act(&mut app, Action::Zoom);
    until_cols(&mut app, first, 42);
}

#[test]
fn tabs_are_opened_moved_and_closed_with_their_last_pane() {
    let place = Place::new();
    let _daemon = place.daemon();
    let (mut app, first) = tabbed(&place);
    act(&mut app, Action::NewTab);
    let second = focused(&app);
    act(&mut app, Action::SplitDown);
    assert_eq!(panes(&mut app), [1, 2]);
    act(&mut app, Action::NextTab);
    assert_eq!(focused(&app), first);
    act(&mut app, Action::MoveTabRight);
    assert_eq!((panes(&mut app), app.world().resource::<Tabs>().place()), (vec![2, 1], 1));
    // They are counted from 1.
    act(&mut app, Action::Tab(0));
    assert_eq!(focused(&app), first);
    act(&mut app, Action::Tab(1));
    let lower = focused(&app);
    act(&mut app, Action::Close);
    assert_eq!((panes(&mut app), focused(&app)), (vec![1, 1], second));
    // It is gone when its session has ended.
    until(&mut app, "the end of a pane", |world| world.get_entity(lower).is_err().then_some(()));
    act(&mut app, Action::Close);
    assert_eq!((panes(&mut app), focused(&app)), (vec![1], first));
    let mut cursor = app.world().resource::<Messages<LastPaneClosed>>().get_cursor();
    // A program that ends by itself closes its pane, too.
    app.world_mut().write_message(scarab_bevy::KillRequest { terminal: first });
    until(&mut app, "the last pane", |world| cursor.read(world.resource()).next().copied());
    assert_eq!(panes(&mut app), Vec::<usize>::new());
}

#[test]
fn assistive_technology_is_told_what_is_seen_once_it_asks() {
    let place = Place::new();
    let _daemon = place.daemon();
    let (mut app, first) = tabbed(&place);
    assert!(app.world().get::<AccessibilityNode>(first).is_none());
    let requested = AccessibilityRequested::default();
    requested.set(true);
    app.insert_resource(requested);
    app.update();
    let node = |world: &World, terminal| world.get::<AccessibilityNode>(terminal).map(|node| node.0.clone());
    assert_eq!(node(app.world(), first).expect("it is told").value(), Some("ready"));
    act(&mut app, Action::NewTab);
    let second = focused(&app);
    until_shows(&mut app, second, "ready");
    app.world_mut().write_message(TerminalInput::text(second, "more"));
    until(&mut app, "what was typed", |world| node(world, second)?.value()?.ends_with("more").then_some(()));
    assert!(node(app.world(), first).expect("it is told").is_hidden());
}

#[test]
fn what_is_reserved_of_the_window_is_no_panes() {
    let place = Place::new();
    let _daemon = place.daemon();
    let (mut app, first) = tabbed(&place);
    app.world_mut().resource_mut::<Tabs>().reserved = 20;
    app.update();
    let area = app.world().get::<TerminalArea>(first).expect("a place");
    assert_eq!((area.0.min, area.0.max), (UVec2::new(0, 20), UVec2::new(648, 400)));
    until(&mut app, "fewer rows", |world| (world.get::<TerminalGrid>(first)?.grid.rows() == 23).then_some(()));
}
