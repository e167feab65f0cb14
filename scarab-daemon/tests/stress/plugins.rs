//! Plugins that mean harm, beside somebody who types: they are bounded, what they did is reported, and the echo goes on.

use std::{fs, os::unix::fs::PermissionsExt};

use scarab_protocol::message::{Done, ListPlugins, LoadPlugin, PluginInfo, PluginSource, Plugins, UnloadPlugin};

use super::support::{
    DEADLINE,
    daemon::Daemon,
    desk::{Desk, ECHO},
    proc::Holdings,
    within,
};

/// By how much the daemon may grow with one plugin, in KiB: its 16 MiB, what waits for it and for clients, and the stack of its thread.
const ROOM_KIB: u64 = 48 * 1024;
/// How many echoes are compared.
const ECHOES: u64 = 100;

/// What is done, and what is said of it. Each script does well in between, so that it is not disabled and goes on with it.
const HARM: [(&str, &str, &str); 9] = [
    ("loop", "while true do end", "ran longer"),
    ("protected", "while true do pcall(function() while true do end end) end", "ran longer"),
    ("recursion", "local function f() return 1 + f() end f()", "stack overflow"),
    ("string", "local s = string.rep('x', 1048576) while true do s = s .. s end", "16 MiB"),
    ("timers", "for i = 1, 1000000 do scarab.after(100000, function() end) end", "timers"),
    ("notices", "for i = 1, 1000 do scarab.notify({ title = 'x' }) end", "notify"),
    ("bytecode", "loadstring('\\27Lua')()", "nil"),
    ("files", "io.open('/etc/passwd')", "nil"),
    ("programs", "os.execute('true')", "nil"),
];

#[test]
fn plugins_that_mean_harm_are_bounded_and_told_of() {
    let daemon = Daemon::start();
    let desk = Desk::join_new(&daemon, "echo", ECHO);
    desk.sees("ready");
    desk.echoes(0..50);
    let mut number = 1_000;
    let mut next = |count| {
        let times = desk.echoes(number..number + count);
        number += count;
        times
    };
    let before = Holdings::of(daemon.pid()).resident_kib;
    for (name, harm, said) in HARM {
        let quiet = next(ECHOES);
        load(&desk, &daemon, name, &format!("if n % 3 ~= 0 then {harm} end")).expect("it is loaded");
        let meanwhile = next(ECHOES);
        let grown = Holdings::of(daemon.pid()).resident_kib.saturating_sub(before);
        let is_told = within(DEADLINE, || {
            let plugin = listed(&desk, name);
            plugin.errors > 0 && plugin.log.iter().any(|entry| entry.is_error && entry.text.contains(said))
        });
        let plugin = listed(&desk, name);
        let ratio = |of_hundred| {
            meanwhile.percentile(of_hundred).as_secs_f64() / quiet.percentile(of_hundred).as_secs_f64().max(1e-9)
        };
        println!(
            "plugins: {name}: echoes beside it p50 {:?} ({:.2} of quiet), p99 {:?} ({:.2}); {} failures; grown by {grown} KiB",
            meanwhile.percentile(50),
            ratio(50),
            meanwhile.percentile(99),
            ratio(99),
            plugin.errors
        );
        assert!(is_told, "{name}: {:?}", plugin.last_error);
        assert!(grown < ROOM_KIB, "{name}: the daemon has grown by {grown} KiB");
        desk.client.ask::<_, Done>(&UnloadPlugin { name: name.into() }, DEADLINE).expect("it is loaded");
    }
    // Without a success in between it is disabled.
    load(&desk, &daemon, "always", "error('always')").expect("it is loaded");
    assert!(within(DEADLINE, || listed(&desk, "always").disabled.is_some()));
    assert!(load(&desk, &daemon, "binary", "\u{1b}Lua").is_err());
    next(10);
}

/// Loads a script that does something a hundred times a second.
fn load(desk: &Desk, daemon: &Daemon, name: &str, body: &str) -> Result<Plugins, String> {
    let text = format!(
        "--[[ scarab-plugin\nname = \"{name}\"\nversion = \"1.0.0\"\napi = 1\n]]\nlocal n = 0\nscarab.every(10, function() n += 1 {body} end)\n"
    );
    let path = daemon.path(&format!("{name}.luau"));
    fs::write(&path, text).expect("the home is ours");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("it is ours");
    let source = PluginSource::File(path.into_os_string().into_encoded_bytes());
    desk.client.ask(&LoadPlugin { source, grants: vec![] }, DEADLINE).map_err(|error| error.to_string())
}

fn listed(desk: &Desk, name: &str) -> PluginInfo {
    let list = ListPlugins { name: Some(name.into()) };
    desk.client.ask::<_, Plugins>(&list, DEADLINE).expect("it is loaded").plugins.remove(0)
}
