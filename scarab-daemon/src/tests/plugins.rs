//! Plugins as clients see them: the engine's own tests are beside it.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use scarab_protocol::{event::EventKind, message::*};

use super::harness::{TestClient, TestDaemon, wait_until};

/// A daemon with a directory for scripts, and a client that hears what plugins say.
struct Place {
    daemon: TestDaemon,
    client: TestClient,
}

impl Place {
    fn new() -> Self {
        let daemon = TestDaemon::start();
        let mut client = daemon.connect();
        let kinds = [EventKind::Plugin, EventKind::Notification, EventKind::Status, EventKind::PluginState];
        let kinds = kinds.iter().map(|kind| kind.number()).collect();
        client.ask::<_, Subscribed>(0, &Subscribe { kinds, session: None, since: None });
        Self { daemon, client }
    }

    /// Writes a script, whole or not at all.
    fn script(&self, name: &str, permissions: &str, body: &str) -> PathBuf {
        let text = format!(
            "--[[ scarab-plugin\nname = \"{name}\"\nversion = \"1.0.0\"\napi = 1\npermissions = [{permissions}]\n]]\n{body}\n"
        );
        let path = self.daemon.home.path().join(format!("{name}.luau"));
        let new = path.with_extension("new");
        fs::write(&new, text).expect("written");
        // Whatever the umask is: nobody else may write a plugin.
        fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).expect("it is ours");
        fs::rename(&new, &path).expect("renamed");
        path
    }

    fn load(&mut self, path: &std::path::Path, grants: &[&str]) -> PluginInfo {
        let request = load(path, grants);
        self.client.ask::<_, Plugins>(0, &request).plugins.remove(0)
    }

    fn call(&mut self, plugin: &str, command: &str, args: &[&str]) -> String {
        self.client.ask::<_, PluginReply>(0, &called(plugin, command, args)).text
    }

    /// The next event of a kind; others are passed over.
    fn hear(&mut self, kind: EventKind) -> Event {
        loop {
            let event = self.client.expect::<Event>().1;
            if event.kind() == Some(kind) {
                return event;
            }
        }
    }

    /// Waits until a plugin is said to be in a state.
    fn hear_state(&mut self, state: &str) -> Event {
        loop {
            let event = self.hear(EventKind::PluginState);
            if event.text_of("state") == Some(state) {
                return event;
            }
        }
    }
}

fn load(path: &std::path::Path, grants: &[&str]) -> LoadPlugin {
    let source = PluginSource::File(path.as_os_str().as_encoded_bytes().to_vec());
    LoadPlugin { source, grants: grants.iter().map(|&grant| grant.into()).collect() }
}

fn called(plugin: &str, command: &str, args: &[&str]) -> PluginCommand {
    let args = args.iter().map(|&arg| arg.into()).collect();
    PluginCommand { plugin: plugin.into(), command: command.into(), args, session: None }
}

#[test]
fn a_plugin_is_loaded_called_listed_and_unloaded() {
    let mut place = Place::new();
    let body = "scarab.command('echo', 'WORD: says it again', function(args, context)
        return `{args[1]} from {context.client}` end)";
    let path = place.script("echo", "", body);
    let info = place.load(&path, &[]);
    assert_eq!((info.name.as_str(), info.version.as_str(), info.disabled), ("echo", "1.0.0", None));
    assert_eq!(info.commands, [PluginCommandInfo { name: "echo".into(), help: "WORD: says it again".into() }]);
    assert_eq!(place.hear_state("loaded").text_of("plugin"), Some("echo"));
    assert_eq!(place.call("echo", "echo", &["hi"]), "hi from test");
    let list: Plugins = place.client.ask(0, &ListPlugins { name: None });
    assert_eq!(list.plugins.iter().map(|info| info.name.as_str()).collect::<Vec<_>>(), ["echo"]);
    place.client.ask::<_, Done>(0, &UnloadPlugin { name: "echo".into() });
    assert_eq!(place.client.refused(0, &called("echo", "echo", &[])).code, ErrorCode::NoSuchPlugin);
    assert_eq!(place.client.refused(0, &UnloadPlugin { name: "echo".into() }).code, ErrorCode::NoSuchPlugin);
    assert_eq!(place.client.refused(0, &ListPlugins { name: Some("echo".into()) }).code, ErrorCode::NoSuchPlugin);
}

