//! Carrying out what key bindings ask for about tabs and panes.

use bevy::{
    input_focus::{FocusCause, InputFocus},
    prelude::*,
    window::PrimaryWindow,
};
use scarab_protocol::config::Action;

use super::{Axis, ClosePane, Pane, Side, Tab, Tabs, open_tab};
use crate::{
    input::ActionTriggered,
    terminal::{Terminal, TerminalSession},
};

/// By how much of its split an edge is moved at once.
const STEP: f32 = 0.03;

/// The actions that are carried out here.
pub(super) const OWN: [Action; 26] = [
    Action::NewTab,
    Action::Close,
    Action::NextTab,
    Action::PreviousTab,
    Action::Tab(1),
    Action::Tab(2),
    Action::Tab(3),
    Action::Tab(4),
    Action::Tab(5),
    Action::Tab(6),
    Action::Tab(7),
    Action::Tab(8),
    Action::Tab(9),
    Action::MoveTabLeft,
    Action::MoveTabRight,
    Action::SplitRight,
    Action::SplitDown,
    Action::FocusLeft,
    Action::FocusRight,
    Action::FocusUp,
    Action::FocusDown,
    Action::ResizeLeft,
    Action::ResizeRight,
    Action::ResizeUp,
    Action::ResizeDown,
    Action::Zoom,
];

pub(super) fn act(
    mut commands: Commands,
    mut actions: MessageReader<ActionTriggered>,
    mut state: ResMut<Tabs>,
    mut focus: ResMut<InputFocus>,
    window: Option<Single<&Window, With<PrimaryWindow>>>,
    panes: Query<(&Pane, Option<&TerminalSession>)>,
    mut tabs: Query<&mut Tab>,
    mut closes: MessageWriter<ClosePane>,
) {
    for &ActionTriggered { terminal, action } in actions.read() {
        let Ok((&Pane { tab: own, .. }, session)) = panes.get(terminal) else { continue };
        let Ok(mut tab) = tabs.get_mut(own) else { continue };
        match action {
            Action::NewTab => {
                let new = new_terminal(&mut commands, session);
                open_tab(&mut commands, &mut state, &mut focus, new);
                continue;
            }
            Action::SplitRight | Action::SplitDown => {
                let new = new_terminal(&mut commands, session);
                commands.entity(new).insert(Pane { tab: own, seen: true });
                let axis = if action == Action::SplitRight { Axis::Columns } else { Axis::Rows };
                tab.tree.split(terminal, axis, new);
                (tab.focus, tab.zoomed) = (new, false);
            }
            Action::Close => {
                if !state.asks {
                    closes.write(ClosePane { terminal, leave: false });
                }
                continue;
            }
            Action::FocusLeft | Action::FocusRight | Action::FocusUp | Action::FocusDown => {
                let Some(window) = &window else { continue };
                let beside = tab.tree.neighbour(terminal, side(action), state.area(window), state.gap(window));
                if let Some(beside) = beside {
                    (tab.focus, tab.zoomed) = (beside, false);
                }
            }
            Action::ResizeLeft | Action::ResizeRight | Action::ResizeUp | Action::ResizeDown => {
                tab.tree.push_edge(terminal, side(action), STEP);
                continue;
            }
            Action::Zoom => tab.zoomed = !tab.zoomed && tab.tree.panes().len() > 1,
            Action::NextTab => state.current = (state.current + 1) % state.order.len().max(1),
            Action::PreviousTab => {
                let count = state.order.len().max(1);
                state.current = (state.current + count - 1) % count;
            }
            Action::Tab(9) => state.current = state.order.len().saturating_sub(1),
            Action::Tab(number @ 1..) if usize::from(number) <= state.order.len() => {
                state.current = usize::from(number) - 1;
            }
            Action::MoveTabLeft => state.carry(false),
            Action::MoveTabRight => state.carry(true),
            _ => continue,
        }
        if let Some(front) = state.current().and_then(|tab| tabs.get(tab).ok()) {
            focus.set(front.focus, FocusCause::Navigated);
        }
    }
}

/// A new shell, where the one before it is.
fn new_terminal(commands: &mut Commands, beside: Option<&TerminalSession>) -> Entity {
    let terminal = Terminal::new().keep();
    let terminal = match beside {
        Some(session) => terminal.beside(session.id),
        None => terminal,
    };
    commands.spawn(terminal).id()
}

fn side(action: Action) -> Side {
    match action {
        Action::FocusLeft | Action::ResizeLeft => Side::Left,
        Action::FocusRight | Action::ResizeRight => Side::Right,
        Action::FocusUp | Action::ResizeUp => Side::Up,
        _ => Side::Down,
    }
}
