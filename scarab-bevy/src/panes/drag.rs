//! Edges between panes, moved with the mouse.

use bevy::{
    input::mouse::MouseButton,
    prelude::*,
    window::{PrimaryWindow, WindowEvent},
};

use super::{
    Tab, Tabs,
    tree::{Axis, Edge},
};
use crate::input::MouseGrab;

/// How near to an edge the pointer has it, in logical pixels: no farther than the padding of terminals goes.
const WITHIN: f32 = 3.0;

/// The edge that is moved or could be, and where the pointer is.
#[derive(Resource, Debug, Default)]
pub(crate) struct EdgeDrag {
    moving: Option<(Entity, Edge)>,
    position: Option<Vec2>,
    /// How the parts at the sides of the edge under the pointer lie.
    pub(crate) over: Option<Axis>,
}

/// Reads what the mouse does at edges. While one is moved, terminals do not hear of it.
pub(super) fn drag(
    mut events: MessageReader<WindowEvent>,
    state: Res<Tabs>,
    window: Option<Single<&Window, With<PrimaryWindow>>>,
    mut tabs: Query<&mut Tab>,
    mut drag: ResMut<EdgeDrag>,
    mut grab: ResMut<MouseGrab>,
) {
    let Some(window) = window else { return };
    let (area, gap, scale) = (state.area(&window), state.gap(&window), window.scale_factor());
    let drag = drag.bypass_change_detection();
    let mut grabbed = drag.moving.is_some();
    for event in events.read() {
        match event {
            WindowEvent::CursorMoved(moved) => {
                drag.position = Some(moved.position);
                let pixel = (moved.position * scale).max(Vec2::ZERO).as_uvec2();
                if let Some((tab, edge)) = &drag.moving
                    && let Ok(mut tab) = tabs.get_mut(*tab)
                {
                    tab.tree.move_edge(edge, pixel, area, gap);
                } else {
                    drag.over = drag.edge(&state, &tabs, area, gap, scale).map(|(_, edge)| edge.axis());
                }
            }
            WindowEvent::MouseButtonInput(pressed) if pressed.button == MouseButton::Left => {
                drag.moving = match pressed.state.is_pressed() {
                    true => drag.edge(&state, &tabs, area, gap, scale),
                    false => None,
                };
                grabbed |= drag.moving.is_some();
            }
            _ => {}
        }
    }
    if grab.0 != grabbed {
        grab.0 = grabbed;
    }
}

impl EdgeDrag {
    /// The edge under the pointer, in the tab in front.
    fn edge(&self, state: &Tabs, tabs: &Query<&mut Tab>, area: URect, gap: u32, scale: f32) -> Option<(Entity, Edge)> {
        let front = state.current()?;
        let tab = tabs.get(front).ok().filter(|tab| !tab.zoomed)?;
        let pixel = (self.position? * scale).max(Vec2::ZERO).as_uvec2();
        Some((front, tab.tree.edge_at(pixel, area, gap, (WITHIN * scale) as u32)?))
    }
}
