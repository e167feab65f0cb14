//! A hostile client: messages of any kind and content, handed to a daemon with a session that gives back what it gets.
//!
//! An input is a row of records: a byte says whether a made-up message follows or a raw payload. The daemon outlives the
//! inputs; a client comes and goes with each, and sees to it first that the session is there.

#![no_main]

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use libfuzzer_sys::fuzz_target;
use scarab_daemon::fuzzing::Daemon;
use scarab_fuzz::{
    messages::{self, World, harmless},
    socket::{self, PATIENCE},
    source::Source,
};
use scarab_protocol::{
    frame::{Flags, Frame, Header},
    hello::{ClientHello, DaemonHello, Features, HelloStatus},
    ids::{SessionId, TermSize},
    kind::{Direction, Kind},
    message::*,
    transport::{FrameReader, Received, Stream},
};

/// The name of the session that is always there.
const NAME: &str = "cat";
/// The most records of an input.
const MAX_RECORDS: usize = 64;
/// How long the daemon keeps what a client leaves.
const RESUME: Duration = Duration::from_millis(50);

static DAEMON: Mutex<Option<Daemon>> = Mutex::new(None);

fuzz_target!(|data: &[u8]| {
    let mut daemon = DAEMON.lock().unwrap_or_else(PoisonError::into_inner);
    if daemon.as_ref().is_some_and(Daemon::is_stopping) {
        *daemon = None;
    }
    let daemon = daemon.get_or_insert_with(|| Daemon::start(RESUME).expect("it starts"));
    let (ours, theirs) = socket::pair();
    // It is there before anybody waits for it: on a busy machine the client's thread may come too late to say it.
    let hello = ClientHello::new("fuzz 1.0", Features::DESCRIPTORS);
    socket::write_all(&ours, &hello.to_bytes()).expect("there is room");
    thread::scope(|scope| {
        let client = scope.spawn(move || client(ours, data));
        assert!(daemon.serve(theirs), "clients that are gone keep their places");
        if let Err(panic) = client.join() {
            std::panic::resume_unwind(panic);
        }
    });
});

/// One client's life. The daemon may close the connection whenever it likes, but not stop answering.
fn client(stream: Stream, data: &[u8]) {
    let mut peer = Peer::greet(stream);
    let Some(session) = peer.session() else { return peer.stream.shutdown() };
    let mut world = World { session, name: NAME, position: 0 };
    let mut source = Source::new(data);
    // Most inputs begin in the session.
    if source.u8() % 8 != 7 {
        let attach =
            Attach { target: Target::Id(session), size: Some(TermSize::default()), observe: false, can_map: true };
        if let Some(attached) = peer.ask(0, &attach) {
            world.position = attached.frame.read::<Attached>().map_or(0, |attached| attached.taken);
        }
    }
    for _ in 0..MAX_RECORDS {
        if source.is_empty() || peer.send(&record(&mut source, &mut world)).is_err() {
            break;
        }
    }
    // Whatever it was: it is handled when this is answered, or the connection is closed.
    peer.ask(0, &Ping { payload: b"the end".to_vec() });
    peer.clean_up();
    peer.stream.shutdown();
}

/// A frame's bytes.
fn record(source: &mut Source, world: &mut World) -> Vec<u8> {
    if source.u8() % 4 != 3 {
        return world.message(source).bytes().to_vec();
    }
    let kind = source.u16();
    let kind = if source.flag() { kind } else { Kind::ALL[usize::from(kind) % Kind::ALL.len()].number() };
    let (request, flags, session) = (source.u32(), source.u8().into(), world.session(source));
    let length = usize::from(source.u16());
    let payload = source.take(length);
    let flags = Flags::from_bits_retain(flags);
    let header = Header { length: payload.len() as u32, kind, flags, request, session };
    let bytes = [&header.to_bytes()[..], payload].concat();
    match Kind::from_number(kind) {
        // What it would run is read, and replaced.
        Some(Kind::CreateSession) => match decoded(&bytes).read::<CreateSession>() {
            Ok(wanted) => {
                let frame = Frame::new(session, request, &harmless(wanted, request % 2 == 0)).expect("short enough");
                frame.bytes().to_vec()
            }
            Err(_) => bytes,
        },
        _ => bytes,
    }
}

/// Bytes as a frame.
fn decoded(bytes: &[u8]) -> Frame {
    let (ours, theirs) = socket::pair();
    socket::write_all(&ours, bytes).expect("there is room");
    FrameReader::new(theirs.into()).next(|_| {}).expect("a frame").expect("a frame").frame
}

/// The client's end of the connection: everything that comes is looked at.
struct Peer {
    stream: Arc<Stream>,
    received: FrameReader,
    last_request: u32,
}

impl Peer {
    /// Takes the daemon's answer to the hello.
    fn greet(stream: Stream) -> Self {
        let stream = Arc::new(stream);
        let mut answer = [0; DaemonHello::BYTES];
        stream.read_exact_by(&mut answer, Instant::now() + PATIENCE).expect("an answer");
        let answer = DaemonHello::from_bytes(&answer).expect("a hello");
        assert_eq!(answer.status, HelloStatus::Ok, "{}", answer.text);
        let received = FrameReader::new(stream.clone());
        Self { stream, received, last_request: 0xf000_0000 }
    }

    /// The session, which is made if it is not there or has ended.
    fn session(&mut self) -> Option<SessionId> {
        self.ask(0, &ForgetSession { target: Target::Name(NAME.into()) })?;
        let wanted = CreateSession {
            name: Some(NAME.into()),
            command: vec![],
            cwd: Some(b"/".to_vec()),
            beside: None,
            env: vec![],
            size: TermSize::default(),
            linger: true,
        };
        self.ask(0, &harmless(wanted, true))?;
        self.sessions().into_iter().find(|info| info.name == NAME).map(|info| info.id)
    }

    fn sessions(&mut self) -> Vec<SessionInfo> {
        let page = self.ask(0, &ListSessions { after: 0 });
        page.and_then(|page| page.frame.read::<Sessions>().ok()).map(|page| page.sessions).unwrap_or_default()
    }

    /// Ends all sessions but the one, so that they do not become more and more.
    fn clean_up(&mut self) {
        for info in self.sessions().iter().filter(|info| info.name != NAME) {
            self.ask(0, &KillSession { target: Target::Id(info.id), signal: None });
        }
    }

    fn send(&self, bytes: &[u8]) -> std::io::Result<()> {
        socket::write_all(&self.stream, bytes)
    }

    /// Asks, and waits for the answer; `None` if the daemon has closed the connection.
    fn ask<M: Message>(&mut self, session: u32, message: &M) -> Option<Received> {
        self.last_request += 1;
        let request = self.last_request;
        self.send(Frame::new(session, request, message).expect("short enough").bytes()).ok()?;
        loop {
            let received = self.received.next(|_| {}).ok()??;
            check(&received);
            if received.frame.header().request == request {
                return Some(received);
            }
        }
    }
}

/// What the daemon says is valid, and meant for a client.
fn check(received: &Received) {
    let frame = &received.frame;
    let kind = frame.kind().expect("a kind that there is");
    assert_eq!(kind.direction(), Direction::ToClient, "{}", kind.name());
    assert!(messages::read(frame), "a {} that cannot be read", kind.name());
    assert_eq!(frame.header().flags.contains(Flags::DESCRIPTOR), received.descriptor.is_some(), "{}", kind.name());
}
