//! Closing panes of a real daemon, in an App without a window.

use std::time::Instant;

use bevy::{input::keyboard::Key, prelude::*};
use scarab_daemon::server::{Server, ServerOptions};
use scarab_protocol::{
    client::{AttachOptions, Attachment, Client, ClientOptions, Phase},
    config::{Action, Value},
    endpoint::Address,
    message::{Done, ListSessions, Sessions, SetConfig, Target},
};

use crate::{
    ActionTriggered, ClientConfig, ConfirmClose, Terminal, TerminalGrid, TerminalSession,
    app::{
        close, question,
        question::Questions,
        testing::{PATIENCE, press_key, until, with_pane},
    },
    panes::Pane,
};

/// A daemon whose sessions have a shell that shows what it is given.
struct Place {
    address: Address,
    client: Client,
    _server: Server,
    _directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let mut builder = tempfile::Builder::new();
        // Whatever the umask is: where others may write, no daemon is trusted.
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let directory = builder.tempdir().expect("a directory");
        let address = Address::of_socket(&directory.path().join("d.sock")).expect("a short path");
        let server = Server::start(ServerOptions::new(address.clone())).expect("a free address");
        let client = Client::connect(ClientOptions::new(address.clone(), "test 1.0")).expect("it answers");
        let shell = ["sh", "-c", "echo ready; exec cat"].map(str::to_owned).to_vec();
        let set = SetConfig { key: "daemon.shell".into(), value: Some(Value::Texts(shell)), save: false };
        client.ask::<_, Done>(&set, PATIENCE).expect("a command");
        Self { address, client, _server: server, _directory: directory }
    }

    /// An App with a pane that shows a terminal.
    fn app(&self, terminal: Terminal) -> (App, Entity) {
        let more = |app: &mut App| {
            app.add_plugins((question::plugin, close::plugin));
        };
        let (mut app, pane) = with_pane(self.address.clone(), terminal, more);
        until(&mut app, "its program", |world| {
            let grid = &world.get::<TerminalGrid>(pane)?.grid;
            (0..grid.rows()).any(|row| grid.row_text(row).contains("ready")).then_some(())
        });
        (app, pane)
    }

    /// How many sessions there are.
    fn sessions(&self) -> usize {
        self.client.ask::<_, Sessions>(&ListSessions { after: 0 }, PATIENCE).expect("an answer").sessions.len()
    }

    /// Asks until something is so: each answer takes its time.
    fn until(&self, what: &str, mut is_so: impl FnMut(usize) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self.sessions()) {
            assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        }
    }

    /// A session is forgotten a moment after its end was told.
    fn until_no_session(&self) {
        self.until("the end of the session", |sessions| sessions == 0);
    }

    /// Somebody else who looks at the session of a pane.
    fn onlooker(&self, app: &App, pane: Entity) -> Attachment {
        let session = app.world().get::<TerminalSession>(pane).expect("it is joined");
        let options = AttachOptions { target: Target::Id(session.id), size: None, observe: false };
        let attachment = self.client.attach(options);
        self.until("another client", |_| attachment.look(|state| state.phase == Phase::Attached));
        attachment
    }
}

fn press_close(app: &mut App, pane: Entity) {
    app.world_mut().write_message(ActionTriggered { terminal: pane, action: Action::Close });
}

/// Waits for a question about a pane, and answers it.
fn answer(app: &mut App, pane: Entity, text: &str, key: &str) {
    until(app, text, |world| world.resource::<Questions>().of(pane).filter(|it| it.text.contains(text)).map(|_| ()));
    assert!(app.world().get::<Pane>(pane).is_some(), "it is not closed before it is answered");
    press_key(app, Key::Character(key.into()));
}

fn until_gone(app: &mut App, pane: Entity) {
    until(app, "the end of the pane", |world| world.get_entity(pane).is_err().then_some(()));
}

#[test]
fn a_shell_that_waits_is_closed_without_asking() {
    let place = Place::new();
    let (mut app, pane) = place.app(Terminal::new().keep());
    press_close(&mut app, pane);
    until_gone(&mut app, pane);
    place.until_no_session();
}

#[test]
fn a_program_is_ended_only_if_the_user_says_so() {
    let place = Place::new();
    let (mut app, pane) = place.app(Terminal::new().command(["sh", "-c", "echo ready; exec cat"]).keep());
    press_close(&mut app, pane);
    answer(&mut app, pane, "is running here", "n");
    assert!(app.world().get::<Pane>(pane).is_some());
    assert_eq!(place.sessions(), 1);
    press_close(&mut app, pane);
    answer(&mut app, pane, "is running here", "y");
    until_gone(&mut app, pane);
    place.until_no_session();
}

#[test]
fn a_session_that_others_look_at_can_be_left_to_them() {
    let place = Place::new();
    let (mut app, pane) = place.app(Terminal::new().keep());
    let onlooker = place.onlooker(&app, pane);
    press_close(&mut app, pane);
    answer(&mut app, pane, "1 other looks at it", "d");
    until_gone(&mut app, pane);
    onlooker.input(b"alive\r").expect("there is room");
    let shows = |row: u16| onlooker.look(|state| state.grid.row_text(row).contains("alive"));
    place.until("what was typed", |_| (0..onlooker.look(|state| state.grid.rows())).any(shows));
}

#[test]
fn whoever_never_wants_to_be_asked_is_not() {
    let place = Place::new();
    let (mut app, pane) = place.app(Terminal::new().command(["sh", "-c", "echo ready; exec cat"]).keep());
    app.world_mut().resource_mut::<ClientConfig>().confirm_close = ConfirmClose::Never;
    press_close(&mut app, pane);
    until_gone(&mut app, pane);
    place.until_no_session();
}
