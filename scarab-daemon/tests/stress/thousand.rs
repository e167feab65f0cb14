//! A thousand clients at once: all see their session, and one too many is told so.

use std::{thread, time::Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use scarab_protocol::{
    client::{Bell, Client, ConnectError},
    hello::HelloStatus,
    kind::Kind,
    message::{Arm, FetchRows, Rows},
    surface::{Grid, RowsUpdate},
};

use super::support::{
    DEADLINE,
    daemon::{Daemon, create},
    desk::{options, text},
    proc::Holdings,
    wire::Wire,
    within,
};

/// How many clients are attached at once, to so many sessions.
const CLIENTS: usize = 1000;
const SESSIONS: usize = 10;
/// How many clients the daemon lets in.
const MOST: usize = 1024;
/// How many threads attach them.
const HANDS: usize = 4;

#[test]
fn a_thousand_clients_see_their_sessions_and_one_too_many_is_told() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).expect("up to the hard limit");
    let daemon = Daemon::start();
    let bell = Bell::default();
    let maker = Client::connect(options(&daemon.address, &bell, true, false)).expect("the daemon answers");
    let script =
        |number| format!("stty raw -echo; echo session-{number}; read line; printf 'all-see-{number}'; exec cat");
    (0..SESSIONS).for_each(|number| drop(create(&maker, &format!("s{number}"), &script(number))));
    let before = Holdings::of(daemon.pid());

    let start = Instant::now();
    let mut seats: Vec<Seat> = thread::scope(|scope| {
        let hands: Vec<_> = (0..HANDS)
            .map(|hand| {
                let daemon = &daemon;
                scope.spawn(move || (hand..CLIENTS).step_by(HANDS).map(|n| Seat::take(daemon, n)).collect::<Vec<_>>())
            })
            .collect();
        hands.into_iter().flat_map(|hand| hand.join().expect("all can attach")).collect()
    });
    let attached = start.elapsed();
    let with = Holdings::of(daemon.pid());

    // Each session says something, and all of its clients see it.
    let start = Instant::now();
    for number in 0..SESSIONS {
        let typist = seats.iter_mut().find(|seat| seat.number == number).expect("each session has clients");
        typist.type_return();
    }
    thread::scope(|scope| {
        let mut rest = &mut seats[..];
        while !rest.is_empty() {
            let (some, others) = rest.split_at_mut(rest.len().min(CLIENTS / HANDS));
            scope.spawn(move || some.iter_mut().for_each(|seat| seat.sees(&format!("all-see-{}", seat.number))));
            rest = others;
        }
    });
    let seen = start.elapsed();
    let showing = Holdings::of(daemon.pid());

    // The maker has a place, too.
    let more: Vec<Wire> = (CLIENTS + 1..MOST).map(|_| Wire::connect(&daemon.address)).collect();
    for _ in 0..20 {
        assert_eq!(Wire::try_connect(&daemon.address).err(), Some(HelloStatus::Full));
        // The library says so, too, however its hello and the daemon's answer cross.
        match Client::connect(options(&daemon.address, &bell, true, false)) {
            Err(ConnectError::Refused(why)) => assert!(why.contains("close some of its clients"), "{why}"),
            other => panic!("one too many is let in, or not told why: {other:?}"),
        }
    }
    // Those who are in are served all the same.
    seats[0].sees("all-see");
    drop(more);
    let again = || Client::connect(options(&daemon.address, &bell, true, false)).is_ok();
    assert!(within(DEADLINE, again), "places are not given back");
    drop(seats);
    let gone = || Holdings::of(daemon.pid()).leaves_nothing_beside(before);
    assert!(within(DEADLINE, gone), "{:?} where there were {before:?}", Holdings::of(daemon.pid()));
    let per = |of: Holdings| (of.resident_kib.saturating_sub(before.resident_kib)) as f64 / CLIENTS as f64;
    println!("thousand: attached in {attached:?}, all have seen the text after {seen:?}");
    println!(
        "thousand: {:.1} KiB, then {:.1} KiB and {:.2} threads a client; {before:?}, {with:?}, {showing:?}, after {:?}",
        per(with),
        per(showing),
        (showing.threads - before.threads) as f64 / CLIENTS as f64,
        Holdings::of(daemon.pid()),
    );
}

/// One client of one session, which gets its rows over the connection.
struct Seat {
    wire: Wire,
    /// Which session, as the test counts them.
    number: usize,
    session: u32,
    grid: Grid,
    taken: u64,
}

impl Seat {
    fn take(daemon: &Daemon, nth: usize) -> Self {
        let mut wire = Wire::connect(&daemon.address);
        let number = nth % SESSIONS;
        let attached = wire.attach(&format!("s{number}"));
        let mut seat =
            Self { wire, number, session: attached.info.id.number, grid: Grid::default(), taken: attached.taken };
        seat.sees(&format!("session-{number}"));
        seat
    }

    fn type_return(&mut self) {
        let input = scarab_protocol::message::Input { position: self.taken, data: b"\n".to_vec() };
        self.wire.send(self.session, &input);
    }

    /// Fetches frames, by the doorbell, until the text is on the screen.
    fn sees(&mut self, wanted: &str) {
        let end = Instant::now() + DEADLINE;
        self.wire.send(self.session, &FetchRows { since: self.grid.frame });
        while !text(&self.grid).contains(wanted) {
            assert!(Instant::now() < end, "no {wanted:?} on\n{}", text(&self.grid));
            let received = self.wire.next().unwrap_or_else(|| panic!("the connection ends before {wanted:?} is seen"));
            match received.frame.kind() {
                Some(Kind::FrameReady) => {
                    self.wire.send(self.session, &FetchRows { since: self.grid.frame });
                }
                Some(Kind::Rows) => {
                    let update = RowsUpdate::from(received.frame.read::<Rows>().expect("rows"));
                    self.grid.apply(&update);
                    if !update.more {
                        self.wire.send(self.session, &Arm { frame: self.grid.frame });
                    }
                }
                _ => {}
            }
        }
    }
}
