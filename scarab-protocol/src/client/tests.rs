//! A client against a daemon made of a few lines, which does wrong what real ones must not.

use std::{
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{AttachOptions, Bell, Client, ClientOptions, ConnectError, InputRejected, Phase, RequestError, Status};
use crate::{
    endpoint::{Address, Endpoint},
    frame::Frame,
    hello::{ClientHello, DaemonHello, Features, HelloStatus},
    ids::{SessionId, TermSize},
    kind::Kind,
    message::{
        Attach, Attached, Done, Error, ErrorCode, Input, InputCredit, Limits, ListSessions, Ping, Pong, Role,
        SessionInfo, Sessions, SizePolicy, Target, Welcome,
    },
    transport::{FrameReader, Listener, Stream},
};

const PATIENCE: Duration = Duration::from_secs(20);

struct Place {
    address: Address,
    _directory: tempfile::TempDir,
}

fn place() -> Place {
    let directory = tempfile::tempdir().expect("a directory");
    let address =
        Address { endpoint: Endpoint::Path(directory.path().join("d.sock")), lock: directory.path().join("d.lock") };
    Place { address, _directory: directory }
}

impl Place {
    fn options(&self, bell: &Bell) -> ClientOptions {
        ClientOptions { map: false, wake: bell.wake(), ..ClientOptions::new(self.address.clone(), "test 1.0") }
    }

    /// Serves one connection after the hello with `serve`.
    fn serve(&self, epoch: u64, serve: impl FnOnce(Arc<Stream>, FrameReader) + Send + 'static) -> JoinHandle<()> {
        if let Endpoint::Path(path) = &self.address.endpoint {
            let _ = std::fs::remove_file(path);
        }
        let listener = Listener::bind(&self.address.endpoint).expect("a free name");
        thread::spawn(move || {
            let stream = Arc::new(listener.accept().expect("a client").expect("nobody stops it"));
            let mut hello = [0; ClientHello::BYTES];
            stream.read_exact_by(&mut hello, Instant::now() + PATIENCE).expect("a hello");
            let hello = ClientHello::from_bytes(&hello).expect("a hello");
            let answer = DaemonHello::answer(&hello, "fake 1.0", Features::empty(), epoch, 42);
            write(&stream, &answer.to_bytes());
            let limits = Limits { payload: 0, item: 0, resume_ms: 0, commands: 0, commands_per_second: 0 };
            send(&stream, 0, 0, &Welcome { client: 1, role: Role::Control, resume_token: [0; 16], limits });
            serve(stream.clone(), FrameReader::new(stream.clone()));
            stream.shutdown();
        })
    }
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

#[test]
fn requests_are_answered_by_number_and_refusals_are_errors() {
    let (place, bell) = (place(), Bell::default());
    let daemon = place.serve(1, |stream, mut reader| {
        let first = next(&mut reader).expect("a ping");
        let second = next(&mut reader).expect("a list");
        // In the other order, and an answer that nobody asked for.
        send(&stream, 0, 999, &Done {});
        let refusal = Error::new(ErrorCode::Full, "no\nmore");
        send(&stream, 0, second.header().request, &refusal);
        let ping = first.read::<Ping>().expect("a ping");
        send(&stream, 0, first.header().request, &Pong { payload: ping.payload });
        next(&mut reader);
    });
    let client = Client::connect(place.options(&bell)).expect("a daemon");
    let ping = client.request::<_, Pong>(&Ping { payload: vec![1, 2, 3] });
    let list = client.request::<_, Sessions>(&ListSessions { after: 0 });
    assert_eq!(ping.wait(PATIENCE).expect("answered").payload, [1, 2, 3]);
    let refused = RequestError::Refused { code: ErrorCode::Full, text: "nomore".into(), retry: Duration::ZERO };
    assert_eq!(list.wait(PATIENCE), Err(refused));
    drop(client);
    daemon.join().expect("no panic");
}

#[test]
fn requests_that_a_lost_connection_leaves_open_end() {
    let (place, bell) = (place(), Bell::default());
    let daemon = place.serve(1, |_, mut reader| drop(next(&mut reader)));
    let client = Client::connect(place.options(&bell)).expect("a daemon");
    let answer: Result<Pong, _> = client.ask(&Ping { payload: Vec::new() }, PATIENCE);
    assert_eq!(answer, Err(RequestError::Lost));
    let closed = || matches!(client.status(), Status::Closed { .. }).then_some(());
    bell.wait_for(Some(Instant::now() + PATIENCE), closed).expect("it does not come back");
    daemon.join().expect("no panic");
}

#[test]
fn a_daemon_that_says_nothing_is_hung_and_one_that_is_not_there_is_not_running() {
    let place = place();
    let missing = Client::connect(place.options(&Bell::default())).expect_err("nobody is there");
    assert!(matches!(missing, ConnectError::NotRunning(_)), "{missing}");
    let _silent = Listener::bind(&place.address.endpoint).expect("a free name");
    let hung = Client::connect(place.options(&Bell::default())).expect_err("nobody answers");
    assert!(matches!(hung, ConnectError::Hung { .. }), "{hung}");
}

#[test]
fn closing_does_not_wait_for_a_daemon_that_says_nothing() {
    let place = place();
    let silent = Listener::bind(&place.address.endpoint).expect("a free name");
    let options = ClientOptions { reconnect: true, ..place.options(&Bell::default()) };
    let client = Client::start(options).expect("a thread");
    // It is in the middle of its hello now, whose deadline is far away.
    let _stream = silent.accept().expect("it connects");
    let start = Instant::now();
    drop(client);
    assert!(start.elapsed() < super::HELLO_PATIENCE, "it waited for the hello's deadline");
}

#[test]
fn a_refusal_is_told_with_its_reason() {
    let place = place();
    let listener = Listener::bind(&place.address.endpoint).expect("a free name");
    let daemon = thread::spawn(move || {
        let stream = listener.accept().expect("a client").expect("nobody stops it");
        let mut hello = [0; ClientHello::BYTES];
        stream.read_exact_by(&mut hello, Instant::now() + PATIENCE).expect("a hello");
        let hello = ClientHello::from_bytes(&hello).expect("a hello");
        let mut answer = DaemonHello::answer(&hello, "fake 9.0", Features::empty(), 1, 42);
        (answer.status, answer.lowest, answer.highest) = (HelloStatus::Version, 8, 9);
        write(&stream, &answer.to_bytes());
    });
    let refused = Client::connect(place.options(&Bell::default())).expect_err("refused").to_string();
    assert!(refused.contains("fake 9.0") && refused.contains("8 to 9") && refused.contains("test 1.0"), "{refused}");
    daemon.join().expect("no panic");
}

#[test]
fn input_keeps_to_the_credit_and_goes_on_with_more_of_it() {
    let (place, bell) = (place(), Bell::default());
    let daemon = place.serve(1, |stream, mut reader| {
        let join = next(&mut reader).expect("an attach");
        assert_eq!(join.read::<Attach>().expect("an attach").target, Target::Name("work".into()));
        send(&stream, 0, join.header().request, &attached(1, 5));
        let mut typed = Vec::new();
        while typed.len() < 6 {
            let Some(frame) = next(&mut reader) else { return };
            if frame.kind() == Some(Kind::Input) {
                let input = frame.read::<Input>().expect("input");
                assert_eq!(input.position, 100 + typed.len() as u64);
                typed.extend(input.data);
                if typed.len() == 5 {
                    // As far as the credit went. The rest fits only into this.
                    send(&stream, 5, 0, &InputCredit { taken: 103, may_send_through: 200 });
                }
            }
        }
        assert_eq!(typed, b"abcdef");
        send(&stream, 5, 0, &InputCredit { taken: 106, may_send_through: 200 });
        next(&mut reader);
    });
    let client = Client::connect(place.options(&bell)).expect("a daemon");
    let options = AttachOptions { target: Target::Name("work".into()), size: None, observe: false };
    let attachment = client.attach(options);
    for text in ["ab", "cde", "f"] {
        attachment.input(text.as_bytes()).expect("held");
    }
    let taken = || (attachment.held() == 0).then_some(());
    bell.wait_for(Some(Instant::now() + PATIENCE), taken).expect("all taken");
    drop(attachment);
    drop(client);
    daemon.join().expect("no panic");
}

#[test]
fn input_for_a_dead_daemons_session_is_discarded_and_never_sent_to_the_next_one() {
    let (place, bell) = (place(), Bell::default());
    let first = place.serve(1, |stream, mut reader| {
        let join = next(&mut reader).expect("an attach");
        send(&stream, 0, join.header().request, &attached(1, 0));
        // No credit: what is typed stays with the client. Then this daemon dies.
        while next(&mut reader).is_some_and(|frame| frame.kind() != Some(Kind::Ping)) {}
    });
    let options = ClientOptions { reconnect: true, ..place.options(&bell) };
    let client = Client::connect(options).expect("a daemon");
    let options = AttachOptions { target: Target::Name("work".into()), size: None, observe: false };
    let attachment = client.attach(options);
    let deadline = Some(Instant::now() + PATIENCE);
    let phase = || attachment.look(|state| state.phase.clone());
    bell.wait_for(deadline, || (phase() == Phase::Attached).then_some(())).expect("joined");
    attachment.input(b"rm -rf precious\r").expect("held");
    drop(client.request::<_, Pong>(&Ping { payload: Vec::new() }));
    first.join().expect("no panic");

    let second = place.serve(2, |_, mut reader| {
        while let Some(frame) = next(&mut reader) {
            assert!(!matches!(frame.kind(), Some(Kind::Input | Kind::Attach)), "{frame:?}");
            if frame.kind() == Some(Kind::ListSessions) {
                return;
            }
        }
    });
    bell.wait_for(deadline, || matches!(phase(), Phase::Gone { .. }).then_some(())).expect("told");
    assert_eq!(attachment.input(b"x"), Err(InputRejected::Gone));
    let (events, lost) = client.take_events();
    assert_eq!(lost, 0);
    assert!(format!("{events:?}").contains("InputDiscarded"), "{events:?}");
    let next = || matches!(client.status(), Status::Connected(daemon) if daemon.epoch == 2).then_some(());
    bell.wait_for(deadline, next).expect("connected to the next daemon");
    drop(client.request::<_, Sessions>(&ListSessions { after: 0 }));
    second.join().expect("no panic");
}
