//! The configuration of a daemon in a process of its own, with every change that `scarabctl` and `sed -i` make.
#![cfg(target_os = "linux")]

mod common;

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use scarab_protocol::{
    client::{Client, ClientOptions},
    config::Value,
    endpoint::Address,
    message::{Done, SetConfig},
};

use common::{DEADLINE, Daemon, Said, run};

/// Runs `scarabctl config` for a daemon.
fn config(daemon: &Daemon, arguments: &[&str]) -> Said {
    let mut command = daemon.command(env!("CARGO_BIN_EXE_scarabctl"));
    run(command.args(["--daemon", "test", "config"]).args(arguments))
}

/// The same, which must succeed and say nothing on standard error.
fn ok(daemon: &Daemon, arguments: &[&str]) -> String {
    let said = config(daemon, arguments);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{arguments:?}");
    said.stdout.trim_end().to_owned()
}

/// Waits until something is so that no event tells of here.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_whole_file_is_changed_by_sed_and_saved_into() {
    let daemon = Daemon::start();
    let file = daemon.path(".config/scarab/scarab.toml");
    assert_eq!(ok(&daemon, &["path"]), file.display().to_string());
    assert!(ok(&daemon, &[]).contains("scrollback = 10000 # default"));
    fs::create_dir_all(file.parent().expect("it is in a directory")).expect("the home is ours");
    fs::write(&file, ok(&daemon, &["--default"]) + "\n").expect("the home is ours");
    until("the file is seen", || ok(&daemon, &[]).contains("scrollback = 10000 # file"));
    assert!(ok(&daemon, &["check"]).ends_with("nothing is wrong"));
    let said = run(daemon.command("sed").args(["-i", "s/^scrollback = .*/scrollback = 77/"]).arg(&file));
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    until("sed is followed", || ok(&daemon, &["get", "daemon.scrollback"]) == "77");
    let old = fs::read_to_string(&file).expect("it is there");
    assert_eq!(ok(&daemon, &["set", "client.theme", "nord", "--save"]), "");
    assert_eq!(ok(&daemon, &["get", "client.theme"]), "nord");
    let new = fs::read_to_string(&file).expect("it is there");
    assert_eq!(new, old.replace("\ntheme = \"scarab\"", "\ntheme = \"nord\""));
    assert_ne!(new, old);

    fs::write(&file, "[daemon]\nscrolback = 1\n").expect("the home is ours");
    let told = format!("scarabctl: {}:2:1: daemon.scrolback: found no such key", file.display());
    let said = config(&daemon, &["check"]);
    assert_eq!(said.code, Some(1));
    assert!(said.stderr.starts_with(&told), "{}", said.stderr);
    until("it is reported", || ok(&daemon, &[]).contains("it is broken"));
    assert_eq!(ok(&daemon, &["get", "daemon.scrollback"]), "77");
    let said = config(&daemon, &["get", "daemon.scrolback"]);
    assert_eq!((said.code, said.stderr.contains("daemon.scrollback")), (Some(2), true), "{}", said.stderr);
    let said = config(&daemon, &["set", "daemon.scrollback", "-1"]);
    assert_eq!((said.code, said.stderr.contains("found -1")), (Some(1), true), "{}", said.stderr);
    assert!(ok(&daemon, &["set", "daemon.resume_seconds", "60"]).contains("started anew"));
}

#[test]
fn the_pages_example_is_right() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/CONFIGURATION.md");
    let page = fs::read_to_string(page).expect("it is there");
    let example = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("there is one");
    let daemon = Daemon::start();
    let file = daemon.path("example.toml");
    fs::write(&file, example).expect("the home is ours");
    ok(&daemon, &["check", &file.display().to_string()]);
    assert!(example.contains("[plugins."));
}

#[test]
fn the_level_of_the_log_follows() {
    let daemon = Daemon::start();
    let log = || {
        let state = daemon.path("../state/scarab");
        let hosts = fs::read_dir(state).expect("it is there").flatten();
        let files = hosts.flat_map(|host| fs::read_dir(host.path()).expect("a directory").flatten());
        let logs = files.filter(|file| file.path().extension().is_some_and(|ending| ending == "log"));
        logs.map(|file| fs::read_to_string(file.path()).expect("text")).collect::<String>()
    };
    // A client that comes is told of at that level only.
    assert!(!log().contains("DEBUG"));
    ok(&daemon, &["set", "daemon.log", "debug"]);
    ok(&daemon, &["get", "daemon.log"]);
    until("it is more talkative", || log().contains("DEBUG"));
    ok(&daemon, &["set", "daemon.log", "off"]);
    let before = log().len();
    ok(&daemon, &["set", "daemon.scrollback", "5"]);
    assert_eq!(log().len(), before);
}

#[test]
fn a_thousand_changes_leave_no_thread_and_no_descriptor_behind() {
    let daemon = Daemon::start();
    let count = |what: &str| fs::read_dir(format!("/proc/{}/{what}", daemon.pid())).expect("it runs").count();
    let address = Address::of_socket(&daemon.socket()).expect("a short path");
    let client = Client::connect(ClientOptions::new(address, "test 1.0")).expect("it answers");
    let change = |lines: i64, save: bool| {
        let change = SetConfig { key: "daemon.scrollback".into(), value: Some(Value::Integer(lines)), save };
        client.ask::<_, Done>(&change, DEADLINE).expect("changed");
    };
    // The file and its directory are made; they are watched from then on.
    change(1, true);
    let file = daemon.path(".config/scarab/scarab.toml");
    fs::write(&file, "[daemon]\nscrollback = 2\n").expect("the home is ours");
    until("it is seen", || ok(&daemon, &["get", "daemon.scrollback"]) == "2");
    let before = (count("task"), count("fd"));
    for lines in 3..=1000 {
        change(lines, lines % 2 == 0);
    }
    until("threads and descriptors are what they were", || count("task") <= before.0 && count("fd") <= before.1);
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "[daemon]\nscrollback = 1000\n");
    assert_eq!(fs::read_dir(file.parent().expect("it is in a directory")).expect("a directory").count(), 1);
}
