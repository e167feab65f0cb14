//! The `scarab` program: a shell in a window, kept by a daemon.
//!
//! Where no window can be had the shell is shown in the text terminal that the program was started from, and without
//! that one either, what is piped in is run and the screen printed.

mod a11y;
mod ahead;
mod banner;
mod bell;
mod choose;
mod cli;
mod close;
mod dropped;
mod layout;
mod line;
mod links;
mod mark;
mod notice;
mod paste;
mod pointer;
mod probe;
mod question;
mod rename;
mod search_bar;
mod session;
mod show;
mod tab_bar;
mod tell;
#[cfg(test)]
mod testing;
mod text;
mod transparency;
mod window;
mod window_actions;

use std::process::ExitCode;

use bevy::app::Plugin;
use clap::Parser;

use ahead::Ahead;
use choose::Asked;
use cli::Cli;

/// What the daemon sees of this program; sessions that it makes can be told by it.
pub(crate) const BUILD: &str = concat!("scarab ", env!("CARGO_PKG_VERSION"));

/// The variable of the environment that a daemon tells a session's id in (docs/PROTOCOL.md).
const SESSION_VARIABLE: &str = "SCARAB_SESSION_ID";

/// The program's `main`, after [`run_if_requested`](crate::run_if_requested).
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    if cli.probe_window {
        return probe::answer();
    }
    let address = match cli.address() {
        Ok(address) => address,
        Err(error) => return fail(&error.into()),
    };
    let reach = cli.reach();
    let asked = Asked {
        name: cli.name.map(|name| name.to_string()),
        command: cli.command,
        inside: std::env::var(SESSION_VARIABLE).ok(),
    };
    let ahead = Ahead::ask(&address);
    let outcome = match probe::window() {
        Ok(drawn) => window::run(asked, address, ahead.config(), drawn),
        Err(why) => {
            drop(ahead);
            text::run(&asked, address, reach, &why)
        }
    };
    outcome.unwrap_or_else(|error| fail(&error))
}

/// What the program's window is made of, for pictures of it: an App adds it to the plugins of connections and of
/// drawing, and brings the window and a camera.
#[doc(hidden)]
pub fn window_parts() -> impl Plugin {
    window::parts(Asked::default())
}

fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("scarab: {error:#}");
    ExitCode::FAILURE
}
