//! Where threads run.
//!
//! Two processes that take turns are five times as fast on one processor as on two, and the system moves them as it likes. Who
//! compares two such pairs has to say where they are.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Does something on one processor, and starts whatever it starts there.
///
/// # Errors
/// If there is no such processor.
pub fn on<T>(processor: usize, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let before = sched_getaffinity(None)?;
    let mut one = CpuSet::new();
    one.set(processor);
    sched_setaffinity(None, &one)?;
    let done = work();
    sched_setaffinity(None, &before)?;
    done
}
