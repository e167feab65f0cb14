//! Daemons that do everything wrong, against the client library: it never panics, hangs or grows without bound, says
//! what is wrong, and ends at once when it is dropped.

#[cfg(unix)]
mod descriptors;
mod fake;
#[cfg(windows)]
mod names;

use std::{
    thread,
    time::{Duration, Instant},
};

use scarab_protocol::{
    client::{Bell, Client, ClientEvent, Phase, RequestError, Status},
    frame::{Flags, Frame, Header},
    hello::{ClientHello, DaemonHello, Features, HelloStatus},
    ids::TermSize,
    kind::Kind,
    message::{
        self, Cwd, Detached, Done, Error, ErrorCode, FrameReady, InputCredit, Ping, Pong, Renamed, Resized, Sessions,
        ShuttingDown, Title, Unsupported,
    },
    transport::{FrameReader, Listener, Stream},
};

use self::fake::{Place, answer_all, attached, end, join, next, of, rows, send, wait, welcome};
use super::support::{
    DEADLINE,
    desk::{joining, options},
    wire::write,
};

/// What a client is told instead of a hello.
#[test]
fn a_hello_that_is_none_is_refused_with_a_reason() {
    let answer = |status| DaemonHello {
        status,
        ..DaemonHello::answer(&ClientHello::new("x", Features::empty()), "\x1b[2Jfake\n9", Features::all(), 1, 42)
    };
    let good = answer(HelloStatus::Ok).to_bytes().to_vec();
    let with = |more: &[u8]| [&good[..], more].concat();
    let mut status = good.clone();
    status[8..10].copy_from_slice(&0xffff_u16.to_le_bytes());
    let cases = [
        ("nothing", vec![]),
        ("half a hello", good[..80].to_vec()),
        ("garbage", vec![0x5a; 400]),
        ("another status", status),
        ("full", answer(HelloStatus::Full).to_bytes().to_vec()),
        ("a token wanted", answer(HelloStatus::TokenWanted).to_bytes().to_vec()),
        ("stopping", answer(HelloStatus::Stopping).to_bytes().to_vec()),
        ("no welcome", good.clone()),
        ("half a welcome", with(&welcome().bytes()[..20])),
        ("a welcome of 4 GiB", with(&[0xff; 16])),
        ("another frame first", with(Frame::new(0, 0, &Done {}).expect("small").bytes())),
        ("a welcome of garbage", with(&[&header(44, Kind::Welcome, 0, 0)[..], &[0xee; 44]].concat())),
    ];
    // All at once, because some are waited out.
    thread::scope(|scope| {
        for (what, bytes) in cases {
            scope.spawn(move || {
                let place = Place::new();
                let daemon = place.serve_bare(move |stream| {
                    let _ = write(&stream, &bytes);
                    stream
                });
                let start = Instant::now();
                let refused = Client::connect(options(&place.address, &Bell::default(), false, true));
                let why = refused.map(|_| ()).expect_err(what).to_string();
                assert!(!why.is_empty() && !why.chars().any(char::is_control), "{what}: {why:?}");
                assert!(start.elapsed() < Duration::from_secs(10), "{what}: refused after {:?}", start.elapsed());
                drop(daemon.join().expect("no panic"));
            });
        }
    });
}

