//! `scarabctl` and a daemon that it starts, with the platform's own shell.

use std::{
    io::Read,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
};

use serde_json::Value;

use super::{
    program::{self, Program},
    support::{DEADLINE, daemon::Daemon, desk::Desk, platform, within},
};
use scarab_protocol::endpoint::Address;

/// What a program had to say.
struct Said {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Runs a program to its end, and to that of its output, which whoever inherits it keeps open.
fn run(command: &mut Command) -> Said {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("the program was built");
    let output = [read(child.stdout.take().expect("it is piped")), read(child.stderr.take().expect("it is piped"))];
    // Twice, because some are told themselves to wait for a deadline.
    let patience = 2 * DEADLINE;
    let mut code = None;
    let ended = within(patience, || {
        code = child.try_wait().expect("it can be waited for").map(|status| status.code());
        code.is_some()
    });
    if !ended {
        child.kill().expect("it runs");
    }
    let said = output.each_ref().map(|output| output.recv_timeout(patience));
    match (code, said) {
        (Some(code), [Ok(stdout), Ok(stderr)]) => Said { code, stdout, stderr },
        (_, said) => panic!("{command:?} did not end, or somebody has its output: {code:?}, {said:?}"),
    }
}

/// Reads text to its end, in a thread of its own.
fn read(mut output: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (done, text) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = output.read_to_end(&mut bytes);
        done.send(String::from_utf8_lossy(&bytes).replace("\r\n", "\n"))
    });
    text
}

/// Runs `scarabctl`, which must succeed and not complain.
fn ok(daemon: &Daemon, arguments: &[&str]) -> String {
    succeeds(&mut daemon.scarabctl(arguments))
}

fn succeeds(command: &mut Command) -> String {
    let said = run(command);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{command:?}: {}", said.stdout);
    said.stdout.trim_end_matches('\n').to_owned()
}

fn json(daemon: &Daemon, arguments: &[&str]) -> Value {
    let text = ok(daemon, &[&["--json"], arguments].concat());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error} in {text:?}"))
}

/// Runs `scarabctl`, which must fail with this code and a line that has this in it.
fn fails(daemon: &Daemon, code: i32, arguments: &[&str], part: &str) {
    let said = run(&mut daemon.scarabctl(arguments));
    assert_eq!(said.code, Some(code), "{arguments:?}: {}", said.stderr);
    assert!(said.stderr.starts_with("scarabctl: ") && said.stderr.contains(part), "{arguments:?}: {}", said.stderr);
}

/// A daemon that `scarabctl start` has started, in the directories of another one. It is stopped when this is dropped.
struct Started<'a> {
    place: &'a Daemon,
    address: Address,
}

impl<'a> Started<'a> {
    fn start(place: &'a Daemon) -> Self {
        let started = Self { place, address: place.other_address("started") };
        started.ok(&["start"]);
        started
    }

    fn ok(&self, arguments: &[&str]) -> String {
        succeeds(&mut self.place.scarabctl_at(&self.address, arguments))
    }
}

impl Drop for Started<'_> {
    fn drop(&mut self) {
        let said = run(&mut self.place.scarabctl_at(&self.address, &["stop"]));
        assert!(thread::panicking() || said.code == Some(0), "{}", said.stderr);
    }
}

/// Makes a session of the platform's shell, and waits for its prompt: what is typed before that may be shown before it.
fn shell(daemon: &Daemon, name: &str, options: &[&str]) {
    assert_eq!(ok(daemon, &[&["new", name], options, &["--", platform::SHELL]].concat()), name);
    ok(daemon, &["wait", name, "--text", platform::PROMPT, "--timeout", "60"]);
}

#[test]
fn a_session_is_made_typed_into_looked_at_resized_and_killed() {
    let daemon = Daemon::start();
    shell(&daemon, "work", &["--size", "90x25"]);
    ok(&daemon, &["send", "work", "echo a-word-of-mine", "--enter"]);
    ok(&daemon, &["wait", "work", "--text", "(?m)^a-word-of-mine", "--timeout", "60"]);
    assert!(ok(&daemon, &["capture", "work"]).lines().any(|line| line.trim_end() == "a-word-of-mine"));
    let captured = json(&daemon, &["capture", "work", "--format", "json"]);
    assert_eq!((&captured["cols"], &captured["rows"]), (&Value::from(90), &Value::from(25)));

    ok(&daemon, &["resize", "work", "70x20"]);
    let resized = || {
        let captured = json(&daemon, &["capture", "work", "--format", "json"]);
        (captured["cols"].as_u64(), captured["rows"].as_u64()) == (Some(70), Some(20))
    };
    assert!(within(DEADLINE, resized), "{}", json(&daemon, &["list"]));
    ok(&daemon, &["rename", "work", "play"]);
    let listed = json(&daemon, &["list"]);
    assert_eq!(listed[0]["name"], "play");
    fails(&daemon, 5, &["capture", "work"], "no session");

    ok(&daemon, &["kill", "play"]);
    assert_eq!(json(&daemon, &["list"]), Value::Array(vec![]));
}

#[test]
fn the_end_of_a_shell_is_waited_for_and_told_with_its_status() {
    let daemon = Daemon::start();
    shell(&daemon, "short", &[]);
    ok(&daemon, &["send", "short", platform::EXIT, "--enter"]);
    let ended = json(&daemon, &["wait", "short", "--exit", "--timeout", "60"]);
    assert_eq!(ended["code"], 3, "{ended}");
    // The screen of a program that has ended stays.
    assert!(ok(&daemon, &["capture", "short"]).contains(platform::EXIT));
    fails(&daemon, 1, &["send", "short", "x"], "ended");
    ok(&daemon, &["forget", "short"]);
    assert_eq!(json(&daemon, &["list"]), Value::Array(vec![]));
}

