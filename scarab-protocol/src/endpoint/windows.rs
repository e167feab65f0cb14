//! Pipes and locks on Windows.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

use super::{Address, Endpoint, EndpointError};
use crate::{ids::Name, trust};

/// What pipes' names begin with in the file system's view of them.
const PIPES: &str = r"\\.\pipe\";

pub(super) fn of_daemon(name: &Name) -> Result<Address, EndpointError> {
    let user = trust::user_sid()?;
    Ok(Address {
        endpoint: Endpoint::Pipe(format!("scarab-{user}-{name}")),
        lock: state_directory().join(format!("{name}.lock")),
    })
}

pub(super) fn of_socket(socket: &Path) -> Result<Address, EndpointError> {
    let text = socket.to_str().unwrap_or("");
    match text.strip_prefix(PIPES) {
        Some(name) if !name.is_empty() && !name.contains('\\') => Ok(Address {
            endpoint: Endpoint::Pipe(name.into()),
            lock: state_directory().join(format!("pipe-{name}.lock")),
        }),
        _ => Err(EndpointError::NotASocket(socket.display().to_string())),
    }
}

pub(super) fn known_daemons() -> Vec<Name> {
    let locks = fs::read_dir(state_directory()).into_iter().flatten().flatten();
    let names: BTreeSet<Name> =
        locks.filter_map(|entry| Name::new(entry.file_name().to_str()?.strip_suffix(".lock")?).ok()).collect();
    names.into_iter().collect()
}

pub(super) fn state_directory() -> PathBuf {
    let base = env::var_os("LOCALAPPDATA").map_or_else(env::temp_dir, PathBuf::from);
    base.join("scarab")
}
