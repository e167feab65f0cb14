//! Plugins of the daemon, loaded, called and heard by an App.

use bevy::prelude::*;
use scarab_bevy::{
    DaemonEventReceived, DaemonEvents, DaemonPlugin, DaemonPluginStatus, Notified, PluginCommand, PluginEvent,
    PluginReplied, PluginStatus, prelude::*,
};
use scarab_protocol::{
    client::{Client, ClientOptions, RequestError},
    config::Value,
    event::EventKind,
    message::{Done, EventValue, SetConfig, UnloadPlugin},
};

use crate::support::*;

/// An App that hears everything that plugins say.
fn listening(place: &Place) -> App {
    let mut app = place.app();
    let connection = primary(&mut app);
    app.world_mut().entity_mut(connection).insert(DaemonEvents::default());
    app
}

/// Has a plugin loaded, and waits until it is.
fn load(app: &mut App, plugin: DaemonPlugin) -> Entity {
    let plugin = app.world_mut().spawn(plugin).id();
    until(app, "it is loaded", |world| {
        let status = world.get::<DaemonPluginStatus>(plugin).expect("it is there");
        assert!(!matches!(status, DaemonPluginStatus::Failed { .. }), "{status:?}");
        matches!(status, DaemonPluginStatus::Loaded { .. }).then_some(())
    });
    plugin
}

/// A script as a file that no daemon refuses.
fn script(place: &Place, name: &str, body: &str) -> std::path::PathBuf {
    let text = format!("--[[ scarab-plugin\nname = \"{name}\"\nversion = \"1.0.0\"\napi = 1\n]]\n{body}\n");
    let path = place.path(&format!("{name}.luau"));
    std::fs::write(&path, text).expect("written");
    // Whatever the umask is: nobody else may write a plugin.
    #[cfg(unix)]
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("it is ours");
    path
}

/// A terminal of a shell script, once it is attached.
fn terminal(app: &mut App, script: &str) -> Entity {
    let terminal = app.world_mut().spawn(Terminal::new().command(["/bin/sh", "-c", script])).id();
    until(app, "it is attached", |world| (status(world, terminal) == TerminalStatus::Attached).then_some(()));
    terminal
}

/// The answer of a plugin's command.
fn call(app: &mut App, command: PluginCommand) -> Result<String, RequestError> {
    app.world_mut().write_message(command);
    until(app, "it is answered", |world| world.resource_mut::<Messages<PluginReplied>>().drain().next()).answer
}

/// The next message of a kind.
fn next<M: Message>(app: &mut App, what: &str) -> M {
    until(app, what, |world| world.resource_mut::<Messages<M>>().drain().next())
}

#[test]
fn a_daemons_plugin_is_called_and_what_it_raises_is_heard() {
    let place = Place::new();
    let daemon = place.daemon();
    let mut app = listening(&place);
    let body = "scarab.on_line([[^step (\\d+)$]], function(session, line, groups)
            scarab.emit('step', { at = tonumber(groups[1]) }, session) end)
        scarab.command('greet', '', function(args, context)
            return `hello {args[1]} in {context.session and context.session.name}` end)";
    let plugin = load(&mut app, DaemonPlugin::file(script(&place, "steps", body)));
    let loaded = DaemonPluginStatus::Loaded { name: "steps".into(), version: "1.0.0".into() };
    assert_eq!(app.world().get(plugin), Some(&loaded));

    let job = Terminal::new().named("job").command(["/bin/sh", "-c", "read x; echo step 7; exec cat"]);
    let terminal = app.world_mut().spawn(job).id();
    until(&mut app, "it is attached", |world| (status(world, terminal) == TerminalStatus::Attached).then_some(()));
    let command = |command: &str| PluginCommand {
        plugin: "steps".into(),
        command: command.into(),
        args: vec!["you".into()],
        terminal: Some(terminal),
        ..default()
    };
    assert_eq!(call(&mut app, command("greet")), Ok("hello you in job".into()));
    assert!(call(&mut app, command("shout")).is_err());

    app.world_mut().write_message(TerminalInput::text(terminal, "\r"));
    let event: PluginEvent = next(&mut app, "it is raised");
    assert_eq!((event.plugin.as_str(), event.event.as_str(), event.number_of("at")), ("steps", "step", Some(7)));
    assert_eq!(event.terminal, Some(terminal));
    daemon.stop("the test is over");
}

#[test]
fn what_is_wrong_with_a_plugin_is_told_and_another_daemon_is_asked_again() {
    let place = Place::new();
    let first = place.daemon();
    let mut app = listening(&place);
    let path = place.path("late.luau");
    let plugin = app.world_mut().spawn(DaemonPlugin::file(&path)).id();
    let failed = until(&mut app, "it is refused", |world| match world.get(plugin)? {
        DaemonPluginStatus::Failed { why } => Some(why.clone()),
        _ => None,
    });
    assert!(failed.contains("late.luau"), "{failed}");
    first.stop("the test goes on");
    script(&place, "late", "");
    let second = place.daemon();
    until(&mut app, "it is loaded", |world| {
        matches!(world.get(plugin)?, DaemonPluginStatus::Loaded { .. }).then_some(())
    });
    second.stop("the test is over");
}

