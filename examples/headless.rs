//! An App without a window that drives a shell and prints what it saw.

use bevy::prelude::*;
use scarab_bevy::{ScarabIpcSystems, prelude::*};

fn main() -> AppExit {
    run_if_requested();
    App::new()
        .add_plugins(MinimalPlugins.build().disable::<bevy::app::ScheduleRunnerPlugin>())
        // Updates when the shell has something to say, and sleeps in between.
        .add_plugins(ScarabHeadlessRunnerPlugin)
        .add_plugins(ScarabIpcPlugin::default().with_launch(Launch::Reexec))
        .add_systems(Startup, |mut commands: Commands| {
            commands.spawn((Terminal::new().command(["sh"]), TerminalSize::cells(60, 8)));
        })
        .add_systems(PreUpdate, converse.after(ScarabIpcSystems::Receive))
        .run()
}

/// Types once the shell is there, and prints its screen when it has ended.
fn converse(
    terminals: Query<(Entity, &TerminalStatus, &TerminalGrid)>,
    mut typed: Local<bool>,
    mut input: MessageWriter<TerminalInput>,
    mut exit: MessageWriter<AppExit>,
) {
    for (terminal, status, TerminalGrid { grid }) in &terminals {
        match status {
            TerminalStatus::Attached if !*typed => {
                *typed = true;
                input.write(TerminalInput::text(terminal, "echo hello $((6 * 7))\rexit\r"));
            }
            TerminalStatus::Exited(how) => {
                for row in 0..grid.rows() {
                    println!("{}", grid.row_text(row));
                }
                println!("the shell ended with {}", how.code);
                exit.write(AppExit::Success);
            }
            TerminalStatus::Failed { why } => {
                eprintln!("{why}");
                exit.write(AppExit::error());
            }
            _ => {}
        }
    }
}
