//! The token files of a daemon that wants tokens, and what each gives.

use std::{fs, io, path::PathBuf};

use scarab_protocol::{
    endpoint::Address,
    message::Role,
    trust::token::{Token, TokenError, is_same, token_file, write_token},
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

    /// What a token gives; `None` if it is none of these.
    pub(crate) fn role(&self, token: &Token) -> Option<Role> {
        self.files.iter().find(|(.., own)| is_same(own, token)).map(|(role, ..)| *role)
    }
}

impl Drop for TokenFiles {
    fn drop(&mut self) {
        self.files.iter().for_each(|(_, path, _)| remove(path));
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
