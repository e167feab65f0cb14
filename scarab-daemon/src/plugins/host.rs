//! The daemon as its plugins see it.

use std::{
    fs, io,
    io::Write,
    path::PathBuf,
    sync::{Arc, Weak},
};

use scarab_protocol::{
    client::client_environment,
    event::EventKind,
    ids::TermSize,
    message::{CreateSession, EventField, EventValue},
};

use crate::{
    daemon::Daemon,
    plugin::{Host, HostError, NewSession, Notice, Report, Screen, SessionInfo, SessionRef, Value},
    session::Session,
};

/// What plugins reach the daemon by.
pub(super) struct DaemonHost {
    daemon: Weak<Daemon>,
    /// Where what they keep lies, a file each.
    data: PathBuf,
}

impl DaemonHost {
    pub(super) fn new(daemon: &Arc<Daemon>, data: PathBuf) -> Self {
        Self { daemon: Arc::downgrade(daemon), data }
    }

    fn daemon(&self) -> Result<Arc<Daemon>, HostError> {
        self.daemon.upgrade().ok_or_else(|| HostError("the daemon is ending".into()))
    }

    fn session(&self, number: u32) -> Result<(Arc<Daemon>, Arc<Session>), HostError> {
        let daemon = self.daemon()?;
        let session = daemon.registry().session(number);
        let session = session.ok_or_else(|| HostError(format!("there is no session {number} any more")))?;
        Ok((daemon, session))
    }

    fn publish(&self, kind: EventKind, session: Option<SessionRef>, fields: Vec<EventField>) {
        let Some(daemon) = self.daemon.upgrade() else { return };
        let about = session.and_then(|session| {
            let found = daemon.registry().session(session.number)?;
            Some((found.id, found.name()))
        });
        daemon.events.publish(kind, about, fields);
    }
}

impl Host for DaemonHost {
    fn sessions(&self) -> Vec<SessionInfo> {
        let Some(daemon) = self.daemon.upgrade() else { return Vec::new() };
        let sessions: Vec<_> = daemon.registry().sessions_after(0).cloned().collect();
        let info = |session: Arc<Session>| {
            let info = session.info();
            SessionInfo {
                session: SessionRef { number: info.id.number, name: info.name },
                title: info.title,
                command: info.command,
                cwd: Some(session.cwd()).filter(|cwd| !cwd.is_empty()),
                running: info.exit.is_none(),
            }
        };
        sessions.into_iter().map(info).collect()
    }

    fn screen(&self, session: u32) -> Result<Screen, HostError> {
        let (_, session) = self.session(session)?;
        let grid = session.look().map_err(|why| HostError(format!("the screen cannot be read: {why}")))?;
        let cursor = grid.cursor.visible.then_some((grid.cursor.row, grid.cursor.col));
        let lines = (0..grid.rows()).map(|row| grid.row_text(row)).collect();
        Ok(Screen { cols: grid.cols(), lines, cursor })
    }

    fn send(&self, _plugin: &str, session: u32, text: &str) -> Result<(), HostError> {
        let (_, session) = self.session(session)?;
        if session.has_ended() {
            return Err(HostError(format!("the program of {} has ended", session.name())));
        }
        if session.input.type_in(text.as_bytes().to_vec()) {
            Ok(())
        } else {
            Err(HostError(format!("session {} does not take its input: try again later", session.name())))
        }
    }

    fn create(&self, plugin: &str, session: NewSession) -> Result<SessionRef, HostError> {
        let daemon = self.daemon()?;
        let bytes = String::into_bytes;
        let wanted = CreateSession {
            name: session.name,
            command: session.command.into_iter().map(bytes).collect(),
            cwd: session.cwd.map(bytes),
            beside: None,
            // There is no client whose it could be; the daemon's own is that of the client that started it.
            env: client_environment(),
            size: TermSize::default(),
            linger: true,
        };
        let made = Session::make(&daemon, wanted, &format!("plugin:{plugin}"));
        let session = made.map_err(|refusal| HostError(refusal.text))?;
        Ok(SessionRef { number: session.id.number, name: session.name() })
    }

    fn rename(&self, _plugin: &str, session: u32, name: &str) -> Result<(), HostError> {
        let (daemon, session) = self.session(session)?;
        session.set_name(&daemon, name.into()).map_err(|refusal| HostError(refusal.text))
    }

    fn notify(&self, plugin: &str, notice: Notice) {
        let Notice { title, body, session } = notice;
        let fields =
            vec![EventField::new("plugin", plugin), EventField::new("title", title), EventField::new("body", body)];
        self.publish(EventKind::Notification, session, fields);
    }

    fn status(&self, plugin: &str, key: &str, text: Option<&str>) {
        let mut fields = vec![EventField::new("plugin", plugin), EventField::new("key", key)];
        fields.extend(text.map(|text| EventField::new("text", text)));
        self.publish(EventKind::Status, None, fields);
    }

    fn emit(&self, plugin: &str, event: &str, fields: Vec<(String, Value)>, session: Option<SessionRef>) {
        let mut all = vec![EventField::new("plugin", plugin), EventField::new("event", event)];
        // The names of these two are the daemon's.
        let own = fields.into_iter().filter(|(key, _)| key != "plugin" && key != "event");
        all.extend(own.map(|(key, value)| EventField { key, value: told(value) }));
        self.publish(EventKind::Plugin, session, all);
    }

    fn report(&self, plugin: &str, report: Report) {
        let (state, error) = match report {
            Report::Loaded => ("loaded", None),
            Report::Reloaded => ("reloaded", None),
            Report::Unloaded => ("unloaded", None),
            Report::ReloadFailed(error) => ("reload-failed", Some(error.to_string())),
            Report::Failed { message } => ("failed", Some(message)),
            Report::Disabled { reason } => ("disabled", Some(reason)),
            Report::Lagged { events, lines } => ("lagged", Some(format!("missed {events} events and {lines} lines"))),
        };
        match &error {
            Some(error) => tracing::warn!(plugin, state, "{error}"),
            None => tracing::info!(plugin, state, "a plugin"),
        }
        let mut fields = vec![EventField::new("plugin", plugin), EventField::new("state", state)];
        fields.extend(error.map(|error| EventField::new("error", error)));
        self.publish(EventKind::PluginState, None, fields);
    }

    fn load_data(&self, plugin: &str) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.data.join(plugin).with_extension("json")) {
            Ok(data) => Ok(Some(data)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn store_data(&self, plugin: &str, data: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.data)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.data)?;
        file.write_all(data)?;
        file.persist(self.data.join(plugin).with_extension("json"))?;
        Ok(())
    }
}

/// A value as events have it: a number with a fraction is a text there.
fn told(value: Value) -> EventValue {
    match value {
        Value::Flag(flag) => flag.into(),
        Value::Integer(number) => number.into(),
        Value::Number(number) => number.to_string().into(),
        Value::Text(text) => text.into(),
        // Events have none of these: the engine takes them for settings only.
        Value::List(_) | Value::Map(_) => String::new().into(),
    }
}
