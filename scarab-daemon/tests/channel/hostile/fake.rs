//! The hostile daemon, and what it says.

use std::{
    sync::{
        Arc, Once,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use scarab_protocol::{
    client::{Attachment, Bell, Client},
    endpoint::Address,
    frame::Frame,
    hello::{ClientHello, DaemonHello, Features},
    ids::{SessionId, TermSize},
    message::{
        Attached, Limits, LineData, Message, Ping, Pong, Role, Rows, SessionInfo, SizePolicy, Welcome, WireExtra,
        WirePalette,
    },
    transport::{FrameReader, Listener, Stream},
};

use super::super::support::{
    DEADLINE, address,
    desk::{joining, options},
    wire::write,
};

/// What it says that it can do: to pass descriptors, where there are such.
const FEATURES: Features = if cfg!(unix) { Features::DESCRIPTORS } else { Features::empty() };

/// How long the client may take to end.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Where a daemon made of a few lines is found, in a directory of its own.
pub struct Place {
    /// Where it listens.
    pub address: Address,
    _directory: tempfile::TempDir,
}

impl Place {
    /// A new one. From now on panics of clients' threads are counted.
    pub fn new() -> Self {
        count_panics();
        let directory = tempfile::tempdir().expect("a directory");
        let address = Address { lock: directory.path().join("d.lock"), ..address(directory.path(), "fake") };
        Self { address, _directory: directory }
    }

    /// Serves one connection before anything was said on it.
    pub fn serve_bare<T: Send + 'static>(
        &self,
        serve: impl FnOnce(Arc<Stream>) -> T + Send + 'static,
    ) -> JoinHandle<T> {
        let listener = Listener::bind(&self.address.endpoint).expect("a free name");
        thread::spawn(move || serve(Arc::new(listener.accept().expect("a client").expect("nobody stops it"))))
    }

    /// Serves one connection after the hello.
    pub fn serve(&self, serve: impl FnOnce(Arc<Stream>, FrameReader) + Send + 'static) -> JoinHandle<()> {
        self.serve_bare(|stream| {
            let mut hello = [0; ClientHello::BYTES];
            stream.read_exact_by(&mut hello, Instant::now() + DEADLINE).expect("a hello");
            let hello = ClientHello::from_bytes(&hello).expect("a hello");
            let answer = DaemonHello::answer(&hello, "fake 1.0", FEATURES, 1, 42);
            write(&stream, &answer.to_bytes()).expect("it reads");
            write(&stream, welcome().bytes()).expect("it reads");
            serve(stream.clone(), FrameReader::new(stream.clone()));
            stream.shutdown();
        })
    }

    /// A client that connects once, and joins a session.
    pub fn client(&self, map: bool) -> (Client, Attachment, Bell) {
        let bell = Bell::default();
        let client = Client::connect(options(&self.address, &bell, map, false)).expect("a daemon");
        let attachment = client.attach(joining("work", Some(TermSize::default())));
        (client, attachment, bell)
    }
}

/// Drops a client, which must not take long, and looks whether one of its threads has panicked.
pub fn end(what: &str, client: Client, attachment: Attachment) {
    let start = Instant::now();
    drop(attachment);
    drop(client);
    assert!(start.elapsed() < AT_ONCE, "{what}: it ended after {:?}", start.elapsed());
    assert_eq!(PANICS.load(Ordering::Relaxed), 0, "{what}: a thread of the client panicked");
}

/// How often threads of clients have panicked.
static PANICS: AtomicUsize = AtomicUsize::new(0);

fn count_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if thread::current().name().is_some_and(|name| name.starts_with("scarab-")) {
                PANICS.fetch_add(1, Ordering::Relaxed);
            }
            before(info);
        }));
    });
}

/// Waits, by a client's bell, until there is something.
pub fn wait<T>(bell: &Bell, what: &str, is: impl FnMut() -> Option<T>) -> T {
    bell.wait_for(Some(Instant::now() + DEADLINE), is).unwrap_or_else(|| panic!("{what}: it never came to that"))
}

/// The frame of a message.
pub fn of<M: Message>(message: &M, session: u32, request: u32) -> Frame {
    Frame::new(session, request, message).expect("it fits")
}

/// Tells a client something.
pub fn send<M: Message>(stream: &Stream, session: u32, request: u32, message: &M) {
    // A client that has had enough may be gone.
    let _ = write(stream, of(message, session, request).bytes());
}

/// What the client says next; `None` when it is gone.
pub fn next(reader: &mut FrameReader) -> Option<Frame> {
    reader.next(|_| {}).ok().flatten().map(|received| received.frame)
}

/// Answers the client's attach.
pub fn join(stream: &Stream, reader: &mut FrameReader, attached: &Attached) {
    let request = next(reader).expect("an attach").header().request;
    send(stream, 0, request, attached);
}

/// Answers pings until the client goes.
pub fn answer_all(stream: &Stream, reader: &mut FrameReader) {
    while let Some(frame) = next(reader) {
        if let Ok(ping) = frame.read::<Ping>() {
            send(stream, 0, frame.header().request, &Pong { payload: ping.payload });
        }
    }
}

/// What follows a hello.
pub fn welcome() -> Frame {
    let limits = Limits { payload: 0, item: 0, resume_ms: 0, commands: 0, commands_per_second: 0 };
    of(&Welcome { client: 1, role: Role::Control, resume_token: [7; 16], limits }, 0, 0)
}

/// The answer to an attach: the session 5 of epoch 1.
pub fn attached(name: &str, lane: u64, taken: u64, may_send_through: u64) -> Attached {
    let info = SessionInfo {
        id: SessionId { epoch: 1, number: 5 },
        name: name.into(),
        command: "sh".into(),
        pid: Some(1),
        size: TermSize::default(),
        policy: SizePolicy::Latest,
        clients: 1,
        created: 0,
        used: 0,
        title: String::new(),
        linger: true,
        made_by: "test".into(),
        exit: None,
    };
    let (mapping, cwd) = (String::new(), String::new());
    Attached { info, generation: 1, mapping, observe: false, lane, taken, may_send_through, bells: 0, cwd }
}

/// Rows of a screen of this size; of each its number and how many words it has.
pub fn rows(cols: u16, height: u16, lines: Vec<(u16, usize)>) -> Rows {
    let line = |(row, words): (u16, usize)| LineData {
        row,
        frame: u64::MAX,
        cells: vec![u64::MAX; words],
        extras: vec![WireExtra { col: 9999, marks: "\u{301}".into(), link: None, underline_color: u32::MAX }],
    };
    Rows {
        frame: 3,
        cols,
        rows: height,
        cursor: (u16::MAX, u16::MAX),
        cursor_shape: 0xff,
        cursor_visible: true,
        cursor_blinking: true,
        modes: u64::MAX,
        scrolled: u64::MAX,
        reflow: u64::MAX,
        scrollback: u32::MAX,
        palette: Some(WirePalette { version: u64::MAX, colors: vec![(u16::MAX, [1, 2, 3])] }),
        full: false,
        more: false,
        lines: lines.into_iter().map(line).collect(),
    }
}
