//! Screens: published, rung for, scrolled, titled.

use std::{cell::Cell, time::Instant};

use scarab_protocol::{
    client::{self, AttachOptions, Client, ClientOptions},
    ids::TermSize,
    message::*,
    surface::Modes,
};

use super::harness::{PATIENCE, TestDaemon, command, text};
use crate::attach::history;

#[test]
fn whoever_looks_at_lines_oftener_than_it_may_waits_and_gets_them() {
    // As many as a client may ask for at once, and some more.
    const LOOKS: usize = 2300;
    let daemon = TestDaemon::start();
    let mut maker = daemon.connect();
    let info = maker.create("seq 1 100; exec cat");
    let mut joined = maker.attach(info.id.number);
    maker.wait_for_text(&mut joined, "100");
    let bell = client::Bell::default();
    let options = ClientOptions { wake: bell.wake(), ..ClientOptions::new(daemon.address.clone(), "test") };
    let client = Client::connect(options).expect("it is there");
    let attachment = client.attach(AttachOptions { target: Target::Id(info.id), size: None, observe: true });
    let deadline = Some(Instant::now() + PATIENCE);
    bell.wait_for(deadline, || attachment.look(|state| state.info.is_some()).then_some(())).expect("it joins");
    for _ in 0..LOOKS {
        let found = history::fetch(&client, info.id.number, 3..4).expect("no refusal");
        assert_eq!(found.lines.len(), 1);
    }
}

#[test]
fn at_most_one_ring_is_outstanding_however_much_is_put_out() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let info = client.create("read line; seq 1 20000; echo fin; exec cat");
    let mut joined = client.attach(info.id.number);
    // The first ring is for the blank screen.
    client.expect::<FrameReady>();
    client.push(info.id.number, &Arm { frame: 1 << 40 });
    client.type_in(&mut joined, b"\r");
    let mut other = daemon.connect();
    let mut seen = other.attach(info.id.number);
    other.wait_for_text(&mut seen, "fin");
    client.settle();
    assert!(!client.has::<FrameReady>(), "rung for a frame older than the one it was armed with");
    for _ in 0..3 {
        client.push(info.id.number, &Arm { frame: 0 });
        client.expect::<FrameReady>();
    }
    client.settle();
    assert!(!client.has::<FrameReady>(), "one ring for each arm");
}

#[test]
fn all_lines_that_scroll_off_are_counted() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let info = client.create("read line; seq 1 30000; echo fin; exec cat");
    let mut joined = client.attach(info.id.number);
    client.type_in(&mut joined, b"\r");
    client.wait_for_text(&mut joined, "fin");
    // The echo of the key, the numbers, fin, and the line of the cursor, of which 24 are on the screen.
    client.wait_for(&mut joined, "30003 lines", |grid| grid.scrolled == 30_003 - 24);
    assert_eq!(joined.grid.scrollback, 10_000);
    let ask = Scrollback { first: 0, count: 3 };
    let page = client.ask::<_, ScrollbackRows>(info.id.number, &ask);
    assert_eq!((page.first, page.scrolled), (30_003 - 24 - 10_000, 30_003 - 24));
    let line = |data: &LineData| {
        let cells = data.cells.chunks(2).map(|words| scarab_protocol::surface::Cell::from_words([words[0], words[1]]));
        cells.map(|cell| cell.character()).collect::<String>().trim_end().to_owned()
    };
    // Line 0 is the echo, so that line n holds the number n.
    assert_eq!(page.lines.iter().map(line).collect::<Vec<_>>(), ["19979", "19980", "19981"]);
    let all = client.ask::<_, ScrollbackRows>(info.id.number, &Scrollback { first: 0, count: u32::MAX });
    assert!(all.lines.len() > 100 && all.lines.len() < 10_000, "a page is bounded: {}", all.lines.len());
    let none = client.ask::<_, ScrollbackRows>(info.id.number, &Scrollback { first: u64::MAX, count: 5 });
    assert!(none.lines.is_empty());
}

