//! `scarabctl plugin`: what is bundled does its work, and what is written by hand too.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::Value;

use crate::support::{daemon::Daemon, wait::until};

/// A script in the daemon's home, for `scarabctl plugin load`.
fn script(daemon: &Daemon, name: &str, body: &str) -> String {
    let path = daemon.home.path(&format!("home/{name}.luau"));
    let text = format!("--[[ scarab-plugin\nname = \"{name}\"\nversion = \"1.0.0\"\napi = 1\n]]\n{body}\n");
    fs::write(&path, text).expect("the home is ours");
    // Whatever the umask is: nobody else may write a plugin.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("it is ours");
    path.to_string_lossy().into_owned()
}

#[test]
fn a_plugin_is_loaded_called_changed_and_unloaded() {
    let daemon = Daemon::start();
    let path = script(&daemon, "hello", "scarab.command('say', '', function(args) return `one {args[1]}` end)");
    assert_eq!(daemon.ok(&["plugin", "load", &path]), "hello");
    assert_eq!(daemon.ok(&["plugin", "call", "hello", "say", "word"]), "one word");
    assert!(daemon.ok(&["plugin", "list"]).starts_with("hello 1.0.0  running"));
    let listed = daemon.json(&["plugin", "list", "hello"]);
    assert_eq!(
        (&listed[0]["state"], &listed[0]["commands"][0]["name"]),
        (&Value::from("running"), &Value::from("say"))
    );
    script(&daemon, "hello", "scarab.command('say', '', function(args) return `two {args[1]}` end)");
    until("it is loaded anew", || daemon.ok(&["plugin", "call", "hello", "say", "word"]) == "two word");
    daemon.ok(&["plugin", "unload", "hello"]);
    assert!(daemon.fails(1, &["plugin", "call", "hello", "say"]).contains("no plugin `hello` is loaded"));
}

#[test]
fn what_is_wrong_is_said_in_one_line() {
    let daemon = Daemon::start();
    assert!(daemon.fails(1, &["plugin", "load", "/no/such.luau"]).contains("/no/such.luau"));
    assert!(daemon.fails(1, &["plugin", "load", "nonsense"]).contains("autoname, notify-on-exit, watch"));
    let path = script(&daemon, "broken", "\n\nlocal = 1");
    assert!(daemon.fails(1, &["plugin", "load", &path]).contains("broken.luau:8"));
    let path = script(&daemon, "hello", "scarab.command('say', '', function() return nil, 'usage: say WORD' end)");
    daemon.ok(&["plugin", "load", &path]);
    assert!(daemon.fails(1, &["plugin", "call", "hello", "say"]).contains("usage: say WORD"));
    assert!(daemon.fails(1, &["plugin", "call", "hello", "shout"]).contains("say"));
}

#[test]
fn the_end_of_a_command_is_told_by_the_plugin_that_the_configuration_names() {
    let daemon = Daemon::start();
    daemon.ok(&["config", "set", "plugins.notify-on-exit.seconds", "0"]);
    until("it is loaded", || daemon.ok(&["plugin", "list"]).starts_with("notify-on-exit"));
    daemon.sh("s", "printf '\\033]133;C;cmdline_url=make\\007'; read x; printf '\\033]133;D;2\\007'; exec sleep 1000");
    daemon.type_line("s", "");
    let told = daemon.ok(&["events", "--kind", "notification", "--since", "0", "--count", "1"]);
    let told: Value = serde_json::from_str(&told).expect("a line of JSON");
    assert_eq!(told["data"]["plugin"], "notify-on-exit");
    assert!(told["data"]["title"].as_str().is_some_and(|title| title.starts_with("make failed with 2")), "{told}");
}

#[test]
fn an_endless_loop_is_ended_and_slows_no_other() {
    let daemon = Daemon::start();
    let body = "scarab.command('loop', '', function() while true do pcall(function() while true do end end) end end)";
    let path = script(&daemon, "endless", body);
    daemon.ok(&["plugin", "load", &path]);
    assert!(daemon.fails(1, &["plugin", "call", "endless", "loop"]).contains("endless.luau:6"));
    daemon.shell("s");
    daemon.type_line("s", "echo $((6*7))");
    daemon.sees("s", "^42$");
}

#[test]
fn what_the_bundled_watch_sees_is_an_event() {
    let daemon = Daemon::start();
    assert_eq!(daemon.ok(&["plugin", "load", "watch"]), "watch");
    daemon.ok(&["plugin", "call", "watch", "add", "error: .*"]);
    assert_eq!(daemon.ok(&["plugin", "call", "watch", "list"]), "error: .*");
    daemon.sh("s", "read x; echo 'error: out of coffee'; exec sleep 1000");
    daemon.type_line("s", "");
    let seen = daemon.ok(&["events", "--kind", "plugin", "--since", "0", "--count", "1"]);
    let seen: Value = serde_json::from_str(&seen).expect("a line of JSON");
    assert_eq!((&seen["session"], &seen["data"]["event"]), (&Value::from("s"), &Value::from("seen")), "{seen}");
    assert_eq!(seen["data"]["line"], "error: out of coffee", "{seen}");
    daemon.ok(&["plugin", "call", "watch", "remove", "error: .*"]);
    assert_eq!(daemon.ok(&["plugin", "call", "watch", "list"]), "");
}

#[test]
fn the_bundled_autoname_names_what_nobody_has_named() {
    let daemon = Daemon::start();
    daemon.ok(&["plugin", "load", "autoname"]);
    let says = r"printf '\033]7;file:///srv/project\007\033]133;C;cmdline_url=make\007'; exec sleep 1000";
    daemon.ok(&["new", "--", "sh", "-c", says]);
    until("it has a name", || daemon.listed("project-make").is_some());
    daemon.sh("mine", says);
    let said = daemon.ok(&["events", "mine", "--kind", "command-started", "--since", "0", "--count", "1"]);
    assert!(said.contains("make"), "{said}");
    assert!(daemon.listed("mine").is_some());
}

#[test]
fn the_examples_half_in_the_daemon_follows_a_build() {
    let daemon = Daemon::start();
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/build_progress.luau"));
    let path = daemon.home.path("home/build-progress.luau");
    fs::write(&path, text.expect("it is there")).expect("the home is ours");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("it is ours");
    let path = path.to_string_lossy().into_owned();
    assert_eq!(daemon.ok(&["plugin", "load", &path]), "build-progress");
    // Whoever needs it loads it too.
    assert_eq!(daemon.ok(&["plugin", "load", &path]), "build-progress");
    daemon.sh("b", "echo '[3/40] Compiling x'; read x; exit 2");
    daemon.sees("b", "Compiling");
    let progress = || daemon.ok(&["plugin", "call", "build-progress", "progress", "--session", "b"]);
    until("it is seen", || progress() == "3 of 40");
    daemon.type_line("b", "");
    let told = daemon.ok(&["events", "b", "--kind", "plugin", "--since", "0", "--count", "2"]);
    let told = told.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect::<Vec<Value>>();
    let numbers = |event: &Value| (event["data"]["done"].clone(), event["data"]["all"].clone());
    assert_eq!(told[0]["data"]["event"], "progress");
    assert_eq!(told[1]["data"]["event"], "finished");
    assert_eq!((numbers(&told[1]), &told[1]["data"]["code"]), ((3.into(), 40.into()), &Value::from(2)));
    assert_eq!(progress(), "nothing is being built");
}
