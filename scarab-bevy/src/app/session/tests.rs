//! The window's session in an App without a window, with real daemons that end and come back.

use std::time::Instant;

use bevy::{
    input::{ButtonState, InputPlugin},
    input_focus::InputFocusPlugin,
    window::{ExitCondition, WindowPlugin},
};
use scarab_daemon::server::{Server, ServerOptions};
use scarab_protocol::{
    client::{Client, ClientOptions},
    config::Action,
    endpoint::Address,
    ids::TermSize,
    message::{CreateSession, Created, Document, Done, KillSession, OpenDocument, Target},
};

use super::*;
use crate::{
    ActionTriggered, DaemonPlugin, DaemonPluginStatus, PluginCommand, PluginStatus, ScarabIpcPlugin, ScarabPanesPlugin,
    TerminalInput, TerminalSize,
    app::{
        layout, notice,
        testing::{PATIENCE, until},
    },
    panes::Pane,
};

struct Place {
    address: Address,
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let mut builder = tempfile::Builder::new();
        // Whatever the umask is: where others may write, no daemon is trusted.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let directory = builder.tempdir().expect("a directory");
        let address = Address::of_socket(&directory.path().join("d.sock")).expect("a short path");
        Self { address, directory }
    }

    /// A daemon with a session of each of these names.
    fn daemon(&self, sessions: &[&str]) -> Server {
        let server = Server::start(ServerOptions::new(self.address.clone())).expect("a free address");
        let client = Client::connect(ClientOptions::new(self.address.clone(), "test 1.0")).expect("it answers");
        for name in sessions {
            let wanted = CreateSession {
                name: Some((*name).into()),
                command: vec![b"/bin/cat".to_vec()],
                cwd: None,
                beside: None,
                env: Vec::new(),
                size: TermSize::default(),
                linger: true,
            };
            client.ask::<_, Created>(&wanted, PATIENCE).expect("it is made");
        }
        server
    }

    fn client(&self) -> Client {
        Client::connect(ClientOptions::new(self.address.clone(), "test 1.0")).expect("it answers")
    }

    /// Asks until the daemon's sessions are so: each answer takes its time.
    fn until_sessions(&self, client: &Client, mut are_so: impl FnMut(&[SessionInfo]) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !are_so(&client.ask::<_, Sessions>(&ListSessions { after: 0 }, PATIENCE).expect("an answer").sessions) {
            assert!(Instant::now() < deadline, "the sessions are others after {PATIENCE:?}");
        }
    }

    /// Updates a window's App until its document has so many sessions.
    fn until_kept(&self, app: &mut App, document: &str, sessions: usize) {
        let client = self.client();
        let deadline = Instant::now() + PATIENCE;
        let kept = || {
            let request = OpenDocument { name: Some(document.into()), kind: "window".into() };
            let document = client.ask::<_, Document>(&request, PATIENCE).expect("it is kept");
            String::from_utf8_lossy(&document.data).matches("pane").count()
        };
        while kept() < sessions {
            assert!(Instant::now() < deadline, "the layout is not saved");
            app.update();
        }
    }

    /// What the window's App has, without the window.
    fn app(&self, name: &str) -> App {
        self.app_of(Asked { name: Some(name.into()), ..default() })
    }

    fn app_of(&self, asked: Asked) -> App {
        let mut app = App::new();
        app.add_plugins((
            MinimalPlugins,
            WindowPlugin { primary_window: None, exit_condition: ExitCondition::DontExit, ..default() },
            InputPlugin,
            InputFocusPlugin,
            ScarabIpcPlugin::at(self.address.clone()),
            ScarabPanesPlugin::default(),
            plugin(asked),
            layout::plugin,
            notice::plugin,
        ));
        // Elsewhere the window's size decides.
        app.add_observer(|fit: On<Add, Pane>, mut commands: Commands| {
            commands.entity(fit.entity).insert(TerminalSize::cells(80, 24));
        });
        app.finish();
        app.cleanup();
        app
    }
}