#[test]
fn a_program_has_the_directory_and_the_variables_it_was_given_and_this_terminals() {
    let daemon = Daemon::start();
    let place = daemon.path("place-of-mine");
    platform::make_directory(&place);
    let place = place.to_str().expect("text");
    shell(&daemon, "work", &["--cwd", place, "--env", "MINE=a-value-of-mine"]);
    for (typed, seen) in [
        (platform::TELL_DIRECTORY.to_owned(), "(?m)place-of-mine$"),
        (platform::tell_variable("MINE"), "(?m)^a-value-of-mine"),
        (platform::tell_variable("SCARAB_SESSION"), "(?m)^work"),
        (platform::tell_variable("TERM"), "(?m)^xterm-256color"),
    ] {
        ok(&daemon, &["send", "work", &typed, "--enter"]);
        ok(&daemon, &["wait", "work", "--text", seen, "--timeout", "60"]);
    }
    fails(&daemon, 1, &["new", "nowhere", "--cwd", &format!("{place}-not"), "--", platform::SHELL], "no directory");
}

#[test]
fn a_program_that_is_interrupted_ends() {
    let daemon = Daemon::start();
    let desk = Desk::join_new(&daemon, "patient", &Program::Patient);
    desk.attachment.input(b"\x03").expect("little is held");
    // With which status, platforms do not agree on.
    ok(&daemon, &["wait", "patient", "--exit", "--timeout", "60"]);
}

#[test]
fn a_program_is_interrupted_and_its_shell_goes_on_in_a_daemon_that_was_started_here() {
    let place = Daemon::start();
    let daemon = Started::start(&place);
    // The shell of Wine would end, too.
    let (variable, words) = program::told(&Program::Host);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    daemon.ok(&[&["new", "work", "--env", &variable, "--"], &words[..]].concat());
    let sees = |text: &str| daemon.ok(&["wait", "work", "--text", text, "--timeout", "60"]);
    sees(program::READY);
    daemon.ok(&["send", "work", "--key", "C-c"]);
    sees(program::WENT_ON);
    daemon.ok(&["send", "work", "a-word-of-mine", "--enter"]);
    sees(&format!("{}a-word-of-mine", program::HEARD));
}

#[test]
fn a_session_is_shown_in_another_typed_into_from_there_and_left() {
    let daemon = Daemon::start();
    shell(&daemon, "inner", &[]);
    shell(&daemon, "outer", &[]);
    let sees = |session: &str, text: &str| ok(&daemon, &["wait", session, "--text", text, "--timeout", "60"]);
    // The console of Wine does not know sequences, and breaks what is drawn with them where it thinks that a line ends: some of
    // several words are always whole.
    ok(&daemon, &["send", "inner", "echo mark mark mark mark mark mark", "--enter"]);
    sees("inner", "(?m)^mark mark");
    let attach = format!("\"{}\" attach inner", env!("CARGO_BIN_EXE_scarabctl"));
    ok(&daemon, &["send", "outer", &attach, "--enter"]);
    sees("outer", "mark");
    ok(&daemon, &["send", "outer", "echo more more more more more more", "--enter"]);
    sees("inner", "(?m)^more more");
    sees("outer", "more");

    let inner = |what: &str| {
        let listed = json(&daemon, &["list"]);
        listed.as_array()?.iter().find(|session| session["name"] == "inner")?[what].as_u64()
    };
    ok(&daemon, &["resize", "outer", "70x20"]);
    assert!(within(DEADLINE, || inner("cols") == Some(70)), "{}", ok(&daemon, &["list"]));
    ok(&daemon, &["send", "outer", "--key", r"C-\"]);
    assert!(within(DEADLINE, || inner("clients") == Some(0)), "{}", ok(&daemon, &["capture", "outer"]));
    ok(&daemon, &["send", "outer", "echo back-outside", "--enter"]);
    sees("outer", "(?m)^back-outside");
    assert!(!ok(&daemon, &["capture", "inner"]).contains("back-outside"));
}

#[test]
fn a_daemon_is_told_to_stop_and_says_who_it_is_before() {
    let mut daemon = Daemon::start();
    let status = json(&daemon, &["status"]);
    assert_eq!(status["sessions"], 0);
    // Whoever made sure that it runs may still be counted beside who asks.
    assert!(within(DEADLINE, || json(&daemon, &["status"])["clients"] == 1), "{status}");
    assert_eq!(status["pid"], daemon.pid());
    ok(&daemon, &["new", "work", "--", platform::SHELL]);
    let pings = json(&daemon, &["ping", "--count", "20", "--payload", "1000000"]);
    assert!(pings["p50_us"].as_f64().is_some_and(|time| time > 0.0), "{pings}");
    ok(&daemon, &["stop"]);
    daemon.has_been_stopped();
    fails(&daemon, 3, &["status"], "");
}

#[test]
fn a_daemon_that_was_started_here_outlives_its_starter_and_holds_nothing_of_it() {
    let place = Daemon::start();
    let other = place.other_address("started");
    let ctl = |arguments: &[&str]| {
        // Its output is a pipe, read to its end: if the daemon kept it open, this would wait for ever.
        run(&mut place.scarabctl_at(&other, arguments))
    };
    let started = ctl(&["start"]);
    assert_eq!(started.code, Some(0), "{}", started.stderr);
    assert!(started.stdout.starts_with("started"), "{}", started.stdout);
    assert!(ctl(&["start"]).stdout.contains("running"), "it runs already");
    assert_eq!(ctl(&["status"]).code, Some(0));
    assert_eq!(ctl(&["stop"]).code, Some(0));
}
