//! `scarabctl start`: makes sure that a daemon runs.

use scarab_protocol::{client, endpoint::Address};
use serde_json::json;

use super::{
    connection::{Connection, Which},
    outcome::{CtlError, Output},
};
use crate::launch::{Launcher, ensure_running};

/// Starts a daemon if none answers; prints its process id.
pub fn run(which: &Which, output: Output) -> Result<(), CtlError> {
    let address = which.address()?;
    let started = ensure(&address)?;
    let connection = Connection::open(address)?;
    let pid = match connection.client.status() {
        client::Status::Connected(connected) => connected.pid,
        _ => return Err(CtlError::Lost("it ended right after its start".into())),
    };
    let socket = connection.address.endpoint.to_string();
    let verb = if started { "started" } else { "running already" };
    output.print(format!("{verb}: pid {pid}, {socket}"), &json!({ "started": started, "pid": pid, "socket": socket }))
}

/// Makes sure that a daemon answers at an address; whether it had to be started.
///
/// # Errors
/// If it cannot be started, or if one is there and does not answer.
pub fn ensure(address: &Address) -> Result<bool, CtlError> {
    match Connection::open(address.clone()) {
        Ok(_) => return Ok(false),
        Err(CtlError::Connect(client::ConnectError::NotRunning(_))) => {}
        Err(error) => return Err(error),
    }
    Ok(ensure_running(address, &Launcher::find()?)?)
}