impl Place {
    /// An App whose daemon has ended, and which the next one's only session, `build`, is offered.
    fn offered(&self) -> (App, Server) {
        let first = self.daemon(&["work"]);
        let mut app = self.app("work");
        until(&mut app, "it is attached", |world| attached(world, "work"));
        first.stop("over");
        let second = self.daemon(&["build"]);
        until(&mut app, "the sessions are offered", |world| says(world, "Ctrl+1 attaches \"build\""));
        (app, second)
    }
}

fn attached(world: &mut World, name: &str) -> Option<()> {
    let mut terminals = world.query::<(&TerminalStatus, &TerminalSession)>();
    terminals.iter(world).any(|(status, known)| *status == TerminalStatus::Attached && known.name == name).then_some(())
}

fn says(world: &World, text: &str) -> Option<()> {
    world.resource::<Banner>().0.iter().any(|line| line.contains(text)).then_some(())
}

fn key(app: &mut App, key_code: KeyCode, logical_key: Key, state: ButtonState) {
    let message =
        KeyboardInput { key_code, logical_key, state, text: None, repeat: false, window: Entity::PLACEHOLDER };
    app.world_mut().write_message(message);
}

#[test]
fn a_daemon_that_was_told_to_end_does_not_take_the_window_with_it_and_the_next_ones_sessions_are_offered() {
    let place = Place::new();
    let first = place.daemon(&["work"]);
    let mut app = place.app("work");
    until(&mut app, "it is attached", |world| attached(world, "work"));
    assert_eq!(app.world().resource::<Banner>().0, [""; 0]);

    first.stop("the test is over");
    until(&mut app, "the banner tells why", |world| says(world, "The daemon was stopped (the test is over)"));
    assert_eq!(app.should_exit(), None);

    let second = place.daemon(&["build", "mail"]);
    // The window may sleep after the update in which it is decided, so it is said in the same.
    until(&mut app, "the sessions are offered", |world| {
        matches!(world.resource::<Session>(), Session::Offered(..)).then_some(())
    });
    assert!(says(app.world(), "Ctrl+2 attaches \"build\"").is_some());
    assert!(says(app.world(), "Ctrl+1 attaches \"mail\"").is_some(), "the one used last comes first");

    // All between two updates, where CapsLock is a Ctrl, too.
    let control = (KeyCode::CapsLock, Key::Control);
    key(&mut app, control.0, control.1.clone(), ButtonState::Pressed);
    key(&mut app, KeyCode::Digit2, Key::Character("2".into()), ButtonState::Pressed);
    key(&mut app, KeyCode::Digit2, Key::Character("2".into()), ButtonState::Released);
    key(&mut app, control.0, control.1, ButtonState::Released);
    until(&mut app, "the chosen one is attached", |world| attached(world, "build"));
    assert_eq!(app.world().resource::<Banner>().0, [""; 0]);
    second.stop("over");
}

#[test]
fn without_ctrl_nothing_is_chosen() {
    let place = Place::new();
    let (mut app, second) = place.offered();
    for (code, logical) in [(KeyCode::Digit1, Key::Character("1".into())), (KeyCode::Enter, Key::Enter)] {
        key(&mut app, code, logical.clone(), ButtonState::Pressed);
        key(&mut app, code, logical, ButtonState::Released);
    }
    app.update();
    assert!(says(app.world(), "Ctrl+1 attaches \"build\"").is_some());
    second.stop("over");
}

#[test]
fn an_offer_is_taken_back_when_its_daemon_is_gone() {
    let place = Place::new();
    let (mut app, second) = place.offered();
    second.stop("over again");
    until(&mut app, "nothing is offered", |world| says(world, "Ctrl+Enter starts a new daemon."));
    assert!(says(app.world(), "Ctrl+1").is_none());
}

#[test]
fn the_window_ends_with_its_shell() {
    let place = Place::new();
    let daemon = place.daemon(&["work"]);
    let mut app = place.app("work");
    until(&mut app, "it is attached", |world| attached(world, "work"));
    let client = place.client();
    let kill = KillSession { target: Target::Name("work".into()), signal: None };
    client.ask::<_, Done>(&kill, PATIENCE).expect("it is killed");
    until(&mut app, "it ends", |world| {
        let messages = world.resource::<Messages<AppExit>>();
        (!messages.is_empty()).then_some(())
    });
    daemon.stop("over");
}

