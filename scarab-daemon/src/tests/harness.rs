//! A daemon in a directory of its own, and clients that speak to it byte for byte.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, Weak, mpsc},
    thread,
    time::{Duration, Instant},
};

use scarab_protocol::{
    endpoint::Address,
    frame::{Frame, Header},
    hello::{ClientHello, DaemonHello, Features, HelloStatus},
    ids::TermSize,
    kind::Kind,
    message::*,
    surface::{Doorbell, Grid, Mapping, ReadOutcome, SurfaceId, SurfaceReader},
    transport::{FrameReader, FrameSender, Received, Stream},
};

use crate::{
    client::Client,
    daemon::Daemon,
    server::{Server, ServerOptions},
    session::{Session, attachment::Attachment},
};

/// Nothing here takes a second on an idle machine; a test that waits this long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A daemon in this process.
pub(crate) struct TestDaemon {
    pub(super) server: Option<Server>,
    pub(super) address: Address,
    pub(super) home: tempfile::TempDir,
}

impl TestDaemon {
    pub(crate) fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// One that differs from others.
    pub(super) fn start_with(differ: impl FnOnce(&mut ServerOptions)) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let address = Address::of_socket(&home.path().join("run/d.sock")).expect("a short path");
        let mut options = ServerOptions::new(address.clone());
        differ(&mut options);
        let server = Server::start(options).expect("it starts");
        Self { server: Some(server), address, home }
    }

    pub(super) fn connect(&self) -> TestClient {
        TestClient::connect(&self.address)
    }

    /// What the daemon's threads share.
    pub(super) fn daemon(&self) -> &Daemon {
        &self.server.as_ref().expect("it runs").daemon
    }

    /// The same, to hold.
    pub(crate) fn shared(&self) -> Arc<Daemon> {
        self.server.as_ref().expect("it runs").daemon.clone()
    }

    /// A session, to see when nothing holds it any more.
    pub(super) fn session(&self, number: u32) -> Weak<Session> {
        Arc::downgrade(&self.daemon().registry().session(number).expect("it is there"))
    }
}

/// What ties a client to a session, as its thread makes it.
pub(super) fn tie(session: &Session, client: &Arc<Client>) -> Arc<Attachment> {
    Arc::new(Attachment {
        client: client.clone(),
        lane: session.input.open_lane(false, |_| {}),
        observe: false,
        can_map: false,
        bell: Doorbell::new(),
        rows: Mutex::new(None),
    })
}

/// A client that speaks to a daemon frame by frame.
pub(super) struct TestClient {
    pub(super) sender: FrameSender,
    frames: mpsc::Receiver<Received>,
    kept: VecDeque<Received>,
    next_request: u32,
    /// While this is held, it reads no more than the frame it is at.
    pub(super) reading: Arc<Mutex<()>>,
    /// What it was told at first.
    pub(super) welcome: Welcome,
}

/// What a client knows of a session it has joined.
pub(super) struct Joined {
    pub(super) attached: Attached,
    pub(super) number: u32,
    pub(super) reader: SurfaceReader,
    pub(super) grid: Grid,
    pub(super) position: u64,
}

impl TestClient {
    pub(super) fn connect(address: &Address) -> Self {
        let stream = Arc::new(Stream::connect(&address.endpoint, PATIENCE).expect("it accepts"));
        let hello = ClientHello::new("test 1.0", Features::DESCRIPTORS);
        assert_eq!(stream.write(&hello.to_bytes(), None).expect("written"), ClientHello::BYTES);
        let mut answer = [0; DaemonHello::BYTES];
        stream.read_exact_by(&mut answer, Instant::now() + PATIENCE).expect("an answer");
        let answer = DaemonHello::from_bytes(&answer).expect("a hello");
        assert_eq!(answer.status, HelloStatus::Ok, "{}", answer.text);
        let (sender, frames) = mpsc::channel();
        let mut reader = FrameReader::new(stream.clone());
        let reading = Arc::<Mutex<()>>::default();
        let gate = reading.clone();
        thread::spawn(move || {
            while let Ok(Some(received)) = reader.next(|_| {}) {
                if sender.send(received).is_err() {
                    return;
                }
                drop(gate.lock().expect("no panic"));
            }
        });
        let sender = FrameSender::new(stream, 64 << 20, "test-writer", PATIENCE, || {});
        let first = frames.recv_timeout(PATIENCE).expect("a welcome");
        let welcome = first.frame.read::<Welcome>().expect("a welcome");
        Self { sender, frames, kept: VecDeque::new(), next_request: 1, reading, welcome }
    }

