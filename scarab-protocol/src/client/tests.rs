//! Clients of both kinds against a daemon made of a few lines, which does wrong what real ones must not.

mod cases;
mod config;
mod kinds;
mod resume;
#[cfg(feature = "tokio")]
mod runtime;

use std::{
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use self::kinds::{Kinds, both};
use super::{AttachOptions, ClientOptions};
use crate::{
    endpoint::testing::Place,
    frame::Frame,
    hello::{ClientHello, DaemonHello, Features},
    ids::{SessionId, TermSize},
    message::{Attached, Limits, Role, SessionInfo, SizePolicy, Target, Welcome},
    transport::{FrameReader, Stream},
};

const PATIENCE: Duration = Duration::from_secs(20);

/// What a daemon does with a connection after its welcome.
type Serve = Box<dyn FnOnce(&Stream, &mut FrameReader) + Send>;

impl Place {
    fn options(&self) -> ClientOptions {
        ClientOptions { map: false, ..ClientOptions::new(self.address.clone(), "test 1.0") }
    }

    /// Serves one connection.
    fn serve(&self, epoch: u64, serve: impl FnOnce(&Stream, &mut FrameReader) + Send + 'static) -> JoinHandle<()> {
        self.serve_each(epoch, vec![Box::new(serve)])
    }

    /// Serves connections, one after the other. The token of the first is all ones, that of the second all twos.
    fn serve_each(&self, epoch: u64, serves: Vec<Serve>) -> JoinHandle<()> {
        let listener = self.listen();
        thread::spawn(move || {
            for (serve, token) in serves.into_iter().zip(1..) {
                let stream = Arc::new(listener.accept().expect("a client").expect("nobody stops it"));
                let hello = hello(&stream);
                write(&stream, &DaemonHello::answer(&hello, "fake 1.0", Features::empty(), epoch, 42).to_bytes());
                let limits = Limits { payload: 0, item: 0, resume_ms: 0, commands: 0, commands_per_second: 0 };
                send(&stream, 0, 0, &Welcome { client: 1, role: Role::Control, resume_token: [token; 16], limits });
                serve(&stream, &mut FrameReader::new(stream.clone()));
                stream.shutdown();
            }
        })
    }
}

fn hello(stream: &Stream) -> ClientHello {
    let mut hello = [0; ClientHello::BYTES];
    stream.read_exact_by(&mut hello, Instant::now() + PATIENCE).expect("a hello");
    ClientHello::from_bytes(&hello).expect("a hello")
}

fn write(stream: &Stream, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let count = stream.write(bytes, None).expect("the client reads");
        bytes = &bytes[count..];
    }
}

fn send<M: crate::message::Message>(stream: &Stream, session: u32, request: u32, message: &M) {
    write(stream, Frame::new(session, request, message).expect("fits").bytes());
}

fn next(reader: &mut FrameReader) -> Option<Frame> {
    reader.next(|_| {}).ok().flatten().map(|received| received.frame)
}

fn attached(epoch: u64, window: u64) -> Attached {
    let info = SessionInfo {
        id: SessionId { epoch, number: 5 },
        name: "work".into(),
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
    Attached {
        info,
        generation: 1,
        mapping: String::new(),
        observe: false,
        lane: 1,
        taken: 100,
        may_send_through: 100 + window,
        bells: 0,
        cwd: String::new(),
    }
}

/// How to join the session that [`attached`] tells of.
fn work() -> AttachOptions {
    AttachOptions { target: Target::Name("work".into()), size: None, observe: false }
}
