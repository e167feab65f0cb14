//! What only the platform knows of the threads that scripts run on.

use std::time::{Duration, Instant};

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix::thread_time;
#[cfg(windows)]
use windows::thread_time;

/// Measures what the thread that started it does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopwatch {
    began: Instant,
    began_computing: Option<Duration>,
}

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self { began: Instant::now(), began_computing: thread_time() }
    }

    /// How much time has passed by the clock, which is cheap to look at.
    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// How long the thread has really computed, which is what counts on a busy machine; the same where the system does not say.
    pub(super) fn computed(&self) -> Duration {
        match (self.began_computing, thread_time()) {
            (Some(before), Some(now)) => now.saturating_sub(before),
            _ => self.elapsed(),
        }
    }
}
