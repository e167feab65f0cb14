//! Selecting beyond what is seen.

use std::ops::Range;

use bevy::{
    prelude::*,
    window::{PrimaryWindow, RequestRedraw},
};

use super::{Pointer, Said, Seat};
use crate::{
    select::Select,
    terminal::Terminal,
    viewport::{ScrollRequest, ScrollTo},
};

/// How fast a selection that is drawn beyond the edge scrolls at least, in lines a second: so fast one still sees what goes by.
const LEAST_SPEED: f32 = 30.0;
/// How much faster it is for each line that the pointer is beyond the edge.
const DRAG_SPEED: f32 = 20.0;
/// How near to the window's edge the pointer counts as beyond it, in logical pixels: at the edge of a screen it gets no farther. Alacritty's.
const EDGE: f32 = 5.0;

/// While a selection is drawn beyond the upper or lower edge, what is seen goes on that way.
pub(in crate::input) fn scroll_beyond(
    time: Res<Time<Real>>,
    mut pointer: ResMut<Pointer>,
    terminals: Query<Seat, With<Terminal>>,
    window: Option<Single<&Window, With<PrimaryWindow>>>,
    mut said: Said,
    mut redraw: MessageWriter<RequestRedraw>,
) {
    // A click alone draws nothing.
    let (Some(kind), Some(position), true) = (pointer.selecting(), pointer.position, pointer.draws) else { return };
    let Some(seat) = pointer.over.and_then(|over| terminals.get(over).ok()) else { return };
    let (height, y) = (seat.metrics.logical_cell().y, seat.inside(position).y);
    let top = seat.metrics.padding as f32 / seat.metrics.scale_factor;
    let mut text = top..top + height * f32::from(seat.screen.grid.rows());
    if let Some(window) = window {
        // How far the terminal is below the window's upper edge.
        let below = position.y - y;
        text = text.start.max(EDGE - below)..text.end.min(window.height() - EDGE - below);
    }
    let Some(speed) = speed(y, text, height) else { return };
    let can_move = if speed > 0.0 { seat.viewport.can_go_up(seat.screen) } else { seat.viewport.is_scrolled_back() };
    // Also when nothing moves any more: what was moved to last is in it then.
    let place = seat.place_at(position, kind);
    if pointer.place != place {
        pointer.place = place;
        said.select(seat.terminal, place.map(Select::Extend));
    }
    if !can_move {
        return;
    }
    let lines = speed * time.delta_secs().min(0.1);
    said.scrolls.write(ScrollRequest { terminal: seat.terminal, to: ScrollTo::Lines(lines) });
    // Nothing else wakes an App whose pointer rests.
    redraw.write(RequestRedraw);
}

/// How fast to scroll up for a pointer at this height, in lines a second; down if it is negative. `None` where the pointer is beside the text.
fn speed(y: f32, text: Range<f32>, line: f32) -> Option<f32> {
    let beyond = (text.start - y).max(0.0) - (y - text.end).max(0.0);
    (line > 0.0 && beyond != 0.0).then(|| beyond.signum() * LEAST_SPEED + beyond / line * DRAG_SPEED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_edge_it_scrolls_at_once_and_faster_the_farther_it_is() {
        let at = |y| speed(y, 4.0..100.0, 16.0);
        assert_eq!([at(4.0), at(50.0), at(100.0)], [None; 3]);
        assert_eq!([at(-12.0), at(116.0)], [Some(50.0), Some(-50.0)]);
        assert!(
            at(3.9).is_some_and(|speed| speed > LEAST_SPEED) && at(100.1).is_some_and(|speed| speed < -LEAST_SPEED)
        );
        assert_eq!(speed(0.0, 4.0..100.0, 0.0), None, "nothing is measured yet");
    }
}
