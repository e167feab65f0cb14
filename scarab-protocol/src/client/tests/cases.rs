//! Requests, hellos, credit, and the end of a daemon.

use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use super::{Kinds, Place, attached, both, hello, next, send, work, write};
use crate::{
    client::{
        AttachOptions, AttachState, ClientEvent, ClientOptions, ConnectError, HELLO_PATIENCE, InputRejected, Phase,
        RequestError, Status,
    },
    hello::{DaemonHello, Features, HelloStatus},
    ids::TermSize,
    kind::Kind,
    message::{
        Attach, Done, Error, ErrorCode, Input, InputCredit, ListSessions, Ping, Pong, Resize, Sessions, ShuttingDown,
        Target,
    },
};

both! {
    requests_are_answered_by_number_and_refusals_are_errors,
    requests_that_a_lost_connection_leaves_open_end,
    requests_that_nobody_waits_for_any_more_take_no_room,
    input_for_a_session_that_is_refused_is_reported,
    a_daemon_that_says_nothing_is_hung_and_one_that_is_not_there_is_not_running,
    #[cfg(target_os = "linux")]
    a_daemon_that_has_no_room_for_connections_is_hung_and_no_stranger,
    closing_does_not_wait_for_a_daemon_that_says_nothing,
    closing_ends_the_connection_when_what_was_sent_is_written,
    a_refusal_is_told_with_its_reason,
    what_a_daemon_says_before_it_leaves_is_told_whatever_is_typed_meanwhile,
    input_keeps_to_the_credit_and_goes_on_with_more_of_it,
    a_size_that_changes_while_a_session_is_joined_is_told,
    who_only_looks_does_not_cancel_what_others_have_typed,
    a_daemon_that_reads_late_gets_all_that_was_typed_and_makes_nobody_wait,
    input_for_a_dead_daemons_session_is_discarded_and_never_sent_to_the_next_one,
}

fn requests_are_answered_by_number_and_refusals_are_errors<K: Kinds>() {
    let place = Place::new();
    let daemon = place.serve(1, |stream, reader| {
        let first = next(reader).expect("a ping");
        let second = next(reader).expect("a list");
        // In the other order, and an answer that nobody asked for.
        send(stream, 0, 999, &Done {});
        let refusal = Error::new(ErrorCode::Full, "no\nmore");
        send(stream, 0, second.header().request, &refusal);
        let ping = first.read::<Ping>().expect("a ping");
        send(stream, 0, first.header().request, &Pong { payload: ping.payload });
        next(reader);
    });
    let client = K::connect(place.options()).expect("a daemon");
    let (ping, list) =
        client.ask_both::<_, Pong, _, Sessions>(&Ping { payload: vec![1, 2, 3] }, &ListSessions { after: 0 });
    assert_eq!(ping.expect("answered").payload, [1, 2, 3]);
    let refused = RequestError::Refused { code: ErrorCode::Full, text: "nomore".into(), retry: Duration::ZERO };
    assert_eq!(list, Err(refused));
    drop(client);
    daemon.join().expect("no panic");
}

fn requests_that_a_lost_connection_leaves_open_end<K: Kinds>() {
    let place = Place::new();
    let daemon = place.serve(1, |_, reader| drop(next(reader)));
    let client = K::connect(place.options()).expect("a daemon");
    let answer: Result<Pong, _> = client.ask(&Ping { payload: Vec::new() });
    assert_eq!(answer, Err(RequestError::Lost));
    // It does not come back.
    client.until(|status| matches!(status, Status::Closed { .. }));
    daemon.join().expect("no panic");
}

fn requests_that_nobody_waits_for_any_more_take_no_room<K: Kinds>() {
    let place = Place::new();
    let daemon = place.serve(1, |stream, reader| {
        let ping = next(reader).expect("a ping");
        let list = next(reader).expect("a list");
        // Too late for the first.
        send(stream, 0, ping.header().request, &Pong { payload: Vec::new() });
        send(stream, 0, list.header().request, &Sessions { sessions: Vec::new(), more: false });
        next(reader);
    });
    let client = K::connect(place.options()).expect("a daemon");
    let hung = client.ask_within::<_, Pong>(&Ping { payload: Vec::new() }, Duration::from_millis(10));
    assert!(matches!(hung, Err(RequestError::Hung(_))), "{hung:?}");
    assert_eq!(client.waiting(), 0);
    let list: Result<Sessions, _> = client.ask(&ListSessions { after: 0 });
    assert_eq!(list.expect("answered").sessions, []);
    assert_eq!(client.waiting(), 0);
    drop(client);
    daemon.join().expect("no panic");
}

