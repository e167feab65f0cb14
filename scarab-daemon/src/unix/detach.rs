//! A daemon that a client has started: it leaves the client's terminal, and says when it is ready.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use rustix::{
    process::{chdir, setsid},
    stdio::{dup2_stderr, dup2_stdin, dup2_stdout},
};

/// What a daemon says on its standard output when clients can connect.
pub(crate) const READY: &str = "ready";

/// Leaves the session of the client's terminal, and the directory it was in, which would else stay in use.
///
/// # Errors
/// If the directory `/` cannot be entered.
pub(crate) fn leave_terminal() -> io::Result<()> {
    // It fails if this process leads a group already; then it was started as a job of its own, and
    // signals of the terminal do not reach it either.
    let _ = setsid();
    chdir("/")?;
    Ok(())
}

/// Tells the client that has started this daemon that it is ready, and lets go of what it was given: standard input
/// and output go nowhere from now on, standard error to a file.
pub(crate) fn say_ready(stderr: &Path) {
    let mut stdout = io::stdout();
    // The client may not have waited.
    let _ = writeln!(stdout, "{READY}").and_then(|()| stdout.flush());
    if let Err(error) = redirect(stderr) {
        tracing::warn!(%error, "standard streams stay as they are");
    }
}

fn redirect(stderr: &Path) -> io::Result<()> {
    let null = OpenOptions::new().read(true).write(true).open("/dev/null")?;
    dup2_stdin(&null)?;
    dup2_stdout(&null)?;
    // Little gets there: what fails says so in the log.
    let file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(stderr)?;
    dup2_stderr(&file)?;
    Ok(())
}
