//! The lock that makes one process the daemon of a name. It is held for the daemon's life and its file is never
//! removed, because removing a lock's file lets two processes hold "the" lock.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::{
    fs::File,
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
    time::Duration,
};

#[cfg(unix)]
use unix as platform;
#[cfg(windows)]
use windows as platform;

use self::platform::{is_at, open, try_lock, try_lock_shared};

/// The lock of a daemon, held until this is dropped or the process ends.
#[derive(Debug)]
pub struct DaemonLock {
    file: File,
}

/// Why the lock was not had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another daemon of the name is alive.
    #[error("a daemon of this name is running already{}: use it, stop it, or choose another name with --daemon", match pid { Some(pid) => format!(" (pid {pid})"), None => String::new() })]
    Held {
        /// Its process id, if the file tells.
        pid: Option<u32>,
    },
    /// The lock's file cannot be used.
    #[error("cannot lock {}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// Somebody who only looks (see [`holder`]) has the lock for an instant: this often it is tried again...
const TRIES: u32 = 5;
/// ...and this long is waited in between.
const PAUSE: Duration = Duration::from_millis(20);

impl DaemonLock {
    /// Takes the lock and writes this process's id into its file.
    ///
    /// # Errors
    /// [`LockError::Held`] with the holder's process id, [`LockError::Io`].
    pub fn acquire(path: &Path) -> Result<Self, LockError> {
        let failed = |error| LockError::Io { path: path.into(), error };
        let mut tries = 0;
        let mut file = loop {
            let file = open(path, true).map_err(failed)?;
            match try_lock(&file) {
                // The file may have been replaced between opening and locking: then this is nobody's lock.
                Ok(true) if is_at(&file, path) => break file,
                Ok(true) => {}
                Ok(false) if tries < TRIES => std::thread::sleep(PAUSE),
                Ok(false) => return Err(LockError::Held { pid: read_pid(file) }),
                Err(error) => return Err(failed(error)),
            }
            tries += 1;
        };
        let written = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        written.map_err(failed)?;
        Ok(Self { file })
    }

    /// Whether the file at the path is still the one that is locked.
    pub fn is_at(&self, path: &Path) -> bool {
        is_at(&self.file, path)
    }
}

/// The process id of the daemon that holds a lock; `None` if none does. `Some(None)` if one does whose id cannot be read.
pub fn holder(path: &Path) -> Option<Option<u32>> {
    let file = open(path, false).ok()?;
    match try_lock_shared(&file) {
        Ok(false) => Some(read_pid(file)),
        _ => None,
    }
}

fn read_pid(mut file: File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    // A process id has at most ten digits; more is not one of ours.
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_it_and_the_other_learns_who() {
        let home = tempfile::tempdir().expect("a directory");
        let path = home.path().join("default.lock");
        assert_eq!(holder(&path), None);
        let lock = DaemonLock::acquire(&path).expect("free");
        assert!(lock.is_at(&path));
        let own = std::process::id();
        assert!(matches!(DaemonLock::acquire(&path), Err(LockError::Held { pid: Some(pid) }) if pid == own));
        assert_eq!(holder(&path), Some(Some(own)));
        drop(lock);
        assert_eq!(holder(&path), None);
        DaemonLock::acquire(&path).expect("free again");
    }
}
