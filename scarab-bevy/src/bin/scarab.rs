//! `scarab`: a shell in a window, kept by a daemon.

use std::process::ExitCode;

fn main() -> ExitCode {
    scarab_bevy::run_if_requested();
    scarab_bevy::app::main()
}
