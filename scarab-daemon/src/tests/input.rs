//! Input on its way to programs.

use scarab_protocol::{frame::Frame, message::*};

use super::harness::{Joined, TestClient, TestDaemon};

/// Sends a paste in pieces.
fn paste(client: &mut TestClient, joined: &mut Joined, pieces: &[&[u8]]) {
    for (at, piece) in pieces.iter().enumerate() {
        send_piece(client, joined, piece, at == 0, at + 1 == pieces.len());
    }
}

fn send_piece(client: &mut TestClient, joined: &mut Joined, piece: &[u8], first: bool, last: bool) {
    let paste = Paste { position: joined.position, first, last, data: piece.to_vec() };
    joined.position += Input::cost(piece.len());
    client.push(joined.number, &paste);
}

/// A program that shows what it reads, escapes and all.
const SHOW: &str = "stty raw -echo; echo go; exec cat -v";

#[test]
fn a_paste_is_bracketed_only_if_the_program_wants_it() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    for (set, shown) in [("printf '\\033[?2004h'; ", "^[[200~one two^[[201~."), ("", "one two.")] {
        let info = client.create(&format!("{set}{SHOW}"));
        let mut joined = client.attach(info.id.number);
        client.wait_for_text(&mut joined, "go");
        paste(&mut client, &mut joined, &[b"one", b" t", b"wo"]);
        client.type_in(&mut joined, b".");
        client.wait_for_text(&mut joined, shown);
    }
}

#[test]
fn a_paste_is_a_unit_that_others_wait_for_until_its_client_is_gone() {
    let daemon = TestDaemon::start();
    let (mut paster, mut typist) = (daemon.connect(), daemon.connect());
    let info = paster.create(&format!("printf '\\033[?2004h'; {SHOW}"));
    let (mut one, mut two) = (paster.attach(info.id.number), typist.attach(info.id.number));
    paster.wait_for_text(&mut one, "go");
    send_piece(&mut paster, &mut one, b"first,", true, false);
    paster.settle();
    typist.type_in(&mut two, b"typed");
    typist.settle();
    send_piece(&mut paster, &mut one, b"second", false, false);
    paster.wait_for_text(&mut one, "first,second");
    drop(paster);
    typist.wait_for_text(&mut two, "first,second^[[201~typed");
}

#[test]
fn a_paste_that_is_not_gone_on_with_ends_by_itself() {
    let daemon = TestDaemon::start();
    let (mut paster, mut typist) = (daemon.connect(), daemon.connect());
    let info = paster.create(&format!("printf '\\033[?2004h'; {SHOW}"));
    let (mut one, mut two) = (paster.attach(info.id.number), typist.attach(info.id.number));
    paster.wait_for_text(&mut one, "go");
    send_piece(&mut paster, &mut one, b"first,", true, false);
    paster.settle();
    typist.type_in(&mut two, b"typed,");
    typist.wait_for_text(&mut two, "first,^[[201~typed,");
    // What comes late is not lost, and is a paste of its own.
    send_piece(&mut paster, &mut one, b"late", false, true);
    paster.wait_for_text(&mut one, "^[[200~late^[[201~");
}

#[test]
fn answers_do_not_get_into_a_bracketed_paste() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    // It asks for the device's attributes after each line it is given.
    let info = client.create(concat!(
        r"stty raw -echo; printf '\033[?2004h'; echo go; ",
        r"head -c 12 | cat -v; printf '\033[c'; exec cat -v"
    ));
    let mut joined = client.attach(info.id.number);
    client.wait_for_text(&mut joined, "go");
    send_piece(&mut client, &mut joined, b"abcdef", true, false);
    client.wait_for_text(&mut joined, "abcdef");
    send_piece(&mut client, &mut joined, b"ghi", false, true);
    client.wait_for_text(&mut joined, "ghi^[[201~^[[?62;22;52c");
}

#[test]
fn a_cancel_ends_a_paste() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let info = client.create(&format!("printf '\\033[?2004h'; {SHOW}"));
    let mut joined = client.attach(info.id.number);
    client.wait_for_text(&mut joined, "go");
    send_piece(&mut client, &mut joined, b"half", true, false);
    client.ask::<_, Done>(info.id.number, &CancelInput {});
    let (_, credit) = client.expect::<InputCredit>();
    assert_eq!(credit.taken, joined.position);
    client.type_in(&mut joined, b"next");
    client.wait_for_text(&mut joined, "half^[[201~next");
}

#[test]
fn mouse_and_focus_are_told_as_the_program_asked() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let info = client.create(&format!("printf '\\033[?1000h\\033[?1006h\\033[?1004h'; {SHOW}"));
    let mut joined = client.attach(info.id.number);
    client.wait_for_text(&mut joined, "go");
    client.push(info.id.number, &Mouse { position: 0, action: 0, button: 1, mods: 0, col: 4, row: 2 });
    client.push(info.id.number, &Focus { position: Input::EVENT_COST, gained: true });
    joined.position = 2 * Input::EVENT_COST;
    client.type_in(&mut joined, b"!");
    client.wait_for_text(&mut joined, "^[[<0;5;3M^[[I!");
}

