//! Connections that are cut in mid-input: what was typed goes on where the daemon says, or is reported.

use std::sync::mpsc;

use super::{Kinds, Place, attached, both, next, send, work};
use crate::{
    client::{ClientEvent, ClientOptions, Phase},
    frame::Frame,
    ids::SessionId,
    kind::Kind,
    message::{Attach, Attached, Done, Error, ErrorCode, Input, Resume, Target},
    transport::{FrameReader, Stream},
};

both! {
    what_was_typed_goes_on_where_the_daemon_says,
    what_may_have_arrived_is_not_typed_again_by_a_new_client,
    who_was_superseded_does_not_come_back_under_its_token,
    what_is_typed_without_a_connection_is_sent_with_the_next_one,
}

const ID: SessionId = SessionId { epoch: 1, number: 5 };

/// Reads what is typed from a position on until it has so many bytes.
fn typed(reader: &mut FrameReader, from: u64, bytes: usize) -> String {
    let mut typed = Vec::new();
    while typed.len() < bytes {
        let frame = next(reader).expect("more is typed");
        if frame.kind() == Some(Kind::Input) {
            let input = frame.read::<Input>().expect("input");
            assert_eq!(input.position, from + typed.len() as u64, "no gap, and nothing twice");
            typed.extend(input.data);
        }
    }
    String::from_utf8(typed).expect("text")
}

/// Expects a client to come back under this token.
fn resume(reader: &mut FrameReader, token: u8) -> Frame {
    let frame = next(reader).expect("a resume");
    assert_eq!(frame.read::<Resume>().expect("a resume").token, [token; 16]);
    frame
}

/// Expects a client to join, and lets it.
fn join(stream: &Stream, reader: &mut FrameReader, target: &Target, attached: &Attached) {
    let frame = next(reader).expect("an attach");
    assert_eq!(&frame.read::<Attach>().expect("an attach").target, target);
    send(stream, 0, frame.header().request, attached);
}

fn refuse(stream: &Stream, request: u32, code: ErrorCode) {
    send(stream, 0, request, &Error::new(code, "no"));
}

/// A client that will come back, with what it has joined.
fn start<K: Kinds>(options: ClientOptions) -> (K, K::Attachment) {
    let client = K::connect(ClientOptions { reconnect: true, ..options }).expect("a daemon");
    let attachment = client.attach(work());
    client.wait(&attachment, |attachment| attachment.look(|state| state.phase == Phase::Attached).then_some(()));
    (client, attachment)
}

fn by_name() -> Target {
    Target::Name("work".into())
}

fn what_was_typed_goes_on_where_the_daemon_says<K: Kinds>() {
    let place = Place::new();
    let daemon = place.serve_each(
        1,
        vec![
            Box::new(|stream, reader| {
                join(stream, reader, &by_name(), &attached(1, 1000));
                assert_eq!(typed(reader, 100, 13), "one two three");
            }),
            // This one is cut before it has answered, so the client cannot know whether it was resumed.
            Box::new(|_, reader| drop(resume(reader, 1))),
            Box::new(|stream, reader| {
                let request = resume(reader, 1).header().request;
                send(stream, 0, request, &Done {});
                join(stream, reader, &Target::Id(ID), &Attached { taken: 106, ..attached(1, 1000) });
                assert_eq!(typed(reader, 106, 12), "o three four");
                while next(reader).is_some() {}
            }),
        ],
    );
    let (client, attachment) = start::<K>(place.options());
    for text in ["one ", "two ", "three"] {
        attachment.input(text.as_bytes()).expect("held");
    }
    client.wait(&attachment, |attachment| (attachment.taken() == 106).then_some(()));
    attachment.input(b" four").expect("held");
    client.close();
    daemon.join().expect("no panic");
}

