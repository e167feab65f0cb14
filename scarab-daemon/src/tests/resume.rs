//! Clients that lose their connection and come back.

use std::time::Duration;

use scarab_protocol::{frame::Frame, message::*};

use super::harness::{TestClient, TestDaemon, tie, wait_until};
use crate::session::inbox::Join;

/// A program that shows what it reads, escapes and all.
const SHOW: &str = "stty raw -echo; echo go; exec cat -v";

fn daemon_that_forgets_after(resume: Duration) -> TestDaemon {
    TestDaemon::start_with(|options| options.resume = resume)
}

#[test]
fn a_client_that_comes_back_goes_on_where_its_input_was_taken() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let token = client.welcome.resume_token;
    let info = client.create(SHOW);
    let mut before = client.attach(info.id.number);
    client.wait_for_text(&mut before, "go");
    client.type_in(&mut before, b"one,");
    client.settle();
    drop(client);

    let mut client = TestClient::resume(&daemon.address, token);
    let mut after = client.attach(info.id.number);
    assert_eq!((after.attached.lane, after.attached.taken), (before.attached.lane, 4));
    // It does not know whether the first piece arrived, and begins with it again.
    after.position = 0;
    client.type_in(&mut after, b"one,");
    client.type_in(&mut after, b"two.");
    client.wait_for_text(&mut after, "one,two.");

    // And again, under the same token.
    drop(client);
    let mut client = TestClient::resume(&daemon.address, token);
    assert_eq!(client.attach(info.id.number).attached.taken, 8);
}

#[test]
fn a_connection_that_is_gone_is_not_told_that_it_may_not_join() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let info = client.create(SHOW);
    let session = daemon.daemon().registry().session(info.id.number).expect("it was made");
    let own = daemon.daemon().registry().clients().pop().expect("it is there");
    let ask = |request| {
        session.join(Join { attachment: tie(&session, &own), request, size: None });
    };
    // What is asked for with something that it does not hold was overtaken by another request.
    ask(1001);
    client.answer(1001).frame.read::<Error>().expect("a refusal");
    // Between the end of a connection and its closing the session's thread comes to what was asked for on it. Who hears of it
    // could not tell a refusal then from the end of the session.
    drop(own.take_held());
    ask(1002);
    let mut other = daemon.connect();
    other.attach(info.id.number);
    client.settle();
    assert!(!client.was_answered(1002));
}

#[test]
fn the_token_of_a_connection_that_stands_takes_over_and_what_that_still_sends_is_not_heard() {
    let daemon = TestDaemon::start();
    let mut old = daemon.connect();
    let token = old.welcome.resume_token;
    let info = old.create(SHOW);
    let mut joined = old.attach(info.id.number);
    old.wait_for_text(&mut joined, "go");
    old.type_in(&mut joined, b"a");
    old.settle();

    let mut new = TestClient::resume(&daemon.address, token);
    let (header, error) = old.expect::<Error>();
    assert_eq!((header.request, error.code), (0, ErrorCode::Superseded));
    old.expect_closed();
    // Too late, wherever it got to.
    let _ = old.sender.send(Frame::new(info.id.number, 0, &Input { position: 1, data: b"x".to_vec() }).expect("small"));

    let mut after = new.attach(info.id.number);
    assert_eq!(after.attached.taken, 1);
    new.type_in(&mut after, b"b.");
    new.wait_for_text(&mut after, "ab.");
    assert_eq!(new.ask::<_, Sessions>(0, &ListSessions { after: 0 }).sessions[0].clients, 1);
    assert_eq!(new.ask::<_, DaemonStatus>(0, &Status {}).clients, 1);
}