#[test]
fn credit_follows_what_the_program_reads_and_nothing_beyond_it_is_taken() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let info = client.create("stty raw -echo; echo go; head -c 3000000 | wc -c; exec cat");
    let mut joined = client.attach(info.id.number);
    client.wait_for_text(&mut joined, "go");
    let mut through = joined.attached.may_send_through;
    assert_eq!(through, 1024 * 1024);
    let piece = vec![b'x'; Input::MAX_BYTES];
    while joined.position < 3_000_000 {
        let rest = usize::try_from(3_000_000 - joined.position).expect("small");
        let length = rest.min(piece.len());
        while joined.position + length as u64 > through {
            through = client.expect::<InputCredit>().1.may_send_through;
        }
        client.type_in(&mut joined, &piece[..length]);
    }
    client.wait_for_text(&mut joined, "3000000");
}

#[test]
fn input_beyond_the_credit_or_with_a_gap_ends_the_connection() {
    let daemon = TestDaemon::start();
    let mut maker = daemon.connect();
    let number = maker.create("exec sleep 1000").id.number;
    for position in [1, 1024 * 1024] {
        let mut client = daemon.connect();
        client.attach(number);
        client.push(number, &Input { position, data: b"x".to_vec() });
        let (header, error) = client.expect::<Error>();
        assert_eq!((header.request, error.code), (0, ErrorCode::Protocol));
        client.expect_closed();
    }
    let mut client = daemon.connect();
    let mut joined = client.attach(number);
    client.type_in(&mut joined, &vec![b'x'; 1024 * 1024]);
    client.settle();
    client.type_in(&mut joined, b"y");
    assert_eq!(client.expect::<Error>().1.code, ErrorCode::Protocol);
    client.expect_closed();
}

#[test]
fn what_was_taken_is_not_taken_twice() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let info = client.create(SHOW);
    let mut joined = client.attach(info.id.number);
    client.wait_for_text(&mut joined, "go");
    for _ in 0..3 {
        client.push(info.id.number, &Input { position: 0, data: b"once".to_vec() });
    }
    client.push(info.id.number, &Input { position: 4, data: b".".to_vec() });
    client.wait_for_text(&mut joined, "once.");
    // A second attach on the same connection goes on where the first was.
    assert_eq!(client.attach(info.id.number).attached.taken, 5);
}

#[test]
fn a_program_that_does_not_read_blocks_its_own_input_and_nothing_else() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let info = client.create("stty raw -echo; trap 'stty size' WINCH; echo go; while :; do sleep 0.05; done");
    let mut joined = client.attach(info.id.number);
    client.wait_for_text(&mut joined, "go");
    client.type_in(&mut joined, &vec![b'x'; 1024 * 1024]);
    client.settle();
    client.push(info.id.number, &Resize { size: scarab_protocol::ids::TermSize::cells(99, 33) });
    client.wait_for_text(&mut joined, "33 99");
    let other = client.create("echo other; exec cat");
    let mut second = client.attach(other.id.number);
    client.wait_for_text(&mut second, "other");
    // What is left can be taken back, and the session can be ended.
    client.ask::<_, Done>(info.id.number, &CancelInput {});
    let (_, credit) = client.expect::<InputCredit>();
    assert_eq!(credit.taken, joined.position);
    client.ask::<_, Done>(0, &KillSession { target: Target::Id(info.id), signal: None });
    client.expect::<Detached>();
}

#[test]
fn an_interrupt_stops_a_flood_of_output() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let info = client.create("trap 'echo; echo stopped; exec cat' INT; yes; :");
    let mut joined = client.attach(info.id.number);
    client.wait_for_text(&mut joined, "y\ny\ny");
    client.type_in(&mut joined, b"\x03");
    client.wait_for_text(&mut joined, "stopped");
}

#[test]
fn an_observer_sees_and_has_no_say() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let number = client.create("echo look; exec cat").id.number;
    let mut observer = daemon.connect();
    let mut seen = observer.attach_as(number, None, true);
    assert_eq!((seen.attached.observe, seen.attached.may_send_through), (true, 0));
    observer.wait_for_text(&mut seen, "look");
    let refused = observer.refused(number, &Input { position: 0, data: b"x".to_vec() });
    assert_eq!(refused.code, ErrorCode::NotAllowed);
    observer.settle();
}

#[test]
fn twenty_megabytes_pasted_arrive_complete() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let out = daemon.home.path().join("pasted");
    let info = client.create(&format!("stty raw -echo; echo go; head -c 20000000 > {}; echo done; cat", out.display()));
    let mut joined = client.attach(info.id.number);
    client.wait_for_text(&mut joined, "go");
    let line: Vec<u8> = (b' '..=b'~').chain(*b"\t\r").collect();
    let text: Vec<u8> = line.iter().copied().cycle().take(20_000_000).collect();
    let mut through = joined.attached.may_send_through;
    let pieces: Vec<_> = text.chunks(Input::MAX_BYTES).collect();
    for (at, piece) in pieces.iter().enumerate() {
        while joined.position + piece.len() as u64 > through {
            through = client.expect::<InputCredit>().1.may_send_through;
        }
        let (first, last) = (at == 0, at + 1 == pieces.len());
        let paste = Paste { position: joined.position, first, last, data: piece.to_vec() };
        joined.position += piece.len() as u64;
        client.sender.send(Frame::new(info.id.number, 0, &paste).expect("small")).expect("sent");
    }
    client.wait_for_text(&mut joined, "done");
    assert!(std::fs::read(out).expect("written") == text, "it differs");
}
