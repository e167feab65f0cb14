//! A screen that nobody looks at.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use x11rb::{
    connection::Connection,
    protocol::{
        Event,
        xproto::{ChangeWindowAttributesAux, ConnectionExt, EventMask},
    },
    rust_connection::RustConnection,
};

use crate::scarab::Home;

/// How long a window may take before a benchmark is given up.
const DEADLINE: Duration = Duration::from_secs(60);

/// An X server of its own, until this is dropped.
pub struct Display {
    server: Child,
    name: String,
}

impl Display {
    /// Starts one on a number that is free, with a screen of this size in pixels.
    ///
    /// # Errors
    /// If there is no Xvfb, or it does not come so far.
    pub fn start(size: (u32, u32)) -> anyhow::Result<Self> {
        let screen = format!("{}x{}x24", size.0, size.1);
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", &screen, "-nolisten", "tcp", "-noreset"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("Xvfb")?;
        let mut number = String::new();
        // The server writes it when it is ready.
        BufReader::new(server.stdout.take().context("it is piped")?).read_line(&mut number)?;
        ensure!(!number.is_empty(), "Xvfb has not come so far");
        Ok(Self { server, name: format!(":{}", number.trim()) })
    }

    /// What `DISPLAY` is to be.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Listens for windows that come up from now on.
    ///
    /// # Errors
    /// If the server is gone.
    pub fn listen(&self) -> anyhow::Result<Windows> {
        let (x, screen) = x11rb::connect(Some(&self.name))?;
        let root = x.setup().roots[screen].root;
        let mask = ChangeWindowAttributesAux::new().event_mask(EventMask::SUBSTRUCTURE_NOTIFY);
        x.change_window_attributes(root, &mask)?.check()?;
        Ok(Windows { x })
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        // Killed, it leaves its lock and its socket in the next one's way.
        let number = self.name.trim_start_matches(':');
        let _ = std::fs::remove_file(format!("/tmp/.X{number}-lock"));
        let _ = std::fs::remove_file(format!("/tmp/.X11-unix/X{number}"));
    }
}

/// The windows that come up.
pub struct Windows {
    x: RustConnection,
}

impl Windows {
    /// Waits until one is shown.
    ///
    /// # Errors
    /// If the server is gone, or none is shown in time.
    pub fn wait(&self) -> anyhow::Result<()> {
        let end = Instant::now() + DEADLINE;
        loop {
            while let Some(event) = self.x.poll_for_event()? {
                if let Event::MapNotify(_) = event {
                    return Ok(());
                }
            }
            let left = end.saturating_duration_since(Instant::now());
            ensure!(!left.is_zero(), "no window has come up");
            poll(&mut [PollFd::new(self.x.stream(), PollFlags::IN)], Some(&Timespec::try_from(left)?))?;
        }
    }
}

/// A client's window, until this is dropped. Its daemon stays.
pub struct Window(Child);

impl Window {
    /// Opens one, with a daemon that it starts if none is there, and waits until it shows itself, which it does when there is
    /// something to see.
    ///
    /// # Errors
    /// If it does not come so far.
    pub fn open(home: &Home, display: &Display) -> anyhow::Result<Self> {
        let windows = display.listen()?;
        let mut command = home.command("scarab");
        command.env("DISPLAY", display.name()).stdin(Stdio::null()).stdout(Stdio::null());
        let window = Self(command.spawn().context("scarab")?);
        windows.wait()?;
        Ok(window)
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