#[test]
fn what_is_wrong_with_a_plugin_is_said_with_the_line() {
    let mut place = Place::new();
    let missing = place.client.refused(0, &load(&place.daemon.home.path().join("none.luau"), &[]));
    assert_eq!(missing.code, ErrorCode::BadPlugin);
    assert!(missing.text.contains("none.luau"), "{}", missing.text);
    let path = place.script("broken", "", "local x = 1\nerror('no')");
    let broken = place.client.refused(0, &load(&path, &[]));
    assert!(broken.text.contains("broken.luau:8: no"), "{}", broken.text);
    let source = PluginSource::Bundled("nonsense".into());
    let unknown = place.client.refused(0, &LoadPlugin { source, grants: vec![] });
    assert!(unknown.text.contains("autoname, notify-on-exit, watch"), "{}", unknown.text);
    let path = place.script("fine", "", "scarab.command('go', '', function() error('at work') end)");
    place.load(&path, &[]);
    let other = place.daemon.home.path().join("other.luau");
    fs::copy(&path, &other).expect("the home is ours");
    let twice = place.client.refused(0, &load(&other, &[]));
    assert!(twice.text.contains("already loaded"), "{}", twice.text);
    let failed = place.client.refused(0, &called("fine", "go", &[]));
    assert_eq!(failed.code, ErrorCode::PluginFailed);
    assert!(failed.text.contains("fine.luau:7: at work"), "{}", failed.text);
    assert!(place.client.refused(0, &called("fine", "stop", &[])).text.contains("there: go"));
}

#[test]
fn lines_of_output_events_and_screens_reach_a_plugin_and_what_it_types_reaches_the_program() {
    let mut place = Place::new();
    let body = r"
        scarab.on_line([[^step (\d+)$]], function(session, line, groups)
            scarab.emit('step', { at = tonumber(groups[1]) }, session)
            scarab.send(session, `got {groups[1]}\r`)
        end)
        scarab.on('title', function(event)
            scarab.notify({ title = event.title, body = scarab.screen(event.session).lines[1], session = event.session })
        end)
        scarab.status('ready', 'yes')";
    let path = place.script("steps", "\"input\"", body);
    place.load(&path, &["job"]);
    assert_eq!(place.hear(EventKind::Status).text_of("text"), Some("yes"));
    let script = r#"stty -echo; printf '\033[1mstep\033[0m 7\r\n'; read x; printf '\033]2;%s\007' "$x"; exec cat"#;
    let info = place
        .client
        .ask::<_, Created>(0, &CreateSession { name: Some("job".into()), ..super::harness::command(script) })
        .info;
    let step = place.hear(EventKind::Plugin);
    assert_eq!((step.text_of("plugin"), step.text_of("event")), (Some("steps"), Some("step")));
    assert_eq!((step.number_of("at"), step.session), (Some(7), Some(info.id)));
    let told = place.hear(EventKind::Notification);
    assert_eq!((told.text_of("title"), told.session), (Some("got 7"), Some(info.id)));
    assert!(told.text_of("body").expect("a body").starts_with("step 7"), "{told:?}");
}

#[test]
fn one_that_runs_already_goes_on_and_is_granted_more() {
    let mut place = Place::new();
    let info = place.client.create("exec cat");
    let body = "local calls = 0
        scarab.command('count', '', function() calls += 1 return calls end)
        scarab.command('type', '', function(args) scarab.send(args[1], 'x') end)
        scarab.status('ready', 'yes') scarab.status('other', 'no') scarab.status('other', nil)";
    let path = place.script("typist", "\"input\"", body);
    let status = place.load(&path, &["other"]).status;
    assert_eq!(status, [PluginStatusItem { key: "ready".into(), text: "yes".into() }]);
    assert_eq!(place.call("typist", "count", &[]), "1");
    place.client.refused(0, &called("typist", "type", &[&info.name]));
    assert_eq!(place.load(&path, &[&info.name]).status, status);
    assert_eq!(place.call("typist", "count", &[]), "2");
    assert_eq!(place.call("typist", "type", &[&info.name]), "");
}

