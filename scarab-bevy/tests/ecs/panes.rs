//! Tabs and panes in a window that no system shows.

use bevy::{
    a11y::{AccessibilityNode, AccessibilityRequested},
    ecs::system::RunSystemOnce,
    input::{ButtonState, keyboard::Key, mouse::MouseButton},
    input_focus::InputFocus,
    prelude::*,
};
use scarab_bevy::{
    ActionTriggered, ScarabPanesPlugin, TerminalArea, TerminalMetrics,
    panes::{LastPaneClosed, Tab, Tabs, open_tab},
    prelude::*,
    protocol::{
        client::{Client, ClientOptions},
        config::{Action, Value},
        message::{Done, SetConfig},
    },
};

use crate::support::*;

/// An App with one tab of one pane.
fn tabbed(place: &Place) -> (App, Entity) {
    // What a new pane runs is to be the same on every machine.
    let client = Client::connect(ClientOptions::new(place.address.clone(), "test 1.0")).expect("it answers");
    let shell = ["sh", "-c", "stty raw -echo; echo ready; exec cat -v"].map(str::to_owned).to_vec();
    let set = SetConfig { key: "daemon.shell".into(), value: Some(Value::Texts(shell)), save: false };
    client.ask::<_, Done>(&set, PATIENCE).expect("a command");
    let mut app = place.app_with(|app| {
        app.add_plugins(ScarabPanesPlugin::default());
    });
    let terminal = app.world_mut().spawn(echoing()).id();
    let open = move |mut commands: Commands, mut tabs: ResMut<Tabs>, mut focus: ResMut<InputFocus>| {
        open_tab(&mut commands, &mut tabs, &mut focus, terminal);
    };
    app.world_mut().run_system_once(open).expect("it runs");
    until_shows(&mut app, terminal, "ready");
    (app, terminal)
}

fn focused(app: &App) -> Entity {
    app.world().resource::<InputFocus>().get().expect("somebody has the keyboard")
}

/// Has the pane with the keyboard do something.
fn act(app: &mut App, action: Action) {
    let terminal = focused(app);
    app.world_mut().write_message(ActionTriggered { terminal, action });
    app.update();
}

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
fn keys_of_one_update_go_to_whoever_has_the_keyboard_by_then() {
    let place = Place::new();
    let _daemon = place.daemon();
    let (mut app, first) = tabbed(&place);
    let mut key = |code, key: Key, state| {
        let text = match &key {
            Key::Character(text) => Some(text.clone()),
            _ => None,
        };
        press(app.world_mut(), code, key, text.as_deref(), state);
    };
    let (down, up) = (ButtonState::Pressed, ButtonState::Released);
    let letter = |letter: &str| Key::Character(letter.into());
    key(KeyCode::KeyA, letter("a"), down);
    // A new tab, a letter for it, back to the first one, and a letter for that.
    key(KeyCode::ControlLeft, Key::Control, down);
    key(KeyCode::ShiftLeft, Key::Shift, down);
    key(KeyCode::KeyT, letter("T"), down);
    key(KeyCode::KeyT, letter("T"), up);
    key(KeyCode::ShiftLeft, Key::Shift, up);
    key(KeyCode::ControlLeft, Key::Control, up);
    key(KeyCode::KeyB, letter("b"), down);
    key(KeyCode::AltLeft, Key::Alt, down);
    key(KeyCode::Digit1, letter("1"), down);
    key(KeyCode::AltLeft, Key::Alt, up);
    key(KeyCode::KeyC, letter("c"), down);
    app.update();
    let second = focused(&app);
    assert_ne!(second, first);
    until_shows(&mut app, first, " ac");
    until_shows(&mut app, second, " b");
    assert_eq!(focused(&app), first);
    assert!(shows(app.world(), first, "b").is_none() && shows(app.world(), second, "c").is_none());
}

#[test]
fn keys_behind_a_click_go_to_where_it_went() {
    let place = Place::new();
    let _daemon = place.daemon();
    let (mut app, left) = tabbed(&place);
    act(&mut app, Action::SplitRight);
    let right = focused(&app);
    until_shows(&mut app, right, "ready");
    for pane in [left, right] {
        let metrics = TerminalMetrics { cell: UVec2::new(8, 16), padding: 4, scale_factor: 1.0 };
        app.world_mut().entity_mut(pane).insert(metrics);
    }
    // A digit for the pane that has the keyboard, then one for each that is clicked, all in one update.
    let (one, two, three) = ((KeyCode::Digit1, "1"), (KeyCode::Digit2, "2"), (KeyCode::Digit3, "3"));
    let world = app.world_mut();
    for (at, (code, digit)) in [(None, one), (Some(100.0), two), (Some(500.0), three)] {
        if let Some(x) = at {
            pointer(world, Vec2::new(x, 100.0));
            click(world, MouseButton::Left, ButtonState::Pressed);
            click(world, MouseButton::Left, ButtonState::Released);
        }
        press(world, code, Key::Character(digit.into()), Some(digit), ButtonState::Pressed);
        press(world, code, Key::Character(digit.into()), None, ButtonState::Released);
    }
    app.update();
    assert_eq!(focused(&app), right);
    until_shows(&mut app, right, " 13");
    until_shows(&mut app, left, " 2");
    assert!(shows(app.world(), left, "3").is_none() && shows(app.world(), right, "2").is_none());
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
