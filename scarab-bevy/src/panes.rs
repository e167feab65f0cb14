//! Tabs and panes: terminals that share a window.
//!
//! A [`Tab`] is an entity with a tree of splits, a pane a terminal with [`Pane`]. The tab in front has its panes laid out over the
//! window; those of the others are hidden and keep their places.

mod drag;
mod tree;

use bevy::{
    ecs::system::SystemParam,
    input::InputSystems,
    input_focus::{FocusCause, InputFocus},
    prelude::*,
    window::PrimaryWindow,
};
use scarab_protocol::config::Action;

pub(crate) use drag::EdgeDrag;
pub use tree::{Axis, Edge, Node, Side, Tree};

use crate::{
    input::{ActionTriggered, MouseGrab, ScarabInputSystems, TerminalKeys},
    messages::{KillRequest, TerminalExited},
    terminal::{Terminal, TerminalSession, TerminalStatus},
    view::{TerminalArea, TerminalAreaSystems},
};

/// Lays terminals out in tabs and splits, and carries out what keys ask for about them: new ones, closing, going from one to the other,
/// sizes, zoom.
///
/// The App opens the first tab with [`open_tab`]. Needs the plugin of connections and its input.
#[derive(Debug, Clone, Copy)]
pub struct ScarabPanesPlugin {
    /// The space between panes, in logical pixels. Default: 1.
    pub gap: f32,
}

impl Default for ScarabPanesPlugin {
    fn default() -> Self {
        Self { gap: 1.0 }
    }
}

/// By how much of its split an edge is moved at once.
const STEP: f32 = 0.03;

const OWN: [Action; 26] = [
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

/// The set of the systems that open, move and close panes, in `Update`. What shows which there are runs after it.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScarabPanesSystems {
    /// Actions are carried out, panes whose programs have ended close.
    Act,
}

/// A tab: panes that are seen together.
#[derive(Component, Debug, Clone, PartialEq)]
pub struct Tab {
    /// How its panes share the window.
    pub tree: Tree<Entity>,
    /// The pane that has the keyboard when the tab is in front.
    pub focus: Entity,
    /// Whether that pane is seen alone.
    pub zoomed: bool,
    /// The name that the user has given it; else it is called what its pane is.
    pub name: Option<String>,
}

/// A terminal in a tab.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq)]
#[require(TerminalArea)]
pub struct Pane {
    /// The tab.
    pub tab: Entity,
    /// Whether it is seen: its tab is in front, and no other pane has that for itself.
    pub seen: bool,
}

/// The tabs of the window, in their order.
#[derive(Resource, Debug, Default)]
pub struct Tabs {
    order: Vec<Entity>,
    current: usize,
    gap: f32,
    /// What of the window they do not have, at its top, in physical pixels: for whatever shows which tabs there are.
    pub reserved: u32,
    /// Whether panes stay whose programs have ended. Default: they close.
    pub hold_ended: bool,
}

/// The pane in front, which has the keyboard if a terminal has it.
#[derive(SystemParam)]
pub struct Front<'w, 's> {
    state: Res<'w, Tabs>,
    tabs: Query<'w, 's, &'static Tab>,
}

impl Front<'_, '_> {
    /// The terminal; none while there is no tab.
    pub fn pane(&self) -> Option<Entity> {
        self.tabs.get(self.state.current()?).ok().map(|tab| tab.focus)
    }
}

/// A terminal whose pane was closed: it is seen no more, and gone when its session has ended.
#[derive(Component, Debug, Clone, Copy, Default)]
pub(crate) struct Closing {
    /// Its session is being ended. What was asked over a connection that is lost is asked again.
    pub(crate) asked: bool,
}

/// The last pane was closed.
#[derive(Message, Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastPaneClosed;

