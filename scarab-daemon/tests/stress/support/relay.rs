//! A relay between a client and its daemon that can break the connection at any byte, stand still, and close one way only.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    net::Shutdown,
    os::unix::net::{UnixListener, UnixStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
};

use rustix::event::{PollFd, PollFlags, poll};
use scarab_protocol::endpoint::{Address, Endpoint};

/// What is moved at a time.
const BUFFER: usize = 32 * 1024;

/// Tells for a new connection after how many bytes it is cut, if at all.
pub type Lifetime = Box<dyn FnMut() -> Option<u64> + Send>;

/// What happens to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doom {
    Cut,
    Stop,
}

/// What the relay is told.
#[derive(Debug, Clone, Copy)]
enum Order {
    Cut,
    After(u64, Doom),
    HalfClose { to_client: bool },
    Stop,
    StopDown,
    Go,
    End,
}

/// What it has done.
#[derive(Debug, Default)]
pub struct Counts {
    /// Connections that were accepted.
    pub connections: AtomicU64,
    /// Connections that were cut.
    pub cuts: AtomicU64,
    /// Bytes to the daemon.
    pub up: AtomicU64,
}

/// A relay with a thread of its own. It ends with what goes through it when this is dropped.
pub struct Relay {
    /// Where clients reach it.
    pub address: Address,
    /// What it has done.
    pub counts: Arc<Counts>,
    orders: mpsc::Sender<Order>,
    wake: UnixStream,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    /// A relay at an address to a daemon that cuts nothing by itself.
    pub fn start(address: Address, daemon: &Address) -> Self {
        Self::start_with(address, daemon, Box::new(|| None))
    }

    /// A relay that asks for each connection how long it may live.
    pub fn start_with(address: Address, daemon: &Address, lifetime: Lifetime) -> Self {
        let (Endpoint::Path(here), Endpoint::Path(there)) = (&address.endpoint, &daemon.endpoint) else {
            panic!("relays are for sockets in directories");
        };
        let listener = UnixListener::bind(here).expect("a free name");
        listener.set_nonblocking(true).expect("a listener can be");
        let (wake, woken) = UnixStream::pair().expect("a pair");
        woken.set_nonblocking(true).expect("a socket can be");
        let (orders, ordered) = mpsc::channel();
        let counts = Arc::new(Counts::default());
        let state = State {
            listener,
            there: there.clone(),
            woken,
            ordered,
            counts: counts.clone(),
            lifetime,
            pairs: Vec::new(),
            stopped: false,
            down_stopped: false,
        };
        let thread = thread::Builder::new().name("relay".into()).spawn(move || state.run()).expect("a thread");
        Self { address, counts, orders, wake, thread: Some(thread) }
    }

    /// Cuts what is connected now.
    pub fn cut(&self) {
        self.order(Order::Cut);
    }

    /// Cuts each connection after so many more bytes, in whatever direction.
    pub fn cut_after(&self, bytes: u64) {
        self.order(Order::After(bytes, Doom::Cut));
    }

    /// Stands still after so many more bytes, in whatever direction.
    pub fn stop_after(&self, bytes: u64) {
        self.order(Order::After(bytes, Doom::Stop));
    }

    /// Closes one direction.
    pub fn half_close(&self, to_client: bool) {
        self.order(Order::HalfClose { to_client });
    }

    /// Neither reads nor writes nor accepts from now on.
    pub fn stop(&self) {
        self.order(Order::Stop);
    }

    /// Goes on in one direction only: nothing reaches the client any more.
    pub fn stop_down(&self) {
        self.order(Order::StopDown);
    }

    /// Goes on.
    pub fn go(&self) {
        self.order(Order::Go);
    }

    /// How many connections it has cut.
    pub fn cuts(&self) -> u64 {
        self.counts.cuts.load(Ordering::Relaxed)
    }

    fn order(&self, order: Order) {
        let _ = self.orders.send(order);
        let _ = (&self.wake).write(&[0]);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.order(Order::End);
        let panicked = self.thread.take().is_some_and(|thread| thread.join().is_err());
        assert!(!panicked || thread::panicking(), "the relay panicked");
    }
}

struct State {
    listener: UnixListener,
    there: std::path::PathBuf,
    woken: UnixStream,
    ordered: mpsc::Receiver<Order>,
    counts: Arc<Counts>,
    lifetime: Lifetime,
    pairs: Vec<Pair>,
    stopped: bool,
    down_stopped: bool,
}

/// One connection through the relay.
struct Pair {
    client: UnixStream,
    daemon: UnixStream,
    up: Way,
    down: Way,
    /// After so many bytes it comes to what is to happen to it.
    left: Option<u64>,
    doom: Doom,
}

/// How it stands with a connection.
enum End {
    /// It goes on.
    None,
    /// Nothing more will come, or it was cut.
    Over,
    /// The relay is to stand still.
    Stop,
}

/// One direction of it.
#[derive(Default)]
struct Way {
    held: VecDeque<u8>,
    /// Nothing more comes from the sending side.
    ended: bool,
    /// The receiving side was told so.
    told: bool,
}

impl State {
    fn run(mut self) {
        while self.wait() {
            let counts = self.counts.clone();
            let (down, mut stopped) = (!self.down_stopped, self.stopped);
            self.pairs.retain_mut(|pair| match pair.relay(&counts, down) {
                Ok(End::None) => true,
                Ok(End::Over) => false,
                Ok(End::Stop) => {
                    stopped = true;
                    true
                }
                // One side is gone, and what it said before is with the other as far as that had room.
                Err(_) => false,
            });
            self.stopped = stopped;
        }
    }

