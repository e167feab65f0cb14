//! What scripts can do, function by function.

use std::collections::BTreeMap;

use super::harness::Bench;
use crate::plugin::{Grants, Section, SessionRef, Value};

/// Lines of a session, as its screen thread hands them over.
fn feed(bench: &Bench, session: &SessionRef, lines: &[&str]) {
    bench.plugins.line_feed().feed(session, lines.iter().map(|line| (*line).to_owned()).collect());
}

#[test]
fn an_event_has_its_kind_number_session_and_fields() {
    let bench = Bench::new();
    let build = bench.host.add_session(1, "build", None);
    bench.run(
        "a",
        "scarab.on('bell', function(e) scarab.emit('got', {
            a = e.kind, b = e.number, c = e.session.name .. e.session.id, d = e.text, e = e.half, f = e.yes }) end)",
    );
    bench.event("title", 1, None, &[]);
    bench.event("bell", 2, Some(&build), &[("text", "x".into()), ("half", 0.5.into()), ("yes", true.into())]);
    assert_eq!(bench.host.wait("emit"), "a emit got [a=bell b=2 c=build1 d=x e=0.5 f=true] []");
}

#[test]
fn lines_come_to_who_waits_for_them_with_their_groups() {
    let bench = Bench::new();
    let (build, other) = (bench.host.add_session(1, "build", None), bench.host.add_session(2, "other", None));
    let feed_of = bench.plugins.line_feed();
    assert!(!feed_of.is_wanted());
    bench.run(
        "a",
        "local function say(name) return function(session, line, groups)
            scarab.emit(name, { line = line, groups = table.concat(groups, '|') }, session) end end
        scarab.on_line([[\\[(\\d+)/(\\d+)\\](x)?]], say('progress'))
        scarab.on_line('a.c', { plain = true }, say('plain'))
        scarab.on_line('here', { session = 'build' }, say('here'))",
    );
    assert!(feed_of.is_wanted());
    feed(&bench, &build, &["[3/7] cc", "abc", "a.c", "here"]);
    feed(&bench, &other, &["here", "a.c"]);
    let said = bench.host.wait_for("four", |said| {
        let all: Vec<_> = said.iter().filter_map(|said| said.strip_prefix("a emit ")).map(str::to_owned).collect();
        (all.len() == 4).then_some(all)
    });
    let expected = [
        "progress [groups=3|7| line=[3/7] cc] [build]",
        "plain [groups= line=a.c] [build]",
        "here [groups= line=here] [build]",
        "plain [groups= line=a.c] [other]",
    ];
    assert_eq!(said, expected);
    bench.plugins.unload("a").expect("loaded");
    assert!(!feed_of.is_wanted());
}

#[test]
fn sessions_and_screens_are_seen() {
    let bench = Bench::new();
    bench.host.add_session(7, "build", Some("/tmp"));
    bench.run(
        "a",
        "scarab.command('look', '', function()
            local s = scarab.sessions()[1]
            local by_name, by_table = scarab.screen('build'), scarab.screen(s)
            assert(by_name.lines[1] == by_table.lines[1])
            return `{s.id} {s.name} {s.title} {s.cwd} {s.running} {by_name.lines[1]} {by_name.cols}x{by_name.rows} {by_name.cursor.row},{by_name.cursor.col}`
        end)
        scarab.command('miss', '', function() return scarab.screen('none').cols end)",
    );
    let seen = bench.call("a", "look", &[]);
    assert_eq!(seen.as_deref(), Ok("7 build title of build /tmp true screen of 7 80x2 1,4"));
    let error = bench.call("a", "miss", &[]).expect_err("none");
    assert_eq!(error.to_string(), "a.luau:13: screen: no session is called \"none\"");
}

