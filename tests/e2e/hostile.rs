//! Output and peers that mean no good.

use std::{
    cell::RefCell,
    fs,
    io::{Read, Write},
    os::unix::net::UnixStream,
    time::Duration,
};

use scarab_protocol::{
    frame::{Flags, Header},
    hello::{ClientHello, DaemonHello, Features, HelloStatus},
    ids::TermSize,
};

use crate::support::{
    DEADLINE,
    daemon::{Daemon, text_of},
    proc,
    wait::within,
};

/// What the daemon may take at most, whatever a program writes: the scrollback of one session, and itself.
const BOUND_KIB: u64 = 250 * 1024;

/// How much is written, in MiB.
const FLOOD_MIB: usize = 200;
/// For so long it may be written: what is tested is that the daemon survives it, not how fast this machine is.
const PATIENCE: Duration = Duration::from_secs(240);

/// Lets a program write `start` and then so many MiB, and checks the daemon's memory and the session after it.
fn survives(mib: usize, start: &str, flood: &dyn Fn(usize) -> u8) {
    let daemon = Daemon::start();
    daemon.shell("other");
    let block: Vec<u8> = (0..1024 * 1024).map(flood).collect();
    fs::write(daemon.home.path("home/flood"), block).expect("the home can be written");
    // Cancelling and a reset end whatever the flood began.
    let script = format!(
        "stty -echo; read go; printf '{start}'; for n in $(seq {mib}); do cat flood; done; \
         printf '\\030\\033c'; echo the end; exec sh -i"
    );
    daemon.sh("s", &script);
    daemon.type_line("s", "");
    daemon.type_line("other", "echo responsive");
    daemon.sees("other", "^responsive$");
    let client = daemon.watch("s", Some(TermSize::default()), true);
    client.until_within(PATIENCE, "the end of the flood", |state| {
        (0..state.grid.rows()).any(|row| state.grid.row_text(row).contains("the end"))
    });
    let memory = proc::resident_kib(daemon.pid());
    assert!(memory < BOUND_KIB, "{memory} KiB");
    // Before the prompt Ctrl-C would end the script.
    client.sees("$");
    // Answers to queries in the flood may be in the shell's line by now. Ctrl-C drops them, and what is typed right
    // behind it too; and more answers may follow.
    let answers = || {
        let prompts = || text_of(&client.grid()).matches('$').count();
        let before = prompts();
        client.attachment().input(b"\x03").expect("there is room");
        within(Duration::from_secs(1), || (prompts() != before).then_some(()));
        client.attachment().input(b"echo al''ive\r").expect("there is room");
        within(Duration::from_secs(1), || text_of(&client.grid()).contains("alive").then_some(()))
    };
    assert!(within(DEADLINE, answers).is_some(), "the session is dead: {}", text_of(&client.grid()));
}

#[test]
fn an_osc_string_without_an_end_is_bounded() {
    survives(FLOOD_MIB, r"\033]2;", &|_| b'a');
}

#[test]
fn combining_marks_without_end_on_one_cell_are_bounded() {
    survives(FLOOD_MIB, "a", &|at| "\u{301}".as_bytes()[at % 2]);
}

#[test]
fn bytes_that_are_no_text_do_no_harm() {
    // Each of them becomes a character of its own, which takes longest.
    survives(FLOOD_MIB / 4, "", &|_| 0xff);
}

#[test]
fn random_bytes_do_no_harm() {
    let numbers = RefCell::new(0x2545_f491_4f6c_dd1d_u64);
    survives(FLOOD_MIB, "", &|_| {
        // Xorshift: any bytes will do that have no end and no meaning.
        let mut number = numbers.borrow_mut();
        *number ^= *number << 13;
        *number ^= *number >> 7;
        *number ^= *number << 17;
        (*number >> 32) as u8
    });
}

#[test]
fn sizes_beyond_all_sense_are_clamped() {
    let daemon = Daemon::start();
    daemon.shell("s");
    let client = daemon.watch("s", Some(TermSize::cells(80, 24)), true);
    for (asked, given) in [((0, 0), (2, 1)), ((1, 1), (2, 1)), ((65535, 65535), (1000, 1000)), ((80, 24), (80, 24))] {
        client.attachment().resize(TermSize::cells(asked.0, asked.1));
        client.until("the clamped size", |state| (state.grid.cols(), state.grid.rows()) == given);
    }
    client.attachment().input(b"echo alive\r").expect("there is room");
    client.sees("\nalive");
}