    /// The next connection of the client that has this token.
    pub(super) fn resume(address: &Address, token: [u8; 16]) -> Self {
        let mut client = Self::connect(address);
        client.ask::<_, Done>(0, &Resume { token });
        client
    }

    /// Sends a message; gives back the number of the request.
    pub(super) fn send<M: Message>(&mut self, session: u32, message: &M) -> u32 {
        let request = self.next_request;
        self.next_request += 1;
        self.sender.send(Frame::new(session, request, message).expect("small enough")).expect("sent");
        request
    }

    /// Waits for the next message of a kind; others are kept.
    pub(super) fn expect<M: Message>(&mut self) -> (Header, M) {
        let received = self.receive(|header| header.kind == M::KIND.number());
        let received = received.unwrap_or_else(|| panic!("no {} came", M::KIND.name()));
        (received.frame.header(), received.frame.read::<M>().expect("valid"))
    }

    /// Waits for the answer to a request.
    pub(super) fn answer(&mut self, request: u32) -> Received {
        self.receive(|header| header.request == request).expect("an answer")
    }

    /// Whether an answer to a request has come, among what was waited through.
    pub(super) fn was_answered(&self, request: u32) -> bool {
        self.kept.iter().any(|received| received.frame.header().request == request)
    }

    /// Asks, and waits for an answer of this kind.
    pub(super) fn ask<M: Message, A: Message>(&mut self, session: u32, message: &M) -> A {
        let request = self.send(session, message);
        let received = self.answer(request);
        match received.frame.kind() {
            Some(kind) if kind == A::KIND => received.frame.read::<A>().expect("valid"),
            Some(Kind::Error) => panic!("refused: {:?}", received.frame.read::<Error>()),
            other => panic!("{other:?} where {} was expected", A::KIND.name()),
        }
    }

    /// Asks, and waits for a refusal.
    pub(super) fn refused<M: Message>(&mut self, session: u32, message: &M) -> Error {
        let request = self.send(session, message);
        self.answer(request).frame.read::<Error>().expect("a refusal")
    }

    /// Everything sent before was handled when this returns, and everything that came of it at once is here.
    pub(super) fn settle(&mut self) {
        self.ask::<_, Pong>(0, &Ping { payload: vec![] });
    }

    /// Whether a message of this kind is here already.
    pub(super) fn has<M: Message>(&mut self) -> bool {
        self.count::<M>() > 0
    }

    /// How many messages of this kind are here already.
    pub(super) fn count<M: Message>(&mut self) -> usize {
        self.kept.extend(self.frames.try_iter());
        self.kept.iter().filter(|received| received.frame.header().kind == M::KIND.number()).count()
    }

