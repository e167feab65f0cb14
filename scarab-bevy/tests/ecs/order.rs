//! The order of what comes in one update: keys, what they ask for, clicks, and what input methods write.

use std::sync::{Arc, Mutex};

use bevy::{
    input::{
        ButtonState,
        keyboard::{Key, KeyboardInput},
        mouse::MouseButton,
    },
    input_focus::FocusedInput,
    prelude::*,
    window::Ime,
};
use scarab_bevy::{
    KeyOrder, TerminalKeys, TerminalMetrics, TerminalViewport,
    prelude::*,
    protocol::{
        config::{Action, Binding, Bound},
        key::parse_key,
    },
};
use winit_itself::keyboard::ModifiersState;

use crate::support::*;

/// Positions in the left one of two panes and in the right one.
const LEFT: Vec2 = Vec2::new(100.0, 100.0);
const RIGHT: Vec2 = Vec2::new(500.0, 100.0);

/// Two panes side by side, of which the right one has the keyboard.
fn split(place: &Place) -> (App, Entity, Entity) {
    let (mut app, left) = tabbed(place);
    act(&mut app, Action::SplitRight);
    let right = focused(&app);
    until_shows(&mut app, right, "ready");
    for pane in [left, right] {
        let metrics = TerminalMetrics { cell: UVec2::new(8, 16), padding: 4, scale_factor: 1.0 };
        app.world_mut().entity_mut(pane).insert(metrics);
    }
    (app, left, right)
}

/// The same, and F5 does something.
fn split_with(place: &Place, action: Action) -> (App, Entity, Entity) {
    let (mut app, left, right) = split(place);
    let binding = Binding { key: parse_key("F5").expect("a key"), does: Bound::Action(action) };
    app.world_mut().resource_mut::<TerminalKeys>().bindings.insert(0, binding);
    (app, left, right)
}

fn f5(world: &mut World) {
    press(world, KeyCode::F5, Key::F5, None, ButtonState::Pressed);
    press(world, KeyCode::F5, Key::F5, None, ButtonState::Released);
}

fn letter(world: &mut World, letter: &str) {
    press(world, KeyCode::KeyX, Key::Character(letter.into()), Some(letter), ButtonState::Pressed);
    press(world, KeyCode::KeyX, Key::Character(letter.into()), None, ButtonState::Released);
}

fn click_on(world: &mut World, position: Vec2) {
    pointer(world, position);
    click(world, MouseButton::Left, ButtonState::Pressed);
    click(world, MouseButton::Left, ButtonState::Released);
}

