//! Sizes: a part of the window, as columns and rows of the terminal that fills it.

use bevy::prelude::*;

use crate::{
    ipc::ScarabIpcSystems,
    terminal::{Terminal, TerminalSize},
    view::{AreaPlugin, TerminalArea, TerminalAreaSystems, TerminalMetrics},
};

/// Makes terminals with a [`TerminalArea`] as large as that, as those with [`FitWindow`](crate::FitWindow) have of the window. Brought by [`ScarabIpcPlugin`](crate::ScarabIpcPlugin).
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
        AreaPlugin::bring(app);
        app.configure_sets(
            PostUpdate,
            ScarabResizeSystems::Fit.after(TerminalAreaSystems::Fill).before(ScarabIpcSystems::Send),
        )
        .add_systems(PostUpdate, fit.in_set(ScarabResizeSystems::Fit));
        #[cfg(feature = "render")]
        app.configure_sets(PostUpdate, ScarabResizeSystems::Fit.after(crate::render::TerminalRenderSystems::Measure));
    }
}

fn fit(
    mut commands: Commands,
    terminals: Query<(Entity, &TerminalArea, Option<&TerminalMetrics>, Option<&TerminalSize>), With<Terminal>>,
) {
    for (entity, TerminalArea(area), metrics, size) in &terminals {
        let pixels = area.size();
        // Nobody has said yet where it is.
        if pixels.cmpeq(UVec2::ZERO).any() {
            continue;
        }
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
