//! Users and directories on Windows.

mod directory;
mod security;
mod sid;

use std::{
    fs, io,
    os::windows::{
        fs::OpenOptionsExt,
        io::{AsHandle, BorrowedHandle},
    },
    path::{Path, PathBuf},
};

use interprocess::os::windows::security_descriptor::SecurityDescriptor;
use widestring::U16CString;
use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT, FILE_READ_ATTRIBUTES, READ_CONTROL,
};

use self::security::Security;
use super::{TrustError, User};

/// Those who may do as they please on the machine anyway: the system, and the group of administrators. What an elevated
/// process makes belongs to the latter.
const ALMIGHTY: [&str; 2] = ["S-1-5-18", "S-1-5-32-544"];

/// The SID of this process's user, as text.
///
/// # Errors
/// [`TrustError::Io`] if the system does not tell.
pub fn user_sid() -> Result<User, TrustError> {
    sid::of_own_user().map_err(|error| TrustError::Io { path: PathBuf::from("the user of this process"), error })
}

/// Checks a directory without following a link: a real directory, of this user or of the system's, and with nobody
/// else who may put things into it, remove them or give such rights away.
///
/// # Errors
/// What is wrong with it, as a [`TrustError`].
pub fn check_directory(path: &Path) -> Result<(), TrustError> {
    let failed = |error| TrustError::Io { path: path.into(), error };
    // All is asked of one handle, so that nobody can put something else in the directory's place in between.
    let directory = fs::OpenOptions::new()
        .access_mode(READ_CONTROL | FILE_READ_ATTRIBUTES)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT)
        .open(path)
        .map_err(failed)?;
    // A link or a junction is not a directory to `is_dir`.
    if !directory.metadata().map_err(failed)?.is_dir() {
        return Err(TrustError::NotADirectory { path: path.into() });
    }
    let found = security::of_file(directory.as_handle()).map_err(failed)?;
    judge(path, found, user_sid()?)
}

/// Makes a directory for this user alone, and what is missing above it, then checks it.
///
/// # Errors
/// As [`check_directory`]; [`TrustError::Io`] if it cannot be made.
pub fn ensure_directory(path: &Path) -> Result<(), TrustError> {
    let own = user_sid()?;
    let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| {
        // Said outright, because the rights that would be inherited are not known here.
        let [system, administrators] = ALMIGHTY;
        let access = format!("O:{own}D:P(A;OICI;FA;;;{own})(A;OICI;FA;;;{system})(A;OICI;FA;;;{administrators})");
        directory::create(path, &descriptor(&access)?)
    });
    match made {
        Ok(()) => {}
        // Whatever is there: the check says whether it will do.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(TrustError::Io { path: path.into(), error }),
    }
    check_directory(path)
}

/// What a daemon's pipe is guarded by: it belongs to this process's user, who alone may open it, and a process of that
/// user with less integrity than this one may not write to it, lest it types into an elevated shell.
pub(crate) fn pipe_security() -> io::Result<SecurityDescriptor> {
    let (own, integrity) = (sid::of_own_user()?, sid::of_own_integrity()?);
    descriptor(&format!("O:{own}D:P(A;;GA;;;{own})S:(ML;;NW;;;{integrity})"))
}

/// Whose a pipe is, asked of an end of it.
pub(crate) fn owner_of_pipe(pipe: BorrowedHandle<'_>) -> io::Result<User> {
    Ok(security::of_kernel_object(pipe)?.owner)
}

/// As whom a process runs.
pub(crate) fn user_of_process(pid: u32) -> io::Result<User> {
    sid::of_user(pid)
}

/// Whether a directory with this guard is to be trusted by a user.
fn judge(path: &Path, found: Security, own: User) -> Result<(), TrustError> {
    let trusted = |user: &User| *user == own || ALMIGHTY.contains(&user.as_str());
    if !trusted(&found.owner) {
        return Err(TrustError::ForeignDirectory { path: path.into(), owner: found.owner, own });
    }
    match found.writers.into_iter().find(|writer| !trusted(writer)) {
        Some(writer) => Err(TrustError::WritableBy { path: path.into(), writer }),
        None => Ok(()),
    }
}

/// A security descriptor, from the system's language for them (SDDL).
fn descriptor(text: &str) -> io::Result<SecurityDescriptor> {
    let text = U16CString::from_str(text).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    SecurityDescriptor::deserialize(&text)
}

#[cfg(test)]
mod tests {
    use std::os::windows::io::OwnedHandle;

    use interprocess::os::windows::named_pipe::{PipeListenerOptions, pipe_mode};

    use super::*;

    #[test]
    fn a_process_runs_as_its_own_user() {
        let own = user_sid().expect("the system tells");
        assert!(own.starts_with("S-1-5-"), "{own}");
        assert_eq!(user_of_process(std::process::id()).expect("the system tells"), own);
    }

    #[test]
    fn a_directory_made_here_is_trusted() {
        let home = tempfile::tempdir().expect("a directory");
        let path = home.path().join("a").join("b");
        ensure_directory(&path).expect("made");
        ensure_directory(&path).expect("still fine");
    }

    #[test]
    fn files_and_what_is_not_there_are_refused() {
        let home = tempfile::tempdir().expect("a directory");
        let file = home.path().join("file");
        fs::write(&file, "").expect("made");
        assert!(matches!(ensure_directory(&file), Err(TrustError::NotADirectory { .. })));
        assert!(matches!(check_directory(&home.path().join("none")), Err(TrustError::Io { .. })));
    }

    #[test]
    fn others_may_neither_own_a_directory_nor_write_to_it() {
        let judged = |owner: &str, writers: &[&str]| {
            let writers = writers.iter().map(|&writer| writer.into()).collect();
            judge(Path::new("x"), Security { owner: owner.into(), writers }, "S-1-5-21-1-2-3-1001".into())
        };
        let (own, other) = ("S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1002");
        judged(own, &[own, "S-1-5-18", "S-1-5-32-544"]).expect("nobody else");
        judged("S-1-5-32-544", &[own]).expect("made by an elevated process");
        assert!(matches!(judged(other, &[own]), Err(TrustError::ForeignDirectory { owner, .. }) if owner == other));
        assert!(matches!(judged(own, &[own, other]), Err(TrustError::WritableBy { writer, .. }) if writer == other));
    }

    #[test]
    fn a_guard_is_read_as_it_was_set() {
        // A pipe keeps its guard word for word, whatever the file system is.
        let own = user_sid().expect("the system tells");
        let guard = format!("O:{own}D:P(A;;GA;;;{own})(A;;GR;;;BU)(A;;GW;;;WD)(D;;GW;;;BG)");
        let name = format!(r"\\.\pipe\scarab-test-{:016x}", getrandom::u64().expect("a number"));
        let pipe = PipeListenerOptions::new()
            .path(name)
            .security_descriptor(Some(descriptor(&guard).expect("a descriptor")))
            .create_duplex::<pipe_mode::Bytes>()
            .expect("a new name");
        let found = security::of_kernel_object(OwnedHandle::from(pipe).as_handle()).expect("the system tells");
        assert_eq!((found.owner, found.writers), (own.clone(), vec![own, "S-1-1-0".into()]));
    }
}
