//! The client of `tests/independent`, which goes by docs/PROTOCOL.md and shares no line with ours, at a
//! real daemon: it sees what `scarabctl` sees, and what it types arrives once.
#![cfg(target_os = "linux")]

mod common;

use std::{
    collections::BTreeSet,
    fmt::Write,
    fs,
    io::{BufRead, BufReader},
    process::{Child, Stdio},
};

use scarab_protocol::{
    frame::Frame,
    message::{Error, ErrorCode},
    surface::Modes,
};
use serde_json::Value;

use common::{Daemon, run, within};

/// Everything that a cell can hold: attributes, colours, underlines, wide characters, one of them too wide for the end of
/// its line, marks, links, the cursor's shape and place; and a palette, modes and a title beside.
const DRAWING: &str = r#"
printf '\033]2;a title\007\033]4;1;rgb:10/20/30\007\033[?1h\033[?2004h'
printf '\033[1;31mbold\033[0;3;38;2;1;2;3mitalic\033[0;2;7mfaint\033[0;8;9mhidden\033[0;48;5;200mback\033[0m\r\n'
printf '\033[4mone\033[4:2mtwo\033[4:3;58:2::9:8:7mcurly\033[4:4;58:5:3mdotted\033[4:5mdashed\033[0m\r\n'
printf '\346\274\242\345\255\227 wide e\314\201\314\262x marks \360\237\230\200\r\n'
printf '\033]8;id=7;https://example.org/a?b=c\033\\a link\033]8;;\033\\ and \033]8;;file:///x\033\\e\314\201\033]8;;\033\\\r\n'
printf '%079d\346\274\242 wrapped\r\n' 1
printf '\033[12;40H\033[5 qready'
exec sleep 1000
"#;

#[test]
fn it_decodes_every_vector_of_the_page_and_encodes_it_again() {
    let daemon = Daemon::start();
    let said = client(&daemon, &["vectors", PAGE]);
    assert!(said.ends_with(" vectors"), "{said}");
}

/// The page.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/PROTOCOL.md");

#[test]
fn the_pages_error_codes_are_the_codes() {
    use ErrorCode::*;
    let codes = [
        Protocol,
        NoSuchSession,
        NameTaken,
        BadName,
        BadSize,
        Ended,
        StillRunning,
        NotAttached,
        NotAllowed,
        SpawnFailed,
        Full,
        BadRequest,
        RateLimited,
        Stopping,
        Internal,
        NotResumable,
        Superseded,
        TooSlow,
        BadToken,
        BadConfig,
        NoSuchPlugin,
        BadPlugin,
        PluginFailed,
    ];
    let encoded = codes.map(|code| {
        let frame = Frame::new(0, 0, &Error::new(code, "")).expect("it is small");
        // The code is the first byte of the struct, which is all of the payload when the text is empty.
        format!("| {} | `{code:?}` |", frame.bytes()[16])
    });
    let page = fs::read_to_string(PAGE).expect("docs/PROTOCOL.md is there");
    let rows =
        page.lines().skip_while(|line| !line.starts_with("| 0 | `Protocol`")).take_while(|line| !line.is_empty());
    let rows: Vec<_> = rows.map(|row| row.split('|').take(3).collect::<Vec<_>>().join("|") + "|").collect();
    assert_eq!(rows, encoded);
}

#[test]
fn the_pages_modes_are_the_codes() {
    let page = fs::read_to_string(PAGE).expect("docs/PROTOCOL.md is there");
    let rows =
        page.lines().skip_while(|line| !line.starts_with("**Modes**")).skip(4).take_while(|line| !line.is_empty());
    let bits: BTreeSet<u64> = rows.filter_map(|row| row.split('|').nth(1)?.trim().parse().ok()).collect();
    let known = (0..64).filter(|bit| Modes::all().bits() >> bit & 1 == 1).collect();
    assert_eq!(bits, known);
}

