//! Listening at the daemon's endpoint, and again when its socket or the directory around that was taken away.

mod admit;
mod watch;

use std::{
    io,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use scarab_protocol::{
    endpoint::Address,
    transport::{Listener, Stopper},
};

use self::watch::Watch;
use crate::{
    daemon::Daemon,
    platform::socket::{self, Identity},
};

/// How long after a change is waited before looking: directories are removed and made again in many
/// steps, and a socket made in the middle of `rm -r` would be in its way.
const SETTLE: Duration = Duration::from_millis(100);

/// The daemon's listener, with the thread that mends it.
pub(crate) struct Listening {
    stop: Option<crossbeam_channel::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// A listener at work.
struct Bound {
    /// Dropped to end the thread that accepts.
    _stopper: Option<Stopper>,
    thread: Option<JoinHandle<()>>,
    identity: Option<Identity>,
}

impl Listening {
    /// Binds the endpoint, whose directory is prepared and whose lock is held, and lets clients in from now on.
    ///
    /// # Errors
    /// As binding fails.
    pub(crate) fn start(daemon: &Arc<Daemon>, address: &Address) -> io::Result<Self> {
        let bound = Bound::new(daemon, address)?;
        let (stop, stopped) = crossbeam_channel::bounded(0);
        // One token: a change while one is being looked at is looked at after it, any number of them once.
        let (changed, changes) = crossbeam_channel::bounded(1);
        let watch = Watch::new(address, changed);
        let mender = Mender { daemon: daemon.clone(), address: address.clone(), bound: Some(bound), watch };
        let thread = thread::Builder::new().name("listen".into()).spawn(move || mender.run(&changes, &stopped))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Listening {
    /// Lets nobody in any more and removes the socket, if it is still this daemon's.
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the listening thread has failed");
        }
    }
}

impl Bound {
    fn new(daemon: &Arc<Daemon>, address: &Address) -> io::Result<Self> {
        socket::remove_stale(&address.endpoint)?;
        let mut listener = Listener::bind(&address.endpoint)?;
        let stopper = listener.stopper();
        let identity = socket::identity(&address.endpoint);
        let daemon = daemon.clone();
        let thread = thread::Builder::new().name("accept".into()).spawn(move || admit::all(&daemon, &listener))?;
        Ok(Self { _stopper: stopper, thread: Some(thread), identity })
    }

    /// Whether the socket at the endpoint is still this one.
    fn is_in_place(&self, address: &Address) -> bool {
        socket::identity(&address.endpoint) == self.identity
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        self._stopper = None;
        if let Some(thread) = self.thread.take() {
            // A failed thread has said so itself.
            let _ = thread.join();
        }
    }
}

struct Mender {
    daemon: Arc<Daemon>,
    address: Address,
    /// `None` while the endpoint cannot be bound.
    bound: Option<Bound>,
    watch: Watch,
}

impl Mender {
    fn run(mut self, changes: &Receiver<()>, stopped: &Receiver<()>) {
        // Something may have changed before the watch began.
        self.mend();
        loop {
            crossbeam_channel::select! {
                recv(stopped) -> _ => break,
                recv(changes) -> change => match change {
                    Ok(()) => {}
                    // Nothing can be watched here.
                    Err(_) => {
                        let _ = stopped.recv();
                        break;
                    }
                },
            }
            if stopped.recv_timeout(SETTLE) != Err(RecvTimeoutError::Timeout) {
                break;
            }
            self.mend();
        }
        if self.bound.as_ref().is_some_and(|bound| bound.is_in_place(&self.address)) {
            socket::remove(&self.address.endpoint);
        }
    }

    /// Makes sure that the socket is there and that the directory is watched.
    fn mend(&mut self) {
        // Watched first, looked at second: nothing can happen unseen in between. A second turn
        // watches what the first had to make.
        for _ in 0..2 {
            self.watch.renew(&self.address);
            if self.bound.as_ref().is_some_and(|bound| bound.is_in_place(&self.address)) {
                return;
            }
            tracing::warn!(endpoint = %self.address.endpoint, "the socket is gone: it is bound again");
            self.bound = None;
            let bound = self.address.prepare().map_err(|error| error.to_string());
            match bound.and_then(|()| Bound::new(&self.daemon, &self.address).map_err(|error| error.to_string())) {
                Ok(bound) => self.bound = Some(bound),
                Err(error) => {
                    tracing::warn!(endpoint = %self.address.endpoint, error, "nobody can connect for now");
                    return;
                }
            }
        }
    }
}
