//! A terminal as the mouse finds it: where in the window it is, and what a position means there.

use bevy::{ecs::query::QueryData, prelude::*};
use scarab_protocol::{key::Mods, surface::Modes};

use crate::{
    panes::Pane,
    scrollback::Scrollback,
    select::{Place, SelectionKind, TerminalSelection},
    terminal::TerminalGrid,
    view::{TerminalArea, TerminalMetrics},
    viewport::TerminalViewport,
};

/// A terminal, as far as the mouse goes.
#[derive(QueryData)]
pub(super) struct Seat {
    pub(super) terminal: Entity,
    area: &'static TerminalArea,
    pub(super) screen: &'static TerminalGrid,
    pub(super) metrics: &'static TerminalMetrics,
    pub(super) viewport: &'static TerminalViewport,
    pub(super) selection: &'static TerminalSelection,
    pub(super) scrollback: &'static Scrollback,
    pane: Option<&'static Pane>,
}

/// A place on a terminal's screen, as programs are told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    /// Column and row, from 0.
    pub(super) cell: (u16, u16),
    /// Where in the cell, in 256ths of its width and height from its left and top: the middle of a physical pixel.
    pub(super) part: (u8, u8),
}

/// By how much a pixel may seem to begin later than it does, in physical pixels: positions are told in logical ones, and rounded.
const ROUNDING: f32 = 1.0 / 64.0;

impl SeatItem<'_, '_> {
    /// A position of the window as one of the terminal's.
    pub(super) fn inside(&self, position: Vec2) -> Vec2 {
        position - self.area.0.min.as_vec2() / self.metrics.scale_factor
    }

    /// Whether a position of the window is over the terminal, and that is seen.
    pub(super) fn has(&self, position: Vec2) -> bool {
        if self.pane.is_some_and(|pane| !pane.seen) {
            return false;
        }
        let pixel = position * self.metrics.scale_factor;
        pixel.cmpge(self.area.0.min.as_vec2()).all() && pixel.cmplt(self.area.0.max.as_vec2()).all()
    }

    /// Whether the program has the mouse.
    pub(super) fn listens(&self, mods: Mods) -> bool {
        let sees_it = !self.viewport.is_scrolled_back();
        sees_it && self.screen.grid.modes.intersects(Modes::MOUSE) && !mods.contains(Mods::SHIFT)
    }

    /// Whether the program wants to hear of motion within a cell, while it has a button that is held or has none.
    pub(super) fn wants_pixels(&self, has_button: bool) -> bool {
        wants_pixels(self.screen.grid.modes, has_button)
    }

    /// The spot under a position of the window; in the padding, the nearest one.
    pub(super) fn spot_at(&self, position: Vec2) -> Option<Spot> {
        let grid = &self.screen.grid;
        let inside = self.inside(position) * self.metrics.scale_factor - Vec2::splat(self.metrics.padding as f32);
        spot(inside, self.metrics.cell, UVec2::new(grid.cols().into(), grid.rows().into()))
    }

    /// The place in the lines that a position means: for cells the nearer side of the one under it.
    pub(super) fn place_at(&self, position: Vec2, kind: SelectionKind) -> Option<Place> {
        let (cell, grid) = (self.metrics.logical_cell(), &self.screen.grid);
        let half = match kind {
            SelectionKind::Cells | SelectionKind::Block => Vec2::new(cell.x / 2.0, 0.0),
            SelectionKind::Words | SelectionKind::Lines => Vec2::ZERO,
        };
        let hidden = Vec2::new(0.0, self.viewport.hidden_part() * cell.y);
        let at = self.metrics.cell_at(self.inside(position) + half + hidden)?;
        let rows = i32::from(grid.rows());
        // With a part of the first row above, there is a part of one more below.
        let last = if self.viewport.hidden_part() > 0.0 { rows } else { (rows - 1).max(0) };
        let line = self.viewport.first_line(self.screen) + at.y.clamp(0, last) as u64;
        // Above all and below all, whole lines are meant.
        let col = if at.y < 0 {
            0
        } else if at.y >= rows && self.viewport.hidden_part() == 0.0 {
            grid.cols()
        } else {
            at.x.clamp(0, grid.cols().into()) as u16
        };
        Some(Place { line, col })
    }
}

