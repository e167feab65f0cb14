//! `scarabctl events`: everything once and in order, whatever becomes of who listens.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
    sync::mpsc,
    thread,
};

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{DEADLINE, daemon::Daemon, process::signal};

/// A `scarabctl events` whose lines are heard as they come.
struct Follower {
    child: Child,
    lines: mpsc::Receiver<Value>,
}

impl Follower {
    fn start(daemon: &Daemon, arguments: &[&str]) -> Self {
        let mut command = daemon.home.scarabctl(&["events"]);
        let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().expect("it starts");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        let (line, lines) = mpsc::channel();
        thread::spawn(move || {
            for text in stdout.lines().map_while(Result::ok) {
                let _ = line.send(serde_json::from_str(&text).expect("a line of JSON"));
            }
        });
        Self { child, lines }
    }

    fn next(&self) -> Value {
        self.lines.recv_timeout(DEADLINE).expect("an event")
    }

    /// The next event of a kind; others are passed over.
    fn next_of(&self, kind: &str) -> Value {
        loop {
            let event = self.next();
            if event["event"] == kind {
                return event;
            }
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn number(event: &Value) -> u64 {
    event["number"].as_u64().expect("events have numbers")
}

#[test]
fn a_churn_of_sessions_is_told_once_and_in_order() {
    let daemon = Daemon::start();
    let all = Follower::start(&daemon, &["--since", "0"]);
    for round in 0..10 {
        let name = format!("s{round}");
        daemon.ok(&["new", &name, "--", "cat"]);
        daemon.ok(&["resize", &name, &format!("{}x30", 90 + round)]);
        daemon.ok(&["kill", &name]);
    }
    let mut kinds = Vec::new();
    let mut expected = 1;
    while kinds.iter().filter(|kind| *kind == "forgotten").count() < 10 {
        let event = all.next();
        assert_eq!(number(&event), expected, "{event}");
        expected += 1;
        kinds.push(event["event"].as_str().expect("a kind").to_owned());
    }
    for kind in ["created", "resized", "exited"] {
        assert_eq!(kinds.iter().filter(|other| *other == kind).count(), 10, "{kind}");
    }
    // Who comes later hears the same, as far as it asks for it.
    let later = daemon.ok(&["events", "--since", "0", "--kind", "created", "--kind", "exited", "--count", "20"]);
    assert_eq!(later.lines().count(), 20);
}

#[test]
fn only_a_session_that_there_is_can_be_followed() {
    let daemon = Daemon::start();
    assert!(daemon.fails(5, &["events", "s"]).contains("\"s\""));
    assert!(daemon.fails(2, &["events", "--kind", "nonsense"]).contains("created, renamed"));
    daemon.sh("s", "read x; printf '\\033]2;seen\\007'; exec sleep 1000");
    daemon.shell("t");
    let one = Follower::start(&daemon, &["s", "--kind", "attached", "--kind", "title", "--since", "0"]);
    let watcher = daemon.watch("s", None, true);
    loop {
        let attached = one.next_of("attached");
        assert_eq!(attached["session"], "s");
        if attached["data"]["program"] == "e2e" {
            break;
        }
    }
    drop(watcher);
    daemon.type_line("t", "printf '\\033]2;other\\007'");
    daemon.type_line("s", "");
    assert_eq!(one.next_of("title")["data"]["title"], "seen");
}

#[test]
fn a_stopped_listener_is_told_exactly_how_much_it_has_missed() {
    /// More than the daemon keeps, and what fits into sockets and pipes on the way.
    const ENOUGH: u64 = 12_000;
    let daemon = Daemon::start();
    let stopped = Follower::start(&daemon, &["--since", "0"]);
    let awake = Follower::start(&daemon, &["--kind", "command-finished", "--kind", "exited"]);
    // As a shell marks its commands.
    daemon.sh("busy", "while :; do printf '\\033]133;C\\007\\033]133;D;0\\007'; done");
    let first = stopped.next_of("command-started");
    signal(stopped.child.id(), Signal::STOP);
    while number(&awake.next_of("command-finished")) < ENOUGH {}
    daemon.ok(&["kill", "busy"]);
    awake.next_of("exited");
    signal(stopped.child.id(), Signal::CONT);
    let (mut last, mut missed) = (number(&first), 0);
    loop {
        let event = stopped.next();
        if event["event"] == "lagged" {
            let lost = event["missed"].as_u64().expect("how many");
            (last, missed) = (last + lost, missed + lost);
            continue;
        }
        assert_eq!(number(&event), last + 1, "{event}");
        last += 1;
        if event["event"] == "forgotten" {
            break;
        }
    }
    assert!(missed > 0, "nothing was missed: the test shows nothing");
}

#[test]
fn listeners_end_with_their_daemon_and_say_why() {
    let daemon = Daemon::start();
    daemon.shell("s");
    let mut listener = Follower::start(&daemon, &["--since", "0"]);
    listener.next_of("created");
    daemon.ok(&["stop"]);
    // What the end did to the session is told before.
    listener.next_of("exited");
    assert_eq!(listener.child.wait().expect("it ends").code(), Some(3));
}