#[test]
fn what_a_plugin_tells_is_shown() {
    let place = Place::new();
    let daemon = place.daemon(&["work"]);
    let script = "--[[ scarab-plugin\nname = \"teller\"\nversion = \"1.0.0\"\napi = 1\n]]
        scarab.command('tell', '', function() scarab.notify({ title = 'The build', body = 'has failed' }) end)
        scarab.status('progress', '3 of 40')";
    let path = place.directory.path().join("teller.luau");
    std::fs::write(&path, script).expect("written");
    // Whatever the umask is: nobody else may write a plugin.
    #[cfg(unix)]
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("it is ours");
    let mut app = place.app("work");
    app.world_mut().spawn(DaemonPlugin::file(&path));
    until(&mut app, "it is attached", |world| attached(world, "work"));
    let status = until(&mut app, "the status is known", |world| {
        let status = world.query::<&PluginStatus>().single(world).ok()?;
        (!status.0.is_empty()).then(|| notice::status_line(status))
    });
    assert_eq!(status, " · 3 of 40");
    // It tells that while it is being loaded, and takes commands afterwards.
    until(&mut app, "it is loaded", |world| {
        let status = world.query::<&DaemonPluginStatus>().single(world).ok()?;
        matches!(status, DaemonPluginStatus::Loaded { .. }).then_some(())
    });
    let call = PluginCommand { plugin: "teller".into(), command: "tell".into(), ..default() };
    app.world_mut().write_message(call);
    until(&mut app, "it is told", |world| says(world, "The build: has failed"));
    daemon.stop("the test is over");
}

#[test]
fn a_broken_configuration_file_is_told_until_it_is_mended_and_leaves_the_keyboard_alone() {
    let place = Place::new();
    let path = place.directory.path().join("scarab.toml");
    std::fs::write(&path, "[client\n").expect("written");
    let options = ServerOptions { config: Some(path.clone()), ..ServerOptions::new(place.address.clone()) };
    let daemon = Server::start(options).expect("a free address");
    let mut app = place.app_of(Asked::default());
    until(&mut app, "its place is told", |world| says(world, "scarab.toml:1:"));
    until(&mut app, "a pane has the keyboard", |world| world.resource::<InputFocus>().get());
    assert!(says(app.world(), "scarab.toml:1:").is_some());
    std::fs::write(&path, "[client]\n").expect("written");
    until(&mut app, "nothing is told", |world| world.resource::<Banner>().0.is_empty().then_some(()));
    daemon.stop("over");
}

#[test]
fn the_seconds_until_the_next_try_are_counted_though_nothing_else_happens() {
    fn counted(world: &World) -> Option<(String, u64)> {
        let line = world.resource::<Banner>().0.first()?;
        let (tries, rest) = line.strip_prefix("Not connected (try ")?.split_once(", again in ")?;
        let (seconds, _) = rest.split_once(" s)")?;
        Some((tries.to_owned(), seconds.parse().ok()?))
    }
    let place = Place::new();
    let mut app = place.app("work");
    let mut last: Option<(String, u64)> = None;
    until(&mut app, "the same try in fewer seconds", |world| {
        let now = counted(world)?;
        let before = last.replace(now.clone())?;
        (before.0 == now.0 && before.1 > now.1 && now.1 > 0).then_some(())
    });
}

#[test]
fn what_was_typed_and_could_not_be_sent_is_told() {
    let place = Place::new();
    let daemon = place.daemon(&["work"]);
    let mut app = place.app("work");
    until(&mut app, "it is attached", |world| attached(world, "work"));
    let nothing = app.world_mut().spawn_empty().id();
    app.world_mut().write_message(TerminalInput::text(nothing, "abc"));
    let told = "3 bytes that were typed could not be sent: the session is gone";
    until(&mut app, "it is told", |world| says(world, told));
    daemon.stop("over");
}

/// The sessions of each tab, from left to right.
fn shown(world: &mut World) -> Vec<Vec<String>> {
    let order = world.resource::<Tabs>().order().to_vec();
    let name = |pane: &Entity| world.get::<TerminalSession>(*pane).map_or_else(String::new, |known| known.name.clone());
    let panes = order.iter().map(|tab| world.get::<Tab>(*tab).expect("a tab").tree.panes());
    panes.map(|panes| panes.iter().map(name).collect()).collect()
}

