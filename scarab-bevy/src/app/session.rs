//! Which session the window shows, and what its user chooses when that is lost with its daemon.

use bevy::{
    input::keyboard::{Key, KeyboardInput},
    input_focus::InputFocus,
    prelude::*,
};
use scarab_protocol::{
    client::{Pending, Status},
    message::{ListSessions, SessionInfo, Sessions},
};

use super::{
    banner::{self, Banner},
    choose::{Asked, Choice, choose},
    notice::Notices,
    tell::{self, LastWords},
};
use crate::{
    connection::{ConnectionLink, DaemonConnection, PrimaryConnection, ScarabConnectionState},
    ipc::ScarabIpcSystems,
    messages::TerminalExited,
    render::TerminalView,
    terminal::{Terminal, TerminalSession, TerminalStatus},
    view::FitWindow,
};

/// Shows the session that was asked for.
pub(super) fn plugin(asked: Asked) -> impl Plugin {
    move |app: &mut App| {
        app.insert_resource(Start(asked.clone()))
            .init_resource::<Session>()
            .init_resource::<LastWords>()
            .init_resource::<Banner>()
            .init_resource::<Notices>()
            .add_systems(OnEnter(ScarabConnectionState::Connected), ask)
            .add_systems(PreUpdate, tell::note.after(ScarabIpcSystems::Receive))
            // In this order within one update: the window may sleep after it.
            .add_systems(Update, (choose_session, pick, tell::tell).chain().before(banner::show))
            .add_systems(Update, leave);
    }
}

/// How many sessions are offered by number.
pub(super) const MAX_OFFERED: usize = 9;

/// What the command line asked for.
#[derive(Resource)]
struct Start(Asked);

/// How far the window has come with its session.
#[derive(Resource, Default)]
pub(super) enum Session {
    /// Waiting for the connection.
    #[default]
    Wanted,
    /// The daemon was asked for its sessions.
    Asked(Pending<Sessions>, Vec<SessionInfo>),
    /// The terminal shows it.
    Shown(Entity),
    /// It was lost with its daemon, and had this name.
    Lost(Option<String>),
    /// A new daemon was asked for its sessions.
    AskedAgain(Option<String>, Pending<Sessions>, Vec<SessionInfo>),
    /// The user chooses.
    Offered(Option<String>, Vec<SessionInfo>),
}

/// The connection stands: what sessions are there?
fn ask(mut session: ResMut<Session>, link: Single<&ConnectionLink, With<PrimaryConnection>>) {
    let list = || link.client.request(&ListSessions { after: 0 });
    let next = match &*session {
        Session::Wanted => Session::Asked(list(), Vec::new()),
        Session::Lost(name) | Session::Offered(name, _) | Session::AskedAgain(name, ..) => {
            Session::AskedAgain(name.clone(), list(), Vec::new())
        }
        Session::Asked(..) => Session::Asked(list(), Vec::new()),
        Session::Shown(_) => return,
    };
    *session = next;
}

/// Takes the daemon's answer: the first time the session is chosen, later the user is asked.
fn choose_session(
    mut commands: Commands,
    mut session: ResMut<Session>,
    start: Res<Start>,
    link: Option<Single<&ConnectionLink, With<PrimaryConnection>>>,
    terminals: Query<(&TerminalStatus, Option<&TerminalSession>)>,
    last_words: Res<LastWords>,
    mut focus: ResMut<InputFocus>,
) {
    let Some(link) = link else { return };
    let session = session.bypass_change_detection();
    if let Session::Asked(pending, known) | Session::AskedAgain(_, pending, known) = session {
        match pending.try_take() {
            Some(Ok(page)) => {
                known.extend(page.sessions);
                if let Some(last) = known.last().filter(|_| page.more) {
                    *pending = link.client.request(&ListSessions { after: last.id.number });
                    return;
                }
            }
            // The connection fell meanwhile: the next one asks again.
            Some(Err(error)) => {
                tracing::debug!("no list of sessions: {error}");
                return;
            }
            None => return,
        }
    }
    let next = match std::mem::take(session) {
        Session::Asked(_, known) => {
            let terminal = match choose(&start.0, &known) {
                Choice::Attach(info) => Terminal::attach_id(info.id),
                Choice::Create(name) => new_terminal(name, &start.0.command),
            };
            Session::Shown(show(&mut commands, terminal))
        }
        Session::AskedAgain(name, _, mut known) => {
            known.retain(|session| session.exit.is_none());
            // The one of the lost session's name first.
            known.sort_by_key(|session| (Some(&session.name) != name.as_ref(), std::cmp::Reverse(session.used)));
            Session::Offered(name, known)
        }
        Session::Shown(terminal) => match terminals.get(terminal) {
            // Lost with its daemon: the screen stays, the keyboard is the menu's.
            Ok((status, Some(known))) if is_lost(status, &last_words) => {
                focus.clear();
                let name = Some(known.name.clone());
                match is_connected(&link) {
                    true => Session::AskedAgain(name, link.client.request(&ListSessions { after: 0 }), Vec::new()),
                    false => Session::Lost(name),
                }
            }
            _ => Session::Shown(terminal),
        },
        // What was offered is gone with the daemon that had it.
        Session::Offered(name, _) if !is_connected(&link) => Session::Lost(name),
        other => other,
    };
    *session = next;
}

