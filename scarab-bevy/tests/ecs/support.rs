//! A daemon, an App without a window, and waiting for what is to come.

use std::time::{Duration, Instant};

use bevy::{
    ecs::system::RunSystemOnce,
    input::{
        ButtonState, InputPlugin,
        keyboard::{Key, KeyboardInput},
        mouse::{MouseButton, MouseButtonInput, MouseScrollUnit, MouseWheel},
        touch::TouchPhase,
    },
    input_focus::{InputDispatchPlugin, InputFocus, InputFocusPlugin},
    prelude::*,
    window::{CursorMoved, Ime, PrimaryWindow, WindowEvent, WindowPlugin, WindowResolution},
    winit::RawWinitWindowEvent,
};
use scarab_bevy::{
    ActionTriggered, PrimaryConnection, ScarabPanesPlugin, Waker,
    panes::{Tabs, open_tab},
    prelude::*,
};
use scarab_daemon::server::{Server, ServerOptions};
use scarab_protocol::{
    client::{Client, ClientOptions},
    config::{Action, Value},
    endpoint::Address,
    message::{Done, SetConfig},
};
use winit_itself::{event::WindowEvent as Raw, keyboard::ModifiersState, window::WindowId};

/// Long enough for a busy machine, short enough to notice a hang.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// An address, and a directory for files.
pub struct Place {
    pub address: Address,
    directory: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        let mut builder = tempfile::Builder::new();
        // Whatever the umask is: where others may write, no daemon and no plugin is trusted.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let directory = builder.tempdir().expect("a directory");
        let address = Address::of_socket(&directory.path().join("d.sock")).expect("a short path");
        Self { address, directory }
    }

    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    pub fn daemon(&self) -> Server {
        Server::start(ServerOptions::new(self.address.clone())).expect("a free address")
    }

    /// An App as a headless user would make it, with a window entity that no system shows.
    pub fn app(&self) -> App {
        self.app_with(|_| {})
    }

    /// The same, with more in it.
    pub fn app_with(&self, more: impl FnOnce(&mut App)) -> App {
        let window = Window { resolution: WindowResolution::new(648, 400), ..default() };
        let mut app = App::new();
        app.add_plugins((
            MinimalPlugins,
            WindowPlugin { primary_window: Some(window), ..default() },
            InputPlugin,
            InputFocusPlugin,
            InputDispatchPlugin,
            ScarabIpcPlugin::at(self.address.clone()),
        ));
        more(&mut app);
        app.finish();
        app.cleanup();
        app
    }
}

/// Updates the App whenever something arrives, until `done` gives something.
pub fn until<T>(app: &mut App, what: &str, mut done: impl FnMut(&mut World) -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        app.update();
        if let Some(result) = done(app.world_mut()) {
            return result;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        assert!(!left.is_zero(), "not within {PATIENCE:?}: {what}; the screen shows\n{}", screens(app.world_mut()));
        let waker = app.world().resource::<Waker>().clone();
        waker.wait(left);
    }
}

fn screens(world: &mut World) -> String {
    let mut all = String::new();
    for (status, TerminalGrid { grid }) in world.query::<(&TerminalStatus, &TerminalGrid)>().iter(world) {
        all += &format!("{status:?}\n");
        for row in 0..grid.rows() {
            all += &(grid.row_text(row) + "\n");
        }
    }
    all
}

pub fn shows(world: &World, terminal: Entity, text: &str) -> Option<()> {
    let TerminalGrid { grid } = world.get(terminal)?;
    (0..grid.rows()).any(|row| grid.row_text(row).contains(text)).then_some(())
}

pub fn status(world: &World, terminal: Entity) -> TerminalStatus {
    world.get::<TerminalStatus>(terminal).expect("terminals have one").clone()
}

pub fn until_shows(app: &mut App, terminal: Entity, text: &str) {
    until(app, text, |world| shows(world, terminal, text));
}

/// The connection that an App has by itself.
pub fn primary(app: &mut App) -> Entity {
    let world = app.world_mut();
    world.query_filtered::<Entity, With<PrimaryConnection>>().single(world).expect("the primary one")
}

/// A shell that shows what it is given, byte by byte, control characters as `^X`.
pub fn echoing() -> Terminal {
    Terminal::new().command(["sh", "-c", "stty raw -echo; echo ready; exec cat -v"])
}

pub fn window(world: &mut World) -> Entity {
    world.query_filtered::<Entity, With<PrimaryWindow>>().single(world).expect("one window")
}

/// A key, told as Bevy's windows tell it: by itself, and among all that happens to the window.
pub fn press(world: &mut World, key_code: KeyCode, logical_key: Key, text: Option<&str>, state: ButtonState) {
    let window = window(world);
    let text = text.map(Into::into);
    let input = KeyboardInput { key_code, logical_key, state, text, repeat: false, window };
    world.write_message(WindowEvent::from(input.clone()));
    world.write_message(input);
}

/// The pointer, moved to a place in logical pixels.
pub fn pointer(world: &mut World, position: Vec2) {
    let window = window(world);
    world.write_message(WindowEvent::from(CursorMoved { window, position, delta: None }));
}

pub fn click(world: &mut World, button: MouseButton, state: ButtonState) {
    let window = window(world);
    world.write_message(WindowEvent::from(MouseButtonInput { button, state, window }));
}

/// The wheel, turned away from the user by a notch.
pub fn turn(world: &mut World) {
    turn_by(world, MouseScrollUnit::Line, Vec2::Y);
}

/// The wheel or a touchpad, turned by this, as winit tells it: positive is upwards and to the left.
pub fn turn_by(world: &mut World, unit: MouseScrollUnit, turned: Vec2) {
    let window = window(world);
    let (Vec2 { x, y }, phase) = (turned, TouchPhase::Moved);
    world.write_message(WindowEvent::from(MouseWheel { unit, x, y, window, phase }));
}

/// What winit tells of the modifiers, which Bevy hands on unseen.
pub fn modifiers(world: &mut World, state: ModifiersState) {
    let event = Raw::ModifiersChanged(state.into());
    world.write_message(RawWinitWindowEvent { window_id: WindowId::dummy(), event });
}

/// What an input method says, told as keys are.
pub fn compose(world: &mut World, ime: Ime) {
    world.write_message(WindowEvent::from(ime.clone()));
    world.write_message(ime);
}

/// An App with one tab of one pane.
pub fn tabbed(place: &Place) -> (App, Entity) {
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

/// Who has the keyboard.
pub fn focused(app: &App) -> Entity {
    app.world().resource::<InputFocus>().get().expect("somebody has the keyboard")
}

/// Has the pane with the keyboard do something.
pub fn act(app: &mut App, action: Action) {
    let terminal = focused(app);
    app.world_mut().write_message(ActionTriggered { terminal, action });
    app.update();
}
