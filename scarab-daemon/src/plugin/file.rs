//! A plugin's file: whom to believe, and what to read.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use super::{LoadError, limits::SCRIPT_BYTES};

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as platform;
#[cfg(windows)]
use windows as platform;

/// A script that was read from a file that only its owner can write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Script {
    /// Where it is, links resolved.
    pub(super) path: PathBuf,
    /// What it says.
    pub(super) text: String,
}

impl Script {
    /// Checks and reads a file. The checks are made on the open file, so that it cannot be replaced between them and the reading.
    ///
    /// # Errors
    /// [`LoadError`], up to [`LoadError::NotUtf8`].
    pub(super) fn read(given: &Path) -> Result<Self, LoadError> {
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => LoadError::Missing { path: given.into() },
            _ => LoadError::Io { path: given.into(), error },
        };
        let path = given.canonicalize().map_err(failed)?;
        // Before it is opened, because opening some devices does something; and after, because it may be another by then.
        if !fs::metadata(&path).map_err(failed)?.is_file() {
            return Err(LoadError::NotAFile { path });
        }
        let file = platform::open(&path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(LoadError::NotAFile { path });
        }
        platform::check(&path, &metadata)?;
        // A link's directory decides which file it is.
        for place in [path.as_path(), given] {
            platform::check_directories(place)?;
        }
        let mut bytes = Vec::new();
        file.take(SCRIPT_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > SCRIPT_BYTES {
            return Err(LoadError::TooLarge { path });
        }
        let text = check_text(&path, bytes)?;
        Ok(Self { path, text })
    }
}

/// Takes text, and no bytecode: that is trusted by the engine and could do anything.
fn check_text(path: &Path, bytes: Vec<u8>) -> Result<String, LoadError> {
    // Both languages' begins with versions or an escape. No text begins with such characters.
    let is_text = |byte: &u8| !byte.is_ascii_control() || matches!(byte, b'\t' | b'\n' | b'\r');
    if !bytes.iter().take(8).all(is_text) {
        return Err(LoadError::Bytecode { path: path.into() });
    }
    String::from_utf8(bytes)
        .map_err(|error| LoadError::NotUtf8 { path: path.into(), at: error.utf8_error().valid_up_to() })
}
