//! `scarab-daemon`: keeps shells and their screens, whoever looks at them.

use std::process::ExitCode;

fn main() -> ExitCode {
    scarab_daemon::daemon_main()
}
