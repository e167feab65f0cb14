//! What the end-to-end tests share: the programs, built anew; a daemon in a home of its own; `scarabctl`; terminals and
//! windows to sit at; and waiting, always with a deadline.

pub mod daemon;
pub mod oracle;
pub mod proc;
pub mod process;
pub mod programs;
pub mod relay;
pub mod tty;
pub mod wait;
pub mod window;

use std::time::Duration;

/// How long anything may take before a test fails. Long, because it is only ever waited out by a failure, and machines
/// that run tests are busy.
pub const DEADLINE: Duration = Duration::from_secs(60);
