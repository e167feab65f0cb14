//! The master side of a PTY, and the program on its other side.
#![allow(unsafe_code, reason = "portable-pty gives its master's descriptor as a number")]

use std::{
    ffi::{OsStr, OsString},
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::{Component, Path},
    time::Duration,
};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rustix::{
    process::Pid,
    termios::{Winsize, tcsetwinsize},
};
use scarab_protocol::ids::TermSize;

use super::{limit::OldLimit, process::Process};
use crate::session::spawn::{Command, SpawnError};

/// Whether a variable of this name names the user's shell.
pub(crate) fn names_shell(variable: &[u8]) -> bool {
    variable == b"SHELL"
}

/// Whether a program that is started here can begin in a directory: a shell of another user's (`sudo -i`) may be in one where it cannot.
pub(crate) fn can_enter(directory: &Path) -> bool {
    directory.is_dir() && rustix::fs::access(directory, rustix::fs::Access::EXEC_OK).is_ok()
}

/// What this machine is called.
pub(crate) fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// After the program's end its last output is waited for, so long at most: something else may keep the PTY open for ever.
pub(crate) const DRAIN: Duration = Duration::from_millis(100);

/// The master side of a PTY. Reading and writing do not block.
///
/// portable-pty's own reader and writer are not used: the writer types a newline and an end of file when it is dropped.
#[derive(Debug)]
pub(crate) struct Master(OwnedFd);

impl AsFd for Master {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Master {
    /// Reads what is there; 0 when the other side was closed for good.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing, else as the system fails.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match rustix::io::read(&self.0, buffer) {
            // What Linux says instead of an end of file.
            Err(rustix::io::Errno::IO) => Ok(0),
            other => Ok(other?),
        }
    }

    /// Writes what the system takes at once.
    ///
    /// # Errors
    /// `WouldBlock` if that is nothing, else as the system fails.
    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(&self.0, bytes)?)
    }

    /// The program has ended. The kernel knows, and lets the output end when nobody else has the other side open.
    pub(crate) fn program_ended(&self) {}

    /// Tells the size to the system, which tells the program (SIGWINCH) if it has changed.
    pub(crate) fn resize(&self, size: TermSize) {
        let TermSize { cols, rows, pixel_width, pixel_height } = size;
        let size = Winsize { ws_row: rows, ws_col: cols, ws_xpixel: pixel_width, ws_ypixel: pixel_height };
        if let Err(error) = tcsetwinsize(&self.0, size) {
            tracing::warn!(%error, "a PTY was not resized");
        }
    }
}

/// Starts a command on a PTY of its own.
///
/// # Errors
/// [`SpawnError`], which names what is missing.
pub(crate) fn spawn(command: &Command, size: TermSize, limit: OldLimit) -> Result<(Master, Process), SpawnError> {
    let system = |what| move |error: anyhow::Error| SpawnError::System { what, why: one_line(&error) };
    let builder = builder(command)?;
    let pair = native_pty_system()
        .openpty(PtySize {
            rows: size.rows,
            cols: size.cols,
            pixel_width: size.pixel_width,
            pixel_height: size.pixel_height,
        })
        .map_err(system("open a PTY"))?;
    let none = |what| SpawnError::System { what, why: "the system gave it no number".into() };
    let raw = pair.master.as_raw_fd().ok_or_else(|| none("open a PTY"))?;
    // SAFETY: the descriptor is the master's, which `pair` keeps open beyond this statement.
    let master = unsafe { BorrowedFd::borrow_raw(raw) }.try_clone_to_owned();
    let master = master.map_err(|error| system("open a PTY")(error.into()))?;
    rustix::io::ioctl_fionbio(&master, true).map_err(|error| system("set up a PTY")(error.into()))?;
    let child = pair.slave.spawn_command(builder).map_err(system("start it"))?;
    // The handle is dropped: the process is waited for by its number, which nobody else does.
    let pid = child.process_id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
    let pid = pid.ok_or_else(|| none("start it"))?;
    limit.restore_for(pid);
    Ok((Master(master), Process::new(pid)))
}

fn builder(command: &Command) -> Result<CommandBuilder, SpawnError> {
    let mut builder = match command.words.is_empty() {
        true => CommandBuilder::new_default_prog(),
        false => CommandBuilder::from_argv(words(command)),
    };
    builder.env_clear();
    for (name, value) in &command.env {
        builder.env(OsStr::from_bytes(name), OsStr::from_bytes(value));
    }
    if let Some(cwd) = &command.cwd {
        let path = Path::new(OsStr::from_bytes(cwd));
        // Checked here, because portable-pty silently takes the home directory instead.
        if !path.is_dir() {
            return Err(SpawnError::NoDirectory(path.into()));
        }
        builder.cwd(path);
    }
    Ok(builder)
}

/// The words of a command. A program with a `/` in its name is a path from the directory that it starts in, as it is for `execvp`:
/// portable-pty takes only one that begins with `./` or `../` for that, and looks for all others on PATH.
fn words(command: &Command) -> Vec<OsString> {
    let mut words: Vec<OsString> = command.words.iter().map(|word| OsStr::from_bytes(word).into()).collect();
    if let Some(program) = words.first_mut()
        && program.as_bytes().contains(&b'/')
        && matches!(Path::new(program.as_os_str()).components().next(), Some(Component::Normal(_)))
    {
        *program = Path::new(".").join(program.as_os_str()).into_os_string();
    }
    words
}

/// An error's whole story without its line breaks.
fn one_line(error: &anyhow::Error) -> String {
    format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ")
}
