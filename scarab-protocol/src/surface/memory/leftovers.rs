//! Names of segments whose maker died in the moment between making one and taking its name away.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::process::Pid;

use super::{NAME_LENGTH, PREFIX, process_tag};

/// Removes names of segments that this user's dead processes have left, and gives back how many. To be
/// called at its start by the daemon that holds the lock.
///
/// The segments of other daemons that are just being made stay, because their names carry the number of a living
/// process. Systems that do not list shared memory under `/dev/shm` have nothing to sweep by, and nothing is done.
pub fn sweep_leftovers() -> usize {
    sweep(Path::new("/dev/shm"))
}

fn sweep(directory: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
    let own = rustix::process::geteuid().as_raw();
    let abandoned = |entry: &std::fs::DirEntry| {
        entry.file_name().to_str().is_some_and(is_abandoned)
            && entry.metadata().is_ok_and(|file| file.is_file() && file.uid() == own)
    };
    entries.flatten().filter(abandoned).filter(|entry| std::fs::remove_file(entry.path()).is_ok()).count()
}

/// Whether this is the name of a segment and its maker is no more.
fn is_abandoned(name: &str) -> bool {
    let Some(digits) = name.strip_prefix(PREFIX) else { return false };
    if name.len() != NAME_LENGTH || !digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return false;
    }
    let number = |digits| u32::from_str_radix(digits, 16).ok();
    let (Some(maker), Some(tag)) = (number(&digits[..8]), number(&digits[8..16])) else { return false };
    if maker == std::process::id() {
        // An earlier process may have had this one's number; its names carry another tag.
        return process_tag().is_ok_and(|own| own != tag);
    }
    match i32::try_from(maker).ok().and_then(Pid::from_raw) {
        Some(pid) => rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::new_name;
    use super::*;

    #[test]
    fn only_names_whose_maker_is_gone_are_swept() {
        let directory = tempfile::tempdir().expect("a directory");
        let tag = process_tag().expect("a tag");
        let dead = format!("scarab-{:08x}{tag:08x}123456", i32::MAX);
        let former = format!("scarab-{:08x}{:08x}123456", std::process::id(), tag ^ 1);
        let kept = [
            new_name().expect("a name"),
            format!("scarab-{:08x}{tag:08x}123456", 1),
            format!("scarab-{:08x}{tag:08x}12345", i32::MAX),
            format!("scarab-{:08x}{tag:08x}12345g", i32::MAX),
            "scarab-é".to_owned(),
            "another".to_owned(),
        ];
        for name in kept.iter().chain([&dead, &former]) {
            std::fs::write(directory.path().join(name), "").expect("a file");
        }
        assert_eq!(sweep(directory.path()), 2);
        for name in &kept {
            assert!(directory.path().join(name).exists(), "{name} was swept");
        }
    }

    #[test]
    fn names_are_short_enough_for_every_system() {
        let name = new_name().expect("a name");
        assert_eq!(name.len(), NAME_LENGTH);
        assert!(name.len() < 31);
    }
}