    /// Waits for something to do; takes orders and connections. False at the end.
    fn wait(&mut self) -> bool {
        let mut ready = vec![PollFd::new(&self.woken, PollFlags::IN)];
        if !self.stopped {
            ready.push(PollFd::new(&self.listener, PollFlags::IN));
            for pair in &self.pairs {
                let down = |flags| if self.down_stopped { PollFlags::empty() } else { flags };
                ready.push(PollFd::new(&pair.client, pair.up.reads() | down(pair.down.writes())));
                ready.push(PollFd::new(&pair.daemon, down(pair.down.reads()) | pair.up.writes()));
            }
        }
        let _ = poll(&mut ready, None);
        // A side that has hung up both ways is not waited for again: it would be ready for ever.
        let hung_up: Vec<bool> = ready
            .get(2..)
            .unwrap_or_default()
            .chunks(2)
            .map(|pair| pair.iter().any(|side| side.revents().intersects(PollFlags::HUP | PollFlags::ERR)))
            .collect();
        drop(ready);
        let counts = self.counts.clone();
        let mut hung_up = hung_up.into_iter();
        self.pairs.retain_mut(|pair| {
            let last = hung_up.next().unwrap_or(false);
            if last {
                let _ = pair.relay(&counts, true);
            }
            !last
        });
        let _ = (&self.woken).read(&mut [0; 64]);
        while let Ok(order) = self.ordered.try_recv() {
            if !self.carry_out(order) {
                return false;
            }
        }
        if !self.stopped {
            while let Ok((client, _)) = self.listener.accept() {
                self.connect(client);
            }
        }
        !self.stopped || self.wait()
    }

    fn connect(&mut self, client: UnixStream) {
        // Without a daemon the client is dropped, as if it had cut the connection.
        let Ok(daemon) = UnixStream::connect(&self.there) else { return };
        let both = client.set_nonblocking(true).and_then(|()| daemon.set_nonblocking(true));
        both.expect("a socket can be");
        self.counts.connections.fetch_add(1, Ordering::Relaxed);
        let left = (self.lifetime)();
        self.pairs.push(Pair { client, daemon, up: Way::default(), down: Way::default(), left, doom: Doom::Cut });
    }

    fn carry_out(&mut self, order: Order) -> bool {
        match order {
            Order::Cut => {
                self.counts.cuts.fetch_add(self.pairs.len() as u64, Ordering::Relaxed);
                self.pairs.clear();
            }
            Order::After(bytes, doom) => {
                self.pairs.iter_mut().for_each(|pair| (pair.left, pair.doom) = (Some(bytes), doom));
            }
            Order::HalfClose { to_client } => {
                for pair in &self.pairs {
                    let side = if to_client { &pair.client } else { &pair.daemon };
                    let _ = side.shutdown(Shutdown::Write);
                }
            }
            Order::Stop => self.stopped = true,
            Order::StopDown => self.down_stopped = true,
            Order::Go => {
                (self.stopped, self.down_stopped) = (false, false);
                // One that has not come so far does not stand still any more.
                let to_stop = self.pairs.iter_mut().filter(|pair| pair.doom == Doom::Stop);
                to_stop.for_each(|pair| (pair.left, pair.doom) = (None, Doom::Cut));
            }
            Order::End => return false,
        }
        true
    }
}

impl Pair {
    /// Moves what can be moved, in this direction too if it may.
    fn relay(&mut self, counts: &Counts, down: bool) -> io::Result<End> {
        loop {
            let up = self.up.relay(&self.client, &self.daemon, &mut self.left);
            let down = match down {
                true => self.down.relay(&self.daemon, &self.client, &mut self.left),
                false => Ok(0),
            };
            if self.left == Some(0) {
                self.left = None;
                if self.doom == Doom::Stop {
                    return Ok(End::Stop);
                }
                counts.cuts.fetch_add(1, Ordering::Relaxed);
                return Ok(End::Over);
            }
            let (up, down) = (up?, down?);
            counts.up.fetch_add(up, Ordering::Relaxed);
            if up + down == 0 {
                return Ok(if self.up.told && self.down.told { End::Over } else { End::None });
            }
        }
    }
}

impl Way {
    fn reads(&self) -> PollFlags {
        if self.held.is_empty() && !self.ended { PollFlags::IN } else { PollFlags::empty() }
    }

    fn writes(&self) -> PollFlags {
        if self.held.is_empty() { PollFlags::empty() } else { PollFlags::OUT }
    }

    /// Moves what can be moved now, but no more than may; gives back how much that was.
    fn relay(&mut self, mut from: &UnixStream, mut to: &UnixStream, left: &mut Option<u64>) -> io::Result<u64> {
        if self.held.is_empty() && !self.ended {
            let mut buffer = [0; BUFFER];
            match from.read(&mut buffer) {
                Ok(0) => self.ended = true,
                Ok(count) => self.held.extend(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        if self.held.is_empty() {
            if self.ended && !self.told {
                self.told = true;
                let _ = to.shutdown(Shutdown::Write);
            }
            return Ok(0);
        }
        let (bytes, _) = self.held.as_slices();
        let may = left.map_or(bytes.len(), |left| bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX)));
        match to.write(&bytes[..may]) {
            Ok(count) => {
                self.held.drain(..count);
                if let Some(left) = left {
                    *left -= count as u64;
                }
                Ok(count as u64)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            Err(error) => Err(error),
        }
    }
}
