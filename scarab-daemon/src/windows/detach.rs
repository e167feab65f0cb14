//! A daemon that a client has started on Windows.

use std::{
    io::{self, Write},
    path::Path,
};

/// What a daemon says on its standard output when clients can connect.
pub(crate) const READY: &str = "ready";

/// Leaves the directory it was started in. The console was left when the process was made.
///
/// # Errors
/// None.
pub(crate) fn leave_terminal() -> io::Result<()> {
    // A directory that is in use cannot be removed; the system's is never to be.
    if let Some(root) = std::env::var_os("SystemRoot") {
        let _ = std::env::set_current_dir(root);
    }
    Ok(())
}

/// Tells the client that has started this daemon that it is ready. The client closes its end then.
pub(crate) fn say_ready(_stderr: &Path) {
    let mut stdout = io::stdout();
    let _ = writeln!(stdout, "{READY}").and_then(|()| stdout.flush());
}
