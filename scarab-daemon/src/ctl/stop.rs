//! `scarabctl stop`: ends the daemon and all its sessions.

use std::{
    fs::File,
    path::PathBuf,
    time::{Duration, Instant},
};

use crossbeam_channel::bounded;
use scarab_protocol::{
    client,
    message::{Done, Shutdown},
};
use serde_json::json;

use super::{
    connection::Which,
    outcome::{CtlError, Output},
};

/// How long a daemon may take to end: it gives its sessions' programs a grace time.
const PATIENCE: Duration = Duration::from_secs(15);

/// Asks the daemon to end, and waits until its process has let go of everything.
pub fn run(which: &Which, output: Output) -> Result<(), CtlError> {
    let connection = which.connect()?;
    let deadline = Instant::now() + PATIENCE;
    let pid = match connection.client.status() {
        client::Status::Connected(connected) => Some(connected.pid),
        _ => None,
    };
    let Done {} = connection.ask(&Shutdown {})?;
    let closed = connection
        .bell
        .wait_for(Some(deadline), || matches!(connection.client.status(), client::Status::Closed { .. }).then_some(()));
    let released = closed.and_then(|()| released(connection.address.lock.clone(), deadline));
    if released.is_none() {
        let pid = pid.map_or_else(String::new, |pid| format!(" (pid {pid})"));
        return Err(CtlError::Hung(format!("the daemon{pid} has not ended after {PATIENCE:?}: end it with kill")));
    }
    output.print_only_json(&json!({ "pid": pid }))
}

/// Waits until nobody holds the daemon's lock. A thread waits in the system's queue for the lock, so that nothing is polled;
/// at the deadline it is left behind, for this program to end with.
fn released(lock: PathBuf, deadline: Instant) -> Option<()> {
    // One place: there is one answer.
    let (tell, told) = bounded(1);
    let wait = move || {
        // A lock that is not there is held by nobody.
        if let Ok(file) = File::open(lock) {
            let _ = file.lock_shared();
        }
        let _ = tell.send(());
    };
    std::thread::Builder::new().name("lock-wait".into()).spawn(wait).ok()?;
    told.recv_deadline(deadline).ok()
}
