//! Locks of files on Windows, which are law: what is locked, nobody else can read. So the lock is on a byte far behind the
//! file's end, and who looks for the holder's process id can read it.
#![allow(unsafe_code, reason = "a part of a file is locked by asking the system")]

use std::{
    fs::{File, OpenOptions},
    io,
    os::windows::{fs::OpenOptionsExt, io::AsRawHandle},
    path::Path,
};

use windows_sys::Win32::{
    Foundation::{ERROR_IO_PENDING, ERROR_LOCK_VIOLATION},
    Storage::FileSystem::{
        FILE_SHARE_READ, FILE_SHARE_WRITE, LOCK_FILE_FLAGS, LOCKFILE_EXCLUSIVE_LOCK, LOCKFILE_FAIL_IMMEDIATELY,
        LockFileEx,
    },
    System::IO::{OVERLAPPED, OVERLAPPED_0, OVERLAPPED_0_0},
};

/// Where the locked byte is, in units of 4 GiB: far behind what a process id takes.
const LOCKED_AT: u32 = 1;

/// Opens a lock's file. Others may read and lock it meanwhile, and not delete it.
///
/// # Errors
/// As the system refuses.
pub(super) fn open(path: &Path, create: bool) -> io::Result<File> {
    let share = FILE_SHARE_READ | FILE_SHARE_WRITE;
    OpenOptions::new().read(true).write(true).create(create).truncate(false).share_mode(share).open(path)
}

/// Whether a file is the one that is at a path: opened as above, it cannot be replaced.
pub(super) fn is_at(_file: &File, _path: &Path) -> bool {
    true
}

/// Locks a file for its one holder; false if somebody has it locked.
///
/// # Errors
/// As the system fails.
pub(super) fn try_lock(file: &File) -> io::Result<bool> {
    lock(file, LOCKFILE_EXCLUSIVE_LOCK)
}

/// Locks a file beside others who only look; false if its holder has it locked.
///
/// # Errors
/// As the system fails.
pub(super) fn try_lock_shared(file: &File) -> io::Result<bool> {
    lock(file, 0)
}

fn lock(file: &File, how: LOCK_FILE_FLAGS) -> io::Result<bool> {
    let place = OVERLAPPED_0 { Anonymous: OVERLAPPED_0_0 { Offset: 0, OffsetHigh: LOCKED_AT } };
    let mut overlapped = OVERLAPPED { Anonymous: place, ..Default::default() };
    let how = how | LOCKFILE_FAIL_IMMEDIATELY;
    // SAFETY: the handle is open, and was not opened for overlapped transfers, so that the call is over when it returns and
    // the structure needed no longer.
    if unsafe { LockFileEx(file.as_raw_handle(), how, 0, 1, 0, &mut overlapped) } != 0 {
        return Ok(true);
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error().map(i32::cast_unsigned) {
        Some(ERROR_LOCK_VIOLATION | ERROR_IO_PENDING) => Ok(false),
        _ => Err(error),
    }
}