fn connect(daemon: &Daemon) -> UnixStream {
    let stream = UnixStream::connect(daemon.socket()).expect("the daemon listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("a socket has timeouts");
    stream
}

/// Everything that still comes before the daemon closes the connection; a reset is an end too.
fn rest(stream: &mut UnixStream) -> Vec<u8> {
    let mut all = Vec::new();
    match stream.read_to_end(&mut all) {
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the daemon did not close: {error}"),
    }
    all
}

fn greeted(daemon: &Daemon) -> UnixStream {
    let mut stream = connect(daemon);
    stream.write_all(&ClientHello::new("e2e 0.1.0", Features::empty()).to_bytes()).expect("sent");
    let mut answer = [0; DaemonHello::BYTES];
    stream.read_exact(&mut answer).expect("an answer");
    assert_eq!(DaemonHello::from_bytes(&answer).expect("a hello").status, HelloStatus::Ok);
    stream
}

#[test]
fn a_client_from_another_time_is_told_both_versions() {
    let daemon = Daemon::start();
    let mut stream = connect(&daemon);
    let hello = ClientHello { lowest: 7, highest: 9, ..ClientHello::new("future 9.9", Features::empty()) };
    stream.write_all(&hello.to_bytes()).expect("sent");
    let mut answer = [0; DaemonHello::BYTES];
    stream.read_exact(&mut answer).expect("an answer");
    let answer = DaemonHello::from_bytes(&answer).expect("a hello");
    assert_eq!((answer.status, answer.pid), (HelloStatus::Version, daemon.pid()));
    let text = answer.refusal(&hello).expect("it is refused");
    assert!(text.contains("1 to 1") && text.contains("7 to 9"), "{text}");
    rest(&mut stream);
}

#[test]
fn peers_that_say_nothing_or_nonsense_are_closed_and_nobody_else_notices() {
    let daemon = Daemon::start();
    daemon.shell("s");
    let (threads, descriptors) = (proc::threads(daemon.pid()), proc::descriptors(daemon.pid()));
    let mut silent = connect(&daemon);
    let mut half = connect(&daemon);
    half.write_all(b"scarab").expect("sent");
    let mut web = connect(&daemon);
    web.write_all(&[b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".as_slice(), &[b' '; 64]].concat()).expect("sent");
    let mut long = greeted(&daemon);
    long.write_all(&[0xff; 16]).expect("sent");
    let mut broken = greeted(&daemon);
    let header = Header { length: 64, kind: 0x0002, flags: Flags::empty(), request: 1, session: 0 };
    broken.write_all(&[header.to_bytes().as_slice(), &[0xff; 64]].concat()).expect("sent");
    let mut backwards = greeted(&daemon);
    let header = Header { length: 0, kind: 0x8001, flags: Flags::empty(), request: 1, session: 0 };
    backwards.write_all(&header.to_bytes()).expect("sent");
    let mut unfinished = greeted(&daemon);
    let header = Header { length: 1000, kind: 0x0030, flags: Flags::empty(), request: 1, session: 0 };
    unfinished.write_all(&[header.to_bytes().as_slice(), b"only a part"].concat()).expect("sent");
    for stream in [&mut silent, &mut half, &mut web, &mut long, &mut broken, &mut backwards, &mut unfinished] {
        rest(stream);
    }
    daemon.type_line("s", "echo unharmed");
    daemon.sees("s", "^unharmed$");
    drop((silent, half, web, long, broken, backwards, unfinished));
    let back = || proc::threads(daemon.pid()) <= threads && proc::descriptors(daemon.pid()) <= descriptors;
    crate::support::wait::until("nothing of them is left", back);
}

#[test]
fn an_unknown_kind_is_answered_and_the_connection_goes_on() {
    let daemon = Daemon::start();
    let mut stream = greeted(&daemon);
    for (kind, request) in [(0x7ffe, 5), (0x0777, 6)] {
        let header = Header { length: 0, kind, flags: Flags::empty(), request, session: 0 };
        stream.write_all(&header.to_bytes()).expect("sent");
    }
    let mut answered = Vec::new();
    while answered.len() < 2 {
        let mut header = [0; 16];
        stream.read_exact(&mut header).expect("an answer");
        let header = Header::from_bytes(header).expect("a header");
        let mut payload = vec![0; header.length as usize];
        stream.read_exact(&mut payload).expect("its payload");
        // The first is the Welcome.
        if header.kind == 0x8004 {
            answered.push(header.request);
        }
    }
    assert_eq!(answered, [5, 6]);
}

#[test]
fn a_peer_that_never_reads_is_closed_when_it_is_owed_too_much() {
    let daemon = Daemon::start();
    let mut stream = greeted(&daemon);
    stream.set_write_timeout(Some(Duration::from_secs(20))).expect("a socket has timeouts");
    // Pings with large payloads, whose answers nobody takes.
    let ping =
        scarab_protocol::frame::Frame::new(0, 1, &scarab_protocol::message::Ping { payload: vec![7; 256 * 1024] })
            .expect("it fits");
    let closed = (0..2000).any(|_| stream.write_all(ping.bytes()).is_err());
    assert!(closed, "500 MiB of answers are owed and the daemon goes on");
    let memory = proc::resident_kib(daemon.pid());
    assert!(memory < BOUND_KIB, "{memory} KiB");
    daemon.ok(&["ping", "--count", "1"]);
}
