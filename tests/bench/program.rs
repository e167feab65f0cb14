//! This program in other parts: what has to be a process of its own is this program again.

use std::{
    env,
    io::{self, BufRead, BufReader, Read, Write},
    process::{Child, ChildStdout, Command, Stdio},
};

use anyhow::{Context, bail};

use crate::{bare, scarab, window};

/// The argument that says that this process plays a part.
pub const FLAG: &str = "--play";

/// A part and what it is told.
pub struct Role {
    name: String,
    words: Vec<String>,
}

impl Role {
    /// The part that this process is started for, if any.
    pub fn asked() -> Option<Self> {
        let mut words = env::args().skip(1);
        (words.next()? == FLAG).then(|| Self { name: words.next().unwrap_or_default(), words: words.collect() })
    }

    /// Plays it. Each part says a line when it is ready, and ends with its input.
    ///
    /// # Errors
    /// Those of the part.
    pub fn play(self) -> anyhow::Result<()> {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        match (self.name.as_str(), words.as_slice()) {
            ("pong", [path]) => bare::pong(path),
            ("readers", [socket, session, count]) => scarab::readers(socket, session, count.parse()?),
            ("typists", [socket, count]) => scarab::typists(socket, count.parse()?),
            ("window", [kind]) => window::play(kind),
            (name, words) => bail!("nobody plays {name} with {words:?}"),
        }
    }
}

/// Says that a part is ready, and waits until it is not needed any more.
///
/// # Errors
/// If whoever started this is gone.
pub fn ready_until_dismissed() -> anyhow::Result<()> {
    say_ready()?;
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// Says that a part is ready.
///
/// # Errors
/// If whoever started this is gone.
pub fn say_ready() -> anyhow::Result<()> {
    let mut stdout = io::stdout();
    stdout.write_all(b"ready\n").and_then(|()| stdout.flush()).context("nobody listens")
}

/// A process that plays a part, until this is dropped.
pub struct Player {
    child: Child,
    _stdout: BufReader<ChildStdout>,
}

impl Player {
    /// Starts it and waits until it is ready.
    ///
    /// # Errors
    /// If it does not start, or ends.
    pub fn start(role: &str, words: &[&str]) -> anyhow::Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        command.args([FLAG, role]).args(words).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context(role.to_owned())?;
        let mut stdout = BufReader::new(child.stdout.take().context("it is piped")?);
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        let player = Self { child, _stdout: stdout };
        if line != "ready\n" {
            bail!("{role} {words:?} has not come so far");
        }
        Ok(player)
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
