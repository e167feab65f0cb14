//! `scarabctl start`: makes sure that a daemon runs.

use scarab_protocol::client;
use serde_json::json;

use super::{
    connection::Which,
    outcome::{CtlError, Output},
};
use crate::launch::{Launcher, ensure_running};

/// Starts a daemon if none answers; prints its process id.
pub fn run(which: &Which, output: Output) -> Result<(), CtlError> {
    let started = ensure(which)?;
    let connection = which.connect()?;
    let pid = match connection.client.status() {
        client::Status::Connected(connected) => connected.pid,
        _ => return Err(CtlError::Lost("it ended right after its start".into())),
    };
    let socket = connection.address.endpoint.to_string();
    let verb = if started { "started" } else { "running already" };
    output.print(format!("{verb}: pid {pid}, {socket}"), &json!({ "started": started, "pid": pid, "socket": socket }))
}

/// Makes sure that a daemon answers; whether it had to be started.
///
/// # Errors
/// If it cannot be started, or if one is there and does not answer.
pub fn ensure(which: &Which) -> Result<bool, CtlError> {
    match which.connect() {
        Ok(_) => return Ok(false),
        Err(CtlError::NotRunning { .. }) => {}
        Err(error) => return Err(error),
    }
    Ok(ensure_running(&which.address()?, &Launcher::find()?)?)
}