#[test]
fn it_types_only_where_it_was_granted_and_into_what_it_made() {
    let bench = Bench::new();
    bench.host.add_session(1, "mine", None);
    bench.host.add_session(2, "secret", None);
    let path = bench.write(
        "a",
        "permissions = ['input', 'create', 'rename']",
        "scarab.command('type', '', function(args) scarab.send(args[1], args[2]) end)
        scarab.command('make', '', function() return scarab.create({ name = 'made', command = { 'top', '-b' } }).name end)
        scarab.command('rename', '', function(args) scarab.rename(args[1], args[2]) end)",
    );
    let grants = Grants { input: ["mine".to_owned()].into() };
    bench.plugins.load(&path, grants, |_| Section::default()).expect("fine");
    bench.call("a", "type", &["mine", "ls\n"]).expect("granted");
    let refused = bench.call("a", "type", &["secret", "x"]).expect_err("not granted").to_string();
    assert!(refused.contains("may not type into session \"secret\"; grant it with input = [\"secret\"]"), "{refused}");
    assert_eq!(bench.call("a", "make", &[]).as_deref(), Ok("made"));
    bench.call("a", "type", &["made", "q"]).expect("its own");
    // It cannot get at the other one by giving it the granted name.
    bench.call("a", "rename", &["mine", "away"]).expect("allowed");
    let refused = bench.call("a", "rename", &["secret", "mine"]).expect_err("a trick").to_string();
    assert!(refused.contains("may not take the name \"mine\""), "{refused}");
    let sent = bench.host.all("a send ");
    assert_eq!(sent, ["1 \"ls\\n\"", "3 \"q\""]);
    assert_eq!(bench.host.all("a create "), ["made [\"top\", \"-b\"]"]);
}

#[test]
fn what_the_manifest_does_not_ask_for_is_refused_with_the_way_out() {
    let bench = Bench::new();
    bench.host.add_session(1, "s", None);
    for (function, permission) in [("send('s', 'x')", "input"), ("create()", "create"), ("rename('s', 't')", "rename")]
    {
        let error = bench.load("a", "", &format!("scarab.{function}")).expect_err("refused").to_string();
        assert!(
            error.contains(&format!("needs the permission `{permission}`; write permissions = [\"{permission}\"]")),
            "{error}"
        );
    }
    assert_eq!(bench.host.said(), [""; 0]);
}

#[test]
fn texts_for_people_have_no_control_characters_and_are_bounded() {
    let bench = Bench::new();
    bench.run(
        "a",
        "scarab.notify({ title = 'a\\27[31mb\\nc', body = 'x\\ny\\7' }) scarab.status('k', 'v\\27') scarab.status('k')",
    );
    assert_eq!(
        bench.host.all("a "),
        ["notify [a[31mb c] [x\ny] []", "status k Some(\"v\")", "status k None", "Loaded"]
    );
    for (call, expected) in [
        ("notify({ title = string.rep('x', 257) })", "title is longer than 256 bytes"),
        ("notify({ titel = 'x' })", "unknown key \"titel\"; there are title, body, session"),
        ("notify({ title = '\\255' })", "title must be UTF-8"),
        ("status('No', 'x')", "bad key \"No\""),
        ("emit('e', { x = {} })", "data's x must be a text, a number or a boolean, not table"),
        ("emit('e', { x = 0/0 })", "data's x must be a finite number"),
        ("emit('e', { kind = 1 })", "every event has kind, number, session"),
        ("on('bell', 1)", "the second argument must be a function, not number"),
        ("on_line('(', function() end)", "bad pattern: unclosed group"),
        ("on_line('(?:a{1000}){1000}', function() end)", "pattern takes more than 128 KiB when compiled"),
        ("after(9, function() end)", "the time must be from 10 to 2592000000 milliseconds, not 9"),
        ("after(0/0, function() end)", "the time must be from 10"),
        ("after(1e300, function() end)", "the time must be from 10"),
        ("command('x y', '', function() end)", "bad name \"x y\""),
        ("set('k', {})", "value must be a text, a number or a boolean, not table"),
        ("set('k', string.rep('x', 65536))", "more than the 64 KiB that a plugin may keep"),
    ] {
        let error = bench.load("b", "", &format!("scarab.{call}")).expect_err(call).to_string();
        assert!(error.starts_with("b.luau:7: ") && error.contains(expected), "{call}: {error}");
    }
}

