//! A program that writes without an end, in a session beside the one that is measured.

use std::{any::Any, fs, process::Command};

use anyhow::{Context, ensure};
use rustix::process::{Pid, Signal, kill_process};

/// A flood that is dammed but while something beside it is measured; over when this is dropped.
pub struct Flood {
    process: Pid,
    /// The session that it is in, and who reads that.
    _session: Box<dyn Any>,
}

impl Flood {
    /// Has a session made, by a function that is given the session's script.
    ///
    /// # Errors
    /// If there is none, or it does not come so far.
    pub fn start<T: 'static>(session: impl FnOnce(&str) -> anyhow::Result<T>) -> anyhow::Result<Self> {
        let place = tempfile::tempdir()?;
        let number = place.path().join("number");
        let made = Command::new("mkfifo").arg(&number).status()?;
        ensure!(made.success(), "mkfifo: {made}");
        // A shell stays above it, because tmux has its own children go on as soon as they are stopped.
        let session = session(&format!("yes & echo $! >{}; wait", number.display()))?;
        let number: i32 = fs::read_to_string(&number)?.trim().parse().context("the number of a process")?;
        let process = Pid::from_raw(number).context("the number of a process")?;
        let flood = Self { process, _session: Box::new(session) };
        flood.signal(Signal::STOP)?;
        Ok(flood)
    }

    /// Lets it flow while something is done.
    ///
    /// # Errors
    /// Those of what is done, or if the flood is over.
    pub fn beside<T>(&self, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        self.signal(Signal::CONT)?;
        let done = work()?;
        self.signal(Signal::STOP)?;
        Ok(done)
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        kill_process(self.process, signal).context("the flood")
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.signal(Signal::KILL);
    }
}
