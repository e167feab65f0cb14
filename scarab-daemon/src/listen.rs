//! Listening at the daemon's endpoint, and again when its socket, its lock or the directory around one of them was taken away.

mod admit;
mod watch;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use crossbeam_channel::{Receiver, RecvTimeoutError, after, never};
use scarab_protocol::{
    endpoint::{Address, EndpointError},
    lock::{DaemonLock, LockError},
    transport::{Listener, Stopper},
    trust::token::TokenError,
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
/// trace, as when a file system is mounted over the directory that was watched. Only a daemon that is not where it should be waits so.
const RETRY: Duration = Duration::from_secs(2);

/// Why the endpoint cannot be had.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    Bind(#[from] io::Error),
}

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
    /// Binds the endpoint, whose directory is prepared and whose lock this is, and lets clients in from now on. The lock is replaced
    /// when its file was.
    ///
    /// # Errors
    /// As binding fails.
    pub(crate) fn start(daemon: &Arc<Daemon>, address: &Address, lock: Arc<Mutex<DaemonLock>>) -> io::Result<Self> {
        let bound = Bound::new(daemon, address)?;
        let (stop, stopped) = crossbeam_channel::bounded(0);
        // One token: a change while one is being looked at is looked at after it, any number of them once.
        let (changed, changes) = crossbeam_channel::bounded(1);
        let watch = Watch::new(address, changed);
        let (daemon, address) = (daemon.clone(), address.clone());
        let mender = Mender { daemon, address, lock, bound: Some(bound), failure: None, watch };
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
    /// Only this thread looks at it: the server has it so that it is held to the last.
    lock: Arc<Mutex<DaemonLock>>,
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
            let again = if self.failure.is_none() { never() } else { after(RETRY) };
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

    /// Makes sure that the lock and the socket are there and that their directories are watched.
    fn mend(&mut self) {
        // Watched first, looked at second: nothing can happen unseen in between. A second turn
        // watches what the first had to make.
        for _ in 0..2 {
            self.watch.renew(&self.address);
            let in_place = self.bound.as_ref().is_some_and(|bound| bound.is_in_place(&self.address));
            if in_place && self.has_lock() {
                self.failure = None;
                return;
            }
            if !in_place && self.bound.take().is_some() {
                tracing::warn!(endpoint = %self.address.endpoint, "the socket is gone: it is bound again");
            }
            match self.restore() {
                Ok(()) => self.failure = None,
                Err(failure) => {
                    self.fail(&failure);
                    return;
                }
            }
        }
    }

    /// Has the lock's file and the socket back, in this order: a daemon without the lock would take the socket away from the one that
    /// has it.
    fn restore(&mut self) -> Result<(), Failure> {
        self.address.prepare()?;
        if !self.has_lock() {
            let lock = DaemonLock::acquire(&self.address.lock)?;
            // Before the lock counts as had: where this fails, as on a full disk, all of it is tried again.
            if let Some(tokens) = &self.daemon.tokens {
                tokens.restore()?;
            }
            *self.lock() = lock;
            tracing::warn!(lock = %self.address.lock.display(), "the lock's file was gone: it was made again");
        }
        if self.bound.is_none() {
            self.bound = Some(Bound::new(&self.daemon, &self.address)?);
        }
        Ok(())
    }

    /// Says what is in the way, once.
    fn fail(&mut self, failure: &Failure) {
        let is_taken = matches!(failure, Failure::Lock(LockError::Held { .. }));
        if is_taken {
            self.bound = None;
        }
        let error = failure.to_string();
        if self.failure.as_ref() != Some(&error) {
            let endpoint = &self.address.endpoint;
            if is_taken {
                tracing::warn!(%endpoint, error, "another daemon has taken this one's place: nobody can connect");
            } else if self.bound.is_some() {
                tracing::warn!(%endpoint, error, "another daemon can take this one's place for now");
            } else {
                tracing::warn!(%endpoint, error, "nobody can connect for now");
            }
        }
        self.failure = Some(error);
    }

    /// Whether the lock that is held is the one that others ask for.
    fn has_lock(&self) -> bool {
        self.lock().is_at(&self.address.lock)
    }

    fn lock(&self) -> MutexGuard<'_, DaemonLock> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
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
            address.prepare().expect("the directory can be made");
            let lock = Arc::new(Mutex::new(DaemonLock::acquire(&address.lock).expect("free")));
            let (changed, changes) = crossbeam_channel::bounded(1);
            let watch = Watch::new(&address, changed);
            let mender = Mender { daemon: daemon.shared(), address, lock, bound: None, failure: None, watch };
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
    fn a_lock_that_another_has_made_anew_is_left_to_him_and_so_is_the_socket() {
        let mut place = Place::new();
        place.mender.mend();
        fs::rename(&place.run, place.home.path().join("gone")).expect("renamed");
        place.mender.address.prepare().expect("made again");
        let other = DaemonLock::acquire(&place.mender.address.lock).expect("a new file is a new lock");
        let socket = Listener::bind(&place.mender.address.endpoint).expect("free");
        let theirs = socket::identity(&place.mender.address.endpoint);
        place.mender.mend();
        assert!(place.mender.bound.is_none());
        let failure = place.mender.failure.clone().expect("it is told");
        assert!(failure.contains(&std::process::id().to_string()), "{failure}");
        assert_eq!(socket::identity(&place.mender.address.endpoint), theirs, "it is the other's socket");
        drop((other, socket));
        place.mender.mend();
        assert!(place.mender.bound.is_some() && place.mender.has_lock());
    }

    #[test]
    fn a_lock_that_is_gone_is_made_again_while_clients_stay() {
        let mut place = Place::new();
        place.mender.mend();
        while place.changes.try_recv().is_ok() {}
        let socket = socket::identity(&place.mender.address.endpoint);
        fs::remove_file(&place.mender.address.lock).expect("removed");
        place.changes.recv_timeout(PATIENCE).expect("it is seen");
        place.mender.mend();
        assert!(place.mender.has_lock());
        assert_eq!(socket::identity(&place.mender.address.endpoint), socket, "it was not bound again");
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
