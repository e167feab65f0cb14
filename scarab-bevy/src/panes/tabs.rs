//! The tabs of a window in their order: opening them, closing them, and which is in front.

use bevy::{
    input_focus::{FocusCause, InputFocus},
    prelude::*,
};

use super::{LastPaneClosed, Pane, Tab, Tree};

/// The tabs of the window, in their order.
#[derive(Resource, Debug, Default)]
pub struct Tabs {
    pub(super) order: Vec<Entity>,
    pub(super) current: usize,
    pub(super) gap: f32,
    /// What of the window they do not have, at its top, in physical pixels: for whatever shows which tabs there are.
    pub reserved: u32,
    /// Whether panes stay whose programs have ended. Default: they close.
    pub hold_ended: bool,
    /// Whether somebody else carries out [`Action::Close`](scarab_protocol::config::Action::Close), who may ask the user before
    /// [`ClosePane`](super::ClosePane) is written. Default: the pane closes at once.
    pub asks: bool,
}

impl Tabs {
    /// The tabs, from left to right.
    pub fn order(&self) -> &[Entity] {
        &self.order
    }

    /// The tab in front.
    pub fn current(&self) -> Option<Entity> {
        self.order.get(self.current).copied()
    }

    /// Where in the order it is.
    pub fn place(&self) -> usize {
        self.current
    }

    /// Brings a tab to the front.
    pub fn show(&mut self, tab: Entity) {
        if let Some(at) = self.order.iter().position(|other| *other == tab) {
            self.current = at;
        }
    }

    fn add(&mut self, tab: Entity) {
        self.current = if self.order.is_empty() { 0 } else { self.current + 1 };
        self.order.insert(self.current, tab);
    }

    pub(super) fn remove(&mut self, tab: Entity) {
        let Some(at) = self.order.iter().position(|other| *other == tab) else { return };
        self.order.remove(at);
        if self.current > at || self.current == self.order.len() {
            self.current = self.current.saturating_sub(1);
        }
    }

    pub(super) fn carry(&mut self, right: bool) {
        let count = self.order.len();
        if count > 1 {
            let to = if right { (self.current + 1) % count } else { (self.current + count - 1) % count };
            let tab = self.order.remove(self.current);
            self.order.insert(to, tab);
            self.current = to;
        }
    }
}

/// Opens a tab with a terminal in it, behind the one in front, and brings it to the front. Gives the tab.
pub fn open_tab(commands: &mut Commands, tabs: &mut Tabs, focus: &mut InputFocus, terminal: Entity) -> Entity {
    let tab = Tab { tree: Tree::new(terminal), focus: terminal, zoomed: false, name: None };
    let tab = add_tab(commands, tabs, tab);
    focus.set(terminal, FocusCause::Navigated);
    tab
}

/// Adds a tab that was put together elsewhere, and brings it to the front. Its terminals become its panes.
pub fn add_tab(commands: &mut Commands, tabs: &mut Tabs, tab: Tab) -> Entity {
    let panes = tab.tree.panes();
    let entity = commands.spawn(tab).id();
    for pane in panes {
        commands.entity(pane).insert(Pane { tab: entity, seen: true });
    }
    tabs.add(entity);
    entity
}

/// Closes all tabs; the sessions go on.
pub fn close_tabs(commands: &mut Commands, state: &mut Tabs, tabs: &Query<&Tab>) {
    for entity in state.order.drain(..) {
        if let Ok(tab) = tabs.get(entity) {
            tab.tree.panes().into_iter().for_each(|pane| commands.entity(pane).try_despawn());
        }
        commands.entity(entity).try_despawn();
    }
    state.current = 0;
}

/// Takes a pane out of its tab, and the tab away with its last.
pub(super) fn close(
    commands: &mut Commands,
    state: &mut Tabs,
    tabs: &mut Query<&mut Tab>,
    terminal: Entity,
    own: Entity,
    closed: &mut MessageWriter<LastPaneClosed>,
) {
    let Ok(mut tab) = tabs.get_mut(own) else { return };
    if !tab.tree.panes().contains(&terminal) {
        return;
    }
    match tab.tree.remove(terminal) {
        Some(next) => {
            if tab.focus == terminal {
                tab.focus = next;
            }
            tab.zoomed = false;
        }
        None => {
            commands.entity(own).try_despawn();
            state.remove(own);
            if state.order.is_empty() {
                closed.write(LastPaneClosed);
            }
        }
    }
}
