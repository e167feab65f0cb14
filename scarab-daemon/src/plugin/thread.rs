//! What only the platform knows of the threads that scripts run on.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(super) use unix::thread_time;
#[cfg(windows)]
pub(super) use windows::thread_time;