fn input_for_a_session_that_is_refused_is_reported<K: Kinds>() {
    let place = Place::new();
    let (typed, wait_for_typing) = mpsc::channel::<()>();
    let daemon = place.serve(1, move |stream, reader| {
        let join = next(reader).expect("an attach");
        wait_for_typing.recv().expect("told");
        send(stream, 0, join.header().request, &Error::new(ErrorCode::NoSuchSession, "there is no session \"work\""));
        next(reader);
    });
    let client = K::connect(place.options()).expect("a daemon");
    let attachment = client.attach(work());
    attachment.input(b"make\r").expect("held");
    typed.send(()).expect("it waits");
    let failed = |state: &AttachState| matches!(state.phase, Phase::Failed { code: ErrorCode::NoSuchSession, .. });
    client.wait(&attachment, |attachment| attachment.look(failed).then_some(()));
    assert_eq!(client.events(), (vec![ClientEvent::InputDiscarded { session: "work".into(), bytes: 5 }], 0));
    assert_eq!(attachment.input(b"x"), Err(InputRejected::Gone));
    drop(client);
    daemon.join().expect("no panic");
}

fn a_daemon_that_says_nothing_is_hung_and_one_that_is_not_there_is_not_running<K: Kinds>() {
    let place = Place::new();
    let missing = K::connect(place.options()).expect_err("nobody is there");
    assert!(matches!(missing, ConnectError::NotRunning(_)), "{missing}");
    let _silent = place.listen();
    let hung = K::connect(place.options()).expect_err("nobody answers");
    assert!(matches!(hung, ConnectError::Hung { .. }), "{hung}");
}

#[cfg(target_os = "linux")] // Elsewhere a socket waits in line behind a full backlog, or is refused.
fn a_daemon_that_has_no_room_for_connections_is_hung_and_no_stranger<K: Kinds>() {
    use crate::endpoint::Endpoint;
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, socket_with};

    let place = Place::new();
    let Endpoint::Path(path) = &place.address.endpoint else { unreachable!("it is a path") };
    let address = SocketAddrUnix::new(path).expect("short enough");
    let socket = || {
        socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC, None)
            .expect("a socket")
    };
    let listener = socket();
    bind(&listener, &address).expect("a free name");
    listen(&listener, 1).expect("a socket");
    let mut waiting = Vec::new();
    loop {
        let client = socket();
        if connect(&client, &address).is_err() {
            break;
        }
        waiting.push(client);
    }
    let hung = K::connect(place.options()).expect_err("nobody answers");
    assert!(matches!(hung, ConnectError::Hung { .. }), "{hung}");
}

fn closing_does_not_wait_for_a_daemon_that_says_nothing<K: Kinds>() {
    let place = Place::new();
    let silent = place.listen();
    let options = ClientOptions { reconnect: true, ..place.options() };
    let client = K::start(options);
    // It is in the middle of its hello now, whose deadline is far away.
    let _stream = silent.accept().expect("it connects");
    let start = Instant::now();
    drop(client);
    assert!(start.elapsed() < HELLO_PATIENCE, "it waited for the hello's deadline");
}

fn closing_ends_the_connection_when_what_was_sent_is_written<K: Kinds>() {
    let place = Place::new();
    let daemon = place.serve(1, |stream, reader| {
        let join = next(reader).expect("an attach");
        send(stream, 0, join.header().request, &attached(1, 1 << 20));
        let mut typed = 0;
        while let Some(frame) = next(reader) {
            if frame.kind() == Some(Kind::Input) {
                typed += frame.read::<Input>().expect("input").data.len();
            }
        }
        assert_eq!(typed, 1000);
    });
    let client = K::connect(ClientOptions { reconnect: true, ..place.options() }).expect("a daemon");
    let attachment = client.attach(work());
    client.wait(&attachment, |attachment| attachment.look(|state| state.phase == Phase::Attached).then_some(()));
    for _ in 0..10 {
        attachment.input(&[b'x'; 100]).expect("held");
    }
    client.close();
    daemon.join().expect("no panic");
    client.until(|status| matches!(status, Status::Closed { .. }));
}

