//! What Linux tells about a process.

use std::fs;

/// How much a process holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holdings {
    /// Threads.
    pub threads: usize,
    /// Open descriptors.
    pub descriptors: usize,
    /// Mappings of Scarab's segments of shared memory.
    pub segments: usize,
    /// Memory in use, in KiB.
    pub resident_kib: u64,
}

impl Holdings {
    /// Those of a process now.
    pub fn of(pid: u32) -> Self {
        let count = |what| fs::read_dir(format!("/proc/{pid}/{what}")).map_or(0, Iterator::count);
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
        Self {
            threads: count("task"),
            descriptors: count("fd"),
            segments: maps.lines().filter(|line| line.contains("/scarab")).filter(|line| line.contains("shm")).count(),
            resident_kib: status_kib(pid, "VmRSS:"),
        }
    }

    /// Whether nothing is held that was not there before. Memory does not count: allocators give it back when they like. What was
    /// there may be gone: whoever asked the daemon last may still have been leaving.
    pub fn leaves_nothing_beside(self, before: Self) -> bool {
        self.threads <= before.threads && self.descriptors <= before.descriptors && self.segments <= before.segments
    }
}

/// The most memory a process has had in use so far, in KiB.
pub fn peak_kib(pid: u32) -> u64 {
    status_kib(pid, "VmHWM:")
}

fn status_kib(pid: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let number = status.lines().find_map(|line| line.strip_prefix(field)?.split_whitespace().next()?.parse().ok());
    number.unwrap_or(0)
}
