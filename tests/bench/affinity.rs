//! Where threads run.
//!
//! Two processes that take turns are five times as fast on one processor as on two, and the system moves them as it likes. Who
//! compares two such pairs has to say where they are. Whatever a process starts stays where it is itself, so that a daemon is held
//! on one processor only where nothing else wants that one: in rows that name it.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Does something on one processor, and starts whatever it starts there; where the system likes if none is named.
///
/// # Errors
/// If there is no such processor.
pub fn on<T>(processor: Option<usize>, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let Some(processor) = processor else { return work() };
    let before = sched_getaffinity(None)?;
    let mut one = CpuSet::new();
    one.set(processor);
    sched_setaffinity(None, &one)?;
    let done = work();
    sched_setaffinity(None, &before)?;
    done
}

/// Who asks is on the first of them and who answers on the second, and what a row says of it.
pub const PLACES: [([Option<usize>; 2], &str); 2] =
    [([Some(0), Some(0)], "one processor"), ([Some(0), Some(1)], "two processors")];

/// Both are where the system puts them.
pub const ANYWHERE: [Option<usize>; 2] = [None, None];
