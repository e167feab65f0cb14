//! The places of panes in their window, and which of them are seen.

use bevy::{prelude::*, window::PrimaryWindow};

use super::{Pane, Tab, Tabs};
use crate::view::TerminalArea;

impl Tabs {
    /// The part of the window that panes have.
    pub(super) fn area(&self, window: &Window) -> URect {
        let size = window.physical_size();
        URect { min: UVec2::new(0, self.reserved.min(size.y)), max: size }
    }

    pub(super) fn gap(&self, window: &Window) -> u32 {
        (self.gap * window.scale_factor()).round().max(0.0) as u32
    }
}

/// Gives panes their places, and hides those that are not seen.
pub(super) fn lay_out(
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
            let seen = front && tab.shows(pane);
            shown.set_if_neq(Pane { tab: entity, seen });
        }
    }
}

/// Only what is seen is drawn.
#[cfg(feature = "render")]
pub(super) fn show(
    mut panes: Query<(&Pane, &mut Visibility), Changed<Pane>>,
    mut closing: Query<&mut Visibility, (Added<super::ended::Closing>, Without<Pane>)>,
) {
    for (pane, mut visibility) in &mut panes {
        visibility.set_if_neq(if pane.seen { Visibility::Inherited } else { Visibility::Hidden });
    }
    for mut visibility in &mut closing {
        *visibility = Visibility::Hidden;
    }
}
