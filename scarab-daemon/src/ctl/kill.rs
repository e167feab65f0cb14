//! `scarabctl kill`: ends a session, or sends its program a signal.

use std::time::Instant;

use scarab_protocol::{
    ids::Name,
    message::{Done, KillSession, Target},
};
use serde_json::json;

use super::{
    connection::{PATIENCE, Which},
    outcome::{CtlError, Output},
    signal::parse_signal,
};

/// Which session, and how.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The session
    name: Name,
    /// Only send this signal, by name or number; without it the program is hung up, killed if that does not end it,
    /// and the session forgotten
    #[arg(long, value_name = "SIG", value_parser = parse_signal)]
    signal: Option<i32>,
}

/// Kills the session and waits until it is gone, or sends the signal.
pub fn run(which: &Which, args: &Args, output: Output) -> Result<(), CtlError> {
    let connection = which.connect()?;
    let request = KillSession { target: Target::Name(args.name.to_string()), signal: args.signal };
    if args.signal.is_some() {
        let Done {} = connection.ask(&request)?;
    } else {
        // Joined first, because only who is there is told when it is over.
        let attachment = connection.attach(&args.name, true)?;
        let Done {} = connection.ask(&request)?;
        let gone = connection.bell.wait_for(Some(Instant::now() + PATIENCE), || match connection.state(&attachment) {
            Ok(_) => None,
            Err(CtlError::NoSession(_)) => Some(Ok(())),
            Err(error) => Some(Err(error)),
        });
        gone.unwrap_or_else(|| Err(CtlError::Failed(format!("{} does not end: see the daemon's log", args.name))))?;
    }
    output.print_only_json(&json!({ "session": args.name.as_str(), "signal": args.signal }))
}
