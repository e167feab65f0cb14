//! Order, loss, failures in a row, reloads and ends.

use std::{fs, time::Instant};

use super::harness::{Bench, script};
use crate::plugin::{CallError, Event, Grants, LoadError, Section, State, limits::INBOX};

#[test]
fn a_thousand_events_come_in_order_and_what_is_lost_is_counted_exactly() {
    let bench = Bench::new();
    bench.run(
        "a",
        "local seen, lost, last = 0, 0, 0
        scarab.on('tick', function(e) assert(e.number > last) last = e.number seen += 1 end)
        scarab.on('lagged', function(e)
            lost += e.events
            -- The gap is told of at its place.
            last += e.events
        end)
        -- Once: of the many that are sent more may get through than a plugin may emit.
        local told = false
        scarab.on('end', function(e)
            if not told then scarab.emit('sum', { seen = seen, lost = lost, last = last }) end
            told = true
        end)",
    );
    const EVENTS: u64 = 10 * INBOX as u64;
    for number in 1..=EVENTS {
        bench.event("tick", number, None, &[]);
    }
    // The last one gets through at some time.
    let said = loop {
        bench.event("end", 0, None, &[]);
        let sums = bench.host.all("a emit sum ");
        if let Some(sum) = sums.first() {
            break sum.clone();
        }
        std::thread::yield_now();
    };
    let number = |key: &str| -> u64 {
        let rest = said.split(&format!("{key}=")).nth(1).expect("it is there");
        rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().expect("a number")
    };
    // Of the `end`s some may be lost as well, but no other event.
    assert!(number("seen") >= INBOX as u64 && number("seen") + number("lost") >= EVENTS, "{said}");
    let info = bench.info("a");
    assert_eq!((info.errors, info.last_error), (0, None), "{said}");
    let reported: u64 = bench
        .host
        .all("a Lagged { events: ")
        .iter()
        .map(|said| said.split(',').next().expect("a number").parse::<u64>().expect("a number"))
        .sum();
    assert!(reported <= bench.info("a").dropped);
}

#[test]
fn three_failures_in_a_row_disable_and_a_success_begins_anew() {
    let bench = Bench::new();
    bench.run(
        "a",
        "scarab.on('bad', function() error('broken') end)
        scarab.on('good', function() scarab.emit('good') end)
        scarab.command('c', '', function() end)",
    );
    for kind in ["bad", "bad", "good", "bad", "bad", "bad", "bad"] {
        bench.event(kind, 1, None, &[]);
    }
    let disabled = bench.host.wait("Disabled");
    assert!(disabled.contains("3 callbacks in a row failed, the last with: a.luau:7: broken"), "{disabled}");
    // What was sent afterwards is not looked at.
    assert!(matches!(bench.call("a", "c", &[]), Err(CallError::Disabled { .. })));
    let info = bench.info("a");
    assert_eq!((info.errors, info.last_error.as_deref()), (5, Some("a.luau:7: broken")));
    assert!(matches!(info.state, State::Disabled { .. }));
    let failures = bench.host.all("a Failed");
    assert_eq!(failures.len(), 5);
    // A reload begins it anew.
    let info = bench.plugins.reload("a").expect("fine");
    assert_eq!(info.state, State::Running);
    bench.call("a", "c", &[]).expect("it runs");
}

