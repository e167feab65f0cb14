//! The shell in a window.

use std::process::ExitCode;

use bevy::{
    app::TerminalCtrlCHandlerPlugin,
    ecs::schedule::{Schedules, SingleThreadedExecutor},
    input::keyboard::{Key, KeyboardInput},
    input_focus::InputFocus,
    log::LogPlugin,
    prelude::*,
    render::{RenderApp, pipelined_rendering::PipelinedRenderingPlugin},
    window::PrimaryWindow,
    winit::{UpdateMode, WinitSettings},
};
use scarab_protocol::{
    client::{Pending, Status},
    endpoint::Address,
    message::{ListSessions, SessionInfo, Sessions},
};

use super::{
    BUILD,
    banner::{self, Banner},
    choose::{Asked, Choice, choose},
};
use crate::{
    ScarabClipboardPlugin, ScarabRenderPlugin,
    connection::{ConnectionLink, ConnectionStatus, DaemonConnection, PrimaryConnection, ScarabConnectionState},
    ipc::{ScarabIpcPlugin, ScarabIpcSystems},
    launch::Launch,
    messages::{ConnectionNoted, DaemonStopped, TerminalExited},
    render::{Settling, TerminalTheme, TerminalView},
    terminal::{Terminal, TerminalSession, TerminalStatus, TerminalTitle},
    view::FitWindow,
};

/// The window's size at the start, in logical pixels: 100 columns by 30 rows of the default font.
const START_SIZE: (u32, u32) = (912, 616);

/// Opens the window and comes back when it is closed.
pub(super) fn run(asked: Asked, address: Address) -> anyhow::Result<ExitCode> {
    let asleep = UpdateMode::reactive_low_power(std::time::Duration::MAX);
    let theme = TerminalTheme::default();
    let mut app = App::new();
    app.add_plugins(
        DefaultPlugins
            .set(WindowPlugin {
                primary_window: Some(Window {
                    title: "Scarab".into(),
                    name: Some("scarab".into()),
                    resolution: START_SIZE.into(),
                    ime_enabled: true,
                    // Shown when there is something to see: see `reveal`.
                    visible: false,
                    ..default()
                }),
                ..default()
            })
            .set(LogPlugin { filter: log_filter(), ..default() })
            // An interrupt ends the program at once, and that is all it has to do: the daemon keeps the session.
            .disable::<TerminalCtrlCHandlerPlugin>()
            // A terminal has nothing to overlap: without it a key is on screen one thread earlier.
            .disable::<PipelinedRenderingPlugin>(),
    )
    .add_plugins((
        ScarabIpcPlugin { launch: Launch::Reexec, build: Some(BUILD.into()), ..ScarabIpcPlugin::at(address) },
        ScarabRenderPlugin { theme: theme.clone(), ..default() },
        ScarabClipboardPlugin,
        banner::plugin,
    ))
    // Nothing moves by itself: the window sleeps until something arrives or is typed.
    .insert_resource(WinitSettings { focused_mode: asleep, unfocused_mode: asleep })
    .insert_resource(ClearColor(theme.background_color()))
    .insert_resource(Start(asked))
    .init_resource::<Session>()
    .add_systems(Startup, |mut commands: Commands| {
        commands.spawn((Camera2d, Msaa::Off));
    })
    .add_systems(OnEnter(ScarabConnectionState::Connected), ask)
    .init_resource::<LastWords>()
    .add_systems(Update, (follow_title, leave, reveal))
    // In this order within one update: the window may sleep after it.
    .add_systems(Update, (choose_session, pick, tell, banner::show.run_if(banner::outdated)).chain())
    .add_systems(PreUpdate, note.after(ScarabIpcSystems::Receive));
    run_on_one_thread(&mut app);
    Ok(match app.run() {
        AppExit::Success => ExitCode::SUCCESS,
        AppExit::Error(code) => ExitCode::from(code.get()),
    })
}

/// What the daemon's systems have to say goes through `RUST_LOG`; unasked, only what a user can act on.
fn log_filter() -> String {
    "warn,wgpu=error,naga=error,bevy_render=error,bevy_winit=error,winit=error,calloop=error".into()
}

/// Bevy's parallel executor costs more than it gives for an App this small: three times the CPU of an update.
fn run_on_one_thread(app: &mut App) {
    let change = |world: &mut World| {
        for (_, schedule) in world.resource_mut::<Schedules>().iter_mut() {
            schedule.set_executor(SingleThreadedExecutor::new());
        }
    };
    change(app.world_mut());
    if let Some(render) = app.get_sub_app_mut(RenderApp) {
        change(render.world_mut());
    }
}

/// What the command line asked for.
#[derive(Resource)]
struct Start(Asked);

