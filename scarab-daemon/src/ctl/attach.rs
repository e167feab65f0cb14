//! `scarabctl attach`: a session, full-screen in the terminal that the command is run in.

use std::process::ExitCode;

use scarab_protocol::{
    ids::Name,
    message::{SessionInfo, Target},
};

use super::{
    connection::{Connection, SESSION_VARIABLE, Which},
    list::sessions,
    outcome::CtlError,
};
use crate::attach::{self, AttachTtyOptions, DetachKey, NEEDED, is_tty};

/// Which session, and how.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The session [default: the running one that was used last]
    name: Option<Name>,
    /// Only look: type nothing, and leave its size alone
    #[arg(long)]
    observe: bool,
    /// The key that leaves the session and lets it run on: Ctrl and a letter but I and M, or one of \ ] ^ _
    #[arg(long, value_name = "KEY", default_value = DetachKey::DEFAULT)]
    detach_key: DetachKey,
}

/// Shows the session until it is left or ends.
pub fn run(which: &Which, args: &Args) -> Result<ExitCode, CtlError> {
    if !is_tty() {
        let scarabctl = which.scarabctl();
        let text = format!("attach needs {NEEDED}: see `{scarabctl} send` and `{scarabctl} capture`");
        return Err(CtlError::Failed(text));
    }
    let connection = which.connect()?;
    let name = match &args.name {
        Some(name) => name.to_string(),
        None => last_used(&connection)?,
    };
    if is_own(&connection, &name)? {
        return Err(CtlError::Failed(format!("this runs in {name} itself: name another session")));
    }
    let options = AttachTtyOptions {
        observe: args.observe,
        detach_key: args.detach_key.clone(),
        scarabctl_arguments: which.arguments(),
    };
    let end = attach::attach(&connection.client, &connection.bell, Target::Name(name), options)?;
    Ok(ExitCode::from(end.exit_code()))
}

/// The id of the session that this program runs in, if it runs in one. No other daemon's session has it.
fn own_session() -> Option<String> {
    std::env::var(SESSION_VARIABLE).ok()
}

/// Whether a session is the one that this program runs in, whatever it was called when that began.
fn is_own(connection: &Connection, name: &str) -> Result<bool, CtlError> {
    let Some(own) = own_session() else { return Ok(false) };
    Ok(sessions(connection)?.iter().any(|info| info.name == name && info.id.to_string() == own))
}

fn last_used(connection: &Connection) -> Result<String, CtlError> {
    let own = own_session();
    let fits = |info: &SessionInfo| info.exit.is_none() && Some(info.id.to_string()) != own;
    let newest = sessions(connection)?.into_iter().filter(fits).max_by_key(|info| info.used);
    newest
        .map(|info| info.name)
        .ok_or_else(|| CtlError::NoSession(format!("no session runs: `{} new` starts one", connection.scarabctl)))
}
