//! Plugins: scripts that run inside the daemon, each in a sandbox and on a thread of its own.
//!
//! - [`Plugins`] is what the daemon calls: loading, unloading, calling commands, handing over events and lines.
//! - [`Host`] is what plugins need of the daemon; nothing here knows sessions, clients or the wire.
//!
//! docs/PLUGINS.md says what a script can do and what it may cost; [`limits`] holds the figures. The daemon never waits for
//! a script: what it has to say goes into the plugin's [`inbox`], which is bounded.

mod api;
pub(crate) mod bundled;
mod call;
pub(crate) mod error;
mod event;
mod file;
pub(crate) mod host;
mod inbox;
mod instance;
mod limits;
mod lines;
mod loader;
mod manager;
mod manifest;
mod pace;
mod record;
mod runner;
mod sandbox;
mod slots;
mod store;
#[cfg(test)]
mod tests;
mod text;
mod thread;
mod value;
mod watch;

pub(crate) use call::CallContext;
pub(crate) use error::{CallError, LoadError};
pub(crate) use event::Event;
pub(crate) use host::{Grants, Host, HostError, NewSession, Notice, Report, Screen, Section, SessionInfo, SessionRef};
pub(crate) use lines::LineFeed;
pub(crate) use manager::Plugins;
pub(crate) use manifest::Permission;
pub(crate) use record::{CommandInfo, LogEntry, PluginInfo, State};
pub(crate) use value::Value;
