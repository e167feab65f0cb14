//! A PTY that this program holds.

use std::{
    io::{Read, Write},
    process::Command,
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtyPair, PtySize, SlavePty, native_pty_system};

/// A terminal with a program on it, or with none.
pub struct Terminal {
    /// What the programs write.
    pub output: Box<dyn Read + Send>,
    /// Where is typed.
    pub input: Box<dyn Write + Send>,
    _master: Box<dyn MasterPty + Send>,
    /// Kept open where there is no program.
    _slave: Option<Box<dyn SlavePty + Send>>,
    child: Option<Box<dyn Child + Send + Sync>>,
}

impl Terminal {
    /// A terminal whose line discipline echoes, and nobody reads.
    ///
    /// # Errors
    /// If the system has no PTY.
    pub fn alone() -> anyhow::Result<Self> {
        let pair = pair(80, 24)?;
        Self::of(pair.master, Some(pair.slave), None)
    }

    /// A program on a terminal of this size, with the variables that its command names and no others.
    ///
    /// # Errors
    /// If the system has no PTY, or the program cannot be started.
    pub fn running(command: &Command, cols: u16, rows: u16) -> anyhow::Result<Self> {
        let mut builder = CommandBuilder::new(command.get_program());
        builder.args(command.get_args());
        builder.env_clear();
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                builder.env(name, value);
            }
        }
        let pair = pair(cols, rows)?;
        let child = pair.slave.spawn_command(builder)?;
        Self::of(pair.master, None, Some(child))
    }

    fn of(
        master: Box<dyn MasterPty + Send>,
        slave: Option<Box<dyn SlavePty + Send>>,
        child: Option<Box<dyn Child + Send + Sync>>,
    ) -> anyhow::Result<Self> {
        let (output, input) = (master.try_clone_reader()?, master.take_writer()?);
        Ok(Self { output, input, _master: master, _slave: slave, child })
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn pair(cols: u16, rows: u16) -> anyhow::Result<PtyPair> {
    native_pty_system().openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 })
}