impl Plugin for ScarabPanesPlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(Tabs { gap: self.gap, ..default() })
            .add_message::<LastPaneClosed>()
            .add_systems(Startup, |keys: Option<ResMut<TerminalKeys>>| {
                if let Some(mut keys) = keys {
                    keys.actions.extend(OWN);
                }
            })
            .init_resource::<EdgeDrag>()
            .init_resource::<MouseGrab>()
            .add_message::<bevy::window::WindowEvent>()
            .add_systems(PreUpdate, drag::drag.after(InputSystems).before(ScarabInputSystems::Read))
            .add_systems(
                Update,
                (act, follow_focus, close_ended, regain_focus, end_closing).chain().in_set(ScarabPanesSystems::Act),
            )
            .add_systems(PostUpdate, lay_out.in_set(TerminalAreaSystems::Fill));
    }

    /// Panes are drawn if anything is.
    #[cfg(feature = "render")]
    fn finish(&self, app: &mut App) {
        if app.is_plugin_added::<crate::render::ScarabRenderPlugin>() {
            app.register_required_components::<Pane, crate::render::TerminalView>();
            app.add_systems(
                PostUpdate,
                show.after(TerminalAreaSystems::Fill)
                    .before(bevy::camera::visibility::VisibilitySystems::VisibilityPropagate),
            );
        }
    }
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

    fn remove(&mut self, tab: Entity) {
        let Some(at) = self.order.iter().position(|other| *other == tab) else { return };
        self.order.remove(at);
        if self.current > at || self.current == self.order.len() {
            self.current = self.current.saturating_sub(1);
        }
    }

    fn carry(&mut self, right: bool) {
        let count = self.order.len();
        if count > 1 {
            let to = if right { (self.current + 1) % count } else { (self.current + count - 1) % count };
            let tab = self.order.remove(self.current);
            self.order.insert(to, tab);
            self.current = to;
        }
    }

    /// The part of the window that panes have.
    fn area(&self, window: &Window) -> URect {
        let size = window.physical_size();
        URect { min: UVec2::new(0, self.reserved.min(size.y)), max: size }
    }

    fn gap(&self, window: &Window) -> u32 {
        (self.gap * window.scale_factor()).round().max(0.0) as u32
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

/// A new shell, where the one before it is.
fn new_terminal(commands: &mut Commands, beside: Option<&TerminalSession>) -> Entity {
    let terminal = Terminal::new().keep();
    let terminal = match beside.map(|session| session.cwd.as_str()).filter(|cwd| !cwd.is_empty()) {
        // What a shell tells may be a directory of another machine.
        Some(cwd) => terminal.cwd_if_there(cwd),
        None => terminal,
    };
    commands.spawn(terminal).id()
}

fn act(
    mut commands: Commands,
    mut actions: MessageReader<ActionTriggered>,
    mut state: ResMut<Tabs>,
    mut focus: ResMut<InputFocus>,
    window: Option<Single<&Window, With<PrimaryWindow>>>,
    panes: Query<(&Pane, Option<&TerminalSession>)>,
    mut tabs: Query<&mut Tab>,
    mut closed: MessageWriter<LastPaneClosed>,
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
                commands.entity(terminal).insert(Closing::default()).remove::<(Pane, TerminalArea)>();
                close(&mut commands, &mut state, &mut tabs, terminal, own, &mut closed);
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
            Action::Tab(number) if usize::from(number) <= state.order.len() => state.current = usize::from(number) - 1,
            Action::MoveTabLeft => state.carry(false),
            Action::MoveTabRight => state.carry(true),
            _ => continue,
        }
        if let Some(front) = state.current().and_then(|tab| tabs.get(tab).ok()) {
            focus.set(front.focus, FocusCause::Navigated);
        }
    }
}

fn side(action: Action) -> Side {
    match action {
        Action::FocusLeft | Action::ResizeLeft => Side::Left,
        Action::FocusRight | Action::ResizeRight => Side::Right,
        Action::FocusUp | Action::ResizeUp => Side::Up,
        _ => Side::Down,
    }
}

