//! Listening at the daemon's endpoint, and again when its socket or the directory around that was taken away.

mod admit;
mod watch;

use std::{
    io,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use crossbeam_channel::{Receiver, RecvTimeoutError, after, never};
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

/// How long after a failure it is tried again, even if nothing is seen to change: what was in the way may go without a
/// trace, as when a file system is mounted over the directory that was watched. Only a daemon that nobody can reach waits so.
const RETRY: Duration = Duration::from_secs(2);

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
        let mender =
            Mender { daemon: daemon.clone(), address: address.clone(), bound: Some(bound), failure: None, watch };
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
    /// Why it cannot, as it was told last.
    failure: Option<String>,
    watch: Watch,
}

impl Mender {
    fn run(mut self, changes: &Receiver<()>, stopped: &Receiver<()>) {
        // Something may have changed before the watch began.
        self.mend();
        loop {
            let again = if self.bound.is_some() { never() } else { after(RETRY) };
            crossbeam_channel::select! {
                recv(stopped) -> _ => break,
                recv(again) -> _ => {
                    self.mend();
                    continue;
                }
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
            if self.bound.take().is_some() {
                tracing::warn!(endpoint = %self.address.endpoint, "the socket is gone: it is bound again");
            }
            match self.bind() {
                Ok(bound) => (self.bound, self.failure) = (Some(bound), None),
                Err(error) => {
                    if self.failure.as_ref() != Some(&error) {
                        tracing::warn!(endpoint = %self.address.endpoint, error, "nobody can connect for now");
                    }
                    self.failure = Some(error);
                    return;
                }
            }
        }
    }

    fn bind(&self) -> Result<Bound, String> {
        self.address.prepare().map_err(|error| error.to_string())?;
        Bound::new(&self.daemon, &self.address).map_err(|error| error.to_string())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::{fs, path::PathBuf};

    use scarab_protocol::transport::Stream;

    use super::*;
    use crate::tests::harness::{PATIENCE, TestDaemon, wait_until};

    /// A daemon's listener at an endpoint of its own, without the thread that mends it.
    struct Place {
        home: tempfile::TempDir,
        run: PathBuf,
        mender: Mender,
        changes: Receiver<()>,
        daemon: TestDaemon,
    }

    impl Place {
        fn new() -> Self {
            let daemon = TestDaemon::start();
            let home = tempfile::tempdir().expect("a directory");
            let run = home.path().join("run");
            let address = Address::of_socket(&run.join("d.sock")).expect("short");
            let (changed, changes) = crossbeam_channel::bounded(1);
            let watch = Watch::new(&address, changed);
            let mender = Mender { daemon: daemon.shared(), address, bound: None, failure: None, watch };
            Self { home, run, mender, changes, daemon }
        }

        /// Puts a file in the directory's place.
        fn obstruct(&self) {
            fs::rename(&self.run, self.home.path().join("gone")).expect("renamed");
            fs::write(&self.run, "").expect("written");
        }
    }

    #[test]
    fn what_is_in_the_way_is_named_and_the_socket_comes_back_when_it_is_gone() {
        let mut place = Place::new();
        place.mender.mend();
        assert!(place.mender.bound.is_some());
        place.obstruct();
        place.mender.mend();
        assert!(place.mender.bound.is_none());
        let failure = place.mender.failure.clone().expect("it is told");
        assert!(failure.contains(&*place.run.to_string_lossy()), "{failure}");
        while place.changes.try_recv().is_ok() {}
        fs::remove_file(&place.run).expect("removed");
        place.changes.recv_timeout(PATIENCE).expect("it is seen");
        place.mender.mend();
        assert!(place.mender.bound.as_ref().is_some_and(|bound| bound.is_in_place(&place.mender.address)));
        drop(place.daemon);
    }

    #[test]
    fn what_goes_without_a_trace_is_tried_again() {
        let mut place = Place::new();
        place.mender.mend();
        place.obstruct();
        place.mender.mend();
        // Nobody tells of changes, as with a directory that was watched and is mounted over.
        let (_changed, changes) = crossbeam_channel::bounded(1);
        let (stop, stopped) = crossbeam_channel::bounded::<()>(0);
        let endpoint = place.mender.address.endpoint.clone();
        let thread = thread::spawn(move || place.mender.run(&changes, &stopped));
        fs::remove_file(&place.run).expect("removed");
        wait_until(|| Stream::connect(&endpoint, PATIENCE).is_ok());
        drop(stop);
        thread.join().expect("no panic");
        assert!(socket::identity(&endpoint).is_none(), "it leaves nothing behind");
    }
}
