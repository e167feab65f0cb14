//! The daemon that is none, and plugins in files of its own.

use std::{
    collections::BTreeMap,
    fs, io,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crossbeam_channel::bounded;
use tempfile::TempDir;

use crate::plugin::{
    CallContext, CallError, Event, Grants, Host, HostError, LoadError, NewSession, Notice, PluginInfo, Plugins, Report,
    Screen, Section, SessionInfo, SessionRef, Value,
};

/// Far more than anything here takes, for a machine that is very busy.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// What the daemon was asked for, in words that tests compare.
pub(super) type Said = String;

/// Notes everything, and has sessions that are only names.
#[derive(Default)]
pub(super) struct FakeHost {
    state: Mutex<Noted>,
    changed: Condvar,
}

#[derive(Default)]
struct Noted {
    said: Vec<Said>,
    sessions: Vec<SessionInfo>,
    data: BTreeMap<String, Vec<u8>>,
}

impl FakeHost {
    fn say(&self, what: String) {
        self.lock().said.push(what);
        self.changed.notify_all();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Noted> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that was said until now.
    pub(super) fn said(&self) -> Vec<Said> {
        self.lock().said.clone()
    }

    /// What was said that begins so, without that beginning.
    pub(super) fn all(&self, beginning: &str) -> Vec<String> {
        self.said().iter().filter_map(|said| said.strip_prefix(beginning)).map(str::to_owned).collect()
    }

    /// Waits until something has been said that contains a text, and gives it.
    pub(super) fn wait(&self, text: &str) -> Said {
        self.wait_for(text, |said| said.iter().find(|said| said.contains(text)).cloned())
    }

    /// Waits until what was said gives something.
    pub(super) fn wait_for<T>(&self, what: &str, look: impl Fn(&[Said]) -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        let mut state = self.lock();
        loop {
            if let Some(found) = look(&state.said) {
                return found;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{what:?} has not come; there was {:#?}", state.said);
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Adds a session.
    pub(super) fn add_session(&self, number: u32, name: &str, cwd: Option<&str>) -> SessionRef {
        let session = SessionRef { number, name: name.into() };
        self.lock().sessions.push(SessionInfo {
            session: session.clone(),
            title: format!("title of {name}"),
            command: "sh".into(),
            cwd: cwd.map(str::to_owned),
            running: true,
        });
        session
    }

    /// What the sessions are called, by number.
    pub(super) fn names(&self) -> Vec<String> {
        self.lock().sessions.iter().map(|info| info.session.name.clone()).collect()
    }

    /// Gives a session another name, as a user does.
    pub(super) fn user_renames(&self, number: u32, name: &str) {
        self.rename("user", number, name).expect("there is such a session");
    }

    /// What a plugin keeps.
    pub(super) fn data(&self, plugin: &str) -> Option<String> {
        self.lock().data.get(plugin).map(|data| String::from_utf8_lossy(data).into_owned())
    }
}

impl Host for FakeHost {
    fn sessions(&self) -> Vec<SessionInfo> {
        self.lock().sessions.clone()
    }

    fn screen(&self, session: u32) -> Result<Screen, HostError> {
        Ok(Screen { cols: 80, lines: vec![format!("screen of {session}"), String::new()], cursor: Some((0, 3)) })
    }

    fn send(&self, plugin: &str, session: u32, text: &str) -> Result<(), HostError> {
        self.say(format!("{plugin} send {session} {text:?}"));
        Ok(())
    }

    fn create(&self, plugin: &str, session: NewSession) -> Result<SessionRef, HostError> {
        let number = self.lock().sessions.len() as u32 + 1;
        let made = self.add_session(number, session.name.as_deref().unwrap_or("made"), session.cwd.as_deref());
        self.say(format!("{plugin} create {} {:?}", made.name, session.command));
        Ok(made)
    }

    fn rename(&self, plugin: &str, session: u32, name: &str) -> Result<(), HostError> {
        let mut state = self.lock();
        if state.sessions.iter().any(|info| info.session.name == name) {
            return Err(HostError(format!("the name {name:?} is taken")));
        }
        let info = state.sessions.iter_mut().find(|info| info.session.number == session);
        info.ok_or_else(|| HostError("gone".into()))?.session.name = name.into();
        drop(state);
        self.say(format!("{plugin} rename {session} {name}"));
        Ok(())
    }

    fn notify(&self, plugin: &str, notice: Notice) {
        let about = notice.session.map(|session| session.name).unwrap_or_default();
        self.say(format!("{plugin} notify [{}] [{}] [{about}]", notice.title, notice.body));
    }

    fn status(&self, plugin: &str, key: &str, text: Option<&str>) {
        self.say(format!("{plugin} status {key} {text:?}"));
    }

    fn emit(&self, plugin: &str, event: &str, fields: Vec<(String, Value)>, session: Option<SessionRef>) {
        let about = session.map(|session| session.name).unwrap_or_default();
        let fields: Vec<_> = fields.into_iter().map(|(key, value)| format!("{key}={}", plain(&value))).collect();
        self.say(format!("{plugin} emit {event} [{}] [{about}]", fields.join(" ")));
    }

    fn report(&self, plugin: &str, report: Report) {
        self.say(match report {
            Report::ReloadFailed(error) => format!("{plugin} not reloaded: {error}"),
            other => format!("{plugin} {other:?}"),
        });
    }

    fn load_data(&self, plugin: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self.lock().data.get(plugin).cloned())
    }

    fn store_data(&self, plugin: &str, data: &[u8]) -> io::Result<()> {
        self.lock().data.insert(plugin.into(), data.to_vec());
        self.say(format!("{plugin} stored"));
        Ok(())
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Flag(flag) => flag.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Number(number) => format!("{number:?}"),
        Value::Text(text) => text.clone(),
        Value::List(_) | Value::Map(_) => unreachable!("scripts have no such values to give"),
    }
}

/// Plugins, their daemon, and a directory for their files.
pub(super) struct Bench {
    pub(super) host: Arc<FakeHost>,
    pub(super) plugins: Plugins,
    pub(super) home: TempDir,
}

impl Bench {
    pub(super) fn new() -> Self {
        let host = Arc::<FakeHost>::default();
        let home = tempfile::tempdir().expect("a directory");
        Self { plugins: Plugins::new(host.clone()), host, home }
    }

    /// Writes a plugin's file: a manifest with its name, then these lines.
    pub(super) fn write(&self, name: &str, manifest: &str, body: &str) -> PathBuf {
        self.write_text(name, &script(name, manifest, body))
    }

    /// Writes a file as it is, and at once: what was half written could be loaded, too.
    pub(super) fn write_text(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home.path().join(format!("{name}.luau"));
        let part = path.with_extension("part");
        fs::write(&part, text).expect("written");
        set_mode(&part, 0o644);
        fs::rename(part, &path).expect("the directory is ours");
        path
    }

    /// Writes and loads a plugin.
    pub(super) fn load(&self, name: &str, manifest: &str, body: &str) -> Result<PluginInfo, LoadError> {
        let path = self.write(name, manifest, body);
        self.plugins.load(&path, Grants::default(), |_| Section::default())
    }

    /// Loads a plugin that is fine.
    pub(super) fn run(&self, name: &str, body: &str) -> PluginInfo {
        self.load(name, "", body).unwrap_or_else(|error| panic!("{error}"))
    }

    pub(super) fn info(&self, name: &str) -> PluginInfo {
        self.plugins.list().into_iter().find(|info| info.name == name).expect("it is loaded")
    }

    /// Calls a command and waits for the answer.
    pub(super) fn call(&self, plugin: &str, command: &str, args: &[&str]) -> Result<String, CallError> {
        let (sender, answer) = bounded(1);
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        let reply = Box::new(move |outcome| sender.send(outcome).expect("the test waits"));
        self.plugins.call(plugin, command, args, CallContext::default(), reply);
        answer.recv_timeout(PATIENCE).expect("an answer")
    }

    /// Raises an event.
    pub(super) fn event(&self, kind: &str, number: u64, session: Option<&SessionRef>, fields: &[(&str, Value)]) {
        let fields = fields.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        self.plugins.deliver(&Event { kind: kind.into(), number, session: session.cloned(), fields });
    }
}

/// A script with a manifest in its first six lines; its body begins on line 7.
pub(super) fn script(name: &str, manifest: &str, body: &str) -> String {
    format!("--[[ scarab-plugin\nname = \"{name}\"\nversion = \"1.0\"\napi = 1\n{manifest}\n]]\n{body}\n")
}

#[cfg(unix)]
pub(super) fn set_mode(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("ours");
}

#[cfg(windows)]
pub(super) fn set_mode(_path: &std::path::Path, _mode: u32) {}
