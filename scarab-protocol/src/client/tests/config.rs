//! The newest configuration, whatever comes first.

use super::{Kinds, Place, both, next, send};
use crate::{
    client::{ClientOptions, Status},
    kind::Kind,
    message::{Config, ConfigChanged, Ping, Pong},
};

both! {
    the_newest_configuration_is_kept_whatever_comes_first,
    another_daemons_configuration_is_newer_whatever_it_counts,
    a_daemon_that_knows_no_configuration_is_not_asked_again,
    nobody_asks_for_a_configuration_that_is_not_followed,
}

fn config(revision: u64) -> Config {
    Config { path: "/x/scarab.toml\n".into(), revision, problem: String::new(), entries: Vec::new() }
}

fn the_newest_configuration_is_kept_whatever_comes_first<K: Kinds>() {
    let place = Place::new();
    let daemon = place.serve(1, |stream, reader| {
        let asked = next(reader).expect("it asks");
        assert_eq!(asked.kind(), Some(Kind::GetConfig));
        send(stream, 0, 0, &ConfigChanged { config: config(7) });
        send(stream, 0, asked.header().request, &config(6));
        let ping = next(reader).expect("a ping");
        send(stream, 0, ping.header().request, &Pong { payload: Vec::new() });
        let ping = next(reader).expect("another");
        send(stream, 0, 0, &ConfigChanged { config: config(9) });
        send(stream, 0, ping.header().request, &Pong { payload: Vec::new() });
        next(reader);
    });
    let client = K::connect(ClientOptions { follow_config: true, ..place.options() }).expect("a daemon");
    client.ask::<_, Pong>(&Ping { payload: Vec::new() }).expect("answered");
    // All that came before the answer is known by now.
    assert_eq!(client.config(7).path, "/x/scarab.toml");
    client.ask::<_, Pong>(&Ping { payload: Vec::new() }).expect("answered");
    client.config(9);
    drop(client);
    daemon.join().expect("no panic");
}

fn another_daemons_configuration_is_newer_whatever_it_counts<K: Kinds>() {
    let place = Place::new();
    let daemon = place.serve_each(
        1,
        vec![
            Box::new(|stream, reader| {
                let asked = next(reader).expect("it asks");
                send(stream, 0, asked.header().request, &config(100));
                next(reader);
            }),
            Box::new(|stream, reader| {
                // First it says who it is.
                let asked = std::iter::from_fn(|| next(reader)).find(|frame| frame.kind() == Some(Kind::GetConfig));
                send(stream, 0, asked.expect("it asks").header().request, &config(1));
                next(reader);
            }),
        ],
    );
    let options = ClientOptions { follow_config: true, reconnect: true, ..place.options() };
    let client = K::connect(options).expect("a daemon");
    client.config(100);
    // Whatever it is sent has the first one go.
    let lost = client.ask::<_, Pong>(&Ping { payload: Vec::new() });
    assert!(lost.is_err());
    client.config(1);
    drop(client);
    daemon.join().expect("no panic");
}

fn a_daemon_that_knows_no_configuration_is_not_asked_again<K: Kinds>() {
    let place = Place::new();
    let daemon = place.serve(1, |stream, reader| {
        let asked = next(reader).expect("it asks");
        let kind = asked.header().kind;
        send(stream, 0, asked.header().request, &crate::message::Unsupported { kind });
        let ping = next(reader).expect("a ping");
        assert_eq!(ping.kind(), Some(Kind::Ping));
        send(stream, 0, ping.header().request, &Pong { payload: Vec::new() });
        next(reader);
    });
    let client = K::connect(ClientOptions { follow_config: true, ..place.options() }).expect("a daemon");
    client.ask::<_, Pong>(&Ping { payload: Vec::new() }).expect("answered");
    client.until(|status| matches!(status, Status::Connected(_)));
    drop(client);
    daemon.join().expect("no panic");
}

fn nobody_asks_for_a_configuration_that_is_not_followed<K: Kinds>() {
    let place = Place::new();
    let daemon = place.serve(1, |stream, reader| {
        let ping = next(reader).expect("a ping");
        assert_eq!(ping.kind(), Some(Kind::Ping));
        send(stream, 0, 0, &ConfigChanged { config: config(3) });
        send(stream, 0, ping.header().request, &Pong { payload: Vec::new() });
        next(reader);
    });
    let client = K::connect(place.options()).expect("a daemon");
    client.ask::<_, Pong>(&Ping { payload: Vec::new() }).expect("answered");
    // What is told is kept all the same.
    client.config(3);
    drop(client);
    daemon.join().expect("no panic");
}
