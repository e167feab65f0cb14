//! Selecting beyond what is seen.

use bevy::{prelude::*, window::RequestRedraw};

use super::{Pointer, Said, Seat};
use crate::{
    select::Select,
    terminal::Terminal,
    viewport::{ScrollRequest, ScrollTo},
};

/// How fast a selection that is drawn beyond the edge scrolls, in lines a second for each line that the pointer is beyond.
const DRAG_SPEED: f32 = 10.0;

/// While a selection is drawn beyond the upper or lower edge, what is seen goes on that way.
pub(in crate::input) fn scroll_beyond(
    time: Res<Time<Real>>,
    mut pointer: ResMut<Pointer>,
    terminals: Query<Seat, With<Terminal>>,
    mut said: Said,
    mut redraw: MessageWriter<RequestRedraw>,
) {
    let (Some(kind), Some(position)) = (pointer.selecting(), pointer.position) else { return };
    let Some(seat) = pointer.over.and_then(|over| terminals.get(over).ok()) else { return };
    let (height, y) = (seat.metrics.logical_cell().y, seat.inside(position).y);
    let top = seat.metrics.padding as f32 / seat.metrics.scale_factor;
    let bottom = top + height * f32::from(seat.screen.grid.rows());
    let beyond = (top - y).max(0.0) - (y - bottom).max(0.0);
    let can_move = if beyond > 0.0 { seat.viewport.can_go_up(seat.screen) } else { seat.viewport.is_scrolled_back() };
    if height <= 0.0 || beyond == 0.0 {
        return;
    }
    // Also when nothing moves any more: what was moved to last is in it then.
    let place = seat.place_at(position, kind);
    if pointer.place != place {
        pointer.place = place;
        said.select(seat.terminal, place.map(Select::Extend));
    }
    if !can_move {
        return;
    }
    let lines = beyond / height * DRAG_SPEED * time.delta_secs().min(0.1);
    said.scrolls.write(ScrollRequest { terminal: seat.terminal, to: ScrollTo::Lines(lines) });
    // Nothing else wakes an App whose pointer rests.
    redraw.write(RequestRedraw);
}