    /// Waits until the daemon has closed the connection.
    pub(super) fn expect_closed(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.frames.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(received) => self.kept.push_back(received),
                Err(mpsc::RecvTimeoutError::Disconnected) => return,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("the connection is still open"),
            }
        }
    }

    /// Waits for the next of these kinds; others are kept.
    pub(super) fn expect_one_of(&mut self, kinds: &[Kind]) -> Received {
        let wanted = |header: &Header| kinds.iter().any(|kind| kind.number() == header.kind);
        self.receive(wanted).unwrap_or_else(|| panic!("none of {kinds:?} came"))
    }

    fn receive(&mut self, wanted: impl Fn(&Header) -> bool) -> Option<Received> {
        if let Some(at) = self.kept.iter().position(|received| wanted(&received.frame.header())) {
            return self.kept.remove(at);
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            let received = self.frames.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()?;
            if wanted(&received.frame.header()) {
                return Some(received);
            }
            self.kept.push_back(received);
        }
    }

    /// A session that runs a shell command, with little of an environment.
    pub(super) fn create(&mut self, script: &str) -> SessionInfo {
        self.ask::<_, Created>(0, &command(script)).info
    }

    /// Joins a session.
    pub(super) fn attach(&mut self, number: u32) -> Joined {
        self.attach_as(number, Some(TermSize::default()), false)
    }

    /// Joins a session in a way of one's own.
    pub(super) fn attach_as(&mut self, number: u32, size: Option<TermSize>, observe: bool) -> Joined {
        let sessions = self.ask::<_, Sessions>(0, &ListSessions { after: number - 1 }).sessions;
        let info = sessions.first().expect("it is there");
        assert_eq!(info.id.number, number);
        let attach = Attach { target: Target::Id(info.id), size, observe, can_map: true };
        let request = self.send(0, &attach);
        let received = self.answer(request);
        let attached = received.frame.read::<Attached>().expect("attached");
        let mapping = Mapping::from_fd(received.descriptor.expect("a descriptor")).expect("mapped");
        let id = SurfaceId { epoch: info.id.epoch, session: number };
        let reader = SurfaceReader::new(mapping, id).expect("a surface");
        Joined { position: attached.taken, attached, number, reader, grid: Grid::default() }
    }

    /// Types.
    pub(super) fn type_in(&mut self, joined: &mut Joined, bytes: &[u8]) {
        for piece in bytes.chunks(Input::MAX_BYTES) {
            let input = Input { position: joined.position, data: piece.to_vec() };
            joined.position += Input::cost(piece.len());
            self.sender.send(Frame::new(joined.number, 0, &input).expect("small")).expect("sent");
        }
    }

    /// Sends a message without a number.
    pub(super) fn push<M: Message>(&mut self, session: u32, message: &M) {
        self.sender.send(Frame::new(session, 0, message).expect("small")).expect("sent");
    }

    /// Waits, by the doorbell, until the screen is so.
    pub(super) fn wait_for(&mut self, joined: &mut Joined, what: &str, is_so: impl Fn(&Grid) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let moved = self.receive_now(Kind::SurfaceMoved);
            if let Some(moved) = moved {
                let mapping = Mapping::from_fd(moved.descriptor.expect("a descriptor")).expect("mapped");
                let id = joined.attached.info.id;
                joined.reader =
                    SurfaceReader::new(mapping, SurfaceId { epoch: id.epoch, session: id.number }).expect("a surface");
            }
            while joined.reader.read(&mut joined.grid) == ReadOutcome::Busy {}
            if is_so(&joined.grid) {
                return;
            }
            assert!(Instant::now() < deadline, "never seen: {what}; the screen is\n{}", text(&joined.grid));
            self.push(joined.number, &Arm { frame: joined.grid.frame });
            let kinds = [Kind::FrameReady.number(), Kind::SurfaceMoved.number()];
            let rung = self.receive(|header| kinds.contains(&header.kind));
            match rung {
                Some(rung) if rung.frame.kind() == Some(Kind::SurfaceMoved) => self.kept.push_front(rung),
                Some(_) => {}
                None => panic!("never seen: {what}; the screen is\n{}", text(&joined.grid)),
            }
        }
    }

    fn receive_now(&mut self, kind: Kind) -> Option<Received> {
        self.kept.extend(self.frames.try_iter());
        let at = self.kept.iter().position(|received| received.frame.header().kind == kind.number())?;
        self.kept.remove(at)
    }

    /// Waits until the screen has this text.
    pub(super) fn wait_for_text(&mut self, joined: &mut Joined, wanted: &str) {
        self.wait_for(joined, wanted, |grid| text(grid).contains(wanted));
    }
}

impl Drop for TestClient {
    fn drop(&mut self) {
        self.sender.close();
    }
}

/// A request for a session that runs a shell command.
pub(super) fn command(script: &str) -> CreateSession {
    let words = ["/bin/sh", "-c", script].map(|word| word.as_bytes().to_vec());
    let env = [("PATH", "/usr/local/bin:/usr/bin:/bin"), ("HOME", "/"), ("PS1", "$ ")];
    CreateSession {
        name: None,
        command: words.to_vec(),
        cwd: None,
        beside: None,
        env: env.map(|(name, value)| (name.into(), value.into())).to_vec(),
        size: TermSize::default(),
        linger: true,
    }
}

/// The lines of a screen.
pub(super) fn text(grid: &Grid) -> String {
    (0..grid.rows()).map(|row| grid.row_text(row) + "\n").collect()
}

/// Waits until something is so that no event tells of.
pub(crate) fn wait_until(mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "it never was so");
        thread::sleep(Duration::from_millis(5));
    }
}
