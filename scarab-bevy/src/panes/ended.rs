//! Sessions that end with their panes, and panes that close with their sessions.

use bevy::{
    ecs::system::SystemParam,
    input_focus::{FocusCause, InputFocus},
    prelude::*,
};

use super::{ClosePane, LastPaneClosed, Pane, Tab, Tabs, tabs::close};
use crate::{
    connection::{DaemonConnection, PrimaryConnection},
    messages::{KillRequest, TerminalExited},
    terminal::{Terminal, TerminalSession, TerminalStatus},
    view::TerminalArea,
};

/// A terminal whose pane was closed: it is seen no more, and gone when its session has ended.
#[derive(Component, Debug, Clone, Copy, Default)]
pub(crate) struct Closing {
    /// Its session is being ended. What was asked over a connection that is lost is asked again.
    pub(crate) asked: bool,
}

/// The connections that terminals have.
#[derive(SystemParam)]
pub(super) struct Connections<'w, 's> {
    all: Query<'w, 's, &'static DaemonConnection>,
    primary: Query<'w, 's, Entity, With<PrimaryConnection>>,
}

impl Connections<'_, '_> {
    /// What the daemon of a terminal calls this program.
    fn program(&self, terminal: &Terminal) -> Option<&str> {
        let connection = terminal.connection.or_else(|| self.primary.single().ok())?;
        self.all.get(connection).ok()?.build.split_whitespace().next()
    }
}

/// Panes close that somebody wants closed.
pub(super) fn close_asked(
    mut commands: Commands,
    mut closes: MessageReader<ClosePane>,
    mut state: ResMut<Tabs>,
    mut focus: ResMut<InputFocus>,
    panes: Query<&Pane>,
    mut tabs: Query<&mut Tab>,
    mut closed: MessageWriter<LastPaneClosed>,
) {
    for &ClosePane { terminal, leave } in closes.read() {
        let Ok(&Pane { tab, .. }) = panes.get(terminal) else { continue };
        // Not from a line in which one writes. To a pane it is given anew, for keys that wait.
        let moves_focus = focus.get().is_none_or(|focused| panes.contains(focused));
        if leave {
            commands.entity(terminal).try_despawn();
        } else {
            commands.entity(terminal).try_insert(Closing::default()).try_remove::<(Pane, TerminalArea)>();
        }
        close(&mut commands, &mut state, &mut tabs, terminal, tab, &mut closed);
        if let Some(front) = state.current().filter(|_| moves_focus).and_then(|tab| tabs.get(tab).ok()) {
            focus.set(front.focus, FocusCause::Navigated);
        }
    }
}

/// A pane whose program has ended closes. Its session is forgotten if this program has made it, because nobody else knows of it; what
/// was ended already when it was attached stays, because that is what somebody wants to see.
pub(super) fn close_ended(
    mut commands: Commands,
    mut exits: MessageReader<TerminalExited>,
    mut state: ResMut<Tabs>,
    mut focus: ResMut<InputFocus>,
    panes: Query<&Pane>,
    terminals: Query<(&Terminal, &TerminalSession)>,
    connections: Connections,
    mut tabs: Query<&mut Tab>,
    mut closed: MessageWriter<LastPaneClosed>,
) {
    if state.hold_ended {
        exits.clear();
    }
    for TerminalExited { terminal, .. } in exits.read().filter(|exited| !exited.before) {
        let Ok(&Pane { tab, .. }) = panes.get(*terminal) else { continue };
        let is_own = terminals.get(*terminal).is_ok_and(|(terminal, session)| {
            !terminal.observe && connections.program(terminal) == Some(session.made_by.as_str())
        });
        if is_own {
            commands.entity(*terminal).try_insert(Closing::default()).try_remove::<(Pane, TerminalArea)>();
        } else {
            commands.entity(*terminal).try_despawn();
        }
        close(&mut commands, &mut state, &mut tabs, *terminal, tab, &mut closed);
        let had_focus = focus.get() == Some(*terminal);
        if let Some(front) = state.current().filter(|_| had_focus).and_then(|tab| tabs.get(tab).ok()) {
            focus.set(front.focus, FocusCause::Navigated);
        }
    }
}

/// Ends the sessions of panes that were closed, as soon as there is one to be ended; one that has ended by itself is forgotten by that.
pub(super) fn end_closing(
    mut commands: Commands,
    mut terminals: Query<(Entity, &mut Closing, &TerminalStatus, Has<TerminalSession>)>,
    mut kills: MessageWriter<KillRequest>,
) {
    for (terminal, mut closing, status, joined) in &mut terminals {
        match status {
            TerminalStatus::Attached | TerminalStatus::Exited(_) if joined && !closing.asked => {
                closing.asked = true;
                kills.write(KillRequest { terminal });
            }
            TerminalStatus::Exited(_) | TerminalStatus::Failed { .. } => commands.entity(terminal).despawn(),
            TerminalStatus::Lost => closing.asked = false,
            _ => {}
        }
    }
}
