//! Sockets and locks on Unix.

use std::{
    collections::BTreeSet,
    env, fs,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
};

use super::{Address, Endpoint, EndpointError};
use crate::ids::Name;

/// The room for a path in `sockaddr_un`, less the final zero: 108 bytes on Linux, 104 on the BSDs and macOS.
const MAX_SOCKET_PATH: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

pub(super) fn of_daemon(name: &Name) -> Result<Address, EndpointError> {
    let path = runtime_directory().join(format!("{name}.sock"));
    check_length(&path)?;
    Ok(Address { endpoint: Endpoint::Path(path), lock: state_directory().join(format!("{name}.lock")) })
}

pub(super) fn of_socket(socket: &Path) -> Result<Address, EndpointError> {
    if let Some(name) = socket.to_str().and_then(|text| text.strip_prefix('@')) {
        if !cfg!(target_os = "linux") || name.is_empty() || name.contains('/') || name.len() > MAX_SOCKET_PATH {
            return Err(EndpointError::NotASocket(socket.display().to_string()));
        }
        let lock = state_directory().join(format!("@{name}.lock"));
        return Ok(Address { endpoint: Endpoint::Abstract(name.into()), lock });
    }
    // Made absolute, because a daemon leaves the directory it was started in.
    let path = std::path::absolute(socket).map_err(|_| EndpointError::NotASocket(socket.display().to_string()))?;
    if path.file_name().is_none() || socket.as_os_str().as_bytes().ends_with(b"/") {
        return Err(EndpointError::NotASocket(socket.display().to_string()));
    }
    check_length(&path)?;
    // The socket of a named daemon by its path is still that daemon, with that daemon's lock.
    let name = path.file_name().and_then(|file| file.to_str()?.strip_suffix(".sock")).map(Name::new);
    if let Some(Ok(name)) = name
        && let Ok(named) = of_daemon(&name)
        && named.endpoint == Endpoint::Path(path.clone())
    {
        return Ok(named);
    }
    let mut lock = path.clone().into_os_string();
    lock.push(".lock");
    Ok(Address { endpoint: Endpoint::Path(path), lock: lock.into() })
}

pub(super) fn known_daemons() -> Vec<Name> {
    let mut names = BTreeSet::new();
    for (directory, ending) in [(runtime_directory(), ".sock"), (state_directory(), ".lock")] {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let file = entry.file_name();
            if let Some(Ok(name)) = file.to_str().and_then(|file| file.strip_suffix(ending)).map(Name::new) {
                names.insert(name);
            }
        }
    }
    names.into_iter().collect()
}

pub(super) fn state_directory() -> PathBuf {
    let Some(base) = state_home() else { return temporary_directory() };
    let host = rustix::system::uname().nodename().to_string_lossy().replace('/', "_");
    base.join("scarab").join(if host.is_empty() { "localhost".into() } else { host })
}

/// Where sockets are.
fn runtime_directory() -> PathBuf {
    if let Some(directory) = absolute_variable("XDG_RUNTIME_DIR") {
        return directory.join("scarab");
    }
    let uid = rustix::process::geteuid().as_raw();
    let usual = PathBuf::from(format!("/run/user/{uid}"));
    match fs::symlink_metadata(&usual) {
        Ok(found) if found.is_dir() && found.uid() == uid => usual.join("scarab"),
        _ => temporary_directory(),
    }
}

/// The place of last resort, the same for every process of a user. Whether it is really ours is checked before use.
fn temporary_directory() -> PathBuf {
    PathBuf::from(format!("/tmp/scarab-{}", rustix::process::geteuid().as_raw()))
}

/// `$XDG_STATE_HOME`, or `~/.local/state`; nothing where the home is on another machine, because locks do not hold there.
fn state_home() -> Option<PathBuf> {
    let home = env::home_dir().filter(|home| home.is_absolute());
    let state = absolute_variable("XDG_STATE_HOME").or_else(|| Some(home?.join(".local/state")))?;
    let existing = state.ancestors().find(|path| path.exists())?;
    (!is_remote(existing)).then_some(state)
}

/// A variable that holds an absolute path. The XDG specification says that a relative one is to be ignored.
fn absolute_variable(name: &str) -> Option<PathBuf> {
    env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
}

#[cfg(target_os = "linux")]
fn is_remote(path: &Path) -> bool {
    // NFS, SMB, CIFS, SMB2, AFS, Ceph and 9P, as in linux/magic.h.
    const REMOTE: [u32; 7] = [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42, 0x5346_414f, 0x00c3_6400, 0x0102_1997];
    rustix::fs::statfs(path).is_ok_and(|found| REMOTE.contains(&(found.f_type as u32)))
}

/// Elsewhere the file systems' numbers are not fixed, and a home on another machine is rare.
#[cfg(not(target_os = "linux"))]
fn is_remote(_path: &Path) -> bool {
    false
}

fn check_length(path: &Path) -> Result<(), EndpointError> {
    let length = path.as_os_str().as_bytes().len();
    if length > MAX_SOCKET_PATH {
        return Err(EndpointError::TooLong { path: path.into(), length, max: MAX_SOCKET_PATH });
    }
    Ok(())
}

/// An endpoint in a directory that is a test's.
#[cfg(all(test, not(loom)))]
pub(super) fn any_endpoint(directory: &Path) -> Endpoint {
    Endpoint::Path(directory.join("d.sock"))
}

/// Removes what a listener of a test has left.
#[cfg(all(test, not(loom)))]
pub(super) fn remove_left_endpoint(endpoint: &Endpoint) {
    if let Endpoint::Path(path) = endpoint {
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_of_ones_own_has_its_lock_beside_it() {
        let address = of_socket(Path::new("/run/x/y.sock")).expect("fine");
        assert_eq!(address.endpoint, Endpoint::Path("/run/x/y.sock".into()));
        assert_eq!(address.lock, Path::new("/run/x/y.sock.lock"));
    }

    #[test]
    fn a_named_daemons_socket_is_that_daemon_however_it_is_called() {
        let named = of_daemon(&Name::default()).expect("fine");
        let Endpoint::Path(path) = &named.endpoint else { panic!("{named:?}") };
        assert_eq!(of_socket(path).expect("fine"), named);
    }

    #[test]
    fn what_names_no_socket_is_refused() {
        for bad in ["/", "/tmp/", "@", "@a/b"] {
            assert!(matches!(of_socket(Path::new(bad)), Err(EndpointError::NotASocket(_))), "{bad}");
        }
        let long = format!("/tmp/{}", "x".repeat(120));
        assert!(matches!(of_socket(Path::new(&long)), Err(EndpointError::TooLong { length: 125, .. })));
    }
}
