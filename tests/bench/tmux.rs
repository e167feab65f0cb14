//! tmux's side: a server in directories of its own, and a client attached on a terminal that we hold.

use std::{
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context, ensure};
use tempfile::TempDir;

use crate::{scarab::confine, terminal::Terminal};

/// How often it is asked whether the client has attached, which tmux tells nobody.
const PAUSE: Duration = Duration::from_millis(20);

/// A server with one session, and a client of it; both end when this is dropped.
pub struct Tmux {
    /// The terminal that the client draws on.
    pub terminal: Terminal,
    home: TempDir,
}

impl Tmux {
    /// A session that runs a script, with as much scrollback as ours and without a status line.
    ///
    /// # Errors
    /// If there is no tmux, or it does not come so far.
    pub fn start(script: &str, cols: u16, rows: u16) -> anyhow::Result<Self> {
        let home = tempfile::Builder::new().prefix("sb-").tempdir_in("/tmp")?;
        let (width, height) = (cols.to_string(), rows.to_string());
        let new = ["new-session", "-d", "-x", &width, "-y", &height, "exec cat"];
        let configure = [";", "set", "-g", "status", "off", ";", "set", "-g", "history-limit", "10000"];
        let window = [";", "new-window", "-k", "-t", ":0", script];
        run(command(&home).args(new).args(configure).args(window))?;
        let mut attach = command(&home);
        attach.arg("attach");
        let tmux = Self { terminal: Terminal::running(&attach, cols, rows)?, home };
        let mut tries = 0;
        while !tmux.is_attached()? {
            tries += 1;
            ensure!(tries < 500, "tmux's client does not attach");
            thread::sleep(PAUSE);
        }
        Ok(tmux)
    }

    fn is_attached(&self) -> anyhow::Result<bool> {
        let listed = command(&self.home).args(["list-clients"]).output()?;
        Ok(!listed.stdout.is_empty())
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = run(command(&self.home).arg("kill-server"));
    }
}

fn command(home: &TempDir) -> Command {
    let mut command = Command::new("tmux");
    confine(&mut command, home.path());
    command.arg("-f/dev/null").arg("-S").arg(home.path().join("socket"));
    command
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status().context("tmux")?;
    ensure!(status.success(), "tmux: {status}");
    Ok(())
}