/// Waits until a pane shows just this as typed since it was ready.
fn until_typed(app: &mut App, pane: Entity, typed: &str) {
    app.world_mut().write_message(TerminalInput::text(pane, "!"));
    until_shows(app, pane, &format!(" {typed}!"));
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
fn a_text_that_a_key_types_keeps_its_place_among_keys() {
    let place = Place::new();
    let _daemon = place.daemon();
    let (mut app, left, right) = split(&place);
    let binding = Binding::parse("F5 = text:\u{1b}[13;2u").expect("a binding");
    app.world_mut().resource_mut::<TerminalKeys>().bindings.insert(0, binding);
    let world = app.world_mut();
    letter(world, "1");
    f5(world);
    letter(world, "2");
    click_on(world, LEFT);
    f5(world);
    letter(world, "3");
    app.update();
    until_typed(&mut app, right, "1^[[13;2u2");
    until_typed(&mut app, left, "^[[13;2u3");
}

#[test]
fn keys_behind_a_click_go_to_where_it_went() {
    let place = Place::new();
    let _daemon = place.daemon();
    let (mut app, left, right) = split(&place);
    // A digit for the pane that has the keyboard, then one for each that is clicked, all in one update.
    let world = app.world_mut();
    letter(world, "1");
    click_on(world, LEFT);
    letter(world, "2");
    click_on(world, RIGHT);
    letter(world, "3");
    app.update();
    assert_eq!(focused(&app), right);
    until_shows(&mut app, right, " 13");
    until_shows(&mut app, left, " 2");
    assert!(shows(app.world(), left, "3").is_none() && shows(app.world(), right, "2").is_none());
}

#[test]
fn a_key_behind_the_wheel_comes_after_it_and_one_before_it_does_not() {
    let place = Place::new();
    let _daemon = place.daemon();
    let (mut app, _, right) = split(&place);
    app.world_mut().write_message(TerminalInput::text(right, "\n".repeat(100) + "below"));
    until_shows(&mut app, right, "below");
    let is_scrolled_back =
        |app: &App| app.world().get::<TerminalViewport>(right).expect("a viewport").is_scrolled_back();
    let world = app.world_mut();
    pointer(world, RIGHT);
    turn(world);
    letter(world, "x");
    app.update();
    app.update();
    // Who types looks at the bottom again.
    assert!(!is_scrolled_back(&app));
    letter(app.world_mut(), "y");
    turn(app.world_mut());
    app.update();
    assert!(is_scrolled_back(&app));
}

#[test]
fn a_key_before_a_click_goes_to_whoever_the_key_before_it_gave_the_keyboard() {
    for action in [Action::FocusLeft, Action::Close] {
        let place = Place::new();
        let _daemon = place.daemon();
        let (mut app, left, right) = split_with(&place, action);
        let world = app.world_mut();
        f5(world);
        letter(world, "x");
        click_on(world, LEFT);
        app.update();
        if action == Action::FocusLeft {
            until_typed(&mut app, right, "");
        }
        until_typed(&mut app, left, "x");
    }
}

#[test]
fn a_key_between_giving_the_keyboard_back_and_a_click_is_the_apps() {
    let place = Place::new();
    let _daemon = place.daemon();
    let (mut app, left, right) = split(&place);
    app.world_mut().resource_mut::<TerminalKeys>().release = vec![parse_key("F5").expect("a key")];
    let heard = Arc::new(Mutex::new(String::new()));
    let hears = heard.clone();
    app.add_observer(move |key: On<FocusedInput<KeyboardInput>>, windows: Query<(), With<Window>>| {
        if windows.contains(key.focused_entity) {
            hears.lock().expect("no panic").push_str(key.input.text.as_deref().unwrap_or_default());
        }
    });
    let world = app.world_mut();
    f5(world);
    letter(world, "x");
    click_on(world, LEFT);
    letter(world, "y");
    app.update();
    until_typed(&mut app, left, "y");
    until_typed(&mut app, right, "");
    assert_eq!(*heard.lock().expect("no panic"), "x");
}

#[test]
fn a_key_that_waits_twice_is_still_before_the_click() {
    let place = Place::new();
    let _daemon = place.daemon();
    let (mut app, left, right) = split_with(&place, Action::Paste);
    let world = app.world_mut();
    f5(world);
    f5(world);
    letter(world, "x");
    click_on(world, LEFT);
    letter(world, "y");
    // The second paste is asked for at the end of the first update, and done in the second.
    app.update();
    app.update();
    until_typed(&mut app, right, "x");
    until_typed(&mut app, left, "y");
}

#[test]
fn what_an_input_method_writes_follows_keys_that_wait_before_it() {
    let place = Place::new();
    let _daemon = place.daemon();
    let (mut app, left, right) = split(&place);
    let world = app.world_mut();
    let window = window(world);
    let commit = |text: &str| Ime::Commit { window, value: text.into() };
    // What comes before the click is not behind it.
    compose(world, commit("0"));
    click_on(world, RIGHT);
    letter(world, "1");
    compose(world, commit("2"));
    app.update();
    app.update();
    until_typed(&mut app, right, "012");
    // Without a key it is where the click went, too.
    click_on(app.world_mut(), LEFT);
    compose(app.world_mut(), commit("3"));
    app.update();
    app.update();
    until_typed(&mut app, left, "3");
}

#[test]
fn what_an_input_method_writes_and_begins_follows_keys_behind_the_wheel() {
    let place = Place::new();
    let _daemon = place.daemon();
    let (mut app, _, right) = split(&place);
    let world = app.world_mut();
    let window = window(world);
    pointer(world, RIGHT);
    turn(world);
    letter(world, "1");
    compose(world, Ime::Commit { window, value: "2".into() });
    app.update();
    app.update();
    until_typed(&mut app, right, "12");
    let world = app.world_mut();
    turn(world);
    letter(world, "3");
    compose(world, Ime::Preedit { window, value: "n".into(), cursor: None });
    app.update();
    app.update();
    until_typed(&mut app, right, "12!3");
}

#[test]
fn keys_and_what_an_input_method_writes_between_them_keep_their_order() {
    let place = Place::new();
    let _daemon = place.daemon();
    let (mut app, _, right) = split(&place);
    let world = app.world_mut();
    let window = window(world);
    let commit = |text: &str| Ime::Commit { window, value: text.into() };
    letter(world, "1");
    compose(world, commit("2"));
    letter(world, "3");
    compose(world, commit("4"));
    letter(world, "5");
    app.update();
    until_typed(&mut app, right, "12345");
}

#[test]
fn the_key_that_ends_what_is_composed_is_typed_behind_it() {
    let place = Place::new();
    let _daemon = place.daemon();
    let (mut app, _, right) = split(&place);
    let world = app.world_mut();
    let window = window(world);
    compose(world, Ime::Preedit { window, value: "n".into(), cursor: None });
    app.update();
    let world = app.world_mut();
    compose(world, Ime::Preedit { window, value: String::new(), cursor: None });
    compose(world, Ime::Commit { window, value: "1".into() });
    letter(world, "2");
    // What is begun behind the key takes the next one.
    compose(world, Ime::Preedit { window, value: "n".into(), cursor: None });
    letter(world, "3");
    app.update();
    until_typed(&mut app, right, "12");
}

#[test]
fn what_an_input_method_writes_between_two_clicks_goes_where_the_first_one_went() {
    let place = Place::new();
    let _daemon = place.daemon();
    let (mut app, left, right) = split(&place);
    let world = app.world_mut();
    let window = window(world);
    click_on(world, LEFT);
    compose(world, Ime::Commit { window, value: "1".into() });
    click_on(world, RIGHT);
    letter(world, "2");
    app.update();
    until_typed(&mut app, left, "1");
    until_typed(&mut app, right, "2");
}

#[test]
fn modifiers_that_went_down_elsewhere_count_until_they_come_up() {
    let place = Place::new();
    let _daemon = place.daemon();
    let (mut app, _, right) = split(&place);
    for (state, name) in [(ModifiersState::CONTROL, "b"), (ModifiersState::empty(), "c")] {
        modifiers(app.world_mut(), state);
        app.update();
        letter(app.world_mut(), name);
        app.update();
    }
    until_typed(&mut app, right, "^Bc");
}

#[test]
fn what_an_input_method_begins_takes_no_key_before_it() {
    let place = Place::new();
    let _daemon = place.daemon();
    let (mut app, _, right) = split(&place);
    let world = app.world_mut();
    let window = window(world);
    click_on(world, RIGHT);
    letter(world, "1");
    compose(world, Ime::Preedit { window, value: "n".into(), cursor: None });
    app.update();
    app.update();
    letter(app.world_mut(), "n");
    app.update();
    until_typed(&mut app, right, "1");
}

#[test]
fn an_observer_that_sees_a_key_twice_knows_when_it_waits() {
    let place = Place::new();
    let _daemon = place.daemon();
    let (mut app, _, right) = split(&place);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sees = seen.clone();
    let observe = move |key: On<FocusedInput<KeyboardInput>>, order: Res<KeyOrder>| {
        if let Some(text) = &key.input.text {
            sees.lock().expect("no panic").push((text.to_string(), order.is_waiting()));
        }
    };
    app.world_mut().entity_mut(right).observe(observe);
    letter(app.world_mut(), "1");
    click_on(app.world_mut(), RIGHT);
    letter(app.world_mut(), "2");
    app.update();
    let expected = [("1", false), ("2", true), ("2", false)].map(|(text, waits)| (text.to_owned(), waits));
    assert_eq!(*seen.lock().expect("no panic"), expected);
}
