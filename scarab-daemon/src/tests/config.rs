//! The configuration as its file changes, and as clients change it.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use scarab_protocol::{
    config::{Origin, Value},
    message::*,
};

use super::harness::{TestClient, TestDaemon, command, text, wait_until};

/// A daemon with a file of its own, which is not there yet.
struct Configured {
    path: PathBuf,
    daemon: TestDaemon,
    _home: tempfile::TempDir,
}

impl Configured {
    fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// One whose file is prepared first.
    fn start_with(prepare: impl FnOnce(&Path)) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let path = home.path().join("config/scarab/scarab.toml");
        prepare(&path);
        let daemon = TestDaemon::start_with(|options| options.config = Some(path.clone()));
        Self { path, daemon, _home: home }
    }

    fn directory(&self) -> &Path {
        self.path.parent().expect("it is in one")
    }

    /// Replaces the file, as editors do.
    fn put(&self, text: &str) {
        let new = self.directory().join(".new");
        fs::create_dir_all(self.directory()).expect("made");
        fs::write(&new, text).expect("written");
        fs::rename(&new, &self.path).expect("renamed");
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.path).expect("it is there")
    }
}

fn put(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("it is in one")).expect("made");
    fs::write(path, text).expect("written");
}

fn get(client: &mut TestClient) -> Config {
    client.ask(0, &GetConfig {})
}

fn entry<'a>(config: &'a Config, key: &str) -> &'a ConfigEntry {
    config.entries.iter().find(|entry| entry.key == key).unwrap_or_else(|| panic!("no {key}"))
}

fn scrollback(config: &Config) -> &Value {
    &entry(config, "daemon.scrollback").value
}

/// Waits until it is told that scrollback has this many lines.
fn until_scrollback(client: &mut TestClient, lines: i64) -> Config {
    loop {
        let config = client.expect::<ConfigChanged>().1.config;
        if *scrollback(&config) == Value::Integer(lines) {
            return config;
        }
    }
}

fn set(key: &str, value: Value) -> SetConfig {
    SetConfig { key: key.into(), value: Some(value), save: false }
}

fn save(key: &str, value: Value) -> SetConfig {
    SetConfig { save: true, ..set(key, value) }
}

#[test]
fn without_a_file_everything_has_its_default() {
    let daemon = TestDaemon::start();
    let config = get(&mut daemon.connect());
    assert_eq!((config.path.as_str(), config.revision, config.problem.as_str()), ("", 1, ""));
    assert!(config.entries.iter().all(|entry| entry.origin == Origin::Default && !entry.restart));
}

#[test]
fn a_file_that_is_made_later_changed_in_place_replaced_and_removed_is_followed() {
    let place = Configured::start();
    let mut client = place.daemon.connect();
    client.settle();
    // Two directories are missing above it.
    place.put("[daemon]\nscrollback = 1\n");
    let config = until_scrollback(&mut client, 1);
    assert_eq!(entry(&config, "daemon.scrollback").origin, Origin::File);
    assert_eq!(config.path, place.path.display().to_string());
    fs::write(&place.path, "[daemon]\nscrollback = 2\n").expect("written");
    until_scrollback(&mut client, 2);
    place.put("[daemon]\nscrollback = 3\n");
    until_scrollback(&mut client, 3);
    // As vim does: away with the old one, then a new one of its name.
    fs::rename(&place.path, place.directory().join("scarab.toml~")).expect("renamed");
    fs::write(&place.path, "[daemon]\nscrollback = 4\n").expect("written");
    until_scrollback(&mut client, 4);
    fs::remove_dir_all(place.directory()).expect("removed");
    until_scrollback(&mut client, 10_000);
    place.put("[daemon]\nscrollback = 5\n");
    until_scrollback(&mut client, 5);
}

