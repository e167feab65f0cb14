//! Between terminals and their sessions: joining, receiving, sending.

mod row;

use std::sync::Arc;

use bevy::prelude::*;
use scarab_protocol::{
    client::{AttachOptions, Attachment, Client, ClientEvent, Pending, Phase, client_environment},
    ids::TermSize,
    message::{CreateSession, Created, Done, KillSession, Target},
};

use self::row::Row;
pub(crate) use self::row::send_input;
use crate::{
    connection::{ConnectionLink, PrimaryConnection},
    messages::{
        BellRang, ClearScrollbackRequest, ClipboardSet, ConnectionNoted, CreditRequest, DaemonStopped, KillRequest,
        Lagged, TerminalExited,
    },
    terminal::{
        Create, Source, Terminal, TerminalBacklog, TerminalCursor, TerminalGrid, TerminalModes, TerminalSession,
        TerminalSize, TerminalStatus, TerminalTitle,
    },
    view::TerminalArea,
};

/// How far a terminal has come with its session.
#[derive(Component, Default)]
pub(crate) struct TerminalLink {
    stage: Stage,
    row: Row,
    bells: Option<u64>,
    exited: bool,
}

#[derive(Default)]
enum Stage {
    /// Waiting for the connection, or for a size.
    #[default]
    Wanted,
    Creating(Arc<Client>, Pending<Created>),
    Linked(Attachment),
    /// Nothing more will come of it.
    Failed,
}

impl TerminalLink {
    /// The session's end, once it is joined.
    pub(crate) fn attachment(&self) -> Option<&Attachment> {
        match &self.stage {
            Stage::Linked(attachment) => Some(attachment),
            _ => None,
        }
    }
}

/// Creates and joins sessions for terminals that have none.
pub(crate) fn open(
    connections: Query<(Entity, &ConnectionLink, Has<PrimaryConnection>)>,
    mut terminals: Query<(Entity, &Terminal, &mut TerminalLink, Option<&TerminalSize>, Has<TerminalArea>)>,
    mut status: Query<&mut TerminalStatus>,
) {
    for (entity, terminal, mut link, size, fits) in &mut terminals {
        // A terminal that fills a part of the window is not opened before that has told its size: its program would see two.
        if !matches!(link.stage, Stage::Wanted) || (fits && size.is_none()) {
            continue;
        }
        let connection = match terminal.connection {
            Some(connection) => connections.get(connection).ok(),
            None => connections.iter().find(|(.., primary)| *primary),
        };
        let Some((_, connection, _)) = connection else { continue };
        let size = size.map(|size| TermSize::from(*size));
        let stage = match &terminal.source {
            Source::Attach(target) => {
                let options = AttachOptions { target: target.clone(), size, observe: terminal.observe };
                Some(Stage::Linked(connection.client.attach(options)))
            }
            Source::Create(create) => connected(&connection.client).then(|| {
                let request = create_request(create, size.unwrap_or_default());
                Stage::Creating(connection.client.clone(), connection.client.request(&request))
            }),
        };
        if let Some(stage) = stage {
            link.stage = stage;
            if let Ok(mut status) = status.get_mut(entity) {
                status.set_if_neq(TerminalStatus::Pending);
            }
        }
    }
}

fn connected(client: &Client) -> bool {
    matches!(client.status(), scarab_protocol::client::Status::Connected(_))
}

fn create_request(create: &Create, size: TermSize) -> CreateSession {
    let mut env = client_environment();
    for (name, value) in &create.env {
        let (name, value) = (name.clone().into_bytes(), value.clone().into_bytes());
        env.retain(|(other, _)| *other != name);
        env.push((name, value));
    }
    let cwd = create.cwd.clone().or_else(|| std::env::current_dir().ok());
    CreateSession {
        name: create.name.clone(),
        command: create.command.iter().map(|word| word.clone().into_bytes()).collect(),
        cwd: cwd.map(|cwd| cwd.into_os_string().into_encoded_bytes()),
        beside: create.beside.map(Target::Id),
        env,
        size,
        linger: create.keep,
    }
}

/// The components that a terminal's news go to.
type Shown<'a> = (
    &'a mut TerminalStatus,
    &'a mut TerminalGrid,
    &'a mut TerminalTitle,
    &'a mut TerminalCursor,
    &'a mut TerminalModes,
    &'a mut TerminalBacklog,
    Option<&'a TerminalSession>,
);

