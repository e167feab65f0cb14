//! An App with nothing but `MinimalPlugins` and the connection, on every platform: it drives a shell and sees what that says.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use bevy::prelude::*;
use scarab_bevy::{PrimaryConnection, Waker, prelude::*};
use scarab_daemon::server::{Server, ServerOptions};
use scarab_protocol::endpoint::Address;

/// Long enough for a busy machine, short enough to notice a hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// The platform's shell.
const SHELL: &str = if cfg!(windows) { "cmd.exe" } else { "sh" };
/// What the platform's shell ends a typed line with is the same everywhere: the key that people press.
const ENTER: &str = "\r";

/// An address that nobody else has, in a test's directory where sockets are files.
fn address(home: &Path) -> Address {
    let pipe = || PathBuf::from(format!(r"\\.\pipe\scarab-headless-{}", std::process::id()));
    let socket = if cfg!(windows) { pipe() } else { home.join("run").join("d.sock") };
    Address::of_socket(&socket).expect("a short name")
}

/// Updates the App whenever something arrives, until `done` gives something.
fn until<T>(app: &mut App, what: &str, mut done: impl FnMut(&mut World) -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        app.update();
        if let Some(result) = done(app.world_mut()) {
            return result;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        assert!(!left.is_zero(), "not within {PATIENCE:?}: {what}; {}", state(app.world_mut()));
        let waker = app.world().resource::<Waker>().clone();
        waker.wait(left);
    }
}

/// How it stands with the connection and with the only terminal.
fn state(world: &mut World) -> String {
    let connections: Vec<_> =
        world.query::<&ConnectionStatus>().iter(world).map(|status| format!("{status:?}")).collect();
    let terminals: Vec<_> = world.query::<&TerminalStatus>().iter(world).map(|status| format!("{status:?}")).collect();
    format!("{connections:?}, {terminals:?}\n{}", screen(world))
}

/// The rows of the only terminal.
fn screen(world: &mut World) -> String {
    let Ok(TerminalGrid { grid }) = world.query::<&TerminalGrid>().single(world) else { return String::new() };
    (0..grid.rows()).map(|row| grid.row_text(row).trim_end().to_owned() + "\n").collect()
}

fn has_line(world: &mut World, line: &str) -> Option<()> {
    screen(world).lines().any(|found| found == line).then_some(())
}

/// Whether the shell waits. What is typed before would be echoed above its prompt, and answered behind it.
fn has_prompt(world: &mut World) -> Option<()> {
    let TerminalGrid { grid } = world.query::<&TerminalGrid>().single(world).ok()?;
    grid.row_text(grid.cursor.row).trim_end().ends_with(['$', '#', '>']).then_some(())
}

#[test]
fn an_app_without_a_window_drives_a_session() {
    let home = tempfile::tempdir().expect("a directory");
    let address = address(home.path());
    let daemon = Server::start(ServerOptions::new(address.clone())).expect("a free address");
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, ScarabIpcPlugin::at(address)));
    // As a runner does it.
    app.finish();
    app.cleanup();
    let terminal = app.world_mut().spawn((Terminal::new().command([SHELL]), TerminalSize::cells(60, 8))).id();
    until(&mut app, "attached", |world| matches!(world.get(terminal), Some(TerminalStatus::Attached)).then_some(()));
    until(&mut app, "a prompt", has_prompt);
    app.world_mut().write_message(TerminalInput::text(terminal, format!("echo a-word-of-mine{ENTER}")));
    until(&mut app, "the echo", |world| has_line(world, "a-word-of-mine"));

    // A window of another size, and then another word in it.
    *app.world_mut().get_mut::<TerminalSize>(terminal).expect("it has one") = TerminalSize::cells(50, 12);
    until(&mut app, "another size", |world| {
        let TerminalGrid { grid } = world.get(terminal)?;
        ((grid.cols(), grid.rows()) == (50, 12)).then_some(())
    });
    until(&mut app, "the next prompt", has_prompt);
    app.world_mut().write_message(TerminalInput::text(terminal, format!("echo another{ENTER}exit 3{ENTER}")));
    let code = until(&mut app, "the end of the shell", |world| match world.get(terminal) {
        Some(TerminalStatus::Exited(how)) => Some(how.code),
        _ => None,
    });
    assert_eq!(code, 3);
    assert!(has_line(app.world_mut(), "another").is_some(), "{}", screen(app.world_mut()));

    // The daemon ends, and the App hears of it.
    daemon.stop("the test is over");
    until(&mut app, "the end of the connection", |world| {
        let mut connections = world.query_filtered::<&ConnectionStatus, With<PrimaryConnection>>();
        let status = connections.single(world).ok()?;
        (!matches!(status, ConnectionStatus::Connected { .. })).then_some(())
    });
}
