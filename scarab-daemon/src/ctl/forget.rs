//! `scarabctl forget`: drops a session whose program has ended.

use scarab_protocol::{
    ids::Name,
    message::{Done, ForgetSession, Target},
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

/// Drops the session.
pub fn run(which: &Which, args: &Args, output: Output) -> Result<(), CtlError> {
    let Done {} = which.connect()?.ask(&ForgetSession { target: Target::Name(args.name.to_string()) })?;
    output.print_only_json(&json!({ "session": args.name.as_str() }))
}
