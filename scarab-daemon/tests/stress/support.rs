//! What the stress tests share: a daemon, a relay that breaks connections, clients, and figures.

pub mod daemon;
pub mod desk;
pub mod figures;
pub mod proc;
pub mod random;
pub mod relay;
pub mod wire;

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use scarab_protocol::endpoint::Address;

/// How long anything may take before a test fails. Long, because it is only ever waited out by a failure, and machines
/// that run tests are busy.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// An address in a test's directory.
pub fn address(home: &Path, name: &str) -> Address {
    Address::of_socket(&home.join(format!("{name}.sock"))).expect("a short path")
}

/// How often it is looked again. Only for things without an event to wait for, such as a file or a number in /proc.
const PAUSE: Duration = Duration::from_millis(20);

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

/// A number of an environment variable, or another if that is not set.
pub fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")),
        Err(_) => default,
    }
}
