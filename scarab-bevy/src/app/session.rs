//! Which session the window shows, and what its user chooses when that is lost with its daemon.

use bevy::{
    ecs::system::SystemParam,
    input::keyboard::{Key, KeyboardFocusLost, KeyboardInput},
    input_focus::{FocusCause, InputFocus},
    prelude::*,
};
use scarab_protocol::{
    client::{Pending, Status},
    key::Mods,
    message::{ListSessions, SessionInfo, Sessions},
};

use super::{
    banner::{self, Banner},
    choose::{Asked, Choice, choose},
    layout::{Layout, Saved},
    notice::{self, Notices},
    tell::{self, LastWords},
};
use crate::{
    ClientConfig,
    connection::{ConnectionLink, DaemonConnection, PrimaryConnection, ScarabConnectionState},
    input::Held,
    ipc::ScarabIpcSystems,
    panes::{Closing, LastPaneClosed, ScarabPanesSystems, Tab, Tabs, add_tab, close_tabs, open_tab},
    render::TerminalView,
    terminal::{Terminal, TerminalSession, TerminalStatus},
    wake::Waker,
};

/// Shows the session that was asked for.
pub(super) fn plugin(asked: Asked) -> impl Plugin {
    move |app: &mut App| {
        app.insert_resource(Start(asked.clone()))
            .init_resource::<Session>()
            .init_resource::<LastWords>()
            .init_resource::<Banner>()
            .init_resource::<Notices>()
            .init_resource::<Layout>()
            .add_systems(OnEnter(ScarabConnectionState::Connected), ask)
            .add_systems(PreUpdate, (tell::note, hold).chain().after(ScarabIpcSystems::Receive))
            // In this order within one update: the window may sleep after it.
            .add_systems(Update, (choose_session, pick, tell::tell).chain().before(banner::show))
            .add_systems(Update, tell::hand_over.after(pick).before(notice::pass))
            .add_systems(Update, leave.after(ScarabPanesSystems::Act));
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
    /// The window shows it, perhaps among others.
    Shown,
    /// It was lost with its daemon, and had this name.
    Lost(Option<String>),
    /// A new daemon was asked for its sessions.
    AskedAgain(Option<String>, Pending<Sessions>, Vec<SessionInfo>),
    /// The user chooses.
    Offered(Option<String>, Vec<SessionInfo>),
}

/// The connection stands: what sessions are there?
fn ask(
    mut session: ResMut<Session>,
    start: Res<Start>,
    mut layout: ResMut<Layout>,
    link: Single<&ConnectionLink, With<PrimaryConnection>>,
) {
    match &*session {
        // Who gives a command without a name wants that and nothing else.
        Session::Wanted | Session::Asked(..) if start.0.has_layout() => {
            layout.open(&link.client, start.0.name.as_deref());
        }
        Session::Shown => layout.open_again(&link.client),
        _ => {}
    }
    let list = || link.client.request(&ListSessions { after: 0 });
    let next = match &*session {
        Session::Wanted => Session::Asked(list(), Vec::new()),
        Session::Lost(name) | Session::Offered(name, _) | Session::AskedAgain(name, ..) => {
            Session::AskedAgain(name.clone(), list(), Vec::new())
        }
        Session::Asked(..) => Session::Asked(list(), Vec::new()),
        Session::Shown => return,
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
    mut layout: ResMut<Layout>,
    mut window: Window<'_, '_>,
) {
    let Some(link) = link else { return };
    if matches!(*session, Session::Asked(..)) && layout.bypass_change_detection().is_opening() {
        return;
    }
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
            let mut saved = layout.tabs(&known).filter(|_| start.0.has_layout());
            let choice = choose(&start.0, &known);
            // Who names no session wants the tabs, and whichever was in front.
            let is_among = saved.as_mut().is_some_and(|saved| match &choice {
                Choice::Attach(info) if start.0.name.is_some() => saved.show(&info.id.to_string()),
                _ => start.0.name.is_none(),
            });
            let restored = saved.is_some_and(|saved| window.restore(&mut commands, &saved, &known));
            if !(restored && is_among) {
                let terminal = match choice {
                    Choice::Attach(info) => Terminal::attach_id(info.id),
                    Choice::Create(name) => new_terminal(name, &start.0.command),
                };
                if restored { window.add(&mut commands, terminal) } else { window.show(&mut commands, terminal) }
            }
            Session::Shown
        }
        Session::AskedAgain(name, _, mut known) => {
            known.retain(|session| session.exit.is_none());
            // The one of the lost session's name first.
            known.sort_by_key(|session| (Some(&session.name) != name.as_ref(), std::cmp::Reverse(session.used)));
            Session::Offered(name, known)
        }
        Session::Shown => match window.pane().and_then(|pane| terminals.get(pane).ok()) {
            // Lost with its daemon: the screen stays, the keyboard is the menu's.
            Some((status, Some(known)))
                if is_lost(status, known, &last_words, &link)
                    && terminals.iter().all(|(status, _)| *status != TerminalStatus::Lost) =>
            {
                window.focus.clear();
                layout.lose();
                let name = Some(known.name.clone());
                match is_connected(&link) {
                    true => Session::AskedAgain(name, link.client.request(&ListSessions { after: 0 }), Vec::new()),
                    false => Session::Lost(name),
                }
            }
            _ => Session::Shown,
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
fn is_lost(status: &TerminalStatus, known: &TerminalSession, last_words: &LastWords, link: &ConnectionLink) -> bool {
    match status {
        // It may also have been dismissed, or its screen be unreadable; then the others go on.
        TerminalStatus::Failed { .. } => match link.client.status() {
            Status::Connected(connected) => connected.epoch != known.id.epoch,
            _ => true,
        },
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

/// What the window shows.
#[derive(SystemParam)]
struct Window<'w, 's> {
    state: ResMut<'w, Tabs>,
    tabs: Query<'w, 's, &'static Tab>,
    focus: ResMut<'w, InputFocus>,
}

impl Window<'_, '_> {
    /// The pane in front.
    fn pane(&self) -> Option<Entity> {
        self.tabs.get(self.state.current()?).ok().map(|tab| tab.focus)
    }

    /// Shows the tabs that a window had before; whether there are any.
    fn restore(&mut self, commands: &mut Commands, saved: &Saved, known: &[SessionInfo]) -> bool {
        close_tabs(commands, &mut self.state, &self.tabs);
        let mut fronts = Vec::new();
        for tab in &saved.tabs {
            let mut sessions = tab.sessions();
            sessions.sort_unstable();
            sessions.dedup();
            let terminals = sessions.into_iter().filter_map(|session| {
                let info = known.iter().find(|info| info.id.to_string() == session)?;
                let terminal = commands.spawn((Terminal::attach_id(info.id), TerminalView::default())).id();
                Some((session.to_owned(), terminal))
            });
            let terminals = terminals.collect();
            match tab.to_tab(&terminals) {
                Some(tab) => {
                    let focus = tab.focus;
                    fronts.push(Some((add_tab(commands, &mut self.state, tab), focus)));
                }
                // It makes no sense: a session twice in it, say.
                None => {
                    terminals.into_values().for_each(|terminal| commands.entity(terminal).despawn());
                    fronts.push(None);
                }
            }
        }
        let front = fronts.get(saved.current).copied().flatten().or_else(|| fronts.iter().find_map(|front| *front));
        if let Some((tab, focus)) = front {
            self.state.show(tab);
            self.focus.set(focus, FocusCause::Navigated);
        }
        front.is_some()
    }

    /// Shows a terminal, in place of all that was shown.
    fn show(&mut self, commands: &mut Commands, terminal: Terminal) {
        close_tabs(commands, &mut self.state, &self.tabs);
        self.add(commands, terminal);
    }

    /// Shows a terminal in a tab of its own.
    fn add(&mut self, commands: &mut Commands, terminal: Terminal) {
        let terminal = commands.spawn((terminal, TerminalView::default())).id();
        open_tab(commands, &mut self.state, &mut self.focus, terminal);
    }
}

/// The user's choice after a daemon was lost. It takes Ctrl, because whoever was typing goes on for a moment; and nothing is
/// typed into any shell.
fn pick(
    mut commands: Commands,
    mut session: ResMut<Session>,
    start: Res<Start>,
    mut keys: MessageReader<KeyboardInput>,
    mut unfocused: MessageReader<KeyboardFocusLost>,
    mut held: Local<Held>,
    mut last_words: ResMut<LastWords>,
    mut window: Window<'_, '_>,
    mut layout: ResMut<Layout>,
    connection: Option<Single<(Entity, &ConnectionLink), With<PrimaryConnection>>>,
) {
    if unfocused.read().count() > 0 {
        *held = Held::default();
    }
    // Ctrl is followed key by key: pressed and let go between two updates it counts too.
    for key in keys.read() {
        held.follow(key);
        if !held.mods().contains(Mods::CTRL) || !key.state.is_pressed() || key.repeat {
            continue;
        }
        let terminal = match (&*session, &key.logical_key) {
            (Session::Lost(_), Key::Enter) => {
                if let Some(connection) = &connection {
                    let (connection, _) = **connection;
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
        window.show(&mut commands, terminal);
        if let Some(connection) = &connection {
            layout.open(connection.1.client.as_ref(), start.0.name.as_deref());
        }
        *session = Session::Shown;
        *last_words = LastWords::default();
        keys.read().for_each(|key| held.follow(key));
        return;
    }
}

/// The window closes with its last pane, when the sessions of panes that were closed are told to end. If the daemon was told to end,
/// its user is to read that.
fn leave(
    mut closed: MessageReader<LastPaneClosed>,
    mut is_leaving: Local<bool>,
    closing: Query<&Closing>,
    link: Option<Single<&ConnectionLink, With<PrimaryConnection>>>,
    waker: Res<Waker>,
    mut exit: MessageWriter<AppExit>,
) {
    *is_leaving |= closed.read().count() > 0;
    if !*is_leaving {
        return;
    }
    // Without a connection nobody can be told, and nobody is waited for.
    if closing.iter().any(|closing| !closing.asked) && link.is_some_and(|link| is_connected(&link)) {
        waker.wake();
    } else {
        exit.write(AppExit::Success);
    }
}

/// What ends with its daemon stays to be seen, and whatever its user wants to.
fn hold(last_words: Res<LastWords>, config: Res<ClientConfig>, mut tabs: ResMut<Tabs>) {
    let hold = last_words.stopped.is_some() || config.hold_ended;
    if tabs.hold_ended != hold {
        tabs.hold_ended = hold;
    }
}

#[cfg(all(test, unix))]
mod tests;
