//! Threads of scripts on Windows.

use std::time::Duration;

/// Not known without unsafe code: scripts have their time by the clock.
pub(in super::super) fn thread_time() -> Option<Duration> {
    None
}