fn wants_pixels(modes: Modes, has_button: bool) -> bool {
    let of_motion = if has_button { Modes::MOUSE_DRAG | Modes::MOUSE_MOTION } else { Modes::MOUSE_MOTION };
    modes.contains(Modes::MOUSE_PIXELS) && modes.intersects(of_motion)
}

/// The spot at a place in physical pixels from the first cell's corner, on a screen of so many cells of a size. `None` until that
/// is measured.
fn spot(inside: Vec2, cell: UVec2, cells: UVec2) -> Option<Spot> {
    if cell.cmpeq(UVec2::ZERO).any() || cells.cmpeq(UVec2::ZERO).any() {
        return None;
    }
    let last = (cell * cells - UVec2::ONE).as_vec2();
    let pixel = (inside + ROUNDING).floor().clamp(Vec2::ZERO, last).as_uvec2();
    let (at, within) = (pixel / cell, pixel % cell);
    // Of the middle of a pixel the daemon makes that pixel again, where of its edge it could make the one before.
    let part = |within: u32, of: u32| ((2 * within + 1) * 128 / of) as u8;
    Some(Spot { cell: (at.x as u16, at.y as u16), part: (part(within.x, cell.x), part(within.y, cell.y)) })
}

#[cfg(test)]
mod tests {
    use scarab_protocol::{
        ids::TermSize,
        mouse::{MouseAction, MouseButton, MouseEvent, encode_mouse},
    };

    use super::*;

    /// What a program that wants pixels is told of a click on a spot.
    fn told(Spot { cell: (col, row), part: (x, y) }: Spot, size: TermSize) -> String {
        let (action, button, mods) = (MouseAction::Press, Some(MouseButton::Left), Mods::empty());
        let event = MouseEvent { action, button, col, row, x, y, mods };
        let mut out = Vec::new();
        encode_mouse(&event, Modes::MOUSE_CLICK | Modes::MOUSE_PIXELS, size, &mut out);
        String::from_utf8(out).expect("a report is ASCII")
    }

    #[test]
    fn every_pixel_comes_back_as_itself() {
        for (width, height) in [(7, 13), (8, 16), (9, 19), (11, 23), (25, 51), (64, 128)] {
            let (cell, cells) = (UVec2::new(width, height), UVec2::new(3, 2));
            let whole = cell * cells;
            let size = TermSize { cols: 3, rows: 2, pixel_width: whole.x as u16, pixel_height: whole.y as u16 };
            for x in 0..whole.x.max(whole.y) {
                let pixel = UVec2::splat(x).min(whole - UVec2::ONE);
                // As a window of this scale tells it.
                let position = pixel.as_vec2() / 1.7 * 1.7;
                let spot = spot(position, cell, cells).expect("it is measured");
                assert_eq!(told(spot, size), format!("\x1b[<0;{};{}M", pixel.x + 1, pixel.y + 1), "{cell}");
            }
        }
    }

    #[test]
    fn motion_within_a_cell_counts_only_where_the_program_hears_of_motion_and_of_pixels() {
        let without_and_with_a_button = |modes| [false, true].map(|has_button| wants_pixels(modes, has_button));
        let pixels = Modes::MOUSE_PIXELS;
        assert_eq!(without_and_with_a_button(Modes::MOUSE_MOTION | pixels), [true, true]);
        assert_eq!(without_and_with_a_button(Modes::MOUSE_DRAG | pixels), [false, true]);
        assert_eq!(without_and_with_a_button(Modes::MOUSE_CLICK | pixels), [false, false]);
        assert_eq!(without_and_with_a_button(Modes::MOUSE_MOTION), [false, false]);
    }

    #[test]
    fn beyond_the_cells_the_nearest_one_counts() {
        let (cell, cells) = (UVec2::new(8, 16), UVec2::new(80, 24));
        let at = |x: f32, y: f32| spot(Vec2::new(x, y), cell, cells).expect("it is measured");
        assert_eq!(at(-3.0, 400.0), Spot { cell: (0, 23), part: (16, 248) });
        assert_eq!(at(9000.0, -1.0), Spot { cell: (79, 0), part: (240, 8) });
        assert_eq!(at(8.0, 15.9).cell, (1, 0));
        assert_eq!(spot(Vec2::ZERO, UVec2::ZERO, cells), None);
    }
}
