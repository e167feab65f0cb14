//! Waiting for what nobody announces, such as a file or a number in /proc.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::DEADLINE;

/// How often it is looked again. Only for things without an event to wait for.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks until there is something, and gives it back; fails the test at the deadline.
pub fn eventually<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    within(DEADLINE, look).unwrap_or_else(|| panic!("not in {DEADLINE:?}: {what}"))
}

/// Looks until it is so; fails the test at the deadline.
pub fn until(what: &str, mut is: impl FnMut() -> bool) {
    eventually(what, || is().then_some(()));
}

/// Looks until there is something, or nothing at the deadline.
pub fn within<T>(deadline: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + deadline;
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if Instant::now() >= end {
            return None;
        }
        thread::sleep(PAUSE);
    }
}
