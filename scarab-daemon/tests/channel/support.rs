//! What the tests of the channel share: a daemon, clients at its sessions, a relay that breaks connections.

pub mod daemon;
pub mod desk;
#[cfg(unix)]
#[path = "support/unix.rs"]
pub mod platform;
#[cfg(windows)]
#[path = "support/windows.rs"]
pub mod platform;
pub mod relay;
pub mod wire;

use std::{
    thread,
    time::{Duration, Instant},
};

pub use self::platform::address;

/// How long anything may take before a test fails. Long, because it is only ever waited out by a failure, and machines
/// that run tests are busy.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// How often it is looked again. Only for things without an event to wait for, such as a file or a process's end.
const PAUSE: Duration = Duration::from_millis(5);

/// Looks until it is so; false at the deadline.
pub fn within(deadline: Duration, mut is: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + deadline;
    while !is() {
        if Instant::now() >= end {
            return false;
        }
        thread::sleep(PAUSE);
    }
    true
}
