//! tmux's side: a server in directories of its own, and a client attached on a terminal that we hold.

use std::{
    io, mem,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context, ensure};
use tempfile::TempDir;

use crate::{scarab::confine, terminal::Terminal};

/// How often it is asked whether a client has attached, which tmux tells nobody.
const PAUSE: Duration = Duration::from_millis(20);

/// The session that is measured.
const SESSION: &str = "main";

/// A server with a session, and a client of it; all end when this is dropped.
pub struct Tmux {
    /// The terminal that the client draws on.
    pub terminal: Terminal,
    server: Server,
}

impl Tmux {
    /// A session that runs a script, with as much scrollback as ours and without a status line.
    ///
    /// # Errors
    /// If there is no tmux, or it does not come so far.
    pub fn start(script: &str, cols: u16, rows: u16) -> anyhow::Result<Self> {
        let server = Server::new()?;
        let (width, height) = (cols.to_string(), rows.to_string());
        let new = ["new-session", "-d", "-s", SESSION, "-x", &width, "-y", &height, "exec cat"];
        let configure = [";", "set", "-g", "status", "off", ";", "set", "-g", "history-limit", "10000"];
        let window = [";", "new-window", "-k", "-t", ":0", script];
        run(server.command().args(new).args(configure).args(window))?;
        let terminal = server.attach(SESSION, cols, rows)?;
        Ok(Self { terminal, server })
    }

    /// Another session of the same server, with a client whose terminal is read all the time.
    ///
    /// # Errors
    /// If it does not come so far.
    pub fn read_beside(&self, name: &str, script: &str, cols: u16, rows: u16) -> anyhow::Result<Terminal> {
        let (width, height) = (cols.to_string(), rows.to_string());
        run(self.server.command().args(["new-session", "-d", "-s", name, "-x", &width, "-y", &height, script]))?;
        let mut terminal = self.server.attach(name, cols, rows)?;
        let mut output = mem::replace(&mut terminal.output, Box::new(io::empty()));
        // It ends with the client.
        thread::spawn(move || io::copy(&mut output, &mut io::sink()));
        Ok(terminal)
    }
}

/// The place of a server, which is there from its first session on until this is dropped.
pub struct Server(TempDir);

impl Server {
    /// Makes its directory.
    ///
    /// # Errors
    /// If nothing can be written.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self(tempfile::Builder::new().prefix("sb-").tempdir_in("/tmp")?))
    }

    /// A new session that runs a script, with nobody who looks.
    ///
    /// # Errors
    /// If there is no tmux, or it refuses.
    pub fn make(&self, script: &str) -> anyhow::Result<()> {
        run(self.command().args(["new-session", "-d", script]))
    }

    /// A new session that runs a script, and its client's terminal. Nothing is waited for.
    ///
    /// # Errors
    /// If there is no tmux.
    pub fn open(&self, script: &str, cols: u16, rows: u16) -> anyhow::Result<Terminal> {
        let mut client = self.command();
        client.args(["new-session", script]);
        Terminal::running(&client, cols, rows)
    }

    fn command(&self) -> Command {
        let mut command = Command::new("tmux");
        confine(&mut command, self.0.path());
        command.arg("-f/dev/null").arg("-S").arg(self.0.path().join("socket"));
        command
    }

    /// A client of a session, once it has attached.
    fn attach(&self, session: &str, cols: u16, rows: u16) -> anyhow::Result<Terminal> {
        let mut client = self.command();
        client.args(["attach", "-t", session]);
        let terminal = Terminal::running(&client, cols, rows)?;
        let mut tries = 0;
        while self.command().args(["list-clients", "-t", session]).output()?.stdout.is_empty() {
            tries += 1;
            ensure!(tries < 500, "tmux's client does not attach");
            thread::sleep(PAUSE);
        }
        Ok(terminal)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = run(self.command().arg("kill-server"));
    }
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status().context("tmux")?;
    ensure!(status.success(), "tmux: {status}");
    Ok(())
}
