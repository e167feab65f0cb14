//! `scarabctl`: drives Scarab's terminals from a shell or a script. See [`scarab_daemon::ctl`].

use std::process::ExitCode;

fn main() -> ExitCode {
    scarab_daemon::ctl::main()
}