/// What a client is told in a session: frames with the session's number, or bytes that are none.
#[test]
fn nonsense_ends_the_connection_with_a_reason_or_is_passed_over() {
    use Told::{Ends, Over};
    let garbage: Vec<u8> = (0..4000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let wrong_way =
        [Kind::Attach, Kind::Input, Kind::Shutdown, Kind::Resume].map(|kind| header(0, kind, 0, 5).to_vec());
    let mut cases: Vec<(String, Vec<u8>, Told)> = vec![
        ("garbage".into(), garbage, Ends("broke the protocol")),
        ("a header of 4 GiB".into(), vec![0xff; 16], Ends("broke the protocol")),
        ("a frame of another version".into(), header(0, Kind::Plugins, 0, 5).to_vec(), Over),
        ("half a frame and the end".into(), header(100, Kind::Title, 0, 5)[..9].to_vec(), Ends("within a frame")),
    ];
    cases.extend(wrong_way.into_iter().map(|bytes| ("a frame the wrong way".into(), bytes, Over)));
    let told = [
        Kind::Rows,
        Kind::InputCredit,
        Kind::Title,
        Kind::Resized,
        Kind::Bell,
        Kind::Cwd,
        Kind::Exited,
        Kind::Renamed,
        Kind::Detached,
        Kind::SurfaceMoved,
        Kind::Clipboard,
    ];
    for kind in told {
        // Too short for a number, and for what a text needs.
        let bytes = [&header(3, kind, 0, 5)[..], &[0xee; 3]].concat();
        cases.push((format!("a {} of garbage", kind.name()), bytes, Ends("broke the protocol")));
    }
    let frames: Vec<(&str, Frame)> = vec![
        ("an answer to nothing", of(&Done {}, 0, 4711)),
        ("another session's title", of(&Title { title: "x".into() }, 77, 0)),
        ("a size of nothing", of(&Resized { size: TermSize::cells(0, 0) }, 5, 0)),
        ("a size of everything", of(&Resized { size: TermSize::cells(u16::MAX, u16::MAX) }, 5, 0)),
        ("rows of no size", of(&rows(0, 0, vec![]), 5, 0)),
        ("rows of every size", of(&rows(u16::MAX, u16::MAX, vec![(u16::MAX, 3)]), 5, 0)),
        ("rows longer than they say", of(&rows(10, 2, vec![(0, 9999), (1, 1), (0, 0)]), 5, 0)),
        ("credit back", of(&InputCredit { taken: 0, may_send_through: 0 }, 5, 0)),
        ("credit beyond all", of(&InputCredit { taken: u64::MAX, may_send_through: u64::MAX }, 5, 0)),
        ("a newest frame of all time", of(&FrameReady { frame: u64::MAX, taken: u64::MAX }, 5, 0)),
        ("bells of all time", of(&message::Bell { count: u64::MAX }, 5, 0)),
    ];
    cases.extend(frames.into_iter().map(|(what, frame)| (what.to_owned(), frame.bytes().to_vec(), Over)));
    for (what, bytes, told) in cases {
        let place = Place::new();
        let cut = matches!(told, Ends(_));
        let daemon = place.serve(move |stream, mut reader| {
            join(&stream, &mut reader, &attached("work", 1, 0, 1 << 20));
            let _ = write(&stream, &bytes);
            if !cut {
                answer_all(&stream, &mut reader);
            }
        });
        let (client, attachment, bell) = place.client(false);
        wait(&bell, &what, || attachment.look(|state| (state.phase != Phase::Pending).then_some(())));
        let _ = attachment.input(b"typed on");
        match told {
            Over => {
                let pong = client.ask::<_, Pong>(&Ping { payload: vec![1] }, DEADLINE);
                assert_eq!(pong.map(|pong| pong.payload), Ok(vec![1]), "{what}");
                assert_eq!(attachment.look(|state| state.phase.clone()), Phase::Attached, "{what}");
                attachment.look(|state| assert!(state.grid.cols() <= 1000 && state.grid.rows() <= 1000, "{what}"));
            }
            Ends(reason) => {
                let why = wait(&bell, &what, || match client.status() {
                    Status::Closed { why } => Some(why),
                    _ => None,
                });
                assert!(why.contains(reason), "{what}: {why}");
                assert!(matches!(attachment.look(|state| state.phase.clone()), Phase::Gone { .. }), "{what}");
            }
        }
        end(&what, client, attachment);
        daemon.join().expect("no panic");
    }
}

/// Answers to an attach that make no sense.
#[test]
fn an_attach_that_is_answered_wrongly_does_not_join() {
    let answers: Vec<(&str, Frame)> = vec![
        ("done", of(&Done {}, 0, 0)),
        ("unsupported", of(&Unsupported { kind: 2 }, 0, 0)),
        ("an error with control characters", of(&Error::new(ErrorCode::Full, "\x1b]0;no\x07\r\nmore"), 0, 0)),
        ("an answer to another question", of(&Sessions { sessions: vec![], more: false }, 0, 0)),
    ];
    for (what, frame) in answers {
        let place = Place::new();
        let daemon = place.serve(move |stream, mut reader| {
            let request = next(&mut reader).expect("an attach").header().request;
            let mut bytes = frame.bytes().to_vec();
            bytes[8..12].copy_from_slice(&request.to_le_bytes());
            let _ = write(&stream, &bytes);
            answer_all(&stream, &mut reader);
        });
        let (client, attachment, bell) = place.client(false);
        let why = wait(&bell, what, || match attachment.look(|state| state.phase.clone()) {
            Phase::Failed { why, .. } => Some(why),
            _ => None,
        });
        assert!(!why.is_empty() && !why.chars().any(char::is_control), "{what}: {why:?}");
        end(what, client, attachment);
        daemon.join().expect("no panic");
    }
}

/// Positions at the end of all numbers, and a session of number 0.
#[test]
fn positions_that_make_no_sense_do_no_harm() {
    let cases = [(u64::MAX, u64::MAX), (u64::MAX - 3, u64::MAX), (u64::MAX, 0), (1 << 63, 5), (7, 3)];
    for (taken, through) in cases {
        let what = format!("taken {taken}, through {through}");
        let place = Place::new();
        let daemon = place.serve(move |stream, mut reader| {
            join(&stream, &mut reader, &attached("work", 1, taken, through));
            for (taken, through) in [(0, 0), (u64::MAX, u64::MAX), (5, u64::MAX)] {
                send(&stream, 5, 0, &InputCredit { taken, may_send_through: through });
            }
            answer_all(&stream, &mut reader);
        });
        let (client, attachment, bell) = place.client(false);
        wait(&bell, &what, || attachment.look(|state| (state.phase == Phase::Attached).then_some(())));
        for _ in 0..20 {
            let _ = attachment.input(&[b'x'; 100]);
            let _ = attachment.paste(vec![b'x'; 100_000]);
            let _ = attachment.focus(true);
        }
        attachment.ask_credit();
        client.ask::<_, Pong>(&Ping { payload: vec![] }, DEADLINE).expect(&what);
        attachment.cancel_input();
        let _ = attachment.input(b"again");
        client.ask::<_, Pong>(&Ping { payload: vec![] }, DEADLINE).expect(&what);
        end(&what, client, attachment);
        daemon.join().expect("no panic");
    }
}

/// Texts that would move a terminal's cursor.
#[test]
fn texts_lose_their_control_characters() {
    let evil = "a\x1b[2J\x07\r\n\u{9b}b".to_owned();
    let texts = evil.clone();
    let place = Place::new();
    let daemon = place.serve(move |stream, mut reader| {
        let mut joined = attached(&texts, 1, 0, 1 << 20);
        joined.cwd.clone_from(&texts);
        (joined.info.title, joined.info.command, joined.info.made_by) = (texts.clone(), texts.clone(), texts.clone());
        join(&stream, &mut reader, &joined);
        answer_ping(&stream, &mut reader);
        send(&stream, 5, 0, &Title { title: texts.clone() });
        send(&stream, 5, 0, &Renamed { name: texts.clone() });
        send(&stream, 5, 0, &Cwd { path: texts.clone() });
        answer_ping(&stream, &mut reader);
        send(&stream, 5, 0, &Detached { reason: texts.clone() });
        send(&stream, 0, 0, &ShuttingDown { reason: texts.clone() });
        send(&stream, 0, 0, &Error::new(ErrorCode::Internal, texts));
        stream.shutdown();
    });
    let (client, attachment, bell) = place.client(false);
    let clean = |text: &str| !text.chars().any(char::is_control);
    wait(&bell, "joined", || attachment.look(|state| (state.phase == Phase::Attached).then_some(())));
    for when in ["on joining", "later"] {
        client.ask::<_, Pong>(&Ping { payload: vec![] }, DEADLINE).expect(when);
        attachment.look(|state| {
            let info = state.info.clone().expect("joined");
            let texts = [&info.name, &info.title, &info.command, &info.made_by, &state.cwd];
            assert!(texts.iter().all(|text| clean(text)), "{when}: {texts:?}");
        });
    }
    let closed = wait(&bell, "closed", || match client.status() {
        Status::Closed { why } => Some(why),
        _ => None,
    });
    let phase = attachment.look(|state| format!("{:?}", state.phase));
    assert!(clean(&closed) && phase.contains("Gone") && !phase.contains("\\u{1b}"), "{closed:?}, {phase}");
    let events = client.take_events().0;
    for event in events {
        match event {
            ClientEvent::ShuttingDown { reason: text } | ClientEvent::Refused { text } => {
                assert!(clean(&text), "{text:?}");
            }
            other => panic!("{other:?}"),
        }
    }
    end("texts", client, attachment);
    daemon.join().expect("no panic");
}

/// Silence in every place.
#[test]
fn a_daemon_that_says_nothing_more_keeps_nobody() {
    let half = |stream: &Stream| drop(write(stream, &header(1 << 20, Kind::Rows, 0, 5)));
    for what in ["nothing", "half a frame"] {
        let place = Place::new();
        let (over, is_over) = std::sync::mpsc::channel::<()>();
        let daemon = place.serve(move |stream, mut reader| {
            join(&stream, &mut reader, &attached("work", 1, 0, 1 << 20));
            if what == "half a frame" {
                half(&stream);
            }
            // It does not read either.
            let _ = is_over.recv_timeout(DEADLINE);
        });
        let (client, attachment, bell) = place.client(false);
        wait(&bell, what, || attachment.look(|state| (state.phase == Phase::Attached).then_some(())));
        let patience = Duration::from_millis(100);
        let pong = client.ask::<_, Pong>(&Ping { payload: vec![] }, patience);
        assert_eq!(pong, Err(RequestError::Hung(patience)), "{what}");
        // More than the system and the queue take.
        for _ in 0..30 {
            attachment.input(&[b'x'; 1 << 20]).expect("so much is held");
        }
        end(what, client, attachment);
        drop(over);
        daemon.join().expect("no panic");
    }
    // Not even a hello, and a client that may come back.
    let place = Place::new();
    let silent = Listener::bind(&place.address.endpoint).expect("a free name");
    let client = Client::start(options(&place.address, &Bell::default(), false, true)).expect("a thread");
    let attachment = client.attach(joining("work", None));
    let _stream = silent.accept().expect("it connects");
    end("no hello", client, attachment);
}

/// What becomes of a connection on which nonsense was told.
enum Told {
    /// The connection ends, and the reason has this in it.
    Ends(&'static str),
    /// It goes on.
    Over,
}

/// A frame's header.
fn header(length: u32, kind: Kind, request: u32, session: u32) -> [u8; 16] {
    Header { length, kind: kind.number(), flags: Flags::empty(), request, session }.to_bytes()
}

/// Passes over what the client says until it has answered a ping.
fn answer_ping(stream: &Stream, reader: &mut FrameReader) {
    while let Some(frame) = next(reader) {
        if let Ok(ping) = frame.read::<Ping>() {
            send(stream, 0, frame.header().request, &Pong { payload: ping.payload });
            return;
        }
    }
}
