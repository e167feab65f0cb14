//! The plugins that come with the program, end to end.

use std::collections::BTreeMap;

use super::harness::Bench;
use crate::plugin::{Grants, Section, State, Value, bundled};

fn load(bench: &Bench, name: &str, settings: &[(&str, Value)]) {
    let settings: BTreeMap<_, _> = settings.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    bench
        .plugins
        .load_bundled(name, Grants::default(), |_| Section { settings, ..Section::default() })
        .unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn each_loads_with_the_name_of_its_file() {
    let bench = Bench::new();
    for name in bundled::names() {
        load(&bench, name, &[]);
        let info = bench.info(name);
        assert!(!info.about.is_empty() && info.state == State::Running, "{info:?}");
        bench.plugins.reload(name).expect("fine");
    }
    assert_eq!(bench.plugins.list().len(), bundled::names().count());
}

#[test]
fn the_end_of_a_long_command_is_told_and_that_of_a_short_one_is_not() {
    let bench = Bench::new();
    load(&bench, "notify-on-exit", &[("seconds", 5.into())]);
    let build = bench.host.add_session(1, "build", None);
    let done = |duration_ms: i64, status: i64, command: &str| {
        bench.event(
            "command-finished",
            1,
            Some(&build),
            &[("duration_ms", duration_ms.into()), ("status", status.into()), ("command", command.into())],
        );
    };
    done(4900, 0, "short");
    done(5000, 0, "make");
    done(3_725_400, 2, &"ä".repeat(200));
    bench.event("exited", 2, Some(&build), &[("seconds", 61.into()), ("code", 0.into())]);
    bench.host.wait("program");
    let long = format!("{}…", "ä".repeat(48));
    let expected = [
        "[make ended after 5 s] [in session build] [build]".to_owned(),
        format!("[{long} failed with 2 after 1 h 02 min] [in session build] [build]"),
        "[The session's program ended after 1 min 01 s] [in session build] [build]".into(),
    ];
    assert_eq!(bench.host.all("notify-on-exit notify "), expected);
}

#[test]
fn a_hundred_ends_at_once_disable_nothing() {
    let bench = Bench::new();
    load(&bench, "notify-on-exit", &[]);
    for _ in 0..100 {
        bench.event("command-finished", 1, None, &[("duration_ms", 20_000.into())]);
    }
    bench.event("command-finished", 2, None, &[("duration_ms", 1000.into())]);
    bench.host.wait("A command ended after 20 s");
    bench.plugins.unload("notify-on-exit").expect("loaded");
    assert!(bench.host.all("notify-on-exit Failed").is_empty());
}

#[test]
fn a_bad_setting_is_said_when_it_is_loaded() {
    let bench = Bench::new();
    let settings = [("seconds".to_owned(), "soon".into())].into();
    let error = bench
        .plugins
        .load_bundled("notify-on-exit", Grants::default(), |_| Section { settings, ..Section::default() })
        .expect_err("bad")
        .to_string();
    assert!(error.contains("seconds must be a number"), "{error}");
}

#[test]
fn sessions_are_named_by_directory_and_command() {
    let bench = Bench::new();
    let (one, two) = (bench.host.add_session(1, "1", Some("/home/me/scarab")), bench.host.add_session(2, "2", None));
    load(&bench, "autoname", &[]);
    bench.host.wait("autoname rename 1 scarab");
    bench.event("command-started", 1, Some(&one), &[("command", "RUST_LOG=x /usr/bin/cargo test".into())]);
    bench.host.wait("autoname rename 1 scarab-cargo");
    // Taken names are left alone.
    bench.event("cwd", 2, Some(&two), &[("path", "/srv/scarab/".into())]);
    bench.event("command-started", 3, Some(&two), &[("command", "cargo".into())]);
    bench.host.wait("autoname rename 2 scarab-cargo-2");
    bench.event("command-finished", 4, Some(&one), &[]);
    bench.host.wait_for("back", |said| {
        (said.iter().filter(|said| *said == "autoname rename 1 scarab").count() == 2).then_some(())
    });
    // Odd directories make fit names.
    bench.event("cwd", 5, Some(&two), &[("path", "/tmp/.büro & 1".into())]);
    bench.host.wait("autoname rename 2 b-ro-1-cargo");
    bench.event("cwd", 6, Some(&two), &[("path", "/2026".into())]);
    bench.event("command-finished", 7, Some(&two), &[]);
    bench.host.wait("autoname rename 2 dir-2026");
}

#[test]
fn a_name_that_a_user_gave_stays() {
    let bench = Bench::new();
    let one = bench.host.add_session(1, "1", None);
    let two = bench.host.add_session(2, "mail", None);
    let three = bench.host.add_session(3, "3", None);
    load(&bench, "autoname", &[]);
    bench.event("cwd", 1, Some(&one), &[("path", "/a".into())]);
    bench.host.wait("autoname rename 1 a");
    bench.host.user_renames(1, "precious");
    for session in [&one, &two, &three] {
        bench.event("cwd", 2, Some(session), &[("path", "/b".into())]);
    }
    bench.host.wait("autoname rename 3 b");
    assert_eq!(bench.host.names(), ["precious", "mail", "b"]);
}

#[test]
fn patterns_of_settings_and_commands_are_seen_in_every_session() {
    let bench = Bench::new();
    load(&bench, "watch", &[("patterns", Value::List(vec!["error: .*".into()]))]);
    let (a, b) = (bench.host.add_session(1, "a", None), bench.host.add_session(2, "b", None));
    let feed = bench.plugins.line_feed();
    assert_eq!(bench.call("watch", "add", &["warn(ing)?"]).as_deref(), Ok("looking for warn(ing)?"));
    assert_eq!(bench.call("watch", "list", &[]).as_deref(), Ok("error: .*\nwarn(ing)?"));
    feed.feed(&a, vec!["fine".into(), "error: no".into()]);
    feed.feed(&b, vec!["warning".into(), "error: 2".into()]);
    let seen = bench.host.wait_for("three", |said| {
        let all: Vec<_> = said.iter().filter(|said| said.starts_with("watch emit")).cloned().collect();
        (all.len() == 3).then_some(all)
    });
    let expected = [
        "watch emit seen [line=error: no pattern=error: .*] [a]",
        "watch emit seen [line=warning pattern=warn(ing)?] [b]",
        "watch emit seen [line=error: 2 pattern=error: .*] [b]",
    ];
    assert_eq!(seen, expected);
    bench.host.wait("watch notify [Seen in b] [error: 2] [b]");
    // What was added stays over a reload, and goes when it is removed.
    bench.plugins.reload("watch").expect("fine");
    assert_eq!(bench.call("watch", "list", &[]).as_deref(), Ok("error: .*\nwarn(ing)?"));
    bench.call("watch", "remove", &["warn(ing)?"]).expect("it is there");
    assert_eq!(bench.call("watch", "list", &[]).as_deref(), Ok("error: .*"));
    assert_eq!(bench.call("watch", "add", &[]).expect_err("none").to_string(), "usage: add PATTERN");
    let error = bench.call("watch", "add", &["("]).expect_err("bad").to_string();
    assert!(error.contains("bad pattern"), "{error}");
}

#[test]
fn a_flood_of_matches_disables_nothing() {
    let bench = Bench::new();
    load(&bench, "watch", &[("patterns", Value::List(vec!["x".into()]))]);
    let session = bench.host.add_session(1, "s", None);
    bench.plugins.line_feed().feed(&session, vec!["x".into(); 500]);
    bench.call("watch", "list", &[]).expect("it runs");
    assert_eq!(bench.info("watch").errors, 0);
    assert!(bench.host.all("watch emit").len() < 500);
}
