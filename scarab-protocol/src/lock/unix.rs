//! Locks of files on Unix, which are advice: who only reads a file need not ask for them.

use std::{
    fs::{File, OpenOptions, TryLockError, symlink_metadata},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

/// Opens a lock's file, and no link in its place.
///
/// # Errors
/// As the system refuses.
pub(super) fn open(path: &Path, create: bool) -> io::Result<File> {
    let no_follow = rustix::fs::OFlags::NOFOLLOW.bits() as i32;
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(create)
        .truncate(false)
        .mode(0o600)
        .custom_flags(no_follow)
        .open(path)
}

/// Whether a file is the one that is at a path.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), symlink_metadata(path)) {
        (Ok(held), Ok(found)) => (held.dev(), held.ino()) == (found.dev(), found.ino()),
        _ => false,
    }
}

/// Locks a file for its one holder; false if somebody has it locked.
///
/// # Errors
/// As the system fails.
pub(super) fn try_lock(file: &File) -> io::Result<bool> {
    outcome(file.try_lock())
}

/// Locks a file beside others who only look; false if its holder has it locked.
///
/// # Errors
/// As the system fails.
pub(super) fn try_lock_shared(file: &File) -> io::Result<bool> {
    outcome(file.try_lock_shared())
}

fn outcome(tried: Result<(), TryLockError>) -> io::Result<bool> {
    match tried {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::super::DaemonLock;

    #[test]
    fn a_lock_whose_file_was_replaced_is_noticed() {
        let home = tempfile::tempdir().expect("a directory");
        let path = home.path().join("default.lock");
        let lock = DaemonLock::acquire(&path).expect("free");
        std::fs::remove_file(&path).expect("removed");
        assert!(!lock.is_at(&path));
        DaemonLock::acquire(&path).expect("a new file is a new lock");
        assert!(!lock.is_at(&path));
    }
}
