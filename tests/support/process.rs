//! Processes that end when they should.

use std::{
    io::Write,
    os::fd::OwnedFd,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal},
};

use super::DEADLINE;

/// What a program had to say.
#[derive(Debug, Clone)]
pub struct Said {
    /// Its exit code; 128 and more for a signal.
    pub code: i32,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

/// Runs a program to its end, with this as its standard input. Fails the test if it takes longer than [`DEADLINE`].
pub fn run(command: &mut Command, input: &[u8]) -> Said {
    use std::os::unix::process::ExitStatusExt;

    let what = format!("{command:?}");
    let stdin = if input.is_empty() { Stdio::null() } else { Stdio::piped() };
    let mut child = command
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    let pid = child.id();
    if let Some(mut stdin) = child.stdin.take() {
        let input = input.to_vec();
        // A program that does not read to the end is not this thread's matter.
        thread::spawn(move || drop(stdin.write_all(&input)));
    }
    let (done, output) = mpsc::channel();
    thread::spawn(move || done.send(child.wait_with_output()));
    let output = output.recv_timeout(DEADLINE).unwrap_or_else(|_| {
        signal(pid, Signal::KILL);
        panic!("{what} did not end in {DEADLINE:?}");
    });
    let output = output.unwrap_or_else(|error| panic!("{what}: {error}"));
    Said {
        code: output.status.code().unwrap_or_else(|| 128 + output.status.signal().unwrap_or(0)),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Sends a signal; a process that is gone has had it.
pub fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = pid_of(pid) {
        let _ = kill_process(pid, signal);
    }
}

/// Waits for any process's end; false if it is still there at the deadline.
pub fn ended_within(pid: u32, deadline: Duration) -> bool {
    Handle::of(pid).is_none_or(|process| process.ended_within(deadline))
}

/// A process that is nobody's child here, held so that its number cannot be taken for another's when it is gone.
pub struct Handle(OwnedFd);

impl Handle {
    /// The process with this number now, if there is one.
    pub fn of(pid: u32) -> Option<Self> {
        pidfd_open(pid_of(pid)?, PidfdFlags::empty()).ok().map(Self)
    }

    /// Sends a signal; a process that is gone has had it.
    pub fn signal(&self, signal: Signal) {
        let _ = pidfd_send_signal(&self.0, signal);
    }

    /// Waits for its end; false if it is still there at the deadline.
    pub fn ended_within(&self, deadline: Duration) -> bool {
        let patience = Timespec { tv_sec: deadline.as_secs() as _, tv_nsec: deadline.subsec_nanos() as _ };
        matches!(poll(&mut [PollFd::new(&self.0, PollFlags::IN)], Some(&patience)), Ok(1))
    }
}

/// Whether a process runs: a zombie does not.
pub fn is_running(pid: u32) -> bool {
    super::proc::state(pid).is_some_and(|state| state != 'Z' && state != 'X')
}

fn pid_of(pid: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(pid).ok()?)
}

/// A child that does not outlive the test: killed and reaped when dropped.
pub struct Reaped(pub Child);

impl Reaped {
    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Waits for its end; fails the test at the deadline.
    pub fn wait(&mut self, what: &str) -> std::process::ExitStatus {
        assert!(ended_within(self.pid(), DEADLINE), "{what} did not end in {DEADLINE:?}");
        self.0.wait().expect("a child can be waited for")
    }
}

impl Drop for Reaped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
