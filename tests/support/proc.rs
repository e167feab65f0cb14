//! What Linux tells about a process.

use std::fs;

/// The state letter of a process; `None` if it is gone.
pub fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The program's name is in brackets and may hold anything, brackets too.
    stat.rsplit(')').next()?.trim_start().chars().next()
}

/// How many threads a process has.
pub fn threads(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count)
}

/// The names of a process's threads, sorted.
pub fn thread_names(pid: u32) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let mut names: Vec<String> = tasks
        .filter_map(|task| fs::read_to_string(task.path().join("comm")).ok())
        .map(|name| name.trim().into())
        .collect();
    names.sort();
    names
}

/// How many descriptors a process has open.
pub fn descriptors(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

/// How much memory a process has in use, in KiB.
pub fn resident_kib(pid: u32) -> u64 {
    status_field(&format!("/proc/{pid}/status"), "VmRSS:").unwrap_or(0)
}

/// How often the threads of a process have gone to sleep so far: what never wakes does not fall asleep again.
pub fn voluntary_switches(pid: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    tasks
        .filter_map(|task| status_field(&task.path().join("status").to_string_lossy(), "voluntary_ctxt_switches:"))
        .sum()
}

/// The segments of shared memory that carry Scarab's name.
pub fn segments() -> Vec<String> {
    let found = fs::read_dir("/dev/shm").into_iter().flatten().flatten();
    found.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| name.starts_with("scarab")).collect()
}

fn status_field(file: &str, field: &str) -> Option<u64> {
    let status = fs::read_to_string(file).ok()?;
    status.lines().find_map(|line| line.strip_prefix(field))?.split_whitespace().next()?.parse().ok()
}
