//! Which pane has the keyboard.

use bevy::{
    ecs::system::SystemParam,
    input_focus::{FocusCause, InputFocus},
    prelude::*,
};

use super::{Pane, Tab, Tabs};

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

/// A pane that was given the keyboard, by a click, is its tab's.
pub(super) fn follow_focus(focus: Res<InputFocus>, panes: Query<&Pane>, mut tabs: Query<&mut Tab>) {
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

/// Whoever had the keyboard and is gone leaves it to the pane in front.
pub(super) fn regain_focus(front: Front, all: Query<()>, mut focus: ResMut<InputFocus>) {
    let is_gone = focus.get().is_some_and(|focused| !all.contains(focused));
    if let Some(pane) = front.pane().filter(|_| is_gone) {
        focus.set(pane, FocusCause::Navigated);
    }
}
