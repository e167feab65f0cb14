//! What a terminal's size on screen has to do with its size in cells.

use bevy::{prelude::*, window::PrimaryWindow};

/// Fills the primary window with the terminal: its [`TerminalArea`] is the whole of it.
#[derive(Component, Reflect, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[reflect(Component, Default)]
#[require(TerminalArea)]
pub struct FitWindow;

/// The part of the primary window that a terminal fills, in physical pixels from the top left: the first cell at the top left inside
/// the padding, what is left over at the right and below in the background colour. The terminal gets as many cells as fit, and the
/// mouse over it. The entity's `Transform` should be left alone.
#[derive(Component, Reflect, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[reflect(Component, Default)]
pub struct TerminalArea(pub URect);

/// The sets of the systems that say where terminals are, in `PostUpdate`.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TerminalAreaSystems {
    /// [`TerminalArea`]s are written. What lays terminals out writes them here or before; what looks at them runs after it.
    Fill,
}

/// Has terminals with [`FitWindow`] fill the window; brought by every plugin that needs it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AreaPlugin;

impl AreaPlugin {
    /// Adds it, if no other plugin has.
    pub(crate) fn bring(app: &mut App) {
        if !app.is_plugin_added::<Self>() {
            app.add_plugins(Self);
        }
    }
}

impl Plugin for AreaPlugin {
    fn build(&self, app: &mut App) {
        app.register_type::<FitWindow>()
            .register_type::<TerminalArea>()
            .add_systems(PostUpdate, fill_window.in_set(TerminalAreaSystems::Fill));
    }
}

/// A minimised window has no size; its terminal keeps the area it had.
fn fill_window(
    window: Option<Single<&Window, With<PrimaryWindow>>>,
    mut terminals: Query<&mut TerminalArea, With<FitWindow>>,
) {
    let Some(size) = window.map(|window| window.physical_size()).filter(|size| size.cmpne(UVec2::ZERO).all()) else {
        return;
    };
    for mut area in &mut terminals {
        area.set_if_neq(TerminalArea(URect { min: UVec2::ZERO, max: size }));
    }
}

/// How large a terminal's cells are: written by whatever draws it, from the font and
/// the scale factor; read by what turns pixels into cells.
#[derive(Component, Reflect, Debug, Clone, Copy, PartialEq)]
#[reflect(Component, Default)]
pub struct TerminalMetrics {
    /// Width and height of a cell in physical pixels, at least 1. Zero until measured.
    pub cell: UVec2,
    /// The padding around the cells in physical pixels.
    pub padding: u32,
    /// Physical pixels in a logical one.
    pub scale_factor: f32,
}

impl Default for TerminalMetrics {
    fn default() -> Self {
        Self { cell: UVec2::ZERO, padding: 0, scale_factor: 1.0 }
    }
}

impl TerminalMetrics {
    /// Width and height of a cell in logical pixels.
    pub fn logical_cell(&self) -> Vec2 {
        self.cell.as_vec2() / self.scale_factor
    }

    /// How many columns and rows fit into this many physical pixels inside the padding; at least 1 by 1.
    /// `None` until measured.
    pub fn cells_in(&self, size: UVec2) -> Option<(u16, u16)> {
        if self.cell.cmpeq(UVec2::ZERO).any() {
            return None;
        }
        let cells = size.saturating_sub(UVec2::splat(2 * self.padding)) / self.cell;
        let cells = cells.clamp(UVec2::ONE, UVec2::splat(u16::MAX.into()));
        Some((cells.x as u16, cells.y as u16))
    }

    /// The column and row at a position in logical pixels from the top left of the quad, which is that of its [`TerminalArea`] if it has
    /// one. In the padding it is negative or beyond the grid. `None` until measured.
    pub fn cell_at(&self, position: Vec2) -> Option<IVec2> {
        if self.cell.cmpeq(UVec2::ZERO).any() {
            return None;
        }
        let inside = position * self.scale_factor - Vec2::splat(self.padding as f32);
        Some((inside / self.cell.as_vec2()).floor().as_ivec2())
    }

    /// The size of the quad of a grid in physical pixels, padding included.
    pub fn quad(&self, cols: u16, rows: u16) -> UVec2 {
        self.cell * UVec2::new(cols.into(), rows.into()) + UVec2::splat(2 * self.padding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRICS: TerminalMetrics = TerminalMetrics { cell: UVec2::new(10, 20), padding: 8, scale_factor: 2.0 };

    #[test]
    fn a_window_holds_whole_cells_inside_its_padding() {
        assert_eq!(METRICS.cells_in(UVec2::new(816, 496)), Some((80, 24)));
        assert_eq!(METRICS.cells_in(UVec2::new(815, 495)), Some((79, 23)));
        assert_eq!(METRICS.cells_in(UVec2::ZERO), Some((1, 1)));
        assert_eq!(TerminalMetrics::default().cells_in(UVec2::new(816, 496)), None);
        assert_eq!(METRICS.quad(80, 24), UVec2::new(816, 496));
    }

    #[test]
    fn a_position_has_a_cell() {
        assert_eq!(METRICS.cell_at(Vec2::new(4.0, 4.0)), Some(IVec2::ZERO));
        assert_eq!(METRICS.cell_at(Vec2::new(3.0, 14.0)), Some(IVec2::new(-1, 1)));
    }
}