#[test]
fn tokens_that_name_nobody_are_refused_and_the_client_is_a_new_one() {
    let daemon = daemon_that_forgets_after(Duration::from_millis(200));
    let mut gone = daemon.connect();
    let token = gone.welcome.resume_token;
    let info = gone.create(SHOW);
    let lane = gone.attach(info.id.number).attached.lane;
    drop(gone);

    let session = daemon.session(info.id.number).upgrade().expect("it is there");
    wait_until(|| session.input.seats() == 0);

    for token in [[7; 16], token] {
        let mut client = daemon.connect();
        assert_eq!(client.refused(0, &Resume { token }).code, ErrorCode::NotResumable);
        let joined = client.attach(info.id.number);
        assert!(joined.attached.lane != lane && joined.attached.taken == 0);
    }
}

#[test]
fn resuming_comes_before_attaching() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let token = client.welcome.resume_token;
    let info = client.create(SHOW);
    // Naming oneself changes nothing.
    client.ask::<_, Done>(0, &Resume { token });
    let mut joined = client.attach(info.id.number);
    assert_eq!(client.refused(0, &Resume { token }).code, ErrorCode::BadRequest);
    client.wait_for_text(&mut joined, "go");
    client.type_in(&mut joined, b"x.");
    client.wait_for_text(&mut joined, "x.");
}

#[test]
fn a_paste_that_a_lost_connection_cuts_goes_on_as_one_paste() {
    let daemon = TestDaemon::start();
    let mut paster = daemon.connect();
    let token = paster.welcome.resume_token;
    let info = paster.create(&format!("printf '\\033[?2004h'; {SHOW}"));
    let mut one = paster.attach(info.id.number);
    paster.wait_for_text(&mut one, "go");
    let piece = |position, first, last, data: &[u8]| Paste { position, first, last, data: data.to_vec() };
    paster.push(one.number, &piece(0, true, false, b"first,"));
    paster.settle();
    let mut typist = daemon.connect();
    let mut two = typist.attach(info.id.number);
    typist.type_in(&mut two, b"typed");
    drop(paster);

    let mut paster = TestClient::resume(&daemon.address, token);
    let mut one = paster.attach(info.id.number);
    assert_eq!(one.attached.taken, 6);
    paster.push(one.number, &piece(6, false, true, b"second"));
    paster.wait_for_text(&mut one, "^[[200~first,second^[[201~typed");
}

#[test]
fn of_a_client_that_does_not_come_back_nothing_stays() {
    let daemon = daemon_that_forgets_after(Duration::from_millis(100));
    let mut watcher = daemon.connect();
    let info = watcher.create(SHOW);
    let mut joined = watcher.attach(info.id.number);
    watcher.wait_for_text(&mut joined, "go");
    let session = daemon.session(info.id.number).upgrade().expect("it is there");
    for _ in 0..20 {
        let mut client = daemon.connect();
        let mut joined = client.attach(info.id.number);
        client.type_in(&mut joined, b"x");
        client.settle();
    }
    assert!(session.input.seats() > 1);
    wait_until(|| session.input.seats() == 1 && daemon.daemon().registry().tokens().departed() == 0);
}

#[test]
fn typed_reasons_and_times_come_with_refusals_for_now() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let limits = client.welcome.limits;
    let mut requests = Vec::new();
    for _ in 0..2 * limits.commands {
        requests.push(client.send(0, &ListSessions { after: 0 }));
    }
    let refusals: Vec<Error> =
        requests.into_iter().filter_map(|request| client.answer(request).frame.read::<Error>().ok()).collect();
    assert!(!refusals.is_empty(), "nothing was refused");
    assert!(refusals.iter().all(|error| error.code == ErrorCode::RateLimited && error.retry_ms > 0));
    // Typing and pinging go on.
    client.settle();
}

#[test]
fn credit_is_told_when_it_is_asked_for() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let info = client.create(SHOW);
    let mut joined = client.attach(info.id.number);
    client.wait_for_text(&mut joined, "go");
    client.type_in(&mut joined, b"abc");
    let credit = client.ask::<_, InputCredit>(info.id.number, &AskCredit {});
    assert_eq!(credit.taken, 3);
    assert!(credit.may_send_through > 3);
}