fn a_refusal_is_told_with_its_reason<K: Kinds>() {
    let place = Place::new();
    let listener = place.listen();
    let daemon = thread::spawn(move || {
        let stream = listener.accept().expect("a client").expect("nobody stops it");
        let mut answer = DaemonHello::answer(&hello(&stream), "fake 9.0", Features::empty(), 1, 42);
        (answer.status, answer.lowest, answer.highest) = (HelloStatus::Version, 8, 9);
        write(&stream, &answer.to_bytes());
    });
    let refused = K::connect(place.options()).expect_err("refused").to_string();
    assert!(refused.contains("fake 9.0") && refused.contains("8 to 9") && refused.contains("test 1.0"), "{refused}");
    daemon.join().expect("no panic");
}

fn what_a_daemon_says_before_it_leaves_is_told_whatever_is_typed_meanwhile<K: Kinds>() {
    // It is a matter of chance whether the client finds out by reading or by writing.
    for _ in 0..50 {
        let place = Place::new();
        let daemon = place.serve(1, |stream, reader| {
            let join = next(reader).expect("an attach");
            send(stream, 0, join.header().request, &attached(1, 1 << 20));
            while next(reader).is_some_and(|frame| frame.kind() != Some(Kind::Input)) {}
            send(stream, 0, 0, &ShuttingDown { reason: "enough for today".into() });
        });
        let client = K::connect(place.options()).expect("a daemon");
        let attachment = client.attach(work());
        while attachment.input(b"x").is_ok() {}
        client.until(|status| matches!(status, Status::Closed { why } if why == "enough for today"));
        drop(attachment);
        drop(client);
        daemon.join().expect("no panic");
    }
}

fn input_keeps_to_the_credit_and_goes_on_with_more_of_it<K: Kinds>() {
    let place = Place::new();
    let daemon = place.serve(1, |stream, reader| {
        let join = next(reader).expect("an attach");
        assert_eq!(join.read::<Attach>().expect("an attach").target, Target::Name("work".into()));
        send(stream, 0, join.header().request, &attached(1, 5));
        let mut typed = Vec::new();
        while typed.len() < 6 {
            let Some(frame) = next(reader) else { return };
            if frame.kind() == Some(Kind::Input) {
                let input = frame.read::<Input>().expect("input");
                assert_eq!(input.position, 100 + typed.len() as u64);
                typed.extend(input.data);
                if typed.len() == 5 {
                    // As far as the credit went. The rest fits only into this.
                    send(stream, 5, 0, &InputCredit { taken: 103, may_send_through: 200 });
                }
            }
        }
        assert_eq!(typed, b"abcdef");
        send(stream, 5, 0, &InputCredit { taken: 106, may_send_through: 200 });
        next(reader);
    });
    let client = K::connect(place.options()).expect("a daemon");
    let attachment = client.attach(work());
    for text in ["ab", "cde", "f"] {
        attachment.input(text.as_bytes()).expect("held");
    }
    client.wait(&attachment, |attachment| (attachment.held() == 0).then_some(()));
    drop(attachment);
    drop(client);
    daemon.join().expect("no panic");
}

fn a_size_that_changes_while_a_session_is_joined_is_told<K: Kinds>() {
    for size in [None, Some(TermSize::cells(80, 24))] {
        let place = Place::new();
        let (resized, wait_for_resize) = mpsc::channel::<()>();
        let daemon = place.serve(1, move |stream, reader| {
            let join = next(reader).expect("an attach");
            assert_eq!(join.read::<Attach>().expect("an attach").size, size);
            wait_for_resize.recv().expect("told");
            send(stream, 0, join.header().request, &attached(1, 1000));
            let mut told = Vec::new();
            // What was typed meanwhile is sent last.
            while let Some(frame) = next(reader)
                && frame.kind() != Some(Kind::Input)
            {
                if frame.kind() == Some(Kind::Resize) {
                    told.push(frame.read::<Resize>().expect("a size").size);
                }
            }
            assert_eq!(told, [TermSize::cells(99, 33)]);
        });
        let client = K::connect(place.options()).expect("a daemon");
        let attachment = client.attach(AttachOptions { size, ..work() });
        attachment.resize(TermSize::cells(99, 33));
        attachment.input(b"x").expect("held");
        resized.send(()).expect("it waits");
        daemon.join().expect("no panic");
    }
}

