//! `scarabctl resize`: gives a session a size.

use scarab_protocol::{
    ids::{Name, TermSize},
    message::{Done, SetSize, Target},
};
use serde_json::json;

use super::{
    connection::Which,
    outcome::{CtlError, Output},
    parse_size,
};

/// Which session, and its size.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The session
    name: Name,
    /// Its size in cells
    #[arg(value_name = "COLSxROWS", value_parser = parse_size)]
    size: TermSize,
}

/// Sets the size.
pub fn run(which: &Which, args: &Args, output: Output) -> Result<(), CtlError> {
    let Done {} = which.connect()?.ask(&SetSize { target: Target::Name(args.name.to_string()), size: args.size })?;
    output.print_only_json(&json!({ "session": args.name.as_str(), "cols": args.size.cols, "rows": args.size.rows }))
}
