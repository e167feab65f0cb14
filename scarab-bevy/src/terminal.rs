//! Terminals as entities: what one is to show, and what is known of it.

use std::path::PathBuf;

use bevy::prelude::*;
use scarab_protocol::{
    ids::{SessionId, TermSize},
    message::{Exit, Target},
    surface::{Cursor, Grid, Modes},
};

use crate::{
    link::TerminalLink, links::HoveredLink, preedit::TerminalPreedit, search::TerminalSearch,
    select::TerminalSelection, viewport::TerminalViewport,
};

/// A terminal: one session of a daemon, shown by this entity.
///
/// ```
/// # use bevy::prelude::*;
/// # use scarab_bevy::Terminal;
/// # fn spawn(mut commands: Commands) {
/// commands.spawn(Terminal::new()); // a new shell, which ends with this entity
/// commands.spawn(Terminal::new().named("build").command(["make", "watch"]).keep());
/// commands.spawn(Terminal::attach("build").observe()); // only looks
/// # }
/// ```
///
/// The session is created or joined when the connection stands, and joined again after the connection was lost.
/// Despawning the entity leaves the session. What becomes of it then: a created one ends when its last client has
/// been gone for the resume time, unless it was [kept](Terminal::keep); an attached one is never ended by leaving.
#[derive(Component, Debug, Clone, Default)]
#[require(
    TerminalStatus,
    TerminalGrid,
    TerminalTitle,
    TerminalCursor,
    TerminalModes,
    TerminalBacklog,
    TerminalViewport,
    TerminalSelection,
    TerminalSearch,
    HoveredLink,
    TerminalPreedit,
    TerminalLink
)]
pub struct Terminal {
    pub(crate) source: Source,
    pub(crate) observe: bool,
    pub(crate) connection: Option<Entity>,
}

/// Where the session comes from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    Attach(Target),
    Create(Create),
}

impl Default for Source {
    fn default() -> Self {
        Self::Create(Create::default())
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Create {
    pub(crate) name: Option<String>,
    pub(crate) command: Vec<String>,
    pub(crate) cwd: Option<PathBuf>,
    /// The session whose directory goes before.
    pub(crate) beside: Option<SessionId>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) keep: bool,
}

impl Terminal {
    /// A new session with the configured shell, else the user's login shell, in the current directory, with this process's environment.
    pub fn new() -> Self {
        Self::default()
    }

    /// A session that there is, by its name.
    pub fn attach(name: impl Into<String>) -> Self {
        Self { source: Source::Attach(Target::Name(name.into())), ..Self::default() }
    }

    /// A session that there is, by its id.
    pub fn attach_id(id: SessionId) -> Self {
        Self { source: Source::Attach(Target::Id(id)), ..Self::default() }
    }

    /// A name for the new session; without one the daemon chooses.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        self.create(|create| create.name = Some(name.into()))
    }

    /// The new session's program and its arguments, in place of the shell.
    #[must_use]
    pub fn command<S: Into<String>>(self, command: impl IntoIterator<Item = S>) -> Self {
        self.create(|create| create.command = command.into_iter().map(Into::into).collect())
    }

    /// The directory that the new session starts in.
    #[must_use]
    pub fn cwd(self, directory: impl Into<PathBuf>) -> Self {
        self.create(|create| create.cwd = Some(directory.into()))
    }

    /// Has the new session start in the directory that another one is in, if the daemon can tell that; else where it would start
    /// without this.
    #[must_use]
    pub fn beside(self, session: SessionId) -> Self {
        self.create(|create| create.beside = Some(session))
    }

    /// A variable for the new session, beside this process's own.
    #[must_use]
    pub fn env(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.create(|create| create.env.push((name.into(), value.into())))
    }

    /// Keeps the new session when its last client leaves.
    #[must_use]
    pub fn keep(self) -> Self {
        self.create(|create| create.keep = true)
    }

    /// Only looks: sends no input and never counts for the size.
    #[must_use]
    pub fn observe(mut self) -> Self {
        self.observe = true;
        self
    }