#[test]
fn a_cleared_scrollback_is_gone_for_all_clients_and_the_screen_stays() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let info = client.create("seq 1 100; echo fin; exec cat");
    let mut joined = client.attach(info.id.number);
    client.wait_for_text(&mut joined, "fin");
    let mut other = daemon.connect();
    let mut seen = other.attach(info.id.number);
    other.wait_for(&mut seen, "a scrollback", |grid| grid.scrollback > 0);
    client.ask::<_, Done>(0, &ClearScrollback { target: Target::Id(info.id) });
    for (client, joined) in [(&mut client, &mut joined), (&mut other, &mut seen)] {
        client.wait_for(joined, "no scrollback", |grid| grid.scrollback == 0);
        assert!(text(&joined.grid).contains("fin"));
    }
    let page = client.ask::<_, ScrollbackRows>(info.id.number, &Scrollback { first: 0, count: 5 });
    assert!(page.lines.is_empty());
}

#[test]
fn synchronized_updates_are_shown_as_a_whole() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let info = client.create(
        r"stty -echo; while read line; do printf '\033[?2026l\033[H\033[Jat %s\033[?2026h, not yet' $line; done",
    );
    let mut joined = client.attach(info.id.number);
    // An update is given up after a while, which on a busy machine may be before it was looked at, but not each time.
    let is_seen_without = (0..50).any(|turn| {
        client.type_in(&mut joined, format!("{turn}\r").as_bytes());
        client.wait_for_text(&mut joined, &format!("at {turn}"));
        let is_without = text(&joined.grid).trim() == format!("at {turn}");
        client.wait_for_text(&mut joined, &format!("at {turn}, not yet"));
        is_without
    });
    assert!(is_seen_without, "what is drawn was always seen before its end");
}

#[test]
fn a_scrollback_is_cleared_while_the_program_draws() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    // Its update is begun again before it is given up, so that it always draws.
    let info = client
        .create(r"stty -echo; seq 1 100; printf 'fin\033[?2026l'; while :; do printf '\033[?2026h'; sleep 0.05; done");
    let mut joined = client.attach(info.id.number);
    client.wait_for_text(&mut joined, "fin");
    client.ask::<_, Done>(0, &ClearScrollback { target: Target::Id(info.id) });
    let looks = Cell::new(0);
    client.wait_for(&mut joined, "no scrollback", |grid| {
        looks.set(looks.get() + 1);
        grid.scrollback == 0
    });
    assert_eq!(looks.get(), 1, "it was done before it could be seen");
}

#[test]
fn titles_bells_directories_and_clipboards_are_told() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let info = client.create(concat!(
        r"stty -echo; read line; printf '\033]0;a\001title\007\a\a\033]7;file://h/tmp/x%%20y\033\\'; ",
        r"printf '\033]52;c;%s\007' $(printf 'one\ntwo\033[31m' | base64); printf '\033[?2004h\033[?1h'; exec cat"
    ));
    let mut joined = client.attach(info.id.number);
    client.type_in(&mut joined, b"\r");
    assert_eq!(client.expect::<Title>().1.title, "atitle");
    assert_eq!(client.expect::<Cwd>().1.path, "/tmp/x y");
    let (_, clipboard) = client.expect::<Clipboard>();
    assert_eq!((clipboard.primary, clipboard.text.as_str()), (false, "one\ntwo[31m"));
    assert!(client.expect::<Bell>().1.count >= 1);
    client.wait_for(&mut joined, "modes", |grid| grid.modes.contains(Modes::BRACKETED_PASTE | Modes::APP_CURSOR));
    // Whoever comes later is told what is.
    let mut later = daemon.connect();
    let seen = later.attach(info.id.number);
    assert_eq!(seen.attached.info.title, "atitle");
    assert_eq!((seen.attached.cwd.as_str(), seen.attached.bells), ("/tmp/x y", 2));
}