#[test]
fn a_link_is_followed_wherever_it_leads() {
    let place = Configured::start_with(|path| {
        put(&path.with_file_name("real/one.toml"), "[daemon]\nscrollback = 1\n");
        put(&path.with_file_name("real/two.toml"), "[daemon]\nscrollback = 2\n");
        symlink("real/one.toml", path).expect("made");
    });
    let mut client = place.daemon.connect();
    assert_eq!(*scrollback(&get(&mut client)), Value::Integer(1));
    fs::write(place.directory().join("real/one.toml"), "[daemon]\nscrollback = 11\n").expect("written");
    until_scrollback(&mut client, 11);
    let new = place.directory().join("new");
    symlink("real/two.toml", &new).expect("made");
    fs::rename(&new, &place.path).expect("renamed");
    until_scrollback(&mut client, 2);
    fs::write(place.directory().join("real/two.toml"), "[daemon]\nscrollback = 22\n").expect("written");
    until_scrollback(&mut client, 22);
    // What is saved goes where the link leads.
    client.ask::<_, Done>(0, &save("daemon.scrollback", Value::Integer(3)));
    assert!(place.path.is_symlink());
    let real = fs::read_to_string(place.directory().join("real/two.toml")).expect("it is there");
    assert_eq!(real, "[daemon]\nscrollback = 3\n");
}

#[test]
fn a_broken_file_is_reported_with_its_line_and_changes_nothing() {
    let place = Configured::start_with(|path| put(path, "[daemon]\nscrollback = 7\n"));
    let mut client = place.daemon.connect();
    assert_eq!(*scrollback(&get(&mut client)), Value::Integer(7));
    place.put("[daemon]\nterm = 'x'\nscrollback = 'many'\n");
    let broken = client.expect::<ConfigChanged>().1.config;
    let told = format!("{}:3:14: daemon.scrollback: found \"many\", expected", place.path.display());
    assert!(broken.problem.starts_with(&told), "{}", broken.problem);
    assert_eq!(*scrollback(&broken), Value::Integer(7));
    assert_eq!(entry(&broken, "daemon.term").origin, Origin::Default);
    // It is not written over, and what is said by hand counts all the same.
    let error = client.refused(0, &save("daemon.scrollback", Value::Integer(1)));
    assert_eq!(error.code, ErrorCode::BadConfig);
    assert!(error.text.contains(":3:14:"), "{}", error.text);
    client.ask::<_, Done>(0, &set("daemon.scrollback", Value::Integer(9)));
    assert!(place.text().contains("many"));
    place.put("[daemon]\nterm = 'x'\nscrollback = 8\n");
    loop {
        let mended = client.expect::<ConfigChanged>().1.config;
        if mended.problem.is_empty() {
            assert_eq!(entry(&mended, "daemon.term").origin, Origin::File);
            assert_eq!(*scrollback(&mended), Value::Integer(9));
            break;
        }
    }
}

#[test]
fn a_daemon_starts_with_a_broken_file_and_the_defaults() {
    let place = Configured::start_with(|path| put(path, "[daemon\n"));
    let config = get(&mut place.daemon.connect());
    assert!(config.problem.starts_with(&format!("{}:1:", place.path.display())), "{}", config.problem);
    assert_eq!(*scrollback(&config), Value::Integer(10_000));
}

#[test]
fn what_is_set_is_told_to_all_before_it_is_answered_and_can_be_taken_back() {
    let place = Configured::start_with(|path| put(path, "[daemon]\nscrollback = 7\n"));
    let (mut one, mut two) = (place.daemon.connect(), place.daemon.connect());
    two.settle();
    one.ask::<_, Done>(0, &set("daemon.scrollback", Value::Integer(8)));
    assert!(one.has::<ConfigChanged>());
    for client in [&mut one, &mut two] {
        let told = until_scrollback(client, 8);
        assert_eq!((entry(&told, "daemon.scrollback").origin, told.revision), (Origin::Session, 2));
    }
    assert_eq!(place.text(), "[daemon]\nscrollback = 7\n");
    // It goes before the file.
    place.put("[daemon]\nscrollback = 70\nterm = 'x'\n");
    assert_eq!(entry(&two.expect::<ConfigChanged>().1.config, "daemon.scrollback").origin, Origin::Session);
    one.ask::<_, Done>(0, &SetConfig { key: "daemon.scrollback".into(), value: None, save: false });
    until_scrollback(&mut two, 70);
    // What is the same already is told to nobody.
    one.ask::<_, Done>(0, &SetConfig { key: "daemon.scrollback".into(), value: None, save: false });
    two.settle();
    assert!(!two.has::<ConfigChanged>());
}

