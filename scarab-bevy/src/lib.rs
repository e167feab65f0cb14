//! Terminals in Bevy apps: a suite of plugins around Scarab's daemon.
#![doc = include_str!("guide.md")]

#[cfg(feature = "app")]
pub mod app;
#[cfg(feature = "clipboard")]
mod clipboard;
mod config;
mod connection;
mod daemon_plugins;
mod events;
#[cfg(feature = "input")]
mod input;
mod ipc;
mod launch;
mod link;
mod messages;
mod plugins;
#[cfg(feature = "render")]
pub mod render;
mod resize;
mod terminal;
mod view;
mod wake;

pub use scarab_protocol as protocol;

#[cfg(feature = "clipboard")]
pub use clipboard::ScarabClipboardPlugin;
pub use config::{ClientConfig, ConfigChanged, DaemonConfig};
pub use connection::{ConnectionStatus, DaemonConnection, PrimaryConnection, ScarabConnectionState};
pub use daemon_plugins::{
    PluginCommand, PluginEvent, PluginReplied,
    load::{DaemonPlugin, DaemonPluginStatus},
    told::{PluginNotified, PluginStatus},
};
pub use events::{DaemonEventReceived, DaemonEvents, TerminalEventReceived};
#[cfg(feature = "input")]
pub use input::{KeyChord, ScarabInputPlugin, ScarabInputSystems, TerminalKeys, terminal_has_keyboard};
pub use ipc::{ScarabIpcPlugin, ScarabIpcSystems};
pub use launch::Launch;
#[cfg(feature = "daemon")]
pub use launch::run_if_requested;
pub use messages::{
    BellRang, ClipboardSet, ConnectionNoted, CreditRequest, DaemonStopped, InputKind, InputRejected, KillRequest,
    Lagged, TerminalExited, TerminalInput,
};
pub use plugins::ScarabPlugins;
#[cfg(feature = "render")]
pub use render::{ScarabConfigPlugin, ScarabRenderPlugin};
pub use resize::{ScarabResizePlugin, ScarabResizeSystems};
pub use terminal::{
    Terminal, TerminalBacklog, TerminalCursor, TerminalGrid, TerminalModes, TerminalSession, TerminalSize,
    TerminalStatus, TerminalTitle,
};
pub use view::{FitWindow, TerminalMetrics};
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
