//! Files on Windows, where a profile's own permissions keep others from writing what is in it. Owners are not looked at.

use std::{
    fs::{File, Metadata},
    io,
    path::Path,
};

use crate::plugin::LoadError;

/// Opens a file to read.
pub(super) fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Nothing that a mode could say.
pub(super) fn check(_path: &Path, _metadata: &Metadata) -> Result<(), LoadError> {
    Ok(())
}

/// Nothing that a mode could say.
pub(super) fn check_directories(_path: &Path) -> Result<(), LoadError> {
    Ok(())
}
