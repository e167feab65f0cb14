//! An App with a pane, and with an open line in which one writes, for the tests of what is around panes.

use std::time::{Duration, Instant};

use bevy::{
    ecs::system::RunSystemOnce,
    input::{
        ButtonState, InputPlugin,
        keyboard::{Key, KeyCode, KeyboardInput},
        mouse::{MouseButton, MouseButtonInput},
    },
    input_focus::{InputDispatchPlugin, InputFocus, InputFocusPlugin},
    prelude::*,
    window::{CursorMoved, PrimaryWindow, WindowEvent, WindowPlugin, WindowResolution},
};
use scarab_protocol::{config::Action, endpoint::Address};

use super::banner::Banner;
use crate::{
    ActionTriggered, InputKind, ScarabIpcPlugin, ScarabPanesPlugin, Terminal, TerminalInput, TerminalMetrics, Waker,
    panes::{Tabs, open_tab},
    render::TerminalTheme,
};

/// How long something may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Updates the App only when something arrives, as the window does, until `done` gives something.
pub(super) fn until<T>(app: &mut App, what: &str, mut done: impl FnMut(&mut World) -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        app.update();
        if let Some(result) = done(app.world_mut()) {
            return result;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        assert!(
            !left.is_zero(),
            "not within {PATIENCE:?}: {what}; the banner says {:?}",
            app.world().get_resource::<Banner>().map(|banner| &banner.0)
        );
        let waker = app.world().resource::<Waker>().clone();
        waker.wait(left);
    }
}

/// Where no daemon is.
pub(super) fn nobody() -> Address {
    let directory = tempfile::tempdir().expect("a directory");
    Address::of_socket(&directory.path().join("d.sock")).expect("a short path")
}

/// An App with a window that no system shows, and this terminal in a pane that fills it and has the keyboard.
pub(super) fn with_pane(address: Address, terminal: Terminal, more: fn(&mut App)) -> (App, Entity) {
    let window = Window { resolution: WindowResolution::new(648, 400), ..default() };
    let mut app = App::new();
    app.add_plugins((
        MinimalPlugins,
        WindowPlugin { primary_window: Some(window), ..default() },
        InputPlugin,
        InputFocusPlugin,
        InputDispatchPlugin,
        ScarabIpcPlugin::at(address),
        ScarabPanesPlugin::default(),
    ));
    app.init_resource::<TerminalTheme>();
    more(&mut app);
    app.finish();
    app.cleanup();
    let pane = spawn_pane(&mut app, terminal);
    (app, pane)
}

/// Opens a tab with this terminal in it.
pub(super) fn spawn_pane(app: &mut App, terminal: Terminal) -> Entity {
    let metrics = TerminalMetrics { cell: UVec2::new(8, 16), padding: 4, scale_factor: 1.0 };
    let pane = app.world_mut().spawn((terminal, metrics)).id();
    let open = move |mut commands: Commands, mut tabs: ResMut<Tabs>, mut focus: ResMut<InputFocus>| {
        open_tab(&mut commands, &mut tabs, &mut focus, pane);
    };
    app.world_mut().run_system_once(open).expect("it runs");
    app.update();
    pane
}

/// The same, without a daemon, and a line that has the keyboard because this action was asked for.
pub(super) fn with_open_line(line: fn(&mut App), action: Action) -> App {
    let (mut app, pane) = with_pane(nobody(), Terminal::new(), line);
    app.world_mut().write_message(ActionTriggered { terminal: pane, action });
    app.update();
    let focus = app.world().resource::<InputFocus>().get();
    assert!(focus.is_some_and(|focus| focus != pane), "the line has the keyboard");
    app
}

/// A key, in an update of its own. A character is typed, too.
pub(super) fn press_key(app: &mut App, logical_key: Key) {
    let text = match &logical_key {
        Key::Character(text) => Some(text.to_string()),
        _ => None,
    };
    press(app, KeyCode::KeyX, logical_key, text.as_deref());
}

/// What is typed into terminals by something.
pub(super) fn typed_by(app: &mut App, by: impl FnOnce(&mut App)) -> String {
    let mut sent = app.world().resource::<Messages<TerminalInput>>().get_cursor_current();
    by(app);
    let bytes = sent.read(app.world().resource()).filter_map(|input| match &input.kind {
        InputKind::Bytes(bytes) => Some(bytes.as_slice()),
        _ => None,
    });
    String::from_utf8(bytes.collect::<Vec<_>>().concat()).expect("text")
}

/// What is pasted into terminals by something, and where.
pub(super) fn pasted_by(app: &mut App, by: impl FnOnce(&mut App)) -> Vec<(Entity, String)> {
    let mut sent = app.world().resource::<Messages<TerminalInput>>().get_cursor_current();
    by(app);
    let pastes = sent.read(app.world().resource()).filter_map(|input| match &input.kind {
        InputKind::Paste(text) => Some((input.terminal, text.clone())),
        _ => None,
    });
    pastes.collect()
}

/// A click on the pane and an `x`, in one update. Gives what was typed into terminals by that.
pub(super) fn click_and_type(app: &mut App) -> String {
    let window = window(app);
    let world = app.world_mut();
    let moved = CursorMoved { window, position: Vec2::new(100.0, 100.0), delta: None };
    let pressed = MouseButtonInput { button: MouseButton::Left, state: ButtonState::Pressed, window };
    let typed = pressed_key(window, KeyCode::KeyX, Key::Character("x".into()), Some("x"));
    world.write_message_batch([WindowEvent::from(moved), pressed.into(), typed.clone().into()]);
    world.write_message(typed);
    typed_by(app, App::update)
}

/// The window that no system shows.
pub(super) fn window(app: &mut App) -> Entity {
    let world = app.world_mut();
    world.query_filtered::<Entity, With<PrimaryWindow>>().single(world).expect("one window")
}

/// A key that goes down, in an update of its own.
pub(super) fn press(app: &mut App, key_code: KeyCode, logical_key: Key, text: Option<&str>) {
    let typed = pressed_key(window(app), key_code, logical_key, text);
    app.world_mut().write_message(WindowEvent::from(typed.clone()));
    app.world_mut().write_message(typed);
    app.update();
}

fn pressed_key(window: Entity, key_code: KeyCode, logical_key: Key, text: Option<&str>) -> KeyboardInput {
    let text = text.map(Into::into);
    KeyboardInput { key_code, logical_key, state: ButtonState::Pressed, text, repeat: false, window }
}