#[test]
fn what_cannot_be_set_is_refused_and_says_what_could() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let mut refused = |change: SetConfig| {
        let error = client.refused(0, &change);
        assert_eq!(error.code, ErrorCode::BadConfig);
        error.text
    };
    assert!(refused(set("daemon.scrolback", Value::Integer(1))).contains("daemon.scrollback"));
    let text = refused(set("daemon.scrollback", Value::Integer(-1)));
    assert_eq!(text, "daemon.scrollback: found -1, expected an integer from 0 to 1000000");
    assert!(refused(set("daemon.log", Value::Text("==".into()))).contains("info"));
    assert!(refused(save("daemon.scrollback", Value::Integer(1))).contains("--config"));
    // What is set of plugins is bounded.
    let large = Value::Texts(vec!["x".repeat(1000); 200]);
    client.ask::<_, Done>(0, &set("plugins.a.x", large.clone()));
    let error = client.refused(0, &set("plugins.a.y", large));
    assert!(error.text.contains("too much"), "{}", error.text);
    let config = get(&mut client);
    assert!(config.entries.iter().any(|entry| entry.key == "plugins.a.x"));
    assert!(config.entries.iter().all(|entry| entry.key != "plugins.a.y"));
}

#[test]
fn what_is_saved_keeps_the_comments_and_is_one_change() {
    let text = "# mine\n[daemon] # here\n# how far back\nscrollback = 7 # lines\n";
    let place = Configured::start_with(|path| put(path, text));
    let mut client = place.daemon.connect();
    client.ask::<_, Done>(0, &set("daemon.scrollback", Value::Integer(8)));
    until_scrollback(&mut client, 8);
    client.ask::<_, Done>(0, &save("daemon.scrollback", Value::Integer(9)));
    let told = until_scrollback(&mut client, 9);
    assert_eq!(entry(&told, "daemon.scrollback").origin, Origin::File);
    assert_eq!(place.text(), text.replace("= 7", "= 9"));
    client.ask::<_, Done>(0, &save("client.cursor", Value::Text("#ff0000".into())));
    assert_eq!(client.expect::<ConfigChanged>().1.config.revision, told.revision + 1);
    // The watch has seen the file change twice. When it has looked, a later change by hand is the next one that is told.
    let saved = place.text();
    place.put(&saved.replace("= 9", "= 10"));
    let next = client.expect::<ConfigChanged>().1.config;
    assert_eq!((scrollback(&next), next.revision), (&Value::Integer(10), told.revision + 2));
    assert!(place.text().starts_with("# mine\n[daemon] # here\n# how far back\nscrollback = 10 # lines\n"));
}

#[test]
fn a_missing_file_is_made_with_its_directories_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Configured::start();
    place.daemon.connect().ask::<_, Done>(0, &save("plugins.watch.enabled", Value::Bool(false)));
    assert_eq!(place.text(), "[plugins.watch]\nenabled = false\n");
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(&place.path), mode(place.directory())), (0o600, 0o700));
}

#[test]
fn the_scrollback_of_running_and_of_ended_sessions_follows() {
    let place = Configured::start();
    let mut client = place.daemon.connect();
    let info = client.create("seq 1 3000; echo end; read line; seq 1 3000; echo over");
    let mut joined = client.attach(info.id.number);
    client.wait_for(&mut joined, "all of it", |grid| grid.scrollback == 3001 - 23);
    let scrolled = joined.grid.scrolled;
    place.put("[daemon]\nscrollback = 100\n");
    client.wait_for(&mut joined, "100 lines", |grid| grid.scrollback == 100);
    // Lines keep their numbers: what has gone is what was first.
    assert_eq!((joined.grid.scrolled, joined.grid.reflow), (scrolled, 0));
    let page: ScrollbackRows = client.ask(info.id.number, &Scrollback { first: 0, count: 1 });
    assert_eq!(page.first, scrolled - 100);
    client.type_in(&mut joined, b"\r");
    client.expect::<Exited>();
    client.wait_for(&mut joined, "over", |grid| text(grid).contains("over"));
    assert_eq!(joined.grid.scrollback, 100);
    place.put("[daemon]\nscrollback = 50\n");
    client.wait_for(&mut joined, "50 lines", |grid| grid.scrollback == 50);
    let later = client.create("seq 1 3000; exec cat");
    let mut joined = client.attach(later.id.number);
    client.wait_for(&mut joined, "50 lines", |grid| grid.scrollback == 50 && text(grid).contains("3000"));
}

