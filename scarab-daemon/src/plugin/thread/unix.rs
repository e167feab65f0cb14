//! Threads of scripts on Unix.

use std::time::Duration;

/// How long the calling thread has computed, if the system says so.
pub(in super::super) fn thread_time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).ok()
}
