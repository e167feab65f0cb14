//! Segments and mappings on Unix: POSIX shared memory whose name is gone before anybody hears of it.
#![allow(unsafe_code, reason = "mapped memory is reached through pointers")]

use std::ffi::c_void;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicU64;

use rustix::mm::{MapFlags, ProtFlags};
use rustix::shm;
use shared_memory::{Shmem, ShmemConf, ShmemError};

use super::super::{SurfaceError, layout};

/// A segment of shared memory that this process made and may write.
pub(crate) struct Segment {
    memory: Shmem,
    words: usize,
    read_only: OwnedFd,
}

// SAFETY: a `Shmem` is a mapping that stays where it is until it is dropped; only its raw pointer keeps it from
// being `Send` and `Sync`. Here the memory is reached only as `&[AtomicU64]`, which any thread may use.
unsafe impl Send for Segment {}
// SAFETY: as above.
unsafe impl Sync for Segment {}

impl Segment {
    /// Makes a segment of so many zeroed words, reserves its memory and takes its name away again.
    ///
    /// # Errors
    /// If there is no room for it, or the system refuses one of these steps.
    pub(crate) fn create(words: usize) -> Result<Self, SurfaceError> {
        let bytes = words * size_of::<AtomicU64>();
        let (name, mut memory) = loop {
            let name = format!("/{}", super::new_name()?);
            match ShmemConf::new().os_id(&name).size(bytes).create() {
                Ok(memory) => break (name, memory),
                Err(ShmemError::MappingIdExists) => {}
                Err(error) => return Err(error.into()),
            }
        };
        // From here on a failure drops `memory`, which takes the name away because it still owns it.
        let open = |flags| shm::open(&name, flags, shm::Mode::empty()).map_err(|e| SurfaceError::Open(e.into()));
        reserve(&open(shm::OFlags::RDWR)?, bytes)?;
        let read_only = open(shm::OFlags::RDONLY)?;
        shm::unlink(&name).map_err(|e| SurfaceError::Open(e.into()))?;
        memory.set_owner(false);
        Ok(Self { memory, words, read_only })
    }

    /// The segment's words.
    pub(crate) fn words(&self) -> &[AtomicU64] {
        // SAFETY: the mapping begins at a page, so it is aligned; it is `words` words long and lives as long as
        // `self`. Nobody can shorten the segment: its name is gone and the descriptor handed out is read-only. All
        // accesses in any process are atomic ones of this size.
        unsafe { std::slice::from_raw_parts(self.memory.as_ptr().cast(), self.words) }
    }

    /// A mapping as a reader of this process would have it.
    ///
    /// # Errors
    /// As the system refuses.
    pub(crate) fn map(&self) -> Result<Mapping, SurfaceError> {
        Mapping::from_fd(self.read_only.try_clone().map_err(SurfaceError::Open)?)
    }

    /// The descriptor to hand to readers: it can be mapped, and not for writing.
    pub(crate) fn reader_fd(&self) -> BorrowedFd<'_> {
        self.read_only.as_fd()
    }
}

/// Takes the memory from the system now: on a full tmpfs a page that is only touched later
/// would end the process with SIGBUS.
#[cfg(target_os = "linux")]
fn reserve(segment: &OwnedFd, bytes: usize) -> Result<(), SurfaceError> {
    loop {
        match rustix::fs::fallocate(segment, rustix::fs::FallocateFlags::empty(), 0, bytes as u64) {
            Ok(()) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(SurfaceError::Reserve { bytes, source: error.into() }),
        }
    }
}

/// Elsewhere shared memory is not a file system with a limit of its own, and there is nothing to reserve it with.
#[cfg(not(target_os = "linux"))]
fn reserve(_segment: &OwnedFd, _bytes: usize) -> Result<(), SurfaceError> {
    Ok(())
}

/// A surface's memory as a reader sees it: mapped, and read-only.
#[derive(Debug)]
pub struct Mapping {
    start: NonNull<c_void>,
    bytes: usize,
}

