//! `scarabctl clear`: drops a session's scrollback.

use scarab_protocol::{
    ids::Name,
    message::{ClearScrollback, Done, Target},
};
use serde_json::json;

use super::{
    connection::Which,
    outcome::{CtlError, Output},
};

/// Which session.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The session
    name: Name,
}

/// Drops what has scrolled off the session's screen.
pub fn run(which: &Which, args: &Args, output: Output) -> Result<(), CtlError> {
    let Done {} = which.connect()?.ask(&ClearScrollback { target: Target::Name(args.name.to_string()) })?;
    output.print_only_json(&json!({ "session": args.name.as_str() }))
}
