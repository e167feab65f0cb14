//! What starting a daemon takes on Windows.
#![allow(unsafe_code, reason = "handles are kept from being inherited by asking the system")]

use std::{
    fs::Metadata,
    io::{self, PipeReader, Read},
    os::windows::process::CommandExt,
    process::Command,
    sync::mpsc,
    thread,
    time::Instant,
};

use windows_sys::Win32::{
    Foundation::{HANDLE_FLAG_INHERIT, SetHandleInformation},
    System::{
        Console::{GetStdHandle, STD_ERROR_HANDLE, STD_INPUT_HANDLE, STD_OUTPUT_HANDLE},
        Threading::CREATE_NO_WINDOW,
    },
};

/// Has a program start apart from this one's console, in one of its own that nobody sees, and without this program's
/// standard streams, which whatever starts would inherit: somebody may wait for the end of such a pipe.
pub(crate) fn set_apart(command: &mut Command) {
    // No new process group: whatever is started in one ignores Ctrl-C, and what that starts does so too.
    command.creation_flags(CREATE_NO_WINDOW);
    for stream in [STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE] {
        // SAFETY: both calls take numbers, and refuse what is no handle, which then is not inherited either. A child that is
        // to have a stream of this process gets a handle of its own from the standard library.
        unsafe { SetHandleInformation(GetStdHandle(stream), HANDLE_FLAG_INHERIT, 0) };
    }
}

/// Reads what is there, waiting for at least a byte; 0 at the end. Pipes only block here, so that a thread does, and is
/// left to itself at the deadline.
///
/// # Errors
/// `TimedOut` at the deadline, else as the system fails.
pub(crate) fn read_by(reader: &PipeReader, buffer: &mut [u8], deadline: Instant) -> io::Result<usize> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let (mut reader, length) = (reader.try_clone()?, buffer.len());
    thread::Builder::new().name("daemon-output".into()).spawn(move || {
        let mut bytes = vec![0; length];
        let read = reader.read(&mut bytes).map(|count| bytes[..count].to_vec());
        let _ = sender.send(read);
    })?;
    let left = deadline.saturating_duration_since(Instant::now());
    let bytes = receiver.recv_timeout(left).map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    buffer[..bytes.len()].copy_from_slice(&bytes);
    Ok(bytes.len())
}

/// Whether a file may be executed; its name says so.
pub(crate) fn is_executable(_found: &Metadata) -> bool {
    true
}