#[test]
fn new_sessions_have_the_shell_the_term_and_the_policy() {
    let shell =
        "[daemon]\nshell = ['/bin/sh', '-c', 'echo it is $TERM; exec cat']\nterm = 'vt100'\nsize_policy = 'smallest'\n";
    let place = Configured::start_with(|path| put(path, shell));
    let mut client = place.daemon.connect();
    let info = client.ask::<_, Created>(0, &CreateSession { command: vec![], ..command("") }).info;
    assert_eq!(info.policy, SizePolicy::Smallest);
    let mut joined = client.attach(info.id.number);
    client.wait_for_text(&mut joined, "it is vt100");
}

#[test]
fn what_counts_from_a_start_on_says_so() {
    let place = Configured::start_with(|path| put(path, "[daemon]\nresume_seconds = 77\n"));
    let mut client = place.daemon.connect();
    assert_eq!(client.welcome.limits.resume_ms, 77_000);
    client.ask::<_, Done>(0, &set("daemon.resume_seconds", Value::Integer(5)));
    assert!(entry(&get(&mut client), "daemon.resume_seconds").restart);
    assert_eq!(place.daemon.connect().welcome.limits.resume_ms, 77_000);
    client.ask::<_, Done>(0, &set("daemon.resume_seconds", Value::Integer(77)));
    assert!(!entry(&get(&mut client), "daemon.resume_seconds").restart);
}

#[test]
fn a_daemons_command_line_goes_before_its_file() {
    let home = tempfile::tempdir().expect("a directory");
    let path = home.path().join("scarab.toml");
    put(&path, "[daemon]\nlog = 'warn'\n");
    let daemon = TestDaemon::start_with(|options| {
        options.config = Some(path);
        options.given = vec![("daemon.log".into(), Value::Text("debug".into()))];
    });
    let config = get(&mut daemon.connect());
    let log = entry(&config, "daemon.log");
    assert_eq!((&log.value, log.origin), (&Value::Text("debug".into()), Origin::Session));
}

#[test]
fn only_a_control_client_may_change_anything() {
    let daemon = TestDaemon::start_with(|options| options.require_token = true);
    let token = scarab_protocol::trust::token::token_file(&daemon.address, Role::Observer);
    let options = scarab_protocol::client::ClientOptions {
        token_file: Some(token),
        ..scarab_protocol::client::ClientOptions::new(daemon.address.clone(), "test 1.0")
    };
    let client = scarab_protocol::client::Client::connect(options).expect("it may look");
    let patience = super::harness::PATIENCE;
    client.ask::<_, Config>(&GetConfig {}, patience).expect("it may look");
    let refused = client.ask::<_, Done>(&set("daemon.scrollback", Value::Integer(1)), patience);
    assert!(
        matches!(&refused, Err(scarab_protocol::client::RequestError::Refused { code: ErrorCode::NotAllowed, .. })),
        "{refused:?}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_thousand_changes_leave_nothing_behind() {
    let place = Configured::start_with(|path| put(path, "[daemon]\nscrollback = 0\n"));
    let mut client = place.daemon.connect();
    let info = client.create("exec cat");
    client.attach(info.id.number);
    client.ask::<_, Done>(0, &save("daemon.scrollback", Value::Integer(1)));
    // Other tests run in this process: what is counted is this daemon's, which are the threads that hold it and the files below
    // its directory.
    let held = || std::sync::Arc::strong_count(&place.daemon.shared());
    let open = || {
        let links = fs::read_dir("/proc/self/fd").expect("Linux has it").flatten();
        links.filter(|entry| entry.path().read_link().is_ok_and(|path| path.starts_with(place.directory()))).count()
    };
    let (held_before, open_before) = (held(), open());
    for number in 2..=1000 {
        let change = if number % 2 == 0 { save } else { set };
        client.ask::<_, Done>(0, &change("daemon.scrollback", Value::Integer(number)));
    }
    for number in 0..20 {
        place.put(&format!("[daemon]\nterm = 't{number}'\n"));
        while entry(&client.expect::<ConfigChanged>().1.config, "daemon.term").value
            != Value::Text(format!("t{number}"))
        {}
    }
    // What had only begun with the session may be done by now.
    wait_until(|| held() <= held_before && open() <= open_before);
    let left: Vec<_> = fs::read_dir(place.directory()).expect("a directory").flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}