#[test]
fn queries_are_answered() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    // Each answer is read by its length or its end, and shown without its escapes.
    let info = client.create(concat!(
        r"stty raw -echo; ask() { printf '%b' $1; dd bs=1 count=$2 2>/dev/null | tr -d '\033\007' | tr '\\' '/'; printf ' '; }; ",
        r"ask '\033[c' 12; ask '\033[6n' 7; ask '\033]11;?\007' 24; ask '\033]52;c;?\007' 8; ask '\033[?2026$p' 11; exec cat"
    ));
    let mut joined = client.attach(info.id.number);
    client.wait_for_text(&mut joined, "[?62;22;52c [1;13R ]11;rgb:1616/1818/1d1d ]52;c; [?2026;2$y");
}

#[test]
fn what_the_core_does_not_answer_is_answered_in_order_with_what_it_does() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let version = format!("P>|Scarab({})/", env!("CARGO_PKG_VERSION"));
    // As above; an answer's escapes and backslashes count.
    let script = concat!(
        r"stty raw -echo; ask() { printf '%b' $1; dd bs=1 count=$2 2>/dev/null | tr -d '\033\007' | tr '\\' '/'; printf ' '; }; ",
        r"ask '\033[>0q\033[c' VERSION; ask '\033P$qm\033\\' 9; ask '\033P+q544e\033\\' 40; exec cat"
    );
    // The two escapes of the version's answer, and the attributes with theirs.
    let length = version.len() + 2 + 12;
    let info = client.create(&script.replace("VERSION", &length.to_string()));
    let mut joined = client.attach(info.id.number);
    let name = "P1+r544e=787465726D2D323536636F6C6F72/";
    client.wait_for_text(&mut joined, &format!("{version}[?62;22;52c P1$r0m/ {name}"));
}

#[test]
fn a_client_that_cannot_map_gets_the_same_rows() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let info =
        client.create(r"printf '\033[31mred\033[0m \033]8;;http://x\033\\link\033]8;;\033\\ e\314\201'; exec cat");
    let mut mapped = daemon.connect();
    let mut joined = mapped.attach(info.id.number);
    mapped.wait_for_text(&mut joined, "link e\u{301}");
    let attach = Attach { target: Target::Id(info.id), size: None, observe: true, can_map: false };
    client.ask::<_, Attached>(0, &attach);
    let mut grid = scarab_protocol::surface::Grid::default();
    let request = client.send(info.id.number, &FetchRows { since: 0 });
    loop {
        let rows = client.answer(request).frame.read::<Rows>().expect("rows");
        let more = rows.more;
        grid.apply(&rows.into());
        if !more {
            break;
        }
    }
    assert_eq!(grid, joined.grid);
}

#[test]
fn a_screen_that_grows_moves_to_a_larger_surface() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let info = client.create("echo small; exec cat");
    let mut joined = client.attach(info.id.number);
    client.wait_for_text(&mut joined, "small");
    let generation = joined.reader.generation();
    client.push(info.id.number, &Resize { size: TermSize::cells(200, 100) });
    client.wait_for(&mut joined, "200x100", |grid| (grid.cols(), grid.rows()) == (200, 100));
    assert!(joined.reader.generation() > generation);
    assert!(text(&joined.grid).contains("small"));
    assert_eq!(client.expect::<Resized>().1.size, TermSize::cells(200, 100));
}

#[test]
fn a_session_that_ended_can_still_be_scrolled_through() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let info = client.ask::<_, Created>(0, &command("seq 1 100")).info;
    // Asking for it again and again would be too many commands on a busy machine.
    if client.attach(info.id.number).attached.info.exit.is_none() {
        client.expect::<Exited>();
    }
    let page = client.ask::<_, ScrollbackRows>(info.id.number, &Scrollback { first: 0, count: 1000 });
    assert_eq!(page.lines.len(), 77);
}