#[test]
fn timers_come_once_or_again_until_they_are_cancelled() {
    let bench = Bench::new();
    bench.run(
        "a",
        "local n = 0
        local again
        again = scarab.every(10, function() n += 1 scarab.log(n) if n == 3 then again:cancel() scarab.emit('third') end end)
        scarab.after(10, function() scarab.emit('once') end)
        local never = scarab.after(50, function() scarab.emit('never') end)
        never:cancel()
        scarab.after(300, function() scarab.emit('end', { n = n }) end)",
    );
    bench.host.wait("emit end [n=3]");
    let emitted = bench.host.all("a emit ");
    assert_eq!(emitted.iter().filter(|said| said.starts_with("once")).count(), 1);
    assert!(!emitted.iter().any(|said| said.starts_with("never")), "{emitted:?}");
}

#[test]
fn data_is_kept_across_reloads_and_lives_of_the_daemon() {
    let bench = Bench::new();
    let body = "scarab.command('get', '', function() return tostring(scarab.get('n')) end)
        scarab.command('add', '', function() scarab.set('n', (scarab.get('n') or 0) + 1) end)";
    bench.run("a", body);
    bench.call("a", "add", &[]).expect("fine");
    bench.plugins.reload("a").expect("fine");
    assert_eq!(bench.call("a", "get", &[]).as_deref(), Ok("1"));
    bench.call("a", "add", &[]).expect("fine");
    bench.plugins.unload("a").expect("fine");
    assert_eq!(bench.host.data("a").as_deref(), Some("{\"n\":2}"));
    bench.run("a", body);
    assert_eq!(bench.call("a", "get", &[]).as_deref(), Ok("2"));
}

#[test]
fn settings_are_there_and_cannot_be_changed() {
    let bench = Bench::new();
    let settings: BTreeMap<String, Value> =
        [("n".to_owned(), 5.into()), ("list".to_owned(), Value::List(vec!["x".into()]))].into();
    let path = bench.write(
        "a",
        "",
        "scarab.command('get', '', function() return scarab.settings.n .. scarab.settings.list[1] end)
        scarab.command('set', '', function() scarab.settings.list[1] = 'y' end)",
    );
    bench.plugins.load(&path, Grants::default(), |_| Section { settings, ..Section::default() }).expect("fine");
    assert_eq!(bench.call("a", "get", &[]).as_deref(), Ok("5x"));
    let error = bench.call("a", "set", &[]).expect_err("read-only").to_string();
    assert!(error.contains("attempt to modify a readonly table"), "{error}");
    bench
        .plugins
        .configure(
            "a",
            Section {
                settings: [("n".to_owned(), 6.into()), ("list".to_owned(), Value::List(vec!["z".into()]))].into(),
                ..Section::default()
            },
        )
        .expect("fine");
    assert_eq!(bench.call("a", "get", &[]).as_deref(), Ok("6z"));
}

#[test]
fn the_log_keeps_the_newest_lines() {
    let bench = Bench::new();
    bench.run("a", "print('one') scarab.log(2) scarab.log('a\\27b')");
    let log: Vec<_> =
        bench.plugins.log("a").expect("loaded").into_iter().map(|entry| (entry.is_error, entry.text)).collect();
    assert_eq!(log, [(false, "one".to_owned()), (false, "2".into()), (false, "ab".into())]);
}

#[test]
fn statuses_go_with_the_plugin_but_not_with_a_reload_that_sets_them_again() {
    let bench = Bench::new();
    bench.run("a", "scarab.status('kept', '1') scarab.status('gone', '1')");
    bench.write("a", "", "scarab.status('kept', '2')");
    bench.plugins.reload("a").expect("fine");
    bench.host.wait("a status gone None");
    bench.plugins.unload("a").expect("fine");
    let kept: Vec<_> = bench.host.all("a status kept ");
    assert_eq!(kept, ["Some(\"1\")", "Some(\"2\")", "None"]);
}
