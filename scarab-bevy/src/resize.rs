//! Sizes: a window's, as columns and rows of the terminal that fills it.

use bevy::{prelude::*, window::PrimaryWindow};

use crate::{
    ipc::ScarabIpcSystems,
    terminal::{Terminal, TerminalSize},
    view::{FitWindow, TerminalMetrics},
};

/// Makes terminals with [`FitWindow`] follow the primary window's size. Brought by [`ScarabIpcPlugin`](crate::ScarabIpcPlugin).
#[derive(Debug, Clone, Copy, Default)]
pub struct ScarabResizePlugin;

/// The sets of the resize plugin's systems.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScarabResizeSystems {
    /// In `PostUpdate`, before sizes are sent and after whatever draws has measured its cells: windows' sizes become
    /// [`TerminalSize`]s.
    Fit,
}

/// The size of a cell in physical pixels where nothing draws and so nothing measures: that of the PC's text mode.
const UNMEASURED_CELL: UVec2 = UVec2::new(8, 16);

impl Plugin for ScarabResizePlugin {
    fn build(&self, app: &mut App) {
        app.configure_sets(PostUpdate, ScarabResizeSystems::Fit.before(ScarabIpcSystems::Send))
            .add_systems(PostUpdate, fit.in_set(ScarabResizeSystems::Fit));
        #[cfg(feature = "render")]
        app.configure_sets(PostUpdate, ScarabResizeSystems::Fit.after(crate::render::TerminalRenderSystems::Measure));
    }
}

/// A minimised window has no size; its terminal keeps the one it had.
fn fit(
    mut commands: Commands,
    window: Option<Single<&Window, With<PrimaryWindow>>>,
    terminals: Query<(Entity, Option<&TerminalMetrics>, Option<&TerminalSize>), (With<Terminal>, With<FitWindow>)>,
) {
    let Some(window) = window else { return };
    let pixels = window.physical_size();
    if pixels.cmpeq(UVec2::ZERO).any() {
        return;
    }
    for (entity, metrics, size) in &terminals {
        let assumed = TerminalMetrics { cell: UNMEASURED_CELL, ..default() };
        let metrics = metrics.unwrap_or(&assumed);
        let Some((cols, rows)) = metrics.cells_in(pixels) else { continue };
        let clip = |cells: u16, cell: u32| u16::try_from(u32::from(cells) * cell).unwrap_or(u16::MAX);
        let wanted = TerminalSize {
            cols,
            rows,
            pixel_width: clip(cols, metrics.cell.x),
            pixel_height: clip(rows, metrics.cell.y),
        };
        if size != Some(&wanted) {
            commands.entity(entity).insert(wanted);
        }
    }
}
