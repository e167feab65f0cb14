//! `scarabctl rename`: gives a session another name.

use scarab_protocol::{
    ids::Name,
    message::{Done, RenameSession, Target},
};
use serde_json::json;

use super::{
    connection::Which,
    outcome::{CtlError, Output},
};

/// Which session, and its new name.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The session
    name: Name,
    /// Its new name
    new: Name,
}

/// Renames the session.
pub fn run(which: &Which, args: &Args, output: Output) -> Result<(), CtlError> {
    let (target, name) = (Target::Name(args.name.to_string()), args.new.to_string());
    let Done {} = which.connect()?.ask(&RenameSession { target, name })?;
    output.print_only_json(&json!({ "session": args.new.as_str() }))
}
