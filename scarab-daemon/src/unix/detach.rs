//! A daemon that a client has started: it leaves the client's terminal, and says when it is ready.
#![allow(unsafe_code, reason = "descriptors that this process knows nothing of are closed by their numbers")]

use std::{
    fs::{self, OpenOptions},
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

/// Leaves the session of the client's terminal, the directory it was in, which would else stay in use, and
/// what descriptors it has left open by oversight: somebody may wait for the end of a pipe. To be called before this
/// process opens anything.
///
/// # Errors
/// If the directory `/` cannot be entered.
pub(crate) fn leave_terminal() -> io::Result<()> {
    close_inherited();
    // It fails if this process leads a group already; then it was started as a job of its own, and
    // signals of the terminal do not reach it either.
    let _ = setsid();
    chdir("/")?;
    Ok(())
}

/// Closes all descriptors but the three standard ones.
fn close_inherited() {
    let entries = fs::read_dir("/dev/fd").into_iter().flatten().flatten();
    // Collected, so that the directory's own descriptor is closed before numbers are.
    let numbers: Vec<i32> = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    // What is not open any more, as the directory's is by now, must not be closed: rustix takes that for a mistake.
    let is_open = |number: &i32| fs::symlink_metadata(format!("/dev/fd/{number}")).is_ok();
    for number in numbers.into_iter().filter(|number| *number > 2).filter(is_open) {
        // SAFETY: it is open, and this process has opened nothing yet, so that no part of it has this descriptor.
        unsafe { rustix::io::close(number) };
    }
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
