//! Signals to the daemon, as events in a thread.

use std::{io, sync::Arc, thread};

use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::{Handle, Signals},
};

use crate::daemon::Daemon;

/// Listens to signals until it is dropped.
pub(crate) struct Listener(Handle);

/// SIGTERM and SIGINT end the daemon. SIGHUP does nothing: the login that started it may end. (SIGPIPE is
/// ignored by Rust's runtime, and children get it back as it was.)
///
/// # Errors
/// If the system refuses.
pub(crate) fn listen(daemon: &Arc<Daemon>) -> io::Result<Listener> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    let handle = signals.handle();
    let daemon = daemon.clone();
    thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            match signal {
                SIGTERM => daemon.request_stop("SIGTERM"),
                SIGINT => daemon.request_stop("SIGINT"),
                _ => tracing::info!("a SIGHUP was ignored: a login has ended"),
            }
        }
    })?;
    Ok(Listener(handle))
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.close();
    }
}