#[test]
fn a_plugin_types_into_no_session_that_it_was_not_granted() {
    let mut place = Place::new();
    let info = place.client.create("exec cat");
    let body = "scarab.command('type', '', function(args) scarab.send(args[1], 'x') end)";
    let path = place.script("typist", "\"input\"", body);
    place.load(&path, &["other"]);
    let refused = place.client.refused(0, &called("typist", "type", &[&info.name]));
    assert_eq!(refused.code, ErrorCode::PluginFailed);
    assert!(refused.text.contains("typist.luau:7"), "{}", refused.text);
}

#[test]
fn sessions_are_made_and_renamed_by_plugins_that_may() {
    let mut place = Place::new();
    let body = "scarab.command('make', '', function(args)
        local session = scarab.create({ name = args[1], command = { 'cat' } })
        scarab.rename(session, args[2])
        scarab.send(session, 'typed\\r')
        return session.name
    end)";
    let path = place.script("maker", "\"create\", \"rename\", \"input\"", body);
    place.load(&path, &[]);
    assert_eq!(place.call("maker", "make", &["one", "two"]), "one");
    let sessions = place.client.ask::<_, Sessions>(0, &ListSessions { after: 0 }).sessions;
    assert_eq!((sessions[0].name.as_str(), sessions[0].made_by.as_str()), ("two", "plugin:maker"));
    let mut joined = place.client.attach(sessions[0].id.number);
    place.client.wait_for_text(&mut joined, "typed");
    let taken = place.client.refused(0, &called("maker", "make", &["two", "three"]));
    assert!(taken.text.contains("two"), "{}", taken.text);
}

#[test]
fn a_changed_file_is_loaded_anew_and_a_broken_one_is_not() {
    let mut place = Place::new();
    let body = |answer: &str| format!("scarab.command('say', '', function() return '{answer}' end)");
    let path = place.script("changing", "", &body("one"));
    place.load(&path, &[]);
    assert_eq!(place.call("changing", "say", &[]), "one");
    place.script("changing", "", &body("two"));
    place.hear_state("reloaded");
    assert_eq!(place.call("changing", "say", &[]), "two");
    place.script("changing", "", "this is no Luau");
    assert!(place.hear_state("reload-failed").text_of("error").expect("why").contains("changing.luau:7"));
    assert_eq!(place.call("changing", "say", &[]), "two");
}

#[test]
fn three_failures_in_a_row_disable_a_plugin_and_a_reload_begins_it_anew() {
    let mut place = Place::new();
    let path = place.script("failing", "", "scarab.on('created', function() error('again') end)");
    place.load(&path, &[]);
    for _ in 0..3 {
        place.client.create("exec cat");
        assert!(place.hear_state("failed").text_of("error").expect("why").contains("failing.luau:7: again"));
    }
    assert!(place.hear_state("disabled").text_of("error").is_some());
    let listed: Plugins = place.client.ask(0, &ListPlugins { name: Some("failing".into()) });
    assert!(listed.plugins[0].disabled.is_some());
    assert_eq!(listed.plugins[0].errors, 3);
    assert!(listed.plugins[0].log.iter().any(|entry| entry.is_error && entry.text.contains("again")));
    let again: Plugins = place.client.ask(0, &ReloadPlugin { name: "failing".into() });
    assert_eq!(again.plugins[0].disabled, None);
}