#[test]
fn it_sees_the_screen_as_scarabctl_does_mapped_and_by_rows() {
    let daemon = Daemon::start();
    assert_eq!(client(&daemon, &["new", "drawing", "--", "sh", "-c", DRAWING]), "drawing");
    let mapped = json(&client(&daemon, &["screen", "drawing", "--json", "--until", "ready"]));
    let rows = json(&client(&daemon, &["screen", "drawing", "--json", "--until", "ready", "--rows"]));
    assert_eq!(mapped, rows);
    assert_eq!(without_more(mapped.clone()), captured(&daemon, "drawing"));

    // What both say is also what was drawn.
    let texts: Vec<_> = mapped["lines"].as_array().expect("lines").iter().map(|line| line["text"].clone()).collect();
    assert_eq!(texts[2], "漢字 wide e\u{301}\u{332}x marks 😀");
    assert_eq!(texts[5], "漢 wrapped");
    let runs = &mapped["lines"][3]["runs"];
    assert_eq!((&runs[0]["text"], &runs[0]["link"]), (&"a link".into(), &"https://example.org/a?b=c".into()));
    assert_eq!((&runs[2]["text"], &runs[2]["link"]), (&"e\u{301}".into(), &"file:///x".into()));
    let cursor = serde_json::json!({ "col": 44, "row": 11, "visible": true, "shape": "beam" });
    assert_eq!((&mapped["cursor"], &mapped["title"]), (&cursor, &"a title".into()));
    // What scarabctl does not tell: application cursor keys and bracketed paste, a blinking cursor, a palette.
    assert_eq!(mapped["modes"].as_u64().map(|modes| modes & 0xff), Some(1 | 1 << 3));
    assert_eq!((&mapped["blinking"], &mapped["palette"]), (&true.into(), &serde_json::json!({ "1": "#102030" })));
}

#[test]
fn it_follows_a_session_to_a_larger_surface() {
    let daemon = Daemon::start();
    client(
        &daemon,
        &[
            "new",
            "growing",
            "--",
            "sh",
            "-c",
            "read line; yes 0123456789 | head -c 47000 | tr '\\n' ' '; echo grown; exec sleep 1000",
        ],
    );
    let arguments = ["screen", "growing", "--follow", "--until", "grown", "--json"];
    let mut mapping = Follower::start(&daemon, &arguments);
    let mut fetching = Follower::start(&daemon, &[&arguments[..], &["--rows"]].concat());
    for (follower, generation) in [(&mut mapping, 1), (&mut fetching, 0)] {
        let first = follower.line();
        assert!(first.ends_with(&format!("generation {generation} size 80x24")), "{first}");
    }
    ctl(&daemon, &["resize", "growing", "400x120"]);
    client(&daemon, &["type", "growing", "--enter"]);
    let (mapped, fetched) = (mapping.last(), fetching.last());
    assert!(mapped.0.ends_with("size 400x120") && !mapped.0.contains("generation 1 "), "{}", mapped.0);
    assert_eq!(mapped.1, fetched.1);
    assert_eq!(without_more(mapped.1), captured(&daemon, "growing"));
}

#[test]
fn it_lists_more_sessions_than_a_page_has() {
    let daemon = Daemon::start();
    for number in 0..70 {
        client_made(&daemon, &format!("s{number}"));
    }
    let listed = client(&daemon, &["list"]);
    let names: Vec<_> = listed.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, (0..70).map(|number| format!("s{number}")).collect::<Vec<_>>());
}

#[test]
fn what_it_types_arrives_though_it_is_more_than_the_credit() {
    let daemon = Daemon::start();
    let text = lines(120_000);
    assert!(text.len() > 2 << 20, "more than twice the credit of a client");
    keep(&daemon, "sink");
    fs::write(daemon.path("text"), &text).expect("written");
    client(&daemon, &["type", "sink", "--file", "text"]);
    assert_kept(&daemon, "sink", &text);
}

#[test]
fn what_it_types_over_a_cut_connection_arrives_once() {
    let daemon = Daemon::start();
    // Items of different sizes are cut at different places, before and behind what the daemon has read by then.
    for (name, item) in [("small", "7"), ("middle", "300"), ("large", "65536")] {
        let text = lines(12_000);
        keep(&daemon, name);
        fs::write(daemon.path("text"), &text).expect("written");
        let told = json(&client(&daemon, &["resume-test", name, "--file", "text", "--item", item]));
        assert_eq!((&told["sent"], &told["typed"]), (&(text.len() / 2).into(), &text.len().into()));
        assert_kept(&daemon, name, &text);
    }
}

