//! A daemon that lets in only who shows a token.

use std::time::Instant;

use scarab_protocol::{
    client::{Client, ClientOptions, ConnectError, RequestError},
    frame::{Frame, HEADER_BYTES, Header},
    hello::{ClientHello, DaemonHello, Features, HelloStatus},
    message::*,
    transport::Stream,
    trust::token::token_file,
};

use super::harness::{PATIENCE, TestDaemon, command};

fn daemon() -> TestDaemon {
    TestDaemon::start_with(|options| options.require_token = true)
}

fn client_with(daemon: &TestDaemon, role: Role) -> Client {
    let token_file = Some(token_file(&daemon.address, role));
    let options = ClientOptions { token_file, ..ClientOptions::new(daemon.address.clone(), "test 1.0") };
    Client::connect(options).expect("the token is right")
}

#[test]
fn the_token_that_a_client_shows_says_what_it_may_do() {
    let daemon = daemon();
    let control = client_with(&daemon, Role::Control);
    let made: Created = control.ask(&command("exec cat"), PATIENCE).expect("it may do everything");
    let looking = client_with(&daemon, Role::Observer);
    let listed: Sessions = looking.ask(&ListSessions { after: 0 }, PATIENCE).expect("it may look");
    assert_eq!(listed.sessions.len(), 1);

    let id = made.info.id;
    let attach = Attach { target: Target::Id(id), size: None, observe: false, can_map: false };
    let attached: Attached = looking.ask(&attach, PATIENCE).expect("it may look");
    assert!(attached.observe && attached.may_send_through == 0);
    let refused = |outcome: Result<Done, RequestError>| {
        matches!(outcome, Err(RequestError::Refused { code: ErrorCode::NotAllowed, .. }))
    };
    assert!(refused(looking.ask(&Shutdown {}, PATIENCE)));
    assert!(refused(looking.ask(&KillSession { target: Target::Id(id), signal: None }, PATIENCE)));
    assert!(refused(looking.ask(&SetSizePolicy { target: Target::Id(id), policy: SizePolicy::Largest }, PATIENCE)));
    assert!(refused(looking.request_of(id.number, &CancelInput {}).wait(PATIENCE)));
    let created: Result<Created, _> = looking.ask(&command("exec cat"), PATIENCE);
    assert!(matches!(created, Err(RequestError::Refused { code: ErrorCode::NotAllowed, .. })));
}

#[test]
fn a_client_of_this_user_finds_the_token_by_itself() {
    let daemon = daemon();
    let client = Client::connect(ClientOptions::new(daemon.address.clone(), "test 1.0")).expect("its files are ours");
    let _: Done = client.ask(&Shutdown {}, PATIENCE).expect("the mightier token is looked for first");
}

#[test]
fn wrong_tokens_and_none_are_sent_away_with_the_reason() {
    let daemon = daemon();
    let wrong = daemon.home.path().join("wrong");
    scarab_protocol::trust::token::write_token(&wrong).expect("written");
    let missing = daemon.home.path().join("missing");
    let try_with = |token_file| {
        let token_file = Some(token_file);
        Client::connect(ClientOptions { token_file, ..ClientOptions::new(daemon.address.clone(), "test 1.0") })
    };
    let error = try_with(wrong).expect_err("refused");
    assert!(matches!(&error, ConnectError::Refused(text) if text.contains("none of this daemon's")), "{error}");
    let error = try_with(missing).expect_err("refused");
    assert!(matches!(&error, ConnectError::NoToken { .. }) && error.to_string().contains("missing"), "{error}");

    // Whatever comes in place of the token, nothing is done for it, and the connection ends.
    let list = Frame::new(0, 1, &ListSessions { after: 0 }).expect("small").bytes().to_vec();
    let huge = Header { length: 1 << 20, kind: 1, flags: Default::default(), request: 0, session: 0 }.to_bytes();
    for bytes in [list, huge.to_vec(), vec![0; HEADER_BYTES]] {
        let stream = Stream::connect(&daemon.address.endpoint, PATIENCE).expect("it accepts");
        stream.write(&ClientHello::new("x 1", Features::empty()).to_bytes(), None).expect("written");
        let mut answer = [0; DaemonHello::BYTES];
        stream.read_exact_by(&mut answer, Instant::now() + PATIENCE).expect("an answer");
        assert_eq!(DaemonHello::from_bytes(&answer).expect("a hello").status, HelloStatus::TokenWanted);
        stream.write(&bytes, None).expect("written");
        let mut said = Vec::new();
        let mut byte = [0];
        while stream.read_exact_by(&mut byte, Instant::now() + PATIENCE).is_ok() {
            said.push(byte[0]);
        }
        let header = said.first_chunk::<HEADER_BYTES>().map(|bytes| Header::from_bytes(*bytes));
        assert!(matches!(header, Some(Ok(header)) if header.kind == Error::KIND.number()), "{header:?}");
    }
}

#[test]
fn tokens_are_of_one_daemons_life() {
    let mut daemon = daemon();
    let [control, observe] = [Role::Control, Role::Observer].map(|role| token_file(&daemon.address, role));
    let before = std::fs::read_to_string(&control).expect("there");
    assert_ne!(before, std::fs::read_to_string(&observe).expect("there"));
    daemon.server.take().expect("it runs").stop("over");
    assert!(!control.exists() && !observe.exists());
    // What a killed daemon left is gone with the next, whether that wants tokens or not.
    std::fs::write(&control, &before).expect("written");
    let options = crate::server::ServerOptions::new(daemon.address.clone());
    crate::server::Server::start(options).expect("it starts").stop("over");
    assert!(!control.exists());
}