    /// Uses another connection than the primary one.
    #[must_use]
    pub fn on(mut self, connection: Entity) -> Self {
        self.connection = Some(connection);
        self
    }

    /// Changes how the session is created; of an attached one there is nothing to change.
    fn create(mut self, change: impl FnOnce(&mut Create)) -> Self {
        if let Source::Create(create) = &mut self.source {
            change(create);
        }
        self
    }
}

/// How it stands with a terminal. Written by [`ScarabIpcSystems::Receive`](crate::ScarabIpcSystems::Receive).
#[derive(Component, Debug, Clone, PartialEq, Eq, Default)]
pub enum TerminalStatus {
    /// Not joined yet.
    #[default]
    Pending,
    /// Joined, and its program is running.
    Attached,
    /// The connection is lost. If it comes back and the daemon is the same, the terminal is attached again.
    Lost,
    /// Its program has ended; the screen stays.
    Exited(Exit),
    /// It could not be joined or created, or the session is gone for good.
    Failed {
        /// Why, in one line.
        why: String,
    },
}

/// A terminal's screen, as of the last frame that arrived.
#[derive(Component, Debug, Default)]
pub struct TerminalGrid {
    /// The screen.
    pub grid: Grid,
}

/// A terminal's title, as its program set it.
#[derive(Component, Reflect, Debug, Clone, PartialEq, Eq, Default, Deref)]
#[reflect(Component, Default)]
pub struct TerminalTitle(pub String);

/// A terminal's cursor.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default, Deref)]
pub struct TerminalCursor(pub Cursor);

/// The modes that a terminal's program has set, as far as input depends on them.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default, Deref)]
pub struct TerminalModes(pub Modes);

/// The session behind a terminal; there once it is joined.
#[derive(Component, Debug, Clone, PartialEq, Eq)]
pub struct TerminalSession {
    /// Its id.
    pub id: SessionId,
    /// Its name.
    pub name: String,
    /// The process id of its program, while that runs.
    pub pid: Option<u32>,
    /// The working directory that its shell told (OSC 7); empty if it never did.
    pub cwd: String,
    /// The program that has made it, by the name that its connection had told ([`DaemonConnection::build`](crate::DaemonConnection::build)).
    pub made_by: String,
}

/// How far a terminal's input has come. Everything typed is kept until the session is known to have taken it, through lost connections too.
/// The daemon tells it when it has moved by much; [`CreditRequest`](crate::CreditRequest) asks it.
#[derive(Component, Reflect, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[reflect(Component, Default)]
pub struct TerminalBacklog {
    /// Bytes that the session is not known to have taken.
    pub pending: u64,
    /// Bytes that it has taken from this App. Mouse and focus events count 32 each.
    pub taken: u64,
}

/// The size that a terminal should have, in cells. With [`FitWindow`](crate::FitWindow) it follows the window;
/// without either, the terminal shows its session at whatever size that has.
#[derive(Component, Reflect, Debug, Clone, Copy, PartialEq, Eq)]
#[reflect(Component, Default)]
pub struct TerminalSize {
    /// Width in cells.
    pub cols: u16,
    /// Height in cells.
    pub rows: u16,
    /// Width in physical pixels; 0 when unknown.
    pub pixel_width: u16,
    /// Height in physical pixels; 0 when unknown.
    pub pixel_height: u16,
}

impl TerminalSize {
    /// A size in cells, pixels unknown.
    pub const fn cells(cols: u16, rows: u16) -> Self {
        Self { cols, rows, pixel_width: 0, pixel_height: 0 }
    }
}

impl Default for TerminalSize {
    fn default() -> Self {
        Self::cells(80, 24)
    }
}

impl From<TerminalSize> for TermSize {
    fn from(size: TerminalSize) -> Self {
        Self { cols: size.cols, rows: size.rows, pixel_width: size.pixel_width, pixel_height: size.pixel_height }
    }
}
