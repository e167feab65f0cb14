//! Owners and permissions on Unix.

use std::{
    fs::{File, Metadata, OpenOptions},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

use crate::plugin::LoadError;

const STICKY: u32 = 0o1000;

/// Opens a file to read; a pipe in its place does not keep the caller waiting.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::CLOEXEC;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

/// Checks that only the daemon's user, or root, can have written a file.
pub(super) fn check(path: &Path, metadata: &Metadata) -> Result<(), LoadError> {
    check_owner(path, metadata)?;
    match metadata.mode() & 0o7777 {
        mode if mode & 0o022 != 0 => Err(LoadError::Writable { path: path.into(), mode }),
        _ => Ok(()),
    }
}

/// Checks that nobody else can put another file in its place.
pub(super) fn check_directories(path: &Path) -> Result<(), LoadError> {
    let failed = |error| LoadError::Io { path: path.into(), error };
    let directory = match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    };
    for above in directory.canonicalize().map_err(failed)?.ancestors() {
        let metadata = above.metadata().map_err(failed)?;
        check_owner(above, &metadata)?;
        let mode = metadata.mode() & 0o7777;
        // In a sticky directory, such as /tmp, only a file's owner can replace it.
        if mode & 0o002 != 0 && mode & STICKY == 0 {
            return Err(LoadError::WritableDirectory { path: path.into(), directory: above.into(), mode });
        }
    }
    Ok(())
}

fn check_owner(path: &Path, metadata: &Metadata) -> Result<(), LoadError> {
    let own = rustix::process::geteuid().as_raw();
    match metadata.uid() {
        0 => Ok(()),
        owner if owner == own => Ok(()),
        owner => Err(LoadError::Foreign { path: path.into(), owner, own }),
    }
}
