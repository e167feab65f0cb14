//! A client that is told far too much of everything does not grow without bound.

#[path = "../channel/hostile/fake.rs"]
mod fake;

use scarab_protocol::message::{Clipboard, Ping, Pong, Rows};

use self::fake::{Place, answer_all, attached, end, join, of, rows, wait};
use super::{
    helper::{Helper, say, wait_for_the_end},
    support::{DEADLINE, proc::Holdings, wire::write},
};
use scarab_protocol::client::Phase;

/// By how much a client may grow that is told far too much, in KiB.
const ROOM_KIB: u64 = 96 * 1024;
/// How often it is told so much: it would be far more than it may grow by.
const TOO_OFTEN: usize = 200;

#[test]
fn a_client_that_is_told_far_too_much_does_not_grow_without_bound() {
    let client = Helper::start("growth", &[]);
    client.says("begun");
    println!("hostile: {}", client.line());
    client.finish();
}

/// Such a client, with the daemon that tells it.
pub fn growth_process() {
    say("begun");
    let before = Holdings::of(std::process::id()).resident_kib;
    let mut told = Vec::new();
    for what in ["rows without an end", "rows that are too long", "clipboards", "answers"] {
        let place = Place::new();
        let daemon = place.serve(move |stream, mut reader| {
            join(&stream, &mut reader, &attached("work", 1, 0, 1 << 20));
            let frame = match what {
                "rows without an end" => of(&Rows { more: true, ..rows(1000, 1000, vec![(7, 100_000)]) }, 5, 0),
                "rows that are too long" => of(&Rows { more: true, ..rows(2, 1, vec![(0, 1); 20_000]) }, 5, 0),
                "clipboards" => of(&Clipboard { primary: false, text: "x".repeat(1 << 20) }, 5, 0),
                _ => of(&Pong { payload: vec![0; 1 << 20] }, 0, 12345),
            };
            for _ in 0..TOO_OFTEN {
                if write(&stream, frame.bytes()).is_err() {
                    return;
                }
            }
            answer_all(&stream, &mut reader);
        });
        let (client, attachment, bell) = place.client(false);
        wait(&bell, what, || attachment.look(|state| (state.phase != Phase::Pending).then_some(())));
        // Told in order: when this is answered, or the connection has ended, all of it is there.
        let _ = client.ask::<_, Pong>(&Ping { payload: vec![] }, DEADLINE);
        let grown = Holdings::of(std::process::id()).resident_kib.saturating_sub(before);
        told.push(format!("{what}: {grown} KiB"));
        end(what, client, attachment);
        daemon.join().expect("no panic");
        assert!(grown < ROOM_KIB, "the client has grown: {told:?}");
    }
    say(&told.join(", "));
    wait_for_the_end();
}
