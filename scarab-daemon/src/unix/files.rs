//! Where files are kept on Unix, and who may read them.

use std::{
    env,
    fs::{DirBuilder, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// `$XDG_CONFIG_HOME`, or `~/.config`. The XDG specification says that a relative one is to be ignored.
pub(crate) fn config_home() -> Option<PathBuf> {
    let named = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let home = || env::home_dir().map(|home| home.join(".config"));
    named.filter(|path| path.is_absolute()).or_else(home).filter(|path| path.is_absolute())
}

/// Makes a directory for this user alone, and what is missing above it.
///
/// # Errors
/// As the system refuses.
pub(crate) fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// What a new file of this user's may be: read and written by nobody else.
pub(crate) fn private() -> Option<Permissions> {
    Some(Permissions::from_mode(0o600))
}
