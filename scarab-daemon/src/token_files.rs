//! The token files of a daemon that wants tokens, and what each gives.

use std::{fs, io, path::PathBuf};

use scarab_protocol::{
    endpoint::Address,
    message::Role,
    trust::token::{Token, TokenError, is_same, keep_token, read_token, token_file, write_token},
};

/// Tokens of this daemon's life. Their files are gone when this is dropped.
pub(crate) struct TokenFiles {
    files: [(Role, PathBuf, Token); 2],
}

impl TokenFiles {
    /// Makes tokens and their files, if they are wanted. Else files that a killed daemon left are removed: they are good for
    /// nothing any more. The caller holds the daemon's lock.
    ///
    /// # Errors
    /// If the files cannot be written.
    pub(crate) fn make(address: &Address, wanted: bool) -> Result<Option<Self>, TokenError> {
        let [control, observe] = [Role::Control, Role::Observer].map(|role| (role, token_file(address, role)));
        if !wanted {
            remove(&control.1);
            remove(&observe.1);
            return Ok(None);
        }
        let make = |(role, path): (Role, PathBuf)| write_token(&path).map(|token| (role, path, token));
        Ok(Some(Self { files: [make(control)?, make(observe)?] }))
    }

    /// Writes the same tokens again, after the directory was taken away or another daemon had the place.
    ///
    /// # Errors
    /// If the files cannot be written.
    pub(crate) fn restore(&self) -> Result<(), TokenError> {
        self.files.iter().try_for_each(|(_, path, token)| keep_token(path, token))
    }

    /// What a token gives; `None` if it is none of these.
    pub(crate) fn role(&self, token: &Token) -> Option<Role> {
        self.files.iter().find(|(.., own)| is_same(own, token)).map(|(role, ..)| *role)
    }
}

impl Drop for TokenFiles {
    fn drop(&mut self) {
        // Another daemon may have the place by now, and tokens of its own there.
        let is_own =
            |(_, path, own): &&(Role, PathBuf, Token)| read_token(path).is_ok_and(|token| is_same(own, &token));
        self.files.iter().filter(is_own).for_each(|(_, path, _)| remove(path));
    }
}

fn remove(path: &PathBuf) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "a token file was not removed");
        }
        _ => {}
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// An address in a directory that is there, and the tokens of a daemon at it.
    fn place() -> (tempfile::TempDir, Address, TokenFiles) {
        let home = tempfile::tempdir().expect("a directory");
        let address = Address::of_socket(&home.path().join("d.sock")).expect("a short path");
        let tokens = TokenFiles::make(&address, true).expect("written").expect("wanted");
        (home, address, tokens)
    }

    #[test]
    fn the_same_tokens_are_written_again() {
        let (_home, _address, tokens) = place();
        for (_, path, _) in &tokens.files {
            fs::remove_file(path).expect("it is there");
        }
        tokens.restore().expect("written");
        for (role, path, _) in &tokens.files {
            assert_eq!(tokens.role(&read_token(path).expect("read")), Some(*role));
        }
    }

    #[test]
    fn the_files_of_another_daemon_stay() {
        let (_home, address, mut tokens) = place();
        let other = TokenFiles::make(&address, true).expect("written").expect("wanted");
        let own = tokens.files[1].1.clone();
        write_token(&own).expect("written");
        tokens.files[1].2 = read_token(&own).expect("read");
        drop(tokens);
        assert!(other.files[0].1.exists() && !own.exists());
    }
}
