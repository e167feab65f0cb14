//! Where files are kept on Windows, and who may read them.

use std::{
    env,
    fs::{self, Permissions},
    io,
    path::{Path, PathBuf},
};

/// `%APPDATA%`, which goes with the user from one machine to the next.
pub(crate) fn config_home() -> Option<PathBuf> {
    env::var_os("APPDATA").map(PathBuf::from).filter(|path| path.is_absolute())
}

/// Makes a directory, and what is missing above it. What is in the user's profile is the user's alone.
///
/// # Errors
/// As the system refuses.
pub(crate) fn make_directory(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Who may read a new file is said by the directory that it is in.
pub(crate) fn private() -> Option<Permissions> {
    None
}