#[test]
fn the_configuration_loads_plugins_gives_them_settings_and_takes_them_away() {
    let mut place = Place::new();
    let body = "scarab.command('greet', '', function() return scarab.settings.greeting end)";
    let path = place.script("greeter", "", body);
    let set = |place: &mut Place, key: &str, value| {
        let key = format!("plugins.greeter.{key}");
        place.client.ask::<_, Done>(0, &SetConfig { key, value: Some(value), save: false });
    };
    use scarab_protocol::config::Value;
    set(&mut place, "greeting", Value::Text("hello".into()));
    // Without a path it is one that comes with the daemon, and there is none of this name.
    assert!(place.hear_state("not-loaded").text_of("error").expect("why").contains("greeter"));
    set(&mut place, "path", Value::Text(path.to_string_lossy().into()));
    place.hear_state("loaded");
    assert_eq!(place.call("greeter", "greet", &[]), "hello");
    set(&mut place, "greeting", Value::Text("good day".into()));
    place.hear_state("reloaded");
    assert_eq!(place.call("greeter", "greet", &[]), "good day");
    set(&mut place, "enabled", Value::Bool(false));
    place.hear_state("unloaded");
    assert_eq!(place.client.refused(0, &called("greeter", "greet", &[])).code, ErrorCode::NoSuchPlugin);
}

#[test]
fn what_a_plugin_keeps_outlives_the_daemon() {
    let mut place = Place::new();
    let body = "scarab.command('count', '', function()
        scarab.set('count', (scarab.get('count') or 0) + 1)
        return tostring(scarab.get('count'))
    end)";
    let path = place.script("counter", "", body);
    place.load(&path, &[]);
    assert_eq!(place.call("counter", "count", &[]), "1");
    assert_eq!(place.call("counter", "count", &[]), "2");
    let kept = place.daemon.address.lock.with_extension("plugins").join("counter.json");
    wait_until(|| kept.exists());
    place.client.ask::<_, Done>(0, &UnloadPlugin { name: "counter".into() });
    place.load(&path, &[]);
    assert_eq!(place.call("counter", "count", &[]), "3");
}

#[test]
fn bundled_plugins_do_their_work_in_a_real_daemon() {
    let mut place = Place::new();
    for name in ["notify-on-exit", "autoname", "watch"] {
        let source = PluginSource::Bundled(name.into());
        place.client.ask::<_, Plugins>(0, &LoadPlugin { source, grants: vec![] });
    }
    // A shell that tells where it is, what it runs, and how that ended.
    let script = r"printf '\033]7;file:///srv/project\007\033]133;C;cmdline_url=make\007'; read x;
        echo 'error: something'; exec cat";
    assert_eq!(place.call("watch", "add", &["error: .*"]), "looking for error: .*");
    let info = place.client.create(script);
    let named = || {
        let sessions = place.client.ask::<_, Sessions>(0, &ListSessions { after: 0 }).sessions;
        sessions[0].name == "project-make"
    };
    wait_until(named);
    let mut joined = place.client.attach(info.id.number);
    place.client.type_in(&mut joined, b"\r");
    let seen = place.hear(EventKind::Plugin);
    assert_eq!((seen.text_of("plugin"), seen.text_of("event")), (Some("watch"), Some("seen")));
    assert_eq!(seen.text_of("line"), Some("error: something"));
}

#[test]
fn events_of_many_threads_reach_a_plugin_in_order() {
    const THREADS: usize = 4;
    /// All together fewer than an inbox has room for.
    const EACH: usize = 50;
    let mut place = Place::new();
    let body = "local count, last, wrong = 0, 0, 0
        scarab.on('title', function(event)
            if event.number <= last then wrong += 1 end
            count, last = count + 1, event.number
        end)
        scarab.command('count', '', function() return `{count} {wrong}` end)";
    let path = place.script("order", "", body);
    place.load(&path, &[]);
    let events = &place.daemon.daemon().events;
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| (0..EACH).for_each(|_| events.publish(EventKind::Title, None, vec![])));
        }
    });
    wait_until(|| {
        let counted = place.call("order", "count", &[]);
        let (count, wrong) = counted.split_once(' ').expect("two numbers");
        assert_eq!(wrong, "0");
        count == (THREADS * EACH).to_string()
    });
}