#[test]
fn what_it_types_while_its_next_connection_takes_over_arrives_once() {
    let daemon = Daemon::start();
    for (name, item) in [("small", "7"), ("middle", "300"), ("large", "65536")] {
        let text = lines(20_000);
        keep(&daemon, name);
        fs::write(daemon.path("text"), &text).expect("written");
        let told = json(&client(&daemon, &["resume-test", name, "--file", "text", "--item", item, "--overtake"]));
        let (sent, taken) = (told["sent"].as_u64(), told["taken"].as_u64());
        assert!(taken <= sent && sent <= Some(text.len() as u64), "{told}");
        assert_kept(&daemon, name, &text);
    }
}

#[test]
fn it_is_told_what_is_wrong() {
    let daemon = Daemon::start();
    let said = run(&mut daemon.client(&["screen", "nobody"]));
    assert_eq!((said.code, said.stdout.as_str()), (Some(1), ""));
    assert!(said.stderr.contains("NoSuchSession: no session is called \"nobody\""), "{}", said.stderr);
}

/// A session that keeps what is typed, up to a line that says so, and tells when it has it.
fn keep(daemon: &Daemon, name: &str) {
    let script = format!("stty raw -echo; echo ready; sed '/^END$/q' > kept-{name}; echo all here; exec sleep 1000");
    client(daemon, &["new", name, "--", "sh", "-c", &script]);
    client(daemon, &["screen", name, "--until", "ready"]);
}

fn assert_kept(daemon: &Daemon, name: &str, text: &str) {
    client(daemon, &["screen", name, "--until", "all here"]);
    let kept = fs::read_to_string(daemon.path(&format!("kept-{name}"))).expect("it was kept");
    let differs = kept.lines().zip(text.lines()).position(|(kept, typed)| kept != typed);
    assert_eq!((kept.len(), differs), (text.len(), None), "{name}: the first line that is another");
}

/// So many different lines, and one that ends them.
fn lines(count: u32) -> String {
    let mut text = (0..count).fold(String::new(), |mut text, number| {
        let _ = writeln!(text, "this is line {number}");
        text
    });
    text.push_str("END\n");
    text
}

fn client_made(daemon: &Daemon, name: &str) {
    ctl(daemon, &["new", name, "--", "sleep", "1000"]);
}

/// Runs the client, which must succeed and not complain; what it printed, without the last newline.
fn client(daemon: &Daemon, arguments: &[&str]) -> String {
    let said = run(&mut daemon.client(arguments));
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{arguments:?}");
    said.stdout.trim_end_matches('\n').to_owned()
}

fn ctl(daemon: &Daemon, arguments: &[&str]) -> String {
    let mut command = daemon.command(env!("CARGO_BIN_EXE_scarabctl"));
    let said = run(command.args(["--daemon", "test"]).args(arguments));
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{arguments:?}");
    said.stdout
}

/// What the client has read, without what `scarabctl` does not tell.
fn without_more(mut read: Value) -> Value {
    for only in ["modes", "blinking", "scrolled", "palette"] {
        read.as_object_mut().expect("an object").remove(only);
    }
    read
}

/// What `scarabctl` captures, without what only it tells.
fn captured(daemon: &Daemon, name: &str) -> Value {
    let mut captured = json(&ctl(daemon, &["capture", name, "--format", "json"]));
    captured.as_object_mut().expect("an object").remove("scrollback");
    captured
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text:?}"))
}

/// The client while it runs, line by line. Gone when dropped.
struct Follower {
    process: Child,
    lines: Option<BufReader<std::process::ChildStdout>>,
}

impl Follower {
    fn start(daemon: &Daemon, arguments: &[&str]) -> Self {
        let process = daemon.client(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut process = process.expect("python3 can be started");
        let lines = process.stdout.take().map(BufReader::new);
        Self { process, lines }
    }

    fn line(&mut self) -> String {
        let mut lines = self.lines.take().expect("the last line came in time");
        let (lines, line) = within(move || {
            let mut line = String::new();
            let read = lines.read_line(&mut line);
            (lines, read.map(|_| line))
        });
        self.lines = Some(lines);
        let line = line.expect("its output can be read");
        assert!(line.ends_with('\n'), "the client has ended after {line:?}");
        line.trim_end().to_owned()
    }

    /// Its last words: the frame that was waited for, and what is on it.
    fn last(&mut self) -> (String, Value) {
        let (mut frame, mut line) = (String::new(), self.line());
        while !line.starts_with('{') {
            frame = std::mem::replace(&mut line, self.line());
        }
        (frame, json(&line))
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
