//! A relay between a client and its daemon that cuts each connection after so many bytes.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use scarab_protocol::{
    endpoint::Address,
    transport::{Listener, Stopper, Stream},
};

use super::DEADLINE;

/// How long a side may keep the relay waiting.
const PATIENCE: Duration = DEADLINE;

/// Tells for a new connection after how many bytes to the daemon it is cut, if at all.
pub type Lifetime = Box<dyn FnMut() -> Option<u64> + Send>;

/// A relay with threads of its own. It ends with what goes through it when this is dropped.
pub struct Relay {
    /// Where clients reach it.
    pub address: Address,
    cuts: Arc<AtomicU64>,
    open: Arc<Mutex<Vec<Arc<Stream>>>>,
    stopper: Option<Stopper>,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    /// A relay at an address to a daemon.
    pub fn start(address: Address, daemon: &Address, mut lifetime: Lifetime) -> Self {
        let mut listener = Listener::bind(&address.endpoint).expect("a free name");
        let stopper = listener.stopper();
        let (cuts, open) = (Arc::<AtomicU64>::default(), Arc::<Mutex<Vec<Arc<Stream>>>>::default());
        let (counted, opened, there) = (cuts.clone(), open.clone(), daemon.clone());
        let thread = thread::spawn(move || {
            while let Some(client) = listener.accept().expect("the relay accepts") {
                // Without a daemon the client is dropped, as if it had cut the connection.
                let Ok(daemon) = Stream::connect(&there.endpoint, PATIENCE) else { continue };
                let (client, daemon) = (Arc::new(client), Arc::new(daemon));
                opened.lock().unwrap_or_else(PoisonError::into_inner).extend([client.clone(), daemon.clone()]);
                let left = lifetime();
                let (up, down) = ((client.clone(), daemon.clone()), (daemon, client));
                let counted = counted.clone();
                thread::spawn(move || {
                    if relay(&up.0, &up.1, left) {
                        counted.fetch_add(1, Ordering::Relaxed);
                    }
                });
                thread::spawn(move || relay(&down.0, &down.1, None));
            }
        });
        Self { address, cuts, open, stopper, thread: Some(thread) }
    }

    /// How many connections it has cut.
    pub fn cuts(&self) -> u64 {
        self.cuts.load(Ordering::Relaxed)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        drop(self.stopper.take());
        let panicked = self.thread.take().is_some_and(|thread| thread.join().is_err());
        self.open.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(|stream| stream.shutdown());
        assert!(!panicked || thread::panicking(), "the relay panicked");
    }
}

/// Moves what comes until one side ends, or until so many bytes were moved; then both end. True if it was cut.
fn relay(from: &Stream, to: &Stream, mut left: Option<u64>) -> bool {
    let mut buffer = [0; 32 * 1024];
    let cut = loop {
        let Ok(count @ 1..) = from.read(&mut buffer, &mut VecDeque::new()) else { break false };
        let may = left.map_or(count, |left| count.min(usize::try_from(left).unwrap_or(usize::MAX)));
        let mut rest = &buffer[..may];
        let deadline = Instant::now() + PATIENCE;
        while !rest.is_empty() {
            let Ok(count) = to.write_by(rest, None, deadline) else { break };
            rest = &rest[count..];
        }
        if let Some(left) = &mut left {
            *left -= may as u64;
            if *left == 0 {
                break true;
            }
        }
    };
    from.shutdown();
    to.shutdown();
    cut
}