/// Takes over what has arrived for terminals.
pub(crate) fn receive(
    mut commands: Commands,
    mut terminals: Query<(Entity, &Terminal, &mut TerminalLink, Option<&TerminalSize>, Shown)>,
    mut bells: MessageWriter<BellRang>,
    mut exits: MessageWriter<TerminalExited>,
) {
    for (entity, terminal, mut link, size, shown) in &mut terminals {
        let (mut status, mut grid, mut title, mut cursor, mut modes, mut backlog, session) = shown;
        let link = link.bypass_change_detection();
        if let Stage::Creating(client, pending) = &link.stage {
            match pending.try_take() {
                None => continue,
                Some(Ok(Created { info })) => {
                    let size = size.map(|size| TermSize::from(*size));
                    let (target, observe) = (Target::Id(info.id), terminal.observe);
                    link.stage = Stage::Linked(client.attach(AttachOptions { target, size, observe }));
                }
                Some(Err(error)) => {
                    status.set_if_neq(TerminalStatus::Failed { why: error.to_string() });
                    link.stage = Stage::Failed;
                    continue;
                }
            }
        }
        let Stage::Linked(attachment) = &link.stage else { continue };
        // Before the screen, so that whoever hears of the end of a program finds what it has written last.
        let (phase, info, count, cwd) =
            attachment.look(|state| (state.phase.clone(), state.info.clone(), state.bells, state.cwd.clone()));
        if attachment.update(&mut grid.bypass_change_detection().grid) {
            grid.set_changed();
            cursor.set_if_neq(TerminalCursor(grid.grid.cursor));
            modes.set_if_neq(TerminalModes(grid.grid.modes));
        }
        backlog.set_if_neq(TerminalBacklog { pending: attachment.held(), taken: attachment.taken() });
        let exit = info.as_ref().and_then(|info| info.exit.clone());
        let was_lost = *status == TerminalStatus::Lost;
        status.set_if_neq(match (phase, &exit) {
            (Phase::Attached | Phase::Lost | Phase::Gone { .. }, Some(exit)) => TerminalStatus::Exited(exit.clone()),
            (Phase::Pending, _) => TerminalStatus::Pending,
            (Phase::Attached, None) => TerminalStatus::Attached,
            (Phase::Lost, None) => TerminalStatus::Lost,
            (Phase::Gone { why } | Phase::Failed { why, .. }, _) => TerminalStatus::Failed { why },
        });
        let Some(info) = info else { continue };
        if title.0 != info.title {
            title.0.clone_from(&info.title);
        }
        let now = TerminalSession { id: info.id, name: info.name, pid: info.pid, cwd, made_by: info.made_by };
        if session != Some(&now) {
            commands.entity(entity).insert(now);
        }
        let is_found = was_lost || link.bells.is_none() && matches!(terminal.source, Source::Attach(_));
        // Bells from before this client came are not its own.
        let before = link.bells.replace(count).unwrap_or(count);
        if count > before {
            let rang = BellRang { terminal: entity, times: count - before };
            bells.write(rang);
            commands.trigger(rang);
        }
        if let Some(exit) = exit
            && !std::mem::replace(&mut link.exited, true)
        {
            let exited = TerminalExited { terminal: entity, exit, before: is_found };
            exits.write(exited.clone());
            commands.trigger(exited);
        }
    }
}

/// Takes over the events of connections.
pub(crate) fn receive_events(
    mut commands: Commands,
    connections: Query<(Entity, &ConnectionLink)>,
    terminals: Query<(Entity, &TerminalSession)>,
    mut clipboard: MessageWriter<ClipboardSet>,
    mut notes: MessageWriter<ConnectionNoted>,
    mut stops: MessageWriter<DaemonStopped>,
    mut lagged: MessageWriter<Lagged>,
) {
    for (connection, link) in &connections {
        let (events, lost) = link.client.take_events();
        if lost > 0 {
            lagged.write(Lagged { connection, events: lost });
        }
        for event in events {
            let text = match event {
                ClientEvent::Clipboard { session, primary, text } => {
                    if let Some((terminal, _)) = terminals.iter().find(|(_, known)| known.id.number == session) {
                        let set = ClipboardSet { terminal, primary, text };
                        clipboard.write(set.clone());
                        commands.trigger(set);
                    }
                    continue;
                }
                ClientEvent::ShuttingDown { reason } => {
                    let text = format!("the daemon ended: {reason}");
                    stops.write(DaemonStopped { connection, reason });
                    text
                }
                ClientEvent::InputDiscarded { session, bytes } => {
                    format!(
                        "the last {bytes} bytes typed for {session:?} may not have arrived: they are not typed again"
                    )
                }
                ClientEvent::Refused { text } => text,
            };
            notes.write(ConnectionNoted { connection, text });
        }
    }
}

/// Asks how far input was taken.
pub(crate) fn ask_credit(mut asks: MessageReader<CreditRequest>, links: Query<&TerminalLink>) {
    for CreditRequest { terminal } in asks.read() {
        if let Ok(TerminalLink { stage: Stage::Linked(attachment), .. }) = links.get(*terminal) {
            attachment.ask_credit();
        }
    }
}

/// Asks to drop scrollbacks. The next frame shows that it was done.
pub(crate) fn clear_scrollback(mut requests: MessageReader<ClearScrollbackRequest>, links: Query<&TerminalLink>) {
    for ClearScrollbackRequest { terminal } in requests.read() {
        if let Some(attachment) = links.get(*terminal).ok().and_then(TerminalLink::attachment) {
            drop(attachment.clear_scrollback());
        }
    }
}

/// Tells changed sizes.
pub(crate) fn send_sizes(terminals: Query<(&Terminal, &TerminalLink, &TerminalSize), Changed<TerminalSize>>) {
    for (terminal, link, size) in &terminals {
        if let (Stage::Linked(attachment), false) = (&link.stage, terminal.observe) {
            attachment.resize(TermSize::from(*size));
        }
    }
}

/// Asks for the end of sessions.
pub(crate) fn send_kills(
    mut kills: MessageReader<KillRequest>,
    connections: Query<&ConnectionLink>,
    primary: Query<&ConnectionLink, With<PrimaryConnection>>,
    terminals: Query<(&Terminal, &TerminalSession)>,
) {
    for KillRequest { terminal } in kills.read() {
        let Ok((terminal, session)) = terminals.get(*terminal) else { continue };
        let link = match terminal.connection {
            Some(connection) => connections.get(connection).ok(),
            None => primary.single().ok(),
        };
        if let Some(link) = link {
            // The end of the session tells how it went.
            drop(link.client.request::<_, Done>(&KillSession { target: Target::Id(session.id), signal: None }));
        }
    }
}