#[test]
fn status_items_are_known_to_who_comes_late_and_go_with_their_plugin() {
    let place = Place::new();
    let daemon = place.daemon();
    let body = "scarab.status('progress', '1 of 2')
        scarab.command('set', '', function(args) scarab.status('progress', args[1]) end)";
    let path = script(&place, "steps", body);
    let mut early = listening(&place);
    load(&mut early, DaemonPlugin::file(&path));
    let mut late = listening(&place);
    let shown = |app: &mut App, text: Option<&str>| {
        let connection = primary(app);
        until(app, "it is shown", |world| {
            let PluginStatus(items) = world.get(connection)?;
            (items.get(&("steps".to_owned(), "progress".to_owned())).map(String::as_str) == text).then_some(())
        });
    };
    shown(&mut early, Some("1 of 2"));
    shown(&mut late, Some("1 of 2"));
    let set = PluginCommand { plugin: "steps".into(), command: "set".into(), args: vec!["2 of 2".into()], ..default() };
    assert_eq!(call(&mut early, set), Ok(String::new()));
    shown(&mut late, Some("2 of 2"));
    let other = Client::connect(ClientOptions::new(place.address.clone(), "test 1.0")).expect("it answers");
    other.ask::<_, Done>(&UnloadPlugin { name: "steps".into() }, PATIENCE).expect("it is loaded");
    shown(&mut early, None);
    shown(&mut late, None);
    daemon.stop("the test is over");
}

#[test]
fn the_bundled_notify_on_exit_tells_of_what_has_ended() {
    let place = Place::new();
    let daemon = place.daemon();
    let mut app = listening(&place);
    let other = Client::connect(ClientOptions::new(place.address.clone(), "test 1.0")).expect("it answers");
    let set = SetConfig { key: "plugins.notify-on-exit.seconds".into(), value: Some(Value::Integer(0)), save: false };
    other.ask::<_, Done>(&set, PATIENCE).expect("a number");
    // The configuration may have loaded it by then, or does so after this.
    load(&mut app, DaemonPlugin::bundled("notify-on-exit"));
    let terminal = terminal(&mut app, "read x; exit 3");
    app.world_mut().write_message(TerminalInput::text(terminal, "\r"));
    let told: Notified = next(&mut app, "it is told");
    assert_eq!((told.plugin.as_deref(), told.terminal), (Some("notify-on-exit"), Some(terminal)));
    // However long it took.
    let after = told.title.strip_prefix("The session's program failed with 3 after ");
    assert!(after.is_some_and(|after| after.ends_with(" s")), "{:?}", told.title);
    daemon.stop("the test is over");
}

#[test]
fn the_bundled_autoname_names_sessions_by_directory_and_command() {
    let place = Place::new();
    let daemon = place.daemon();
    let mut app = listening(&place);
    load(&mut app, DaemonPlugin::bundled("autoname"));
    let says = r"read x; printf '\033]7;file:///srv/my%%20project\007\033]133;C;cmdline_url=CC=c%%20make%%20all\007'; exec cat";
    let terminal = terminal(&mut app, says);
    app.world_mut().write_message(TerminalInput::text(terminal, "\r"));
    until(&mut app, "it has another name", |world| {
        let mut told = world.resource_mut::<Messages<DaemonEventReceived>>();
        let mut renamed = told.drain().filter(|told| told.event.kind() == Some(EventKind::Renamed));
        renamed.any(|told| told.terminal == Some(terminal) && told.event.name == "my-project-make").then_some(())
    });
    daemon.stop("the test is over");
}

#[test]
fn the_bundled_watch_makes_events_of_what_is_seen() {
    let place = Place::new();
    let daemon = place.daemon();
    let mut app = listening(&place);
    load(&mut app, DaemonPlugin::bundled("watch"));
    let add = |args: &[&str]| PluginCommand {
        plugin: "watch".into(),
        command: "add".into(),
        args: args.iter().map(|&arg| arg.into()).collect(),
        ..default()
    };
    assert_eq!(call(&mut app, add(&["error: .*"])), Ok("looking for error: .*".into()));
    assert!(call(&mut app, add(&[])).is_err_and(|error| error.to_string().contains("usage: add PATTERN")));
    let terminal = terminal(&mut app, "read x; echo 'error: out of coffee'; exec cat");
    app.world_mut().write_message(TerminalInput::text(terminal, "\r"));
    let mut seen: Option<PluginEvent> = None;
    let mut told: Option<Notified> = None;
    until(&mut app, "it is seen and told", |world| {
        seen = seen.take().or_else(|| world.resource_mut::<Messages<PluginEvent>>().drain().next());
        told = told.take().or_else(|| world.resource_mut::<Messages<Notified>>().drain().next());
        (seen.is_some() && told.is_some()).then_some(())
    });
    let (seen, told) = (seen.expect("seen"), told.expect("told"));
    assert_eq!((seen.event.as_str(), seen.terminal), ("seen", Some(terminal)));
    let line = seen.fields.iter().find(|field| field.key == "line").expect("the line");
    assert_eq!(line.value, EventValue::Text("error: out of coffee".into()));
    assert_eq!((told.body.as_str(), told.terminal), ("error: out of coffee", Some(terminal)));
    daemon.stop("the test is over");
}