fn who_only_looks_does_not_cancel_what_others_have_typed<K: Kinds>() {
    let place = Place::new();
    let daemon = place.serve(1, |stream, reader| {
        let join = next(reader).expect("an attach");
        send(stream, 0, join.header().request, &attached(1, 0));
        while let Some(frame) = next(reader) {
            assert_ne!(frame.kind(), Some(Kind::CancelInput));
        }
    });
    let client = K::connect(place.options()).expect("a daemon");
    let attachment = client.attach(work());
    client.wait(&attachment, |attachment| attachment.look(|state| state.phase == Phase::Attached).then_some(()));
    // There is no credit: it stays here.
    attachment.input(b"kept").expect("held");
    let held = attachment.held();
    assert!(held > 0);
    let observer = client.attach(AttachOptions { observe: true, ..work() });
    observer.cancel_input();
    assert_eq!(attachment.held(), held);
    client.close();
    daemon.join().expect("no panic");
}

fn a_daemon_that_reads_late_gets_all_that_was_typed_and_makes_nobody_wait<K: Kinds>() {
    // More than is queued for it.
    const TYPED: usize = 6 << 20;
    let place = Place::new();
    let (read, wait_to_read) = mpsc::channel::<()>();
    let daemon = place.serve(1, move |stream, reader| {
        let join = next(reader).expect("an attach");
        send(stream, 0, join.header().request, &attached(1, 64 << 20));
        wait_to_read.recv().expect("told");
        let mut typed = 0;
        while typed < TYPED {
            let frame = next(reader).expect("more is typed");
            assert_ne!(frame.kind(), Some(Kind::Ping), "that was refused");
            if frame.kind() == Some(Kind::Input) {
                let input = frame.read::<Input>().expect("input");
                assert_eq!(input.position, 100 + typed as u64);
                assert!(input.data.iter().zip(typed..).all(|(byte, at)| *byte == at as u8), "in order");
                typed += input.data.len();
            }
        }
        send(stream, 5, 0, &InputCredit { taken: 100 + TYPED as u64, may_send_through: 64 << 20 });
        while next(reader).is_some() {}
    });
    let client = K::connect(place.options()).expect("a daemon");
    let attachment = client.attach(work());
    client.wait(&attachment, |attachment| attachment.look(|state| state.phase == Phase::Attached).then_some(()));
    let text: Vec<u8> = (0..TYPED).map(|at| at as u8).collect();
    attachment.input(&text).expect("held");
    assert!(attachment.unsent() > 0, "it is not all queued");
    let big = Ping { payload: vec![0; 1 << 20] };
    assert_eq!(client.ask::<_, Pong>(&big), Err(RequestError::Lost));
    read.send(()).expect("it waits");
    client.wait(&attachment, |attachment| (attachment.held() == 0).then_some(()));
    drop(client);
    daemon.join().expect("no panic");
}

fn input_for_a_dead_daemons_session_is_discarded_and_never_sent_to_the_next_one<K: Kinds>() {
    let place = Place::new();
    let first = place.serve(1, |stream, reader| {
        let join = next(reader).expect("an attach");
        send(stream, 0, join.header().request, &attached(1, 0));
        // No credit: what is typed stays with the client. Then this daemon dies.
        while next(reader).is_some_and(|frame| frame.kind() != Some(Kind::Ping)) {}
    });
    let options = ClientOptions { reconnect: true, ..place.options() };
    let client = K::connect(options).expect("a daemon");
    let attachment = client.attach(work());
    client.wait(&attachment, |attachment| attachment.look(|state| state.phase == Phase::Attached).then_some(()));
    attachment.input(b"rm -rf precious\r").expect("held");
    assert_eq!(client.ask::<_, Pong>(&Ping { payload: Vec::new() }), Err(RequestError::Lost));
    first.join().expect("no panic");

    let second = place.serve(2, |_, reader| {
        while let Some(frame) = next(reader) {
            assert!(!matches!(frame.kind(), Some(Kind::Input | Kind::Attach)), "{frame:?}");
            if frame.kind() == Some(Kind::ListSessions) {
                return;
            }
        }
    });
    let gone = |state: &AttachState| matches!(state.phase, Phase::Gone { .. });
    client.wait(&attachment, |attachment| attachment.look(gone).then_some(()));
    assert_eq!(attachment.input(b"x"), Err(InputRejected::Gone));
    let (events, lost) = client.events();
    assert_eq!(lost, 0);
    assert!(format!("{events:?}").contains("InputDiscarded"), "{events:?}");
    client.until(|status| matches!(status, Status::Connected(daemon) if daemon.epoch == 2));
    assert_eq!(client.ask::<_, Sessions>(&ListSessions { after: 0 }), Err(RequestError::Lost));
    second.join().expect("no panic");
}
