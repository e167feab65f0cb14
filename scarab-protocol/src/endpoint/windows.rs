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

/// How long a pipe's path may be.
const MAX_PIPE_PATH: usize = 256;

pub(super) fn of_daemon(name: &Name) -> Result<Address, EndpointError> {
    let user = trust::user_sid()?;
    Ok(Address {
        endpoint: Endpoint::Pipe(format!("scarab-{user}-{name}")),
        lock: state_directory().join(format!("{name}.lock")),
    })
}

pub(super) fn of_socket(socket: &Path) -> Result<Address, EndpointError> {
    let text = socket.to_str().unwrap_or("");
    let Some(name) = text.strip_prefix(PIPES).filter(|name| is_file_name(name)) else {
        return Err(EndpointError::NotASocket(socket.display().to_string()));
    };
    if text.len() > MAX_PIPE_PATH {
        return Err(EndpointError::TooLong { path: socket.into(), length: text.len(), max: MAX_PIPE_PATH });
    }
    // The sign keeps it apart from the locks of daemons that have names: theirs have none.
    Ok(Address { endpoint: Endpoint::Pipe(name.into()), lock: state_directory().join(format!("@{name}.lock")) })
}

pub(super) fn known_daemons() -> Vec<Name> {
    // The pipes of those that live, and the locks of those that have.
    let own = trust::user_sid().map(|user| format!("scarab-{user}-"));
    let pipes = own.iter().flat_map(|own| names_in(Path::new(PIPES), own, ""));
    let names: BTreeSet<Name> = pipes.chain(names_in(&state_directory(), "", ".lock")).collect();
    names.into_iter().collect()
}

/// The names that files in a directory have between a beginning and an end.
fn names_in(directory: &Path, prefix: &str, suffix: &str) -> Vec<Name> {
    let files = fs::read_dir(directory).into_iter().flatten().flatten();
    files
        .filter_map(|file| Name::new(file.file_name().to_str()?.strip_prefix(prefix)?.strip_suffix(suffix)?).ok())
        .collect()
}

pub(super) fn state_directory() -> PathBuf {
    let local = env::var_os("LOCALAPPDATA").map(PathBuf::from).filter(|path| path.is_absolute());
    local.unwrap_or_else(env::temp_dir).join("scarab")
}

/// Whether a pipe's name can be part of its lock's: pipes may have characters in their names that files may not.
fn is_file_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_control() || r#"<>:"/\|?*"#.contains(c))
}

/// An endpoint that no other test has.
#[cfg(all(test, not(loom)))]
pub(super) fn any_endpoint(_directory: &Path) -> Endpoint {
    Endpoint::Pipe(format!("scarab-test-{:016x}", getrandom::u64().expect("a number")))
}

/// Nothing is left by a pipe's listener.
#[cfg(all(test, not(loom)))]
pub(super) fn remove_left_endpoint(_endpoint: &Endpoint) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemons_pipe_names_its_user() {
        let name = Name::new("work").expect("a name");
        let address = of_daemon(&name).expect("the system tells who this is");
        let user = trust::user_sid().expect("the system tells");
        assert_eq!(address.endpoint, Endpoint::Pipe(format!("scarab-{user}-work")));
        assert!(address.lock.ends_with("scarab/work.lock"), "{:?}", address.lock);
    }

    #[test]
    fn a_pipe_of_ones_own_has_a_lock_that_no_named_daemon_has() {
        let address = of_socket(Path::new(r"\\.\pipe\mine")).expect("fine");
        assert_eq!(address.endpoint, Endpoint::Pipe("mine".into()));
        assert!(address.lock.ends_with("scarab/@mine.lock"), "{:?}", address.lock);
        assert!(Name::new("@mine").is_err());
    }

    #[test]
    fn what_names_no_pipe_is_refused() {
        for bad in [r"\\.\pipe\", r"\\.\pipe\a\b", r"\\.\pipe\../b", r"\\other\pipe\a", r"C:\a.sock", "mine"] {
            assert!(matches!(of_socket(Path::new(bad)), Err(EndpointError::NotASocket(_))), "{bad}");
        }
        let long = format!(r"\\.\pipe\{}", "x".repeat(250));
        assert!(matches!(of_socket(Path::new(&long)), Err(EndpointError::TooLong { length: 259, .. })));
    }
}
