//! What plugins need of the daemon.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use super::{Value, error::LoadError};

/// The daemon as its plugins see it. All functions are called on a plugin's own thread, or on the one that loads or unloads, so
/// they may take a moment, but must not wait for a client.
///
/// `plugin` is always the name of the plugin that asks. Texts come bounded and, where people read them, without control characters.
pub(crate) trait Host: Send + Sync {
    /// All sessions, by rising number.
    fn sessions(&self) -> Vec<SessionInfo>;

    /// What a session shows.
    ///
    /// # Errors
    /// If there is no such session any more.
    fn screen(&self, session: u32) -> Result<Screen, HostError>;

    /// Types a text into a session. The grant has been checked.
    ///
    /// # Errors
    /// If there is no such session any more, or its queue is full.
    fn send(&self, plugin: &str, session: u32, text: &str) -> Result<(), HostError>;

    /// Makes a session.
    ///
    /// # Errors
    /// If the name is bad or taken, or the program cannot be started.
    fn create(&self, plugin: &str, session: NewSession) -> Result<SessionRef, HostError>;

    /// Gives a session another name.
    ///
    /// # Errors
    /// If the name is bad or taken, or there is no such session any more.
    fn rename(&self, plugin: &str, session: u32, name: &str) -> Result<(), HostError>;

    /// Tells all clients something.
    fn notify(&self, plugin: &str, notice: Notice);

    /// Sets a status item, or takes it away.
    fn status(&self, plugin: &str, key: &str, text: Option<&str>);

    /// Raises an event of the plugin's own.
    fn emit(&self, plugin: &str, event: &str, fields: Vec<(String, Value)>, session: Option<SessionRef>);

    /// Says what has become of a plugin. Called on whatever thread it became so; must not call back into the plugins.
    fn report(&self, plugin: &str, report: Report);

    /// What [`Host::store_data`] was given last, also in an earlier life of the daemon.
    ///
    /// # Errors
    /// If it cannot be read.
    fn load_data(&self, plugin: &str) -> io::Result<Option<Vec<u8>>>;

    /// Keeps a plugin's data, in place of what was kept.
    ///
    /// # Errors
    /// If it cannot be written.
    fn store_data(&self, plugin: &str, data: &[u8]) -> io::Result<()>;
}

/// What the configuration gives a plugin beyond what every one has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Grants {
    /// The names of the sessions that it may type into; `*` for all of them. What it made itself needs no grant.
    pub input: BTreeSet<String>,
}

/// What the configuration says of a plugin.
#[derive(Debug, Clone, Default)]
pub(crate) struct Section {
    /// What it may do.
    pub grants: Grants,
    /// Its own settings.
    pub settings: BTreeMap<String, Value>,
}

/// A session, named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionRef {
    /// Its number in this daemon.
    pub number: u32,
    /// Its name.
    pub name: String,
}

/// What a script is told of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionInfo {
    /// Which.
    pub session: SessionRef,
    /// The title that its program set.
    pub title: String,
    /// The command that it runs, for people to read.
    pub command: String,
    /// Its directory, if that is known.
    pub cwd: Option<String>,
    /// Whether its program still runs.
    pub running: bool,
}

/// What a session shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Screen {
    /// The width, in cells.
    pub cols: u16,
    /// The rows from the top, without trailing blanks.
    pub lines: Vec<String>,
    /// Row and column of the cursor, from 0; `None` if it is hidden.
    pub cursor: Option<(u16, u16)>,
}

/// A session to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewSession {
    /// Its name; `None` lets the daemon choose.
    pub name: Option<String>,
    /// The program and its arguments; none for the login shell.
    pub command: Vec<String>,
    /// Where it starts; `None` for the home directory.
    pub cwd: Option<String>,
}

/// Something for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// One line.
    pub title: String,
    /// More, lines separated by `\n`; may be empty.
    pub body: String,
    /// The session it is about.
    pub session: Option<SessionRef>,
}

/// What has become of a plugin.
#[derive(Debug)]
pub(crate) enum Report {
    /// It was loaded.
    Loaded,
    /// It was loaded anew, by command or because its file changed.
    Reloaded,
    /// Its file changed and could not be loaded; what was loaded before goes on.
    ReloadFailed(LoadError),
    /// A callback failed.
    Failed {
        /// `FILE:LINE: message`.
        message: String,
    },
    /// It was disabled after failures in a row.
    Disabled {
        /// Why, with the last failure.
        reason: String,
    },
    /// It lost what it was sent, because its inbox was full.
    Lagged {
        /// How many events since the last such report.
        events: u64,
        /// How many lines.
        lines: u64,
    },
    /// It was unloaded.
    Unloaded,
}

/// Why the daemon does not do what a script asks. The text is for the script's author.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct HostError(pub(crate) String);