fn what_may_have_arrived_is_not_typed_again_by_a_new_client<K: Kinds>() {
    let place = Place::new();
    let other = |lane, taken, window| Attached { lane, taken, may_send_through: taken + window, ..attached(1, 0) };
    let daemon = place.serve_each(
        1,
        vec![
            Box::new(move |stream, reader| {
                join(stream, reader, &by_name(), &attached(1, 4));
                assert_eq!(typed(reader, 100, 4), "sent");
            }),
            Box::new(move |stream, reader| {
                refuse(stream, resume(reader, 1).header().request, ErrorCode::NotResumable);
                join(stream, reader, &Target::Id(ID), &other(2, 0, 4));
                assert_eq!(typed(reader, 0, 4), "kept");
            }),
            // From then on it is the client of the second connection.
            Box::new(move |stream, reader| {
                send(stream, 0, resume(reader, 2).header().request, &Done {});
                join(stream, reader, &Target::Id(ID), &other(2, 2, 1000));
                assert_eq!(typed(reader, 2, 7), "pt more");
                while next(reader).is_some() {}
            }),
        ],
    );
    let (client, attachment) = start::<K>(place.options());
    attachment.input(b"sent").expect("held");
    attachment.input(b"kept more").expect("held");
    let lost = ClientEvent::InputDiscarded { session: "work".into(), bytes: 4 };
    assert_eq!(client.events(), (vec![lost], 0));
    client.wait(&attachment, |attachment| (attachment.unsent() == 0).then_some(()));
    client.close();
    daemon.join().expect("no panic");
}

fn who_was_superseded_does_not_come_back_under_its_token<K: Kinds>() {
    let place = Place::new();
    let daemon = place.serve_each(
        1,
        vec![
            Box::new(|stream, reader| {
                join(stream, reader, &by_name(), &attached(1, 1000));
                assert_eq!(typed(reader, 100, 4), "sent");
                refuse(stream, 0, ErrorCode::Superseded);
            }),
            Box::new(|stream, reader| {
                // The first that it says is no Resume.
                join(stream, reader, &Target::Id(ID), &Attached { lane: 2, ..attached(1, 1000) });
                assert_eq!(typed(reader, 100, 3), "new");
            }),
            // As the client of the second connection it may come back.
            Box::new(|stream, reader| {
                send(stream, 0, resume(reader, 2).header().request, &Done {});
                join(stream, reader, &Target::Id(ID), &Attached { lane: 2, taken: 103, ..attached(1, 1000) });
                while next(reader).is_some() {}
            }),
        ],
    );
    let (client, attachment) = start::<K>(place.options());
    attachment.input(b"sent").expect("held");
    let refused = ClientEvent::Refused { text: "no".into() };
    let lost = ClientEvent::InputDiscarded { session: "work".into(), bytes: 4 };
    let mut events = client.events().0;
    if events.len() == 1 {
        events.extend(client.events().0);
    }
    assert_eq!(events, [refused, lost]);
    attachment.input(b"new").expect("held");
    client.wait(&attachment, |attachment| (attachment.taken() == 103).then_some(()));
    client.close();
    daemon.join().expect("no panic");
}

fn what_is_typed_without_a_connection_is_sent_with_the_next_one<K: Kinds>() {
    let place = Place::new();
    let (cut, wait_for_cut) = mpsc::channel::<()>();
    let (go_on, wait_to_go_on) = mpsc::channel::<()>();
    let daemon = place.serve_each(
        1,
        vec![
            Box::new(move |stream, reader| {
                join(stream, reader, &by_name(), &attached(1, 1000));
                wait_for_cut.recv().expect("told");
            }),
            Box::new(move |stream, reader| {
                let request = resume(reader, 1).header().request;
                // Nothing is joined, and so nothing typed, before the answer.
                wait_to_go_on.recv().expect("told");
                send(stream, 0, request, &Done {});
                join(stream, reader, &Target::Id(ID), &attached(1, 1000));
                assert_eq!(typed(reader, 100, 5), "later");
                while next(reader).is_some() {}
            }),
        ],
    );
    let (client, attachment) = start::<K>(place.options());
    cut.send(()).expect("it waits");
    client.wait(&attachment, |attachment| attachment.look(|state| state.phase == Phase::Lost).then_some(()));
    attachment.input(b"later").expect("held");
    go_on.send(()).expect("it waits");
    client.wait(&attachment, |attachment| (attachment.unsent() == 0).then_some(()));
    client.close();
    daemon.join().expect("no panic");
}
