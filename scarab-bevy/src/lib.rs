//! Terminals in Bevy apps: a suite of plugins around Scarab's daemon.
#![doc = include_str!("guide.md")]

#[cfg(feature = "input")]
mod a11y;
mod alarm;
#[cfg(feature = "app")]
pub mod app;
#[cfg(feature = "clipboard")]
mod clipboard;
mod config;
mod connection;
mod daemon_plugins;
mod events;
mod highlight;
#[cfg(feature = "input")]
mod input;
mod ipc;
mod launch;
mod line_text;
mod link;
mod links;
mod messages;
#[cfg(feature = "input")]
pub mod panes;
mod plugins;
mod preedit;
#[cfg(feature = "render")]
pub mod render;
mod resize;
mod scrollback;
mod search;
mod select;
mod terminal;
#[cfg(feature = "render")]
mod typeset;
mod view;
mod viewport;
mod wake;

pub use scarab_protocol as protocol;

#[cfg(feature = "clipboard")]
pub use clipboard::ClipboardSettings;
#[cfg(feature = "clipboard")]
pub use clipboard::ScarabClipboardPlugin;
pub use config::{BellKind, ClientConfig, ConfigChanged, ConfirmClose, DaemonConfig, WindowStart};
pub use connection::{ConnectionStatus, DaemonConnection, PrimaryConnection, ScarabConnectionState};
pub use daemon_plugins::{
    PluginCommand, PluginEvent, PluginReplied,
    load::{DaemonPlugin, DaemonPluginStatus},
    told::{Notified, PluginStatus},
};
pub use events::{DaemonEventReceived, DaemonEvents, TerminalEventReceived};
pub use highlight::{Highlight, RowHighlights, TerminalHighlights};
#[cfg(feature = "input")]
pub use input::{
    ActionTriggered, KeyOrder, ScarabInputPlugin, ScarabInputSystems, TerminalKeys, terminal_has_keyboard,
};
pub use ipc::{ScarabIpcPlugin, ScarabIpcSystems};
pub use launch::Launch;
#[cfg(feature = "daemon")]
pub use launch::run_if_requested;
pub use links::{HoveredLink, LinkActivated, TerminalLinkText};
pub use messages::{
    BellRang, ClearScrollbackRequest, ClipboardSet, ConnectionNoted, CreditRequest, DaemonStopped, InputKind,
    InputRejected, KillRequest, Lagged, PromisedText, SelectionCopied, TerminalExited, TerminalInput,
};
#[cfg(feature = "input")]
pub use panes::ScarabPanesPlugin;
pub use plugins::ScarabPlugins;
pub use preedit::TerminalPreedit;
#[cfg(feature = "render")]
pub use render::{ScarabConfigPlugin, ScarabRenderPlugin};
pub use resize::{ScarabResizePlugin, ScarabResizeSystems};
pub use search::{Search, SearchOutcome, SearchRequest, TerminalSearch};
pub use select::{Place, ScarabSelectSystems, Select, SelectRequest, SelectionKind, TerminalSelection, WordSeparators};
pub use terminal::{
    Terminal, TerminalBacklog, TerminalCursor, TerminalGrid, TerminalModes, TerminalSession, TerminalSize,
    TerminalStatus, TerminalTitle,
};
pub use view::{FitWindow, TerminalArea, TerminalAreaSystems, TerminalMetrics};
pub use viewport::{ScarabScrollSystems, ScrollRequest, ScrollTo, TerminalViewport};
pub use wake::{ScarabHeadlessRunnerPlugin, Waker};

/// What Apps use most.
pub mod prelude {
    #[cfg(feature = "daemon")]
    #[doc(hidden)]
    pub use crate::run_if_requested;
    #[doc(hidden)]
    pub use crate::{
        ConnectionStatus, FitWindow, Launch, ScarabConnectionState, ScarabHeadlessRunnerPlugin, ScarabIpcPlugin,
        ScarabPlugins, Terminal, TerminalExited, TerminalGrid, TerminalInput, TerminalSize, TerminalStatus,
        TerminalTitle,
    };
    #[cfg(feature = "render")]
    #[doc(hidden)]
    pub use crate::{ScarabRenderPlugin, render::TerminalImage, render::TerminalView};
}
