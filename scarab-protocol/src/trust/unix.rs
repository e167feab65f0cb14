//! Directories on Unix.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::Path,
};

use super::TrustError;

/// Checks a directory without following a link: a real directory, ours, not writable by others.
///
/// # Errors
/// What is wrong with it, as a [`TrustError`].
pub fn check_directory(path: &Path) -> Result<(), TrustError> {
    let found = fs::symlink_metadata(path).map_err(|error| TrustError::Io { path: path.into(), error })?;
    let own = rustix::process::geteuid().as_raw();
    if !found.is_dir() {
        return Err(TrustError::NotADirectory { path: path.into() });
    }
    if found.uid() != own {
        return Err(TrustError::ForeignDirectory { path: path.into(), owner: found.uid(), own });
    }
    if found.mode() & 0o022 != 0 {
        return Err(TrustError::Writable { path: path.into(), mode: found.mode() & 0o777 });
    }
    Ok(())
}

/// Makes a directory with mode 0700, and what is missing above it, then checks it.
///
/// # Errors
/// As [`check_directory`]; [`TrustError::Io`] if it cannot be made.
pub fn ensure_directory(path: &Path) -> Result<(), TrustError> {
    match fs::DirBuilder::new().recursive(true).mode(0o700).create(path) {
        Ok(()) => {}
        // A link or a file is there: the check says which.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(TrustError::Io { path: path.into(), error }),
    }
    check_directory(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_directory_made_here_is_trusted_and_private() {
        let home = tempfile::tempdir().expect("a directory");
        let path = home.path().join("a/b");
        ensure_directory(&path).expect("made");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o700);
        ensure_directory(&path).expect("still fine");
    }

    #[test]
    fn links_files_and_open_directories_are_refused() {
        let home = tempfile::tempdir().expect("a directory");
        let (real, link, file) = (home.path().join("real"), home.path().join("link"), home.path().join("file"));
        fs::create_dir(&real).expect("made");
        symlink(&real, &link).expect("made");
        fs::write(&file, "").expect("made");
        assert!(matches!(ensure_directory(&link), Err(TrustError::NotADirectory { .. })));
        assert!(matches!(check_directory(&file), Err(TrustError::NotADirectory { .. })));
        fs::set_permissions(&real, fs::Permissions::from_mode(0o777)).expect("set");
        assert!(matches!(check_directory(&real), Err(TrustError::Writable { mode: 0o777, .. })));
    }

    #[test]
    fn a_directory_of_another_user_is_refused() {
        // Whoever runs the tests: one of these two is not theirs.
        let foreign = if rustix::process::geteuid().is_root() {
            let home = tempfile::tempdir().expect("a directory");
            let path = home.path().join("theirs");
            fs::create_dir(&path).expect("made");
            std::os::unix::fs::chown(&path, Some(65534), None).expect("root may");
            let outcome = check_directory(&path);
            drop(home);
            outcome
        } else {
            check_directory(Path::new("/usr"))
        };
        assert!(matches!(foreign, Err(TrustError::ForeignDirectory { .. })));
    }
}