/// Takes a pane out of its tab, and the tab away with its last.
fn close(
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

/// A pane whose program has ended closes.
fn close_ended(
    mut commands: Commands,
    mut exits: MessageReader<TerminalExited>,
    mut state: ResMut<Tabs>,
    mut focus: ResMut<InputFocus>,
    panes: Query<&Pane>,
    mut tabs: Query<&mut Tab>,
    mut closed: MessageWriter<LastPaneClosed>,
) {
    if state.hold_ended {
        exits.clear();
    }
    for TerminalExited { terminal, .. } in exits.read() {
        let Ok(&Pane { tab, .. }) = panes.get(*terminal) else { continue };
        commands.entity(*terminal).try_despawn();
        close(&mut commands, &mut state, &mut tabs, *terminal, tab, &mut closed);
        let had_focus = focus.get() == Some(*terminal);
        if let Some(front) = state.current().filter(|_| had_focus).and_then(|tab| tabs.get(tab).ok()) {
            focus.set(front.focus, FocusCause::Navigated);
        }
    }
}

/// Whoever had the keyboard and is gone leaves it to the pane in front.
fn regain_focus(front: Front, all: Query<()>, mut focus: ResMut<InputFocus>) {
    let is_gone = focus.get().is_some_and(|focused| !all.contains(focused));
    if let Some(pane) = front.pane().filter(|_| is_gone) {
        focus.set(pane, FocusCause::Navigated);
    }
}

/// Ends the sessions of panes that were closed, as soon as there is one to be ended.
fn end_closing(
    mut commands: Commands,
    mut terminals: Query<(Entity, &mut Closing, &TerminalStatus, Has<TerminalSession>)>,
    mut kills: MessageWriter<KillRequest>,
) {
    for (terminal, mut closing, status, joined) in &mut terminals {
        match status {
            TerminalStatus::Exited(_) | TerminalStatus::Failed { .. } => commands.entity(terminal).despawn(),
            TerminalStatus::Attached if joined && !closing.asked => {
                closing.asked = true;
                kills.write(KillRequest { terminal });
            }
            TerminalStatus::Lost => closing.asked = false,
            _ => {}
        }
    }
}

/// A pane that was given the keyboard, by a click, is its tab's.
fn follow_focus(focus: Res<InputFocus>, panes: Query<&Pane>, mut tabs: Query<&mut Tab>) {
    if !focus.is_changed() {
        return;
    }
    let Some(terminal) = focus.get() else { return };
    if let Ok(&Pane { tab, .. }) = panes.get(terminal)
        && let Ok(mut tab) = tabs.get_mut(tab)
        && tab.focus != terminal
    {
        tab.focus = terminal;
    }
}

/// Gives panes their places, and hides those that are not seen.
fn lay_out(
    state: Res<Tabs>,
    window: Option<Single<Ref<Window>, With<PrimaryWindow>>>,
    tabs: Query<(Entity, Ref<Tab>)>,
    mut panes: Query<(&mut TerminalArea, &mut Pane)>,
) {
    let Some(window) = window else { return };
    let changed = window.is_changed() || state.is_changed() || tabs.iter().any(|(_, tab)| tab.is_changed());
    // A minimised window has no size; panes keep the places that they had.
    if !changed || window.physical_size().cmpeq(UVec2::ZERO).any() {
        return;
    }
    let (area, gap) = (state.area(&window), state.gap(&window));
    for (entity, tab) in &tabs {
        let front = state.current() == Some(entity);
        for (pane, place) in tab.tree.places(area, gap) {
            let Ok((mut own, mut shown)) = panes.get_mut(pane) else { continue };
            let alone = tab.zoomed && tab.focus == pane;
            own.set_if_neq(TerminalArea(if alone { area } else { place }));
            let seen = front && (!tab.zoomed || alone);
            shown.set_if_neq(Pane { tab: entity, seen });
        }
    }
}

/// Only what is seen is drawn.
#[cfg(feature = "render")]
fn show(
    mut panes: Query<(&Pane, &mut Visibility), Changed<Pane>>,
    mut closing: Query<&mut Visibility, (Added<Closing>, Without<Pane>)>,
) {
    for (pane, mut visibility) in &mut panes {
        visibility.set_if_neq(if pane.seen { Visibility::Inherited } else { Visibility::Hidden });
    }
    for mut visibility in &mut closing {
        *visibility = Visibility::Hidden;
    }
}
