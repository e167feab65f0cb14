//! An App with a pane and an open line in which one writes, for the tests of such lines.

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

use crate::{
    ActionTriggered, InputKind, ScarabIpcPlugin, ScarabPanesPlugin, Terminal, TerminalInput, TerminalMetrics,
    panes::{Tabs, open_tab},
    render::TerminalTheme,
};

/// An App with a window that no system shows, a tab with a pane, and no daemon. Gives the pane.
pub(super) fn with_tab(plugin: fn(&mut App)) -> (App, Entity) {
    let directory = tempfile::tempdir().expect("a directory");
    let nobody = Address::of_socket(&directory.path().join("d.sock")).expect("a short path");
    let window = Window { resolution: WindowResolution::new(648, 400), ..default() };
    let mut app = App::new();
    app.add_plugins((
        MinimalPlugins,
        WindowPlugin { primary_window: Some(window), ..default() },
        InputPlugin,
        InputFocusPlugin,
        InputDispatchPlugin,
        ScarabIpcPlugin::at(nobody),
        ScarabPanesPlugin::default(),
    ));
    app.init_resource::<TerminalTheme>();
    plugin(&mut app);
    app.finish();
    app.cleanup();
    let pane = new_tab(&mut app);
    app.update();
    (app, pane)
}

/// Opens one more tab, which is then in front. Gives its pane.
pub(super) fn new_tab(app: &mut App) -> Entity {
    let metrics = TerminalMetrics { cell: UVec2::new(8, 16), padding: 4, scale_factor: 1.0 };
    let pane = app.world_mut().spawn((Terminal::new(), metrics)).id();
    let open = move |mut commands: Commands, mut tabs: ResMut<Tabs>, mut focus: ResMut<InputFocus>| {
        open_tab(&mut commands, &mut tabs, &mut focus, pane);
    };
    app.world_mut().run_system_once(open).expect("it runs");
    pane
}

/// The same with a line that has the keyboard, because this action was asked for.
pub(super) fn with_open_line(line: fn(&mut App), action: Action) -> App {
    let (mut app, pane) = with_tab(line);
    app.world_mut().write_message(ActionTriggered { terminal: pane, action });
    app.update();
    let focus = app.world().resource::<InputFocus>().get();
    assert!(focus.is_some_and(|focus| focus != pane), "the line has the keyboard");
    app
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
    let mut sent = world.resource::<Messages<TerminalInput>>().get_cursor_current();
    app.update();
    let bytes = sent.read(app.world().resource()).filter_map(|input| match &input.kind {
        InputKind::Bytes(bytes) => Some(bytes.as_slice()),
        _ => None,
    });
    String::from_utf8(bytes.collect::<Vec<_>>().concat()).expect("text")
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