#[test]
fn the_next_window_has_the_tabs_and_splits_of_the_last() {
    let place = Place::new();
    let daemon = place.daemon(&[]);
    let mut app = place.app_of(Asked::default());
    let all =
        |names: &'static [&'static [&'static str]]| move |world: &mut World| (shown(world) == names).then_some(());
    until(&mut app, "a shell", all(&[&["1"]]));
    for (action, wanted) in
        [(Action::NewTab, all(&[&["1"], &["2"]])), (Action::SplitRight, all(&[&["1"], &["2", "3"]]))]
    {
        let terminal = app.world().resource::<InputFocus>().get().expect("a pane has the keyboard");
        app.world_mut().write_message(ActionTriggered { terminal, action });
        until(&mut app, "it is there", wanted);
    }
    place.until_kept(&mut app, "window-1", 3);
    drop(app);
    let mut app = place.app_of(Asked::default());
    until(&mut app, "the tabs again", all(&[&["1"], &["2", "3"]]));
    let focus = app.world().resource::<InputFocus>().get().expect("a pane has the keyboard");
    assert_eq!(app.world().get::<TerminalSession>(focus).expect("it is joined").name, "3");
    // One that was asked for by its name is shown alone.
    let mut other = place.app("2");
    until(&mut other, "it alone", all(&[&["2"]]));
    daemon.stop("over");
}

#[test]
fn a_window_that_is_opened_by_a_name_again_has_its_tabs() {
    let place = Place::new();
    let daemon = place.daemon(&["work"]);
    let mut app = place.app("work");
    until(&mut app, "it is attached", |world| attached(world, "work"));
    let terminal = app.world().resource::<InputFocus>().get().expect("a pane has the keyboard");
    app.world_mut().write_message(ActionTriggered { terminal, action: Action::NewTab });
    let both = |world: &mut World| (shown(world) == [["work"], ["1"]]).then_some(());
    until(&mut app, "another tab", both);
    place.until_kept(&mut app, "window.work-1", 2);
    drop(app);
    let mut app = place.app("work");
    until(&mut app, "the tabs again", both);
    let focus = app.world().resource::<InputFocus>().get().expect("a pane has the keyboard");
    assert_eq!(app.world().get::<TerminalSession>(focus).expect("it is joined").name, "work");
    // A second window beside it has tabs of its own.
    let mut beside = place.app("work");
    until(&mut beside, "it alone", |world| (shown(world) == [["work"]]).then_some(()));
    drop(app);
    daemon.stop("over");
}

#[test]
fn a_session_that_had_ended_before_is_shown() {
    let place = Place::new();
    let daemon = place.daemon(&["work"]);
    let client = place.client();
    let hang_up = KillSession { target: Target::Name("work".into()), signal: Some(1) };
    client.ask::<_, Done>(&hang_up, PATIENCE).expect("it is running");
    place.until_sessions(&client, |sessions| sessions.iter().all(|session| session.exit.is_some()));
    let mut app = place.app("work");
    until(&mut app, "its end is told", |world| says(world, "The program was ended by"));
    app.update();
    assert_eq!(app.should_exit(), None);
    daemon.stop("over");
}

#[test]
fn what_the_window_has_made_is_forgotten_with_its_pane_when_it_has_ended() {
    let place = Place::new();
    let daemon = place.daemon(&[]);
    let client = place.client();
    let command = ["sh", "-c", "read line"].map(str::to_owned).to_vec();
    let mut app = place.app_of(Asked { name: Some("mine".into()), command, ..default() });
    until(&mut app, "it is attached", |world| attached(world, "mine"));
    let pane = app.world().resource::<InputFocus>().get().expect("a pane has the keyboard");
    app.world_mut().write_message(TerminalInput::text(pane, "\r"));
    until(&mut app, "the window ends", |world| (!world.resource::<Messages<AppExit>>().is_empty()).then_some(()));
    place.until_sessions(&client, <[SessionInfo]>::is_empty);
    daemon.stop("over");
}
