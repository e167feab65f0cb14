//! Scarab's daemon: it owns shells on PTYs, interprets their output and publishes their screens.
//!
//! - [`server`]: a daemon at an address, until it is told to end.
//! - [`launch`]: a daemon in a process of its own, started if none runs.
//! - [`environment`]: what a client gives a session of its own environment.
//! - [`ctl`]: the program `scarabctl`.
//! - [`attach`]: a session in a text terminal, or as plain text.
//! - [`daemon_main`]: the program `scarab-daemon`, for whoever re-executes itself as one.

pub mod attach;
mod client;
mod config;
pub mod ctl;
mod daemon;
mod deadline;
mod documents;
pub mod environment;
mod events;
#[cfg(all(feature = "fuzzing", unix))]
#[doc(hidden)]
pub mod fuzzing;
pub mod launch;
mod listen;
mod log;
mod plugin;
mod plugins;
mod program;
mod registry;
mod screen;
pub mod server;
mod session;
#[cfg(all(test, unix))]
mod tests;
mod token_files;
#[cfg(unix)]
mod unix;
mod watch;
#[cfg(windows)]
mod windows;

pub use program::daemon_main;
#[cfg(unix)]
use unix as platform;
#[cfg(windows)]
use windows as platform;
