//! The memory that surfaces live in: a segment that the daemon writes, and mappings of it that clients read.

use std::sync::OnceLock;

use super::SurfaceError;

#[cfg(unix)]
mod leftovers;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use leftovers::sweep_leftovers;
#[cfg(unix)]
pub use unix::Mapping;
#[cfg(unix)]
pub(crate) use unix::Segment;
#[cfg(windows)]
pub(crate) use windows::Segment;
#[cfg(windows)]
pub use windows::{Mapping, sweep_leftovers};

/// What the names of all segments begin with.
const PREFIX: &str = "scarab-";
/// How long the names are, in bytes: macOS takes 31 with the slash before them.
const NAME_LENGTH: usize = PREFIX.len() + 22;

/// A name for a new segment, without a slash: the prefix, then in hexadecimal eight digits of the maker's process number,
/// eight of its tag and six random ones. By the process number a sweep knows names that have lost their maker.
fn new_name() -> Result<String, SurfaceError> {
    let random = getrandom::u32().map_err(SurfaceError::Random)?;
    Ok(format!("{PREFIX}{:08x}{:08x}{:06x}", std::process::id(), process_tag()?, random & 0xff_ffff))
}

/// A random number of this process, which tells it from an earlier one with the same process number.
fn process_tag() -> Result<u32, SurfaceError> {
    static TAG: OnceLock<u32> = OnceLock::new();
    match TAG.get() {
        Some(tag) => Ok(*tag),
        None => {
            let fresh = getrandom::u32().map_err(SurfaceError::Random)?;
            Ok(*TAG.get_or_init(|| fresh))
        }
    }
}
