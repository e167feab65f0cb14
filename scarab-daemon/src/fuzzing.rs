//! What the fuzz targets in `tests/fuzz` and the benchmarks drive: the daemon without a listener, and the screen without a program.
//! It is there only with the feature `fuzzing`, and nobody's API.

use std::{io, os::fd::OwnedFd, sync::Arc, time::Duration};

use scarab_protocol::{
    ids::TermSize,
    message::LineData,
    surface::{SurfaceError, SurfaceId},
    transport::Stream,
};

use crate::{client, config as keeping, daemon::Own, platform::limit::OldLimit, screen};

/// A daemon whose clients are handed to it.
pub struct Daemon {
    shared: Arc<crate::daemon::Daemon>,
    _keeping: keeping::Keeping,
}

impl Daemon {
    /// A daemon without sessions and clients. Who leaves it has this long to come back.
    ///
    /// # Errors
    /// If the system has no random bytes or no thread to give.
    pub fn start(resume: Duration) -> io::Result<Self> {
        let (endpoint, log, old_limit) = (String::new(), String::new(), OldLimit::unchanged());
        let (config, keeper) = keeping::open(None, Vec::new());
        let own = Own { endpoint, log, old_limit, resume, tokens: None, config };
        let shared = crate::daemon::Daemon::new(own)?;
        let _keeping = keeper.start(&shared)?;
        Ok(Self { shared, _keeping })
    }

    /// Serves a client until it goes, as its thread does, but in this one. False if there is no place for it.
    pub fn serve(&self, stream: Stream) -> bool {
        let place = self.shared.registry().take_place();
        let Some(number) = place else { return false };
        client::serve(&self.shared, stream, number);
        self.shared.client_gone();
        true
    }

    /// Whether a client has it end.
    pub fn is_stopping(&self) -> bool {
        self.shared.is_stopping()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.shared.request_stop("it was dropped");
        self.shared.stop("it was dropped");
    }
}

/// The configuration's file, without a daemon.
pub mod config {
    use std::path::Path;

    use scarab_protocol::config::Value;

    use crate::config::{edit, file};

    /// The values that a text sets.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<std::collections::BTreeMap<String, Value>, String> {
        file::parse(text, Path::new("scarab.toml"))
    }

    /// The text, which is right, with a key set or without it.
    ///
    /// # Panics
    /// If it is no TOML.
    pub fn with(text: &str, key: &str, value: Option<&Value>) -> String {
        edit::with(text, key, value).expect("it is TOML")
    }
}

/// The screen of a session.
pub struct Screen(screen::Screen);

/// What a piece of output asked for beside changing the screen.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Effects {
    /// Answers to the program's queries, in order.
    pub answers: Vec<u8>,
    /// The newest title.
    pub title: Option<String>,
    /// How often the bell was rung.
    pub bells: u64,
    /// The newest text for the clipboard.
    pub clipboard: Option<String>,
    /// The newest working directory.
    pub cwd: Option<String>,
}

impl Screen {
    /// A blank screen of this size, which must be one that a session can have.
    ///
    /// # Errors
    /// If there is no shared memory for its surface.
    pub fn new(id: SurfaceId, size: TermSize) -> Result<Self, SurfaceError> {
        Ok(Self(screen::Screen::new(id, size)?))
    }

    /// Interprets output of the program.
    pub fn feed(&mut self, bytes: &[u8]) -> Effects {
        self.0.feed(bytes).into()
    }

    /// Gives up a synchronized update.
    pub fn end_update(&mut self) {
        self.0.end_update();
    }

    /// Changes the size, to one that a session can have.
    pub fn resize(&mut self, size: TermSize) {
        self.0.resize(size);
    }

    /// Puts what has changed on the surface.
    ///
    /// # Errors
    /// If there is no memory for a larger one.
    pub fn publish(&mut self) -> Result<(), SurfaceError> {
        self.0.publish().map(|_| ())
    }

    /// What the surface is mapped with.
    ///
    /// # Errors
    /// If no descriptors are left.
    pub fn reader_fd(&self) -> io::Result<OwnedFd> {
        self.0.surface().reader_fd().try_clone_to_owned()
    }

    /// Lines ever scrolled off, and the reflow epoch.
    pub fn scrolled(&self) -> (u64, u64) {
        self.0.scrolled()
    }

    /// Lines of scrollback from `first` on, at most `count` and about `max_bytes` bytes, and the number of the first.
    pub fn scrollback(&self, first: u64, count: u32, max_bytes: usize) -> (u64, Vec<LineData>) {
        self.0.scrollback(first, count, max_bytes)
    }
}

impl From<screen::Effects> for Effects {
    fn from(effects: screen::Effects) -> Self {
        let screen::Effects { answers, title, bells, clipboard, cwd, marks: _, notifications: _ } = effects;
        let (clipboard, cwd) = (clipboard.map(|clipboard| clipboard.text), cwd.map(|cwd| cwd.path));
        Self { answers, title, bells, clipboard, cwd }
    }
}
