//! Far too much pasted into a program that reads nothing: it is refused in time, and everything else goes on.

use std::{
    thread,
    time::{Duration, Instant},
};

use scarab_protocol::{
    client::{HELD_LIMIT, InputRejected, Phase},
    endpoint::Address,
    ids::TermSize,
    message::{Done, KillSession, Target},
};

use super::{
    helper::{self, Helper, say, wait_for_a_word, wait_for_the_end},
    support::{
        DEADLINE,
        daemon::Daemon,
        desk::{Desk, ECHO},
        proc::{Holdings, peak_kib},
    },
};

/// What the user pastes.
const OFFERED: usize = 100 * 1024 * 1024;
/// What a client may use beside what it holds, in KiB.
const ROOM_KIB: u64 = 48 * 1024;
/// By how much the daemon may grow: the session's queue and what is on its way, in KiB.
const DAEMON_ROOM_KIB: u64 = 16 * 1024;

#[test]
fn a_paste_that_nobody_reads_is_bounded_and_in_nobodys_way() {
    let daemon = Daemon::start();
    let other = Desk::join_new(&daemon, "echo", ECHO);
    other.sees("ready");
    let deaf = Desk::join_new(&daemon, "deaf", "stty raw -echo; echo ready; exec sleep 1000");
    deaf.sees("ready");
    let quiet = other.echoes(0..300);
    let before = Holdings::of(daemon.pid()).resident_kib;
    let socket = daemon.address.endpoint.to_string();
    let mut client = Helper::start("big paste", &[("SCARAB_STRESS_SOCKET", socket)]);
    client.says("pasted");
    let mut number = 1000;
    let mut meanwhile = super::support::figures::Times::default();
    let end = Instant::now() + Duration::from_secs(2);
    while Instant::now() < end || number < 1300 {
        meanwhile.add(other.echo(number));
        number += 1;
        thread::yield_now();
    }
    let grown = Holdings::of(daemon.pid()).resident_kib.saturating_sub(before);
    println!("big paste: {}; the daemon has grown by {grown} KiB", client.line());
    let ratio = |of_hundred| {
        meanwhile.percentile(of_hundred).as_secs_f64() / quiet.percentile(of_hundred).as_secs_f64().max(1e-9)
    };
    println!(
        "big paste: echoes before: {quiet}; meanwhile: {meanwhile}; ratio p50 {:.2}, p99 {:.2}",
        ratio(50),
        ratio(99)
    );
    assert!(grown < DAEMON_ROOM_KIB, "the daemon has grown by {grown} KiB");
    // What the other client did is done here, too.
    deaf.until("resized", |state| state.info.as_ref().is_some_and(|info| info.size.cols == 99));
    client.tell();
    client.says("detached");
    let target = Target::Name("deaf".into());
    deaf.client.ask::<_, Done>(&KillSession { target, signal: None }, DEADLINE).expect("it can be killed");
    deaf.until("killed", |state| matches!(state.phase, Phase::Gone { .. }));
    client.says("gone");
    client.finish();
    other.echo(number);
}

/// The client that pastes.
pub fn client_process() {
    let socket = helper::setting("SCARAB_STRESS_SOCKET");
    let address = Address::of_socket(socket.as_ref()).expect("an address");
    let desk = Desk::join(&address, "deaf", true, true);
    let whole = vec![b'x'; OFFERED];
    assert_eq!(desk.attachment.paste(whole), Err(InputRejected::Full { held: 0 }), "all at once");
    let base = peak_kib(std::process::id());
    let piece = vec![b'x'; 1024 * 1024];
    let refused = (0..OFFERED / piece.len()).find_map(|_| desk.attachment.paste(piece.clone()).err());
    let refused = refused.expect("what is held has a bound");
    let InputRejected::Full { held } = refused else { panic!("{refused:?}") };
    assert!(held <= HELD_LIMIT && held > HELD_LIMIT / 2, "{held} bytes are held");
    assert!(refused.to_string().contains("does not take its input"), "{refused}");
    say("pasted");
    desk.attachment.resize(TermSize::cells(99, 33));
    desk.until("resized", |state| state.info.as_ref().is_some_and(|info| info.size == TermSize::cells(99, 33)));
    // What was offered at once is given back before that.
    let used = Holdings::of(std::process::id()).resident_kib;
    assert!(used < HELD_LIMIT / 1024 + ROOM_KIB, "the client uses {used} KiB");
    say(&format!("the client holds {} MiB and uses {used} KiB ({base} KiB at most before)", held >> 20));
    wait_for_a_word();
    let Desk { attachment, bell, client } = desk;
    let start = Instant::now();
    drop(attachment);
    assert!(start.elapsed() < Duration::from_secs(1), "leaving took {:?}", start.elapsed());
    say("detached");
    drop((bell, client));
    assert!(start.elapsed() < Duration::from_secs(2), "ending took {:?}", start.elapsed());
    say("gone");
    wait_for_the_end();
}