// SAFETY: the mapping stays where it is until it is dropped, and its memory is reached only as `&[AtomicU64]`.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps the segment behind a descriptor that came with `Attached` or `SurfaceMoved`. The descriptor is
    /// closed; the mapping stays valid without it, and after the daemon has let go of the segment.
    ///
    /// # Errors
    /// If the segment's length cannot be a surface's, or the system refuses to map it.
    pub fn from_fd(fd: OwnedFd) -> Result<Self, SurfaceError> {
        let stat = rustix::fs::fstat(&fd).map_err(|e| SurfaceError::Open(e.into()))?;
        let length = u64::try_from(stat.st_size).unwrap_or(0);
        let bytes = match usize::try_from(length) {
            Ok(bytes) if (layout::HEADER_WORDS * 8..=layout::MAX_BYTES).contains(&bytes) && bytes % 8 == 0 => bytes,
            _ => return Err(SurfaceError::Length(length)),
        };
        // SAFETY: a new mapping at a place of the system's choosing touches nothing that exists.
        let start = unsafe { rustix::mm::mmap(ptr::null_mut(), bytes, ProtFlags::READ, MapFlags::SHARED, &fd, 0) };
        let start = start.map_err(|e| SurfaceError::Map(e.into()))?;
        let start = NonNull::new(start).ok_or_else(|| SurfaceError::Map(rustix::io::Errno::NOMEM.into()))?;
        Ok(Self { start, bytes })
    }

    /// The mapped words. They may only be read, and only relaxed: the pages are read-only, where the language
    /// allows no other atomic access.
    pub(crate) fn words(&self) -> &[AtomicU64] {
        // SAFETY: the mapping begins at a page, is `bytes` long and lives as long as `self`. The descriptor came from
        // the daemon, whose identity the connection has checked and which never shortens a segment. All accesses in
        // any process are atomic ones of this size.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr().cast(), self.bytes / size_of::<AtomicU64>()) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: this is the mapping that `from_fd` made, and every slice of it borrowed from `self`.
        // That it fails would mean that it is gone already, and there is nothing to be done about that.
        let _ = unsafe { rustix::mm::munmap(self.start.as_ptr(), self.bytes) };
    }
}

#[cfg(test)]
mod tests {
    use std::{fs::File, os::unix::fs::FileExt};

    use super::*;

    #[test]
    fn what_readers_get_cannot_be_mapped_for_writing() {
        let segment = Segment::create(1024).expect("a segment");
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new mapping at a place of the system's choosing touches nothing that exists.
        let mapped =
            unsafe { rustix::mm::mmap(ptr::null_mut(), 4096, protection, MapFlags::SHARED, segment.reader_fd(), 0) };
        assert_eq!(mapped.err(), Some(rustix::io::Errno::ACCESS));
    }

    #[test]
    fn readers_can_neither_write_nor_shorten_and_no_name_stays_behind() {
        let segment = Segment::create(1024).expect("a segment");
        let stat = rustix::fs::fstat(segment.reader_fd()).expect("the descriptor is open");
        assert_eq!(stat.st_nlink, 0, "the segment still has a name");
        let file = File::from(segment.read_only.try_clone().expect("a descriptor"));
        assert!(file.write_all_at(&[1], 0).is_err());
        assert!(file.set_len(0).is_err());
    }

    #[test]
    fn what_cannot_be_a_surface_is_not_mapped() {
        for length in [0, 8, 4095, 4097, layout::MAX_BYTES as u64 + 8] {
            let file = tempfile::tempfile().expect("a file");
            file.set_len(length).expect("a sparse file");
            assert!(matches!(Mapping::from_fd(file.into()), Err(SurfaceError::Length(found)) if found == length));
        }
        assert!(Mapping::from_fd(File::open("/dev/null").expect("it exists").into()).is_err());
        assert!(Mapping::from_fd(File::open("/").expect("it exists").into()).is_err());
    }

    #[test]
    fn a_segment_begins_as_zeros_and_is_seen_by_its_mappings() {
        let segment = Segment::create(1024).expect("a segment");
        let mapping = segment.map().expect("a mapping");
        assert_eq!(mapping.words().len(), 1024);
        assert!(mapping.words().iter().all(|word| word.load(std::sync::atomic::Ordering::Relaxed) == 0));
        segment.words()[1023].store(7, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(mapping.words()[1023].load(std::sync::atomic::Ordering::Relaxed), 7);
    }
}
