//! The command line.

use clap::Parser;
use scarab_protocol::{
    endpoint::{Address, EndpointError},
    ids::Name,
};

/// A shell in a window, kept by a daemon.
///
/// With a NAME: that session, made if there is none. Without: the tabs that were changed last and no window shows, else the session
/// used last that nobody looks at, else a new one.
/// Closing the window keeps the session; it ends when its shell does. Each NAME has tabs of its own.
#[derive(Parser, Debug)]
#[command(name = "scarab", version)]
pub(super) struct Cli {
    /// The session: attached, or made.
    pub(super) name: Option<Name>,

    /// The daemon that keeps the session.
    #[arg(long, value_name = "NAME", default_value = "default")]
    daemon: Name,

    /// The program of a new session, in place of `daemon.shell` and the login shell.
    #[arg(last = true, value_name = "COMMAND")]
    pub(super) command: Vec<String>,

    /// Finds out whether a window can be had, and says so. For this program's own use.
    #[arg(long, hide = true)]
    pub(super) probe_window: bool,
}

impl Cli {
    pub(super) fn address(&self) -> Result<Address, EndpointError> {
        Address::of_daemon(&self.daemon)
    }

    /// What `scarabctl` needs to reach the same daemon; nothing for the usual one.
    pub(super) fn reach(&self) -> String {
        if self.daemon == Name::default() { String::new() } else { format!("--daemon {}", self.daemon) }
    }
}
