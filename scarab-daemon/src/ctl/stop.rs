//! `scarabctl stop`: ends the daemon and all its sessions.

use std::{
    fs::File,
    path::Path,
    time::{Duration, Instant},
};

use crossbeam_channel::bounded;
use notify::{Event, EventKind, RecursiveMode, Watcher};
use scarab_protocol::{
    client,
    lock::holder,
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
    let released = closed.and_then(|()| released(&connection.address.lock, pid, deadline));
    if released.is_none() {
        let pid = pid.map_or_else(String::new, |pid| format!(" (pid {pid})"));
        return Err(CtlError::Hung(format!("the daemon{pid} has not ended after {PATIENCE:?}: end it with kill")));
    }
    output.print_only_json(&json!({ "pid": pid }))
}

/// Waits until this daemon holds its lock no more: nobody does, or another one, which may have taken it at once.
///
/// A thread waits in the system's queue for the lock, and a watch tells when somebody writes his process id into its file, so that
/// nothing is polled. At the deadline the thread is left behind, for this program to end with.
fn released(lock: &Path, pid: Option<u32>, deadline: Instant) -> Option<()> {
    // One token: a change while one is being looked at is looked at after it.
    let (tell, told) = bounded(1);
    let (written, had) = (tell.clone(), tell.clone());
    let mut watch = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // What is opened and closed, as by looking at the lock here, says nothing.
        if event.is_ok_and(|event| !matches!(event.kind, EventKind::Access(_))) {
            let _ = written.try_send(());
        }
    });
    if let Ok(watch) = &mut watch {
        // Without it another daemon is seen at the deadline only.
        let _ = watch.watch(lock, RecursiveMode::NonRecursive);
    }
    let file = lock.to_path_buf();
    let wait = move || {
        // A lock that is not there is held by nobody.
        if let Ok(file) = File::open(file) {
            let _ = file.lock_shared();
        }
        let _ = had.try_send(());
    };
    std::thread::Builder::new().name("lock-wait".into()).spawn(wait).ok()?;
    loop {
        match holder(lock) {
            None => return Some(()),
            // A file without a number is about to get one.
            Some(now) if pid.is_some() && now.is_some() && now != pid => return Some(()),
            Some(_) if Instant::now() >= deadline => return None,
            // Looked at once more behind the deadline.
            Some(_) => drop(told.recv_deadline(deadline)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, process, thread};

    use crossbeam_channel::Receiver;
    use scarab_protocol::lock::DaemonLock;

    use super::*;

    fn own_pid() -> Option<u32> {
        Some(process::id())
    }

    /// So late that a test which waits for it is one that hangs.
    fn late() -> Instant {
        Instant::now() + Duration::from_secs(3600)
    }

    /// Waits for the lock to be let go of, on a thread of its own.
    fn waiting(path: &Path) -> Receiver<Option<()>> {
        let (tell, told) = bounded(1);
        let path = path.to_path_buf();
        thread::spawn(move || tell.send(released(&path, own_pid(), late())));
        told
    }

    #[test]
    fn a_daemon_that_lets_go_of_its_lock_has_ended() {
        let home = tempfile::tempdir().expect("a directory");
        let path = home.path().join("d.lock");
        assert_eq!(released(&path, Some(1), late()), Some(()), "there is no lock");
        let lock = DaemonLock::acquire(&path).expect("free");
        assert_eq!(released(&path, own_pid(), Instant::now()), None);
        let told = waiting(&path);
        drop(lock);
        assert_eq!(told.recv_timeout(PATIENCE), Ok(Some(())));
    }

    #[test]
    fn a_daemon_whose_lock_another_has_has_ended() {
        let home = tempfile::tempdir().expect("a directory");
        let path = home.path().join("d.lock");
        let _lock = DaemonLock::acquire(&path).expect("free");
        assert_eq!(released(&path, Some(1), late()), Some(()), "another has it already");
        let told = waiting(&path);
        fs::write(&path, "1\n").expect("it is only advice");
        assert_eq!(told.recv_timeout(PATIENCE), Ok(Some(())));
    }
}
