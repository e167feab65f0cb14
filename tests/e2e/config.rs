//! The configuration, changed as people change it: with `sed -i`, with an editor, and with `scarabctl`.

use std::{fs, path::PathBuf};

use serde_json::Value;

use crate::support::{
    daemon::{Daemon, Home},
    process::run,
    wait::until,
};

/// The exit codes that `scarabctl --help` documents.
const FAILED: i32 = 1;
const USAGE: i32 = 2;

/// A daemon with a file of every default.
fn start() -> (Daemon, PathBuf) {
    let home = Home::new();
    let file = home.path("home/.config/scarab/scarab.toml");
    fs::create_dir_all(file.parent().expect("it is in a directory")).expect("the home is ours");
    let said = home.ctl(&["config", "--default"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    fs::write(&file, said.stdout).expect("the home is ours");
    let daemon = Daemon::start_in(home);
    assert_eq!(daemon.ok(&["config", "path"]), file.display().to_string());
    (daemon, file)
}

fn get(daemon: &Daemon, key: &str) -> Value {
    daemon.json(&["config", "get", key])
}

#[test]
fn the_daemon_follows_sed_an_editor_and_scarabctl() {
    let (daemon, file) = start();
    let comments =
        |text: &str| text.lines().filter(|line| line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>();
    let before = comments(&fs::read_to_string(&file).expect("it is there"));
    daemon.sh("s", "seq 1 3000; exec sleep 1000");
    daemon.sees("s", "^3000$");

    let mut sed = daemon.home.command("sed");
    let said = run(sed.args(["-i", "s/^scrollback = .*/scrollback = 100/"]).arg(&file), b"");
    assert_eq!(said.code, 0, "{}", said.stderr);
    until("it holds 100 lines", || {
        let all = daemon.ok(&["capture", "s", "--scrollback", "5000"]);
        all.lines().filter(|line| !line.is_empty()).count() < 130
    });
    assert_eq!(get(&daemon, "daemon.scrollback"), 100);

    // As vim saves: the old file away, the new one in its place.
    let text = fs::read_to_string(&file).expect("it is there");
    fs::rename(&file, file.with_extension("toml~")).expect("the home is ours");
    fs::write(&file, text.replace("term = \"xterm-256color\"", "term = \"vt100\"")).expect("the home is ours");
    until("TERM is another", || get(&daemon, "daemon.term") == "vt100");
    daemon.sh("t", "echo it is $TERM; exec sleep 1000");
    daemon.sees("t", "^it is vt100$");

    daemon.ok(&["config", "set", "client.background", "#102030", "--save"]);
    assert_eq!(get(&daemon, "client.background"), "#102030");
    let text = fs::read_to_string(&file).expect("it is there");
    assert!(text.contains("\nbackground = \"#102030\"\n"), "{text}");
    assert_eq!(comments(&text), before);
    assert!(daemon.ok(&["config"]).contains("background = \"#102030\" # file"));
}

#[test]
fn a_broken_file_is_reported_with_its_line_and_changes_nothing() {
    let (daemon, file) = start();
    fs::write(&file, "[daemon]\nscrollback = 'many'\n").expect("the home is ours");
    until("it is reported", || daemon.json(&["config"])["problem"].is_string());
    let told = format!("{}:2:14: daemon.scrollback: found \"many\"", file.display());
    let config = daemon.json(&["config"]);
    assert!(config["problem"].as_str().is_some_and(|problem| problem.starts_with(&told)), "{config}");
    assert_eq!(get(&daemon, "daemon.scrollback"), 10_000);
    assert!(daemon.fails(FAILED, &["config", "check"]).contains(&told));
    assert!(daemon.fails(FAILED, &["config", "set", "daemon.term", "vt100", "--save"]).contains(&told));
    daemon.ok(&["config", "set", "daemon.term", "vt100"]);
    assert_eq!(get(&daemon, "daemon.term"), "vt100");
}

#[test]
fn a_wrong_key_or_value_is_told_what_would_be_right() {
    let daemon = Daemon::start();
    assert!(daemon.fails(USAGE, &["config", "get", "daemon.scrolback"]).contains("daemon.scrollback"));
    assert!(daemon.fails(USAGE, &["config", "set", "daemon.scrollback", "lots"]).contains("lots"));
    assert!(daemon.fails(FAILED, &["config", "set", "daemon.scrollback", "-1"]).contains("from 0 to 1000000"));
    assert!(daemon.ok(&["config", "set", "daemon.resume_seconds", "60"]).contains("started anew"));
    // There is no file, and need not be.
    assert!(daemon.ok(&["config", "check"]).contains("default"));
    assert!(daemon.fails(FAILED, &["config", "check", "/no/such/file"]).contains("/no/such/file"));
}

#[test]
fn what_was_set_is_taken_back() {
    let (daemon, file) = start();
    daemon.ok(&["config", "set", "daemon.scrollback", "5", "--save"]);
    daemon.ok(&["config", "set", "daemon.scrollback", "7"]);
    assert_eq!(get(&daemon, "daemon.scrollback"), 7);
    daemon.ok(&["config", "unset", "daemon.scrollback"]);
    assert_eq!(get(&daemon, "daemon.scrollback"), 5);
    assert!(daemon.json(&["config", "unset", "daemon.scrollback", "--save"])["saved"].as_bool().is_some_and(|it| it));
    assert_eq!(get(&daemon, "daemon.scrollback"), 10_000);
    let text = fs::read_to_string(&file).expect("it is there");
    assert!(!text.lines().any(|line| line.starts_with("scrollback")), "{text}");
    assert!(daemon.fails(USAGE, &["config", "unset", "daemon.scrolback"]).contains("daemon.scrollback"));
}