fn is_connected(link: &ConnectionLink) -> bool {
    matches!(link.client.status(), Status::Connected(_))
}

/// Whether a session is gone by its daemon's end and not by its own.
fn is_lost(status: &TerminalStatus, last_words: &LastWords) -> bool {
    match status {
        TerminalStatus::Failed { .. } => true,
        TerminalStatus::Exited(_) => last_words.stopped.is_some(),
        _ => false,
    }
}

fn new_terminal(name: Option<String>, command: &[String]) -> Terminal {
    let terminal = Terminal::new().command(command.iter().cloned()).keep();
    match name {
        Some(name) => terminal.named(name),
        None => terminal,
    }
}

fn show(commands: &mut Commands, terminal: Terminal) -> Entity {
    commands.spawn((terminal, TerminalView::default(), FitWindow)).id()
}

/// The user's choice after a daemon was lost. It takes Ctrl, because whoever was typing goes on for a moment; and nothing is
/// typed into any shell.
fn pick(
    mut commands: Commands,
    mut session: ResMut<Session>,
    mut keys: MessageReader<KeyboardInput>,
    held: Res<ButtonInput<KeyCode>>,
    mut was_held: Local<bool>,
    mut last_words: ResMut<LastWords>,
    terminals: Query<Entity, (With<Terminal>, With<FitWindow>)>,
    connection: Option<Single<Entity, With<PrimaryConnection>>>,
) {
    // Ctrl is followed key by key: pressed and let go between two updates it counts too. What is held at the end is what is
    // held at the next beginning, and knows of lost focus.
    const CTRL: [KeyCode; 2] = [KeyCode::ControlLeft, KeyCode::ControlRight];
    let mut ctrl = std::mem::replace(&mut *was_held, held.any_pressed(CTRL));
    for key in keys.read() {
        if CTRL.contains(&key.key_code) {
            ctrl = key.state.is_pressed();
        }
        if !ctrl || !key.state.is_pressed() || key.repeat {
            continue;
        }
        let terminal = match (&*session, &key.logical_key) {
            (Session::Lost(_), Key::Enter) => {
                if let Some(connection) = &connection {
                    let connection = **connection;
                    commands.queue(move |world: &mut World| DaemonConnection::launch_now(world, connection));
                }
                continue;
            }
            (Session::Offered(name, known), Key::Enter) => {
                let taken = known.iter().any(|session| Some(&session.name) == name.as_ref());
                new_terminal(name.clone().filter(|_| !taken), &[])
            }
            (Session::Offered(_, known), Key::Character(digit)) => {
                let number = digit.parse::<usize>().ok().filter(|number| (1..=MAX_OFFERED).contains(number));
                match number.and_then(|number| known.get(number - 1)) {
                    Some(chosen) => Terminal::attach_id(chosen.id),
                    None => continue,
                }
            }
            _ => continue,
        };
        for old in &terminals {
            commands.entity(old).despawn();
        }
        *session = Session::Shown(show(&mut commands, terminal));
        *last_words = LastWords::default();
        keys.clear();
        return;
    }
}

/// The window closes when its shell ends by itself. If the daemon was told to end, its user is to read that.
fn leave(mut exits: MessageReader<TerminalExited>, last_words: Res<LastWords>, mut exit: MessageWriter<AppExit>) {
    if exits.read().count() > 0 && last_words.stopped.is_none() {
        exit.write(AppExit::Success);
    }
}

#[cfg(all(test, unix))]
mod tests;
