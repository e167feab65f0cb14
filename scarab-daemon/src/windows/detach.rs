//! A daemon that a client has started on Windows: it says when it is ready, and lets go of what it was given.
#![allow(unsafe_code, reason = "the standard streams are handles that the system keeps for the process")]

use std::{
    env,
    fs::OpenOptions,
    io::{self, Write},
    os::windows::io::{FromRawHandle, IntoRawHandle, OwnedHandle},
    path::Path,
};

use windows_sys::Win32::{
    Foundation::INVALID_HANDLE_VALUE,
    System::Console::{GetStdHandle, STD_ERROR_HANDLE, STD_HANDLE, STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, SetStdHandle},
};

/// What a daemon says on its standard output when clients can connect.
pub(crate) const READY: &str = "ready";

/// Leaves the directory it was started in. The console was left when the process was made.
///
/// # Errors
/// None.
pub(crate) fn leave_terminal() -> io::Result<()> {
    // A directory that is in use cannot be removed; the system's is never to be.
    if let Some(root) = env::var_os("SystemRoot") {
        let _ = env::set_current_dir(root);
    }
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
    for stream in [STD_INPUT_HANDLE, STD_OUTPUT_HANDLE] {
        replace(stream, OpenOptions::new().read(true).write(true).open("NUL")?.into())?;
    }
    // Little gets there: what fails says so in the log.
    let file = OpenOptions::new().create(true).write(true).truncate(true).open(stderr)?;
    replace(STD_ERROR_HANDLE, file.into())
}

/// Puts a handle in the place of a standard stream's, and closes that.
fn replace(stream: STD_HANDLE, handle: OwnedHandle) -> io::Result<()> {
    // SAFETY: the call takes a number, and gives a handle or one of two values that stand for none.
    let old = unsafe { GetStdHandle(stream) };
    let new = handle.into_raw_handle();
    // SAFETY: the handle is open, and from here on the system's table owns it.
    if unsafe { SetStdHandle(stream, new) } == 0 {
        return Err(io::Error::last_os_error());
    }
    if !old.is_null() && old != INVALID_HANDLE_VALUE {
        // SAFETY: the handle was this process's standard stream, which the standard library looks up for each use: nobody
        // else has kept it, but for one who prints at this moment, and this program prints nothing while it starts.
        drop(unsafe { OwnedHandle::from_raw_handle(old) });
    }
    Ok(())
}
