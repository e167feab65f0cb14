//! Token files: a wall inside of one user, for a daemon that wants one.
//!
//! A daemon that asks for tokens writes two files beside its lock, readable by its user only: who can read the one may
//! do everything, who can read the other may look. A program that is kept from the files (in a sandbox, in another mount
//! namespace) and is given one token, or none, has what that token gives.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{endpoint::Address, message::Role};

/// A token.
pub type Token = [u8; 32];

/// Names another token file than the daemon's own to every client of this process.
pub const TOKEN_FILE_VARIABLE: &str = "SCARAB_TOKEN_FILE";

/// Why a token file is of no use.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// It cannot be read or written.
    #[error("cannot use the token file {}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Others may read it.
    #[error("{} can be read by others (mode {mode:03o}): run chmod 600 on it, and restart the daemon for new tokens", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// What it holds is no token.
    #[error("{} holds no token: it should be one line of 64 hexadecimal digits", path.display())]
    NoToken {
        /// The file.
        path: PathBuf,
    },
}

/// The file with the token that gives a role, beside the daemon's lock.
pub fn token_file(address: &Address, role: Role) -> PathBuf {
    let mut path = address.lock.clone().into_os_string();
    path.push(match role {
        Role::Control => ".control",
        Role::Observer => ".observe",
    });
    path.into()
}

/// The token for a daemon that asks for one: that of the file given, else of the file that the environment names, else of the
/// daemon's own files, the mightier first.
///
/// # Errors
/// [`TokenError`]; of the daemon's own files, why the last cannot be used.
pub fn find_token(address: &Address, given: Option<&Path>) -> Result<Token, TokenError> {
    let named = std::env::var_os(TOKEN_FILE_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
    if let Some(path) = given.map(Path::to_path_buf).or(named) {
        return read_token(&path);
    }
    read_token(&token_file(address, Role::Control)).or_else(|_| read_token(&token_file(address, Role::Observer)))
}

/// Reads a token file, which nobody else may be able to read.
///
/// # Errors
/// [`TokenError`].
pub fn read_token(path: &Path) -> Result<Token, TokenError> {
    let failed = |error| TokenError::Io { path: path.into(), error };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path).map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(TokenError::Open { path: path.into(), mode });
        }
    }
    let text = fs::read_to_string(path).map_err(failed)?;
    let mut token = [0; 32];
    match hex::decode_to_slice(text.trim_end(), &mut token) {
        Ok(()) => Ok(token),
        Err(_) => Err(TokenError::NoToken { path: path.into() }),
    }
}

/// Makes a token and a file that holds it, in place of one that is there.
///
/// # Errors
/// [`TokenError::Io`].
pub fn write_token(path: &Path) -> Result<Token, TokenError> {
    let mut token = [0; 32];
    getrandom::fill(&mut token).map_err(|error| TokenError::Io { path: path.into(), error: error.into() })?;
    keep_token(path, &token)?;
    Ok(token)
}

/// Makes a file that holds a token, in place of one that is there.
///
/// # Errors
/// [`TokenError::Io`].
pub fn keep_token(path: &Path, token: &Token) -> Result<(), TokenError> {
    let failed = |error| TokenError::Io { path: path.into(), error };
    let directory = path.parent().unwrap_or(Path::new("."));
    // Made with mode 0600 under a name of its own, so that nobody ever sees it open or half written.
    let mut file = tempfile::NamedTempFile::new_in(directory).map_err(failed)?;
    io::Write::write_all(&mut file, format!("{}\n", hex::encode(token)).as_bytes()).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Whether two tokens are the same, in a time that does not tell how much of them is.
pub fn is_same(a: &Token, b: &Token) -> bool {
    a.iter().zip(b).fold(0, |different, (a, b)| different | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("d.lock.control");
        (directory, path)
    }

    #[test]
    fn a_token_is_read_as_it_was_written_and_is_another_each_time() {
        let (_directory, path) = place();
        let first = write_token(&path).expect("written");
        assert!(is_same(&read_token(&path).expect("read"), &first));
        let second = write_token(&path).expect("written over");
        assert!(!is_same(&first, &second));
        assert!(is_same(&read_token(&path).expect("read"), &second));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let (_directory, path) = place();
        write_token(&path).expect("written");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("ours");
        assert!(matches!(read_token(&path), Err(TokenError::Open { mode: 0o644, .. })));
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_token_is_told_so() {
        use std::os::unix::fs::PermissionsExt;
        let (_directory, path) = place();
        for text in ["", "abc", &"x".repeat(64), &"a".repeat(66)] {
            fs::write(&path, text).expect("written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("ours");
            assert!(matches!(read_token(&path), Err(TokenError::NoToken { .. })), "{text:?}");
        }
        fs::remove_file(&path).expect("there");
        assert!(matches!(read_token(&path), Err(TokenError::Io { .. })));
    }
}
