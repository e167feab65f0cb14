//! Input on its way to programs.

use scarab_protocol::{frame::Frame, ids::TermSize, message::*};

use super::harness::{Joined, TestClient, TestDaemon, command};

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
    client.push(info.id.number, &Mouse { position: 0, action: 0, button: 1, mods: 0, col: 4, row: 2, x: 0, y: 0 });
    client.push(info.id.number, &Focus { position: Input::EVENT_COST, gained: true });
    joined.position = 2 * Input::EVENT_COST;
    client.type_in(&mut joined, b"!");
    client.wait_for_text(&mut joined, "^[[<0;5;3M^[[I!");
}

/// Sends a mouse event on the cell of column 4 and row 2, half of its height down and this far to the right in it.
fn point(client: &mut TestClient, joined: &mut Joined, action: u8, button: u8, mods: u8, x: u8) {
    let mouse = Mouse { position: joined.position, action, button, mods, col: 4, row: 2, x, y: 128 };
    joined.position += Input::EVENT_COST;
    client.push(joined.number, &mouse);
}

/// What a program sets, and what it is then told of a click with Ctrl, a motion by a quarter of a cell, and a key.
const MOUSE_MODES: [(&str, &str); 14] = [
    // A press, without its modifier; not that it ends.
    (r"\033[?9h", "^[[M %#!"),
    (r"\033[?9;1006h", "^[[<0;5;3M!"),
    (r"\033[?1003;9h", "^[[M %#!"),
    (r"\033[?9;1000h", "^[[M0%#^[[M3%#!"),
    // The reset of any kind of tracking ends the one in force.
    (r"\033[?9h\033[?9l", "  !"),
    (r"\033[?9h\033[?1000l", "  !"),
    (r"\033[?1000h\033[?9l", "  !"),
    (r"\033[?1000h\033[?1003l", "  !"),
    (r"\033[?1002h\033[?1000l", "  !"),
    (r"\033[?1003;1016h", "^[[<16;35;41M^[[<16;35;41m^[[<35;37;41M!"),
    (r"\033[?1000;1006;1016h", "^[[<16;35;41M^[[<16;35;41m!"),
    (r"\033[?1000;1016;1006h", "^[[<16;5;3M^[[<16;5;3m!"),
    (r"\033[?1000;1006;1016h\033[?1016l", "^[[M0%#^[[M3%#!"),
    (r"\033[?9;1016h\033c", "  !"),
];

#[test]
fn presses_alone_and_pixels_are_told_as_the_program_asked() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let size = TermSize { cols: 80, rows: 24, pixel_width: 640, pixel_height: 384 };
    for (modes, shown) in MOUSE_MODES {
        let wanted = CreateSession { size, ..command(&format!("printf '{modes}'; {SHOW}")) };
        let number = client.ask::<_, Created>(0, &wanted).info.id.number;
        let mut joined = client.attach_as(number, None, false);
        client.wait_for_text(&mut joined, "go");
        point(&mut client, &mut joined, 0, 1, 4, 64);
        point(&mut client, &mut joined, 1, 1, 4, 64);
        point(&mut client, &mut joined, 2, 0, 0, 128);
        client.type_in(&mut joined, b"!");
        client.wait_for_text(&mut joined, shown);
    }
}

#[test]
fn pixels_are_of_the_size_in_force() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let number = client.create(&format!("printf '\\033[?1000;1016h'; {SHOW}")).id.number;
    let mut joined = client.attach_as(number, None, false);
    client.wait_for_text(&mut joined, "go");
    // Nobody has told any: each cell counts as one.
    point(&mut client, &mut joined, 0, 1, 0, 64);
    client.wait_for_text(&mut joined, "^[[<0;5;3M");
    let size = TermSize { cols: 40, rows: 12, pixel_width: 400, pixel_height: 240 };
    client.push(number, &Resize { size });
    assert_eq!(client.expect::<Resized>().1.size, size);
    point(&mut client, &mut joined, 1, 1, 0, 64);
    client.wait_for_text(&mut joined, "^[[<0;43;51m");
}

#[test]
fn motion_is_told_once_for_a_place() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let pixels = TermSize { cols: 80, rows: 24, pixel_width: 640, pixel_height: 384 };
    for (size, shown) in [
        // Nobody has told pixels: each cell counts as one, and is told once.
        (TermSize::cells(80, 24), "^[[<35;5;3M^[[<0;5;3M^[[<0;5;3m!"),
        (pixels, "^[[<35;33;41M^[[<35;35;41M^[[<0;35;41M^[[<0;35;41m^[[<35;37;41M!"),
    ] {
        let wanted = CreateSession { size, ..command(&format!("printf '\\033[?1003;1016h'; {SHOW}")) };
        let number = client.ask::<_, Created>(0, &wanted).info.id.number;
        let mut joined = client.attach_as(number, None, false);
        client.wait_for_text(&mut joined, "go");
        for x in [0, 64, 65] {
            point(&mut client, &mut joined, 2, 0, 0, x);
        }
        point(&mut client, &mut joined, 0, 1, 0, 64);
        point(&mut client, &mut joined, 1, 1, 0, 64);
        for x in [64, 128] {
            point(&mut client, &mut joined, 2, 0, 0, x);
        }
        client.type_in(&mut joined, b"!");
        client.wait_for_text(&mut joined, shown);
    }
}

#[test]
fn a_program_that_asks_is_told_which_mouse_modes_are_set() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let info = client.create(concat!(
        r"stty raw -echo; printf '\033[?9;1006h\033[?9$p\033[?1016$p\033[?1002;1016h\033[?9$p\033[?1006$p\033[?1016$p'; ",
        "exec cat -v"
    ));
    let mut joined = client.attach(info.id.number);
    client.wait_for_text(&mut joined, "^[[?9;1$y^[[?1016;2$y^[[?9;2$y^[[?1006;2$y^[[?1016;1$y");
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
    // A terminal that is not raw throws away what is too much for a line, and then there is credit again.
    let number = maker.create("stty raw -echo; echo go; exec sleep 1000").id.number;
    let mut joined = maker.attach(number);
    maker.wait_for_text(&mut joined, "go");
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
    client.push(info.id.number, &Resize { size: TermSize::cells(99, 33) });
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
