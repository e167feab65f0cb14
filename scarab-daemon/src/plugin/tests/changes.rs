//! What a reload, a change of the configuration and the daemon's end may not bring with them.

#[cfg(unix)]
mod links;

use std::thread;

use super::harness::Bench;
use crate::plugin::{Grants, LoadError, Section};

#[test]
fn a_changed_section_gives_a_changed_file_no_more_permissions() {
    let bench = Bench::new();
    bench.run("a", "scarab.command('v', '', function() return 'old' end)");
    bench.write("a", "permissions = ['rename']", "");
    bench.host.wait("a not reloaded");
    assert!(matches!(bench.plugins.configure("a", Section::default()), Err(LoadError::MorePermissions { .. })));
    assert_eq!(bench.call("a", "v", &[]).as_deref(), Ok("old"));
}

#[test]
fn a_reload_that_fails_leaves_the_old_ones_status() {
    let bench = Bench::new();
    bench.run("a", "scarab.status('own', 'old') scarab.status('kept', 'too')");
    bench.write("a", "", "scarab.status('own', 'new') scarab.status('plus', 'more') error('no')");
    bench.host.wait("a not reloaded");
    // Items are told in the order of their names: this one is the last.
    bench.host.wait("a status plus None");
    assert_eq!(bench.host.all("a status own ").last().map(String::as_str), Some("Some(\"old\")"));
    let statuses = [("kept", "too"), ("own", "old")].map(|(key, text)| (key.to_owned(), text.to_owned()));
    assert_eq!(bench.info("a").statuses, statuses);
    bench.write("a", "", "scarab.status('own', 'newest')");
    bench.host.wait("a status kept None");
    assert_eq!(bench.info("a").statuses, [("own".to_owned(), "newest".to_owned())]);
}

#[test]
fn a_script_that_is_being_loaded_is_listed_with_what_it_tells_and_does_not_keep_the_daemon() {
    let bench = Bench::new();
    // As long as a script may take, many times over.
    let body = "scarab.status('own', 'early') scarab.emit('in') local t = os.clock() while true do pcall(function() while true do end end) end";
    let path = bench.write("a", "", body);
    thread::scope(|scope| {
        let loading = scope.spawn(|| bench.plugins.load(&path, Grants::default(), |_| Section::default()));
        bench.host.wait("emit in");
        // Whoever asks now may have missed that it was told.
        assert_eq!(bench.info("a").statuses, [("own".to_owned(), "early".to_owned())]);
        assert!(bench.plugins.log("a").is_ok());
        bench.plugins.stop();
        let error = loading.join().expect("no panic").expect_err("it is stopped");
        assert!(bench.plugins.is_stopped() && !matches!(error, LoadError::Slow { .. }), "{error}");
    });
    assert!(bench.plugins.list().is_empty());
}

#[test]
fn a_plugin_does_not_hear_what_it_raises_itself() {
    let bench = Bench::new();
    for name in ["a", "b"] {
        bench.run(name, "scarab.on('plugin', function(event) scarab.emit('heard', { of = event.plugin }) end)");
    }
    bench.event("plugin", 1, None, &[("plugin", "a".into()), ("event", "x".into())]);
    bench.event("plugin", 2, None, &[("plugin", "b".into()), ("event", "x".into())]);
    bench.host.wait("b emit heard [of=a]");
    bench.host.wait("a emit heard [of=b]");
    assert!(bench.host.said().iter().all(|said| !said.contains("a emit heard [of=a]")));
}