#[test]
fn a_changed_file_is_loaded_anew_however_it_was_written() {
    let bench = Bench::new();
    let path = bench.write("a", "", "scarab.emit('one')");
    bench.plugins.load(&path, Grants::default(), |_| Section::default()).expect("fine");
    bench.host.wait("emit one");
    // In place.
    fs::write(&path, script("a", "", "scarab.emit('two')")).expect("written");
    bench.host.wait("emit two");
    // By another file that takes its name, as most editors do.
    let new = bench.write_text("new", &script("a", "", "scarab.emit('three')"));
    fs::rename(new, &path).expect("renamed");
    bench.host.wait("emit three");
    // And again, because the watch must not have stayed with the old file.
    let new = bench.write_text("new", &script("a", "", "scarab.emit('four')"));
    fs::rename(new, &path).expect("renamed");
    bench.host.wait("emit four");
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_elsewhere_is_a_change() {
    use std::os::unix::fs::symlink;
    let bench = Bench::new();
    let one = bench.write_text("one", &script("a", "", "scarab.emit('one')"));
    let two = bench.write_text("two", &script("a", "", "scarab.emit('two')"));
    let (link, next) = (bench.home.path().join("link.luau"), bench.home.path().join("next"));
    symlink(one, &link).expect("made");
    bench.plugins.load(&link, Grants::default(), |_| Section::default()).expect("fine");
    symlink(two, &next).expect("made");
    fs::rename(next, link).expect("renamed");
    bench.host.wait("emit two");
}

#[test]
fn a_reload_that_fails_leaves_the_old_one_running_and_says_so() {
    let bench = Bench::new();
    bench.run("a", "scarab.command('v', '', function() return 'old' end)");
    bench.write("a", "", "local = 1");
    let said = bench.host.wait("a not reloaded");
    assert!(said.contains("a.luau:7: "), "{said}");
    assert_eq!(bench.call("a", "v", &[]).as_deref(), Ok("old"));
    assert!(matches!(bench.plugins.reload("a"), Err(LoadError::Script { .. })));
    assert_eq!(bench.call("a", "v", &[]).as_deref(), Ok("old"));
    bench.write("a", "", "scarab.command('v', '', function() return 'new' end)");
    bench.host.wait("a Reloaded");
    assert_eq!(bench.call("a", "v", &[]).as_deref(), Ok("new"));
}

#[test]
fn a_changed_file_gets_no_more_permissions_by_itself() {
    let bench = Bench::new();
    bench.run("a", "");
    bench.write("a", "permissions = ['rename']", "");
    let said = bench.host.wait("a not reloaded");
    assert!(said.contains("`rename`, which it had not; run `scarabctl plugin reload a`"), "{said}");
    assert_eq!(bench.plugins.reload("a").expect("asked for").permissions.len(), 1);
    bench.write_text("a", &script("b", "", ""));
    assert!(matches!(bench.plugins.reload("a"), Err(LoadError::Renamed { found, .. }) if found == "b"));
}

#[test]
fn a_plugin_in_a_callback_ends_with_the_daemon() {
    let bench = Bench::new();
    for name in ["a", "b", "c"] {
        bench.run(name, "scarab.on('go', function() scarab.emit('in') while true do end end)");
    }
    bench.event("go", 1, None, &[]);
    bench.host.wait("c emit in");
    bench.plugins.stop();
    assert!(bench.plugins.list().is_empty());
    let path = bench.write("d", "", "");
    assert!(matches!(
        bench.plugins.load(&path, Grants::default(), |_| Section::default()),
        Err(LoadError::Start { .. })
    ));
}

#[test]
fn events_are_delivered_at_once_whatever_plugins_do() {
    let bench = Bench::new();
    bench.run("stuck", "scarab.on('go', function() scarab.emit('in') while true do end end)");
    bench.run("fine", "scarab.on('go', function(e) scarab.emit('got', { n = e.number }) end)");
    bench.event("go", 1, None, &[]);
    bench.host.wait("stuck emit in");
    for number in 2..5 {
        bench.event("go", number, None, &[]);
    }
    bench.host.wait("fine emit got [n=4]");
    assert_eq!(bench.host.all("fine emit got "), ["[n=1] []", "[n=2] []", "[n=3] []", "[n=4] []"]);
}

#[test]
fn long_texts_of_events_are_cut() {
    let bench = Bench::new();
    bench.run("a", "scarab.on('clipboard', function(e) scarab.emit('got', { n = #e.text }) end)");
    let event = Event {
        kind: "clipboard".into(),
        number: 1,
        session: None,
        fields: vec![("text".into(), "ä".repeat(1 << 20).as_str().into())],
    };
    bench.plugins.deliver(&event);
    bench.host.wait("emit got [n=4096]");
}

#[test]
fn a_plugin_rests_for_its_short_callbacks_too() {
    let bench = Bench::new();
    bench.run(
        "a",
        "local n, began, busy = 0, nil, 0
        scarab.on('k', function()
            local t = os.clock()
            began = began or t
            while os.clock() - t < 0.005 do end
            n += 1
            busy += os.clock() - t
            if n == 100 then scarab.emit('end', { busy = busy, all = os.clock() - began }) end
        end)",
    );
    for number in 0..100 {
        bench.event("k", number, None, &[]);
    }
    let said = bench.host.wait("emit end");
    let number = |key: &str| -> f64 {
        let rest = said.split(&format!("{key}=")).nth(1).expect("it is there");
        rest.split([' ', ']']).next().expect("it ends").parse().expect("a number")
    };
    // The rests are as long as what was computed, which is less than the time by the clock on a busy machine.
    let (all, busy) = (number("all"), number("busy"));
    assert!(all - busy > busy / 20.0, "{said}");
}

#[test]
fn losses_are_reported_seldom_and_add_up() {
    let bench = Bench::new();
    let session = bench.host.add_session(1, "s", None);
    bench.run("a", "scarab.on_line('x', function() end)");
    let feed = bench.plugins.line_feed();
    let began = Instant::now();
    // There is place for two of these batches, so that losses are many, with lines between them.
    for _ in 0..2000 {
        feed.feed(&session, vec!["x".repeat(4000); 400]);
    }
    let lost = bench.info("a").dropped;
    assert!(lost > 0);
    let told = |said: &[String]| -> Vec<u64> {
        let lines = said.iter().filter_map(|said| said.strip_prefix("a Lagged { events: 0, lines: "));
        lines.map(|lines| lines.trim_end_matches(" }").parse().expect("a number")).collect()
    };
    // What was held back comes without anything more being lost.
    let reports = bench.host.wait_for("every loss", |said| {
        let told = told(said);
        (told.iter().sum::<u64>() >= lost).then_some(told)
    });
    assert_eq!(reports.iter().sum::<u64>(), lost);
    assert!(reports.len() as u64 <= 12 + began.elapsed().as_secs(), "{} reports", reports.len());
}