/// How far the window has come with its session.
#[derive(Resource, Default)]
enum Session {
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

/// What was said of a session that is gone: by the daemon when it was told to end, and about what was typed last.
#[derive(Resource, Default)]
struct LastWords {
    stopped: Option<String>,
    notes: Vec<String>,
}

/// How many sessions are offered by number.
const MAX_OFFERED: usize = 9;

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

/// The banner: what the connection is doing while it is down, what became of the session, what can be chosen.
fn tell(
    session: Res<Session>,
    status: Option<Single<&ConnectionStatus, With<PrimaryConnection>>>,
    terminals: Query<&TerminalStatus>,
    last_words: Res<LastWords>,
    mut banner: ResMut<Banner>,
) {
    let Some(status) = status.map(Single::into_inner) else { return };
    let doing = match status {
        ConnectionStatus::Connected { .. } => None,
        ConnectionStatus::Connecting => Some("Connecting to the daemon...".to_string()),
        ConnectionStatus::Launching => Some("Starting the daemon...".to_string()),
        ConnectionStatus::Waiting { tries, why } => Some(format!("Not connected (try {tries}): {why}")),
        ConnectionStatus::Closed { why } => Some(format!("Not connected: {why}")),
    };
    let mut lines = Vec::new();
    match &*session {
        // The first moments of every start: no banner for what is over before it can be read.
        Session::Wanted | Session::Asked(..) if matches!(status, ConnectionStatus::Connecting) => {}
        Session::Wanted | Session::Asked(..) => lines.extend(doing),
        Session::Shown(terminal) => match terminals.get(*terminal) {
            Ok(TerminalStatus::Failed { why }) => {
                lines.push(why.clone());
                lines.extend(doing);
            }
            Ok(TerminalStatus::Lost) => {
                lines.push("The connection to the daemon is lost; what is typed waits for it.".into());
                lines.extend(doing);
            }
            _ => {}
        },
        Session::Lost(name) | Session::AskedAgain(name, ..) => {
            lines.push(match &last_words.stopped {
                Some(why) => {
                    format!("The daemon was stopped ({why}), and the session {} with it.", quoted(name.as_deref()))
                }
                None => format!("The daemon is gone, and the session {} with it.", quoted(name.as_deref())),
            });
            lines.extend(last_words.notes.iter().cloned());
            lines.extend(doing);
            lines.push("Ctrl+Enter starts a new daemon.".into());
        }
        Session::Offered(name, known) => {
            lines.push(format!(
                "A new daemon is there. The session {} ended with the old one.",
                quoted(name.as_deref())
            ));
            lines.extend(last_words.notes.iter().cloned());
            for (number, session) in known.iter().take(MAX_OFFERED).enumerate() {
                lines.push(format!("  Ctrl+{} attaches {:?} ({})", number + 1, session.name, session.command));
            }
            lines.push(format!(
                "Ctrl+Enter opens a new shell{}.",
                match name {
                    Some(name) if known.iter().all(|session| session.name != *name) => format!(" named {name:?}"),
                    _ => String::new(),
                }
            ));
        }
    }
    banner.set_if_neq(Banner(lines));
}

fn quoted(name: Option<&str>) -> String {
    name.map_or_else(String::new, |name| format!("{name:?}"))
}

/// The window is called what the program calls itself.
fn follow_title(
    terminals: Query<
        (&TerminalTitle, Option<&TerminalSession>),
        Or<(Changed<TerminalTitle>, Changed<TerminalSession>)>,
    >,
    window: Option<Single<&mut Window, With<PrimaryWindow>>>,
) {
    let Some(mut window) = window else { return };
    for (title, session) in &terminals {
        let name = session.map_or("Scarab", |session| session.name.as_str());
        let wanted = if title.0.is_empty() { name } else { &title.0 };
        if window.title != wanted {
            window.title = wanted.to_string();
        }
    }
}

/// Shows the window when its first picture is drawn: before, what is on screen is whatever was in memory.
fn reveal(
    window: Option<Single<&mut Window, With<PrimaryWindow>>>,
    mut settling: ResMut<Settling>,
    mut shown: Local<bool>,
) {
    let Some(mut window) = window.filter(|_| !*shown && settling.is_done()) else { return };
    window.visible = true;
    *shown = true;
    // What was drawn while nobody saw it is drawn again.
    settling.begin();
}

/// The window closes when its shell ends by itself. If the daemon was told to end, its user is to read that.
fn leave(mut exits: MessageReader<TerminalExited>, last_words: Res<LastWords>, mut exit: MessageWriter<AppExit>) {
    if exits.read().count() > 0 && last_words.stopped.is_none() {
        exit.write(AppExit::Success);
    }
}

/// The most that is said about what was typed last.
const MAX_NOTES: usize = 3;

/// What belongs to no terminal any more is still said.
fn note(
    mut notes: MessageReader<ConnectionNoted>,
    mut stops: MessageReader<DaemonStopped>,
    mut last_words: ResMut<LastWords>,
) {
    for stop in stops.read() {
        last_words.stopped = Some(stop.reason.clone());
    }
    for note in notes.read() {
        tracing::warn!("{}", note.text);
        // Why the daemon was stopped is in the banner's first line.
        let is_known = last_words.stopped.as_ref().is_some_and(|why| note.text.ends_with(why));
        if !is_known && last_words.notes.len() < MAX_NOTES {
            last_words.notes.push(note.text.clone());
        }
    }
}
