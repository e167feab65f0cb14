//! Segments and mappings on Windows: named by chance, opened by name, owned by the user.
#![allow(unsafe_code, reason = "mapped memory is reached through pointers")]

use std::{
    env,
    fs::{self, OpenOptions},
    os::windows::fs::OpenOptionsExt,
    path::Path,
    sync::atomic::AtomicU64,
};

use shared_memory::{Shmem, ShmemConf, ShmemError};
use windows_sys::Win32::Storage::FileSystem::{DELETE, FILE_FLAG_DELETE_ON_CLOSE};

use super::super::{SurfaceError, layout};

/// A segment of shared memory that this process made and may write.
pub(crate) struct Segment {
    memory: Shmem,
    words: usize,
    name: String,
}

// SAFETY: a `Shmem` is a view that stays where it is until it is dropped; only its raw pointer keeps it from
// being `Send` and `Sync`. Here the memory is reached only as `&[AtomicU64]`, which any thread may use.
unsafe impl Send for Segment {}
// SAFETY: as above.
unsafe impl Sync for Segment {}

impl Segment {
    /// Makes a segment of so many zeroed words. Its name goes when the segment is dropped.
    ///
    /// # Errors
    /// If the system refuses it, most often for want of room.
    pub(crate) fn create(words: usize) -> Result<Self, SurfaceError> {
        loop {
            let name = super::new_name()?;
            match ShmemConf::new().os_id(&name).size(words * size_of::<AtomicU64>()).create() {
                Ok(memory) => return Ok(Self { memory, words, name }),
                Err(ShmemError::MappingIdExists) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The segment's words.
    pub(crate) fn words(&self) -> &[AtomicU64] {
        // SAFETY: a view begins at a page; it is at least `words` words long and lives as long as `self`, and
        // a file that is mapped cannot be shortened. All accesses in any process are atomic ones of this size.
        unsafe { std::slice::from_raw_parts(self.memory.as_ptr().cast(), self.words) }
    }

    /// A mapping as a reader of this process would have it.
    ///
    /// # Errors
    /// As the system refuses.
    pub(crate) fn map(&self) -> Result<Mapping, SurfaceError> {
        Mapping::open(&self.name)
    }

    /// The name by which readers open the segment.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// A surface's memory as a reader sees it. This crate's user only reads it; the system would allow more.
pub struct Mapping {
    memory: Shmem,
}

// SAFETY: as for `Segment`.
unsafe impl Send for Mapping {}
// SAFETY: as for `Segment`.
unsafe impl Sync for Mapping {}

impl std::fmt::Debug for Mapping {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mapping").field("bytes", &self.memory.len()).finish()
    }
}

impl Mapping {
    /// Opens the segment with a name that came with `Attached` or `SurfaceMoved`.
    ///
    /// # Errors
    /// If the name is not one that a daemon makes, if there is no such segment any more, or if its
    /// length cannot be a surface's.
    pub fn open(name: &str) -> Result<Self, SurfaceError> {
        // The name becomes part of a path, so nothing but our own form is taken.
        let digits = name.strip_prefix(super::PREFIX).unwrap_or("");
        if name.len() != super::NAME_LENGTH || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(SurfaceError::Open(std::io::ErrorKind::InvalidInput.into()));
        }
        let memory = ShmemConf::new().os_id(name).open()?;
        if !(layout::HEADER_WORDS * 8..=layout::MAX_BYTES).contains(&memory.len()) {
            return Err(SurfaceError::Length(memory.len() as u64));
        }
        Ok(Self { memory })
    }

    /// The mapped words, which may only be read.
    pub(crate) fn words(&self) -> &[AtomicU64] {
        // SAFETY: the view begins at a page, is as long as the system says and lives as long as `self`. All
        // accesses in any process are atomic ones of this size.
        unsafe { std::slice::from_raw_parts(self.memory.as_ptr().cast(), self.memory.len() / size_of::<AtomicU64>()) }
    }
}

/// Removes the files behind segments that dead processes have left, and gives back how many. To be called at
/// its start by the daemon that holds the lock.
pub fn sweep_leftovers() -> usize {
    // Where `shared_memory` keeps them.
    sweep(&env::temp_dir().join("shared_memory-rs"))
}

fn sweep(directory: &Path) -> usize {
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    entries.flatten().filter(|entry| entry.file_name().to_str().is_some_and(is_ours) && remove(&entry.path())).count()
}

/// Whether this is the name of a segment's file, or what `shared_memory` calls one whose name is to go.
fn is_ours(name: &str) -> bool {
    let name = name.strip_suffix("_deleted").unwrap_or(name);
    let digits = name.strip_prefix(super::PREFIX).unwrap_or("");
    name.len() == super::NAME_LENGTH && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Removes a file if nobody has it open. Whoever uses a segment has, and the system then refuses to share it with one who does not share.
fn remove(path: &Path) -> bool {
    OpenOptions::new().access_mode(DELETE).share_mode(0).custom_flags(FILE_FLAG_DELETE_ON_CLOSE).open(path).is_ok()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;

    #[test]
    fn a_segment_begins_as_zeros_and_is_seen_by_its_mappings() {
        let segment = Segment::create(1024).expect("a segment");
        let mapping = segment.map().expect("a mapping");
        assert!(mapping.words().len() >= 1024);
        assert!(mapping.words().iter().all(|word| word.load(Ordering::Relaxed) == 0));
        segment.words()[1023].store(7, Ordering::Relaxed);
        assert_eq!(mapping.words()[1023].load(Ordering::Relaxed), 7);
    }

    #[test]
    fn names_that_no_daemon_makes_are_not_opened() {
        for name in ["", "scarab-", "another", r"scarab-..\..\..\..\..\..\..\..", "scarab-00000000000000000000"] {
            assert!(Mapping::open(name).is_err(), "{name}");
        }
    }

    #[test]
    fn only_files_that_nobody_has_open_are_swept() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name: &str| directory.path().join(name);
        let (left, deleted, used) = (super::super::new_name(), super::super::new_name(), super::super::new_name());
        let (left, deleted) = (left.expect("a name"), deleted.expect("a name") + "_deleted");
        for name in [&left, &deleted, "another"] {
            fs::write(path(name), "").expect("a file");
        }
        let used = path(&used.expect("a name"));
        let open = fs::File::create(&used).expect("a file");
        assert_eq!(sweep(directory.path()), 2);
        assert!(path("another").exists() && used.exists());
        drop(open);
        assert_eq!(sweep(directory.path()), 1);
    }
}
