//! The least there is to a terminal in a Bevy app: the IPC plugin, and one terminal that follows the window.
//!
//! Nothing draws it here; its screen is a component like any other. `in_world` and the `scarab` program show how it is drawn.

use bevy::prelude::*;
use scarab_bevy::prelude::*;

fn main() {
    // This program starts itself as the daemon if none is running.
    run_if_requested();
    App::new()
        .add_plugins(DefaultPlugins)
        .add_plugins(ScarabIpcPlugin::default().with_launch(Launch::Reexec))
        .add_systems(Startup, |mut commands: Commands| {
            commands.spawn((Terminal::new(), FitWindow));
        })
        .add_systems(Update, show)
        .run();
}

/// Keys typed into the window go to the shell; what it shows is logged.
fn show(terminals: Query<&TerminalGrid, Changed<TerminalGrid>>) {
    for TerminalGrid { grid } in &terminals {
        let (row, text) = (grid.cursor.row, grid.row_text(grid.cursor.row));
        info!("frame {}, line {row}: {text}", grid.frame);
    }
}
