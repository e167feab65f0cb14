//! Who loads and unloads: one thread, for what clients ask and for what the configuration says.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    path::{Path, PathBuf},
    sync::{Arc, Weak},
};

use crossbeam_channel::Receiver;
use scarab_protocol::{
    config::{self, PluginSection, plugin_sections},
    event::EventKind,
    message::{self, Done, ErrorCode, EventField, PluginSource},
};

use super::{Asked, Order, wire};
use crate::{
    attach::printable,
    daemon::Daemon,
    plugin::{Grants, LoadError, PluginInfo, Plugins, Section, Value},
};

pub(super) struct Keeper {
    daemon: Weak<Daemon>,
    plugins: Arc<Plugins>,
    /// The sections that were carried out, by name, right or wrong.
    done: BTreeMap<String, PluginSection>,
    /// The plugins that a section has loaded, and no client.
    loaded: BTreeSet<String>,
}

impl Keeper {
    pub(super) fn new(daemon: &Arc<Daemon>, plugins: Arc<Plugins>) -> Self {
        Self { daemon: Arc::downgrade(daemon), plugins, done: BTreeMap::new(), loaded: BTreeSet::new() }
    }

    pub(super) fn run(mut self, orders: &Receiver<Order>, stopped: &Receiver<()>) {
        self.follow();
        loop {
            crossbeam_channel::select! {
                recv(stopped) -> _ => return,
                recv(orders) -> order => match order {
                    Ok(order) => self.carry_out(order),
                    Err(_) => return,
                },
            }
            self.follow();
        }
    }

    fn carry_out(&mut self, order: Order) {
        match order {
            Order::Look => {}
            Order::Load(asked, source, grants) => {
                let loaded = self.load(source, grants);
                answer(&asked, loaded);
            }
            Order::Reload(asked, name) => answer(&asked, self.plugins.reload(&name)),
            Order::Unload(asked, name) => match self.unload(&name) {
                Ok(()) => asked.client.tell(0, asked.request, &Done {}),
                Err(error) => refuse(&asked, &error),
            },
        }
    }

    /// Loads a plugin that a client asks for, with what its section says. One that runs already goes on, whoever loaded it.
    fn load(&self, source: PluginSource, grants: Vec<String>) -> Result<PluginInfo, LoadError> {
        let granted = Grants { input: grants.into_iter().collect() };
        let section = |name: &str| self.sections().get(name).map(section_of).unwrap_or_default();
        let loaded = match source {
            PluginSource::File(path) => self.plugins.load(&path_of(path), granted.clone(), section),
            PluginSource::Bundled(name) => self.plugins.load_bundled(&name, granted.clone(), section),
        };
        match loaded {
            Err(LoadError::Loaded { path, name, loaded }) if path == loaded => self.plugins.grant(&name, granted),
            other => other,
        }
    }

    /// Brings the plugins to what the configuration says of them. Those that clients have loaded stay.
    fn follow(&mut self) {
        let wanted = self.sections();
        let gone: Vec<_> = self.done.keys().filter(|name| !wanted.contains_key(*name)).cloned().collect();
        for name in gone {
            self.done.remove(&name);
            if self.loaded.contains(&name) {
                self.end(&name);
            } else if let Err(error) = self.plugins.configure(&name, Section::default()) {
                tracing::debug!(%error, "no settings to take away");
            }
        }
        for (name, section) in wanted {
            let before = self.done.insert(name.clone(), section.clone());
            if before.as_ref() == Some(&section) {
                continue;
            }
            if self.plugins.is_stopped() {
                return;
            }
            if let Err(error) = self.apply(before, &section) {
                let is_loaded = self.plugins.list().iter().any(|info| info.name == name);
                let state = if is_loaded { "reload-failed" } else { "not-loaded" };
                tracing::warn!(plugin = name, state, "{error}");
                let fields = vec![
                    EventField::new("plugin", name),
                    EventField::new("state", state),
                    EventField::new("error", error),
                ];
                if let Some(daemon) = self.daemon.upgrade() {
                    daemon.events.publish(EventKind::PluginState, None, fields);
                }
            }
        }
    }

    fn apply(&mut self, before: Option<PluginSection>, section: &PluginSection) -> Result<(), String> {
        let name = &section.name;
        let was = before.as_ref().is_some_and(|before| before.enabled);
        let moved = before.is_some_and(|before| before.path != section.path);
        if !section.enabled {
            if was {
                self.end(name);
            }
            return Ok(());
        }
        let is_loaded = self.plugins.list().iter().any(|info| info.name == *name);
        if is_loaded && !moved {
            return self.plugins.configure(name, section_of(section)).map(drop).map_err(|error| error.to_string());
        }
        if is_loaded {
            self.end(name);
        }
        let loaded = match &section.path {
            None => self.plugins.load_bundled(name, Grants::default(), |_| section_of(section)),
            Some(path) => self.plugins.load(&self.located(path), Grants::default(), |_| section_of(section)),
        };
        let info = loaded.map_err(|error| error.to_string())?;
        if info.name != *name {
            self.end(&info.name);
            let path = info.path.display();
            return Err(format!("{path} is the plugin `{}`: name its section [plugins.{}]", info.name, info.name));
        }
        self.loaded.insert(info.name);
        Ok(())
    }

    fn unload(&mut self, name: &str) -> Result<(), LoadError> {
        self.loaded.remove(name);
        self.plugins.unload(name)
    }

    fn end(&mut self, name: &str) {
        // A client may have unloaded it.
        if let Err(error) = self.unload(name) {
            tracing::debug!(%error, "nothing to unload");
        }
    }

    fn sections(&self) -> BTreeMap<String, PluginSection> {
        let Some(daemon) = self.daemon.upgrade() else { return BTreeMap::new() };
        let sections = plugin_sections(&daemon.config.current().message().entries);
        sections.into_iter().map(|section| (section.name.clone(), section)).collect()
    }

    /// A path as the configuration has it: `~/` is the home directory, and any other that is not absolute lies beside the file.
    fn located(&self, path: &str) -> PathBuf {
        if let (Some(rest), Some(home)) = (path.strip_prefix("~/"), env::home_dir()) {
            return home.join(rest);
        }
        let file = self.daemon.upgrade().map(|daemon| PathBuf::from(&daemon.config.current().message().path));
        match file.as_deref().and_then(Path::parent) {
            Some(directory) => directory.join(path),
            None => path.into(),
        }
    }
}

fn section_of(section: &PluginSection) -> Section {
    let value = |value: &config::Value| match value {
        config::Value::Bool(flag) => Value::Flag(*flag),
        config::Value::Integer(number) => Value::Integer(*number),
        config::Value::Float(number) => Value::Number(*number),
        config::Value::Text(text) => Value::Text(text.clone()),
        config::Value::Texts(texts) => Value::List(texts.iter().cloned().map(Value::Text).collect()),
    };
    let settings = section.settings.iter().map(|(key, setting)| (key.clone(), value(setting))).collect();
    Section { grants: Grants { input: section.input.iter().cloned().collect() }, settings }
}

fn answer(asked: &Asked, outcome: Result<PluginInfo, LoadError>) {
    match outcome {
        Ok(info) => {
            let plugins = vec![wire::info(&info, Vec::new())];
            asked.client.tell(0, asked.request, &message::Plugins { plugins });
        }
        Err(error) => refuse(asked, &error),
    }
}

fn refuse(asked: &Asked, error: &LoadError) {
    let code = if matches!(error, LoadError::Unknown { .. }) { ErrorCode::NoSuchPlugin } else { ErrorCode::BadPlugin };
    // A path may have any characters.
    asked.client.refuse(asked.request, code, printable(&error.to_string()));
}

#[cfg(unix)]
fn path_of(bytes: Vec<u8>) -> PathBuf {
    use std::{ffi::OsString, os::unix::ffi::OsStringExt};
    OsString::from_vec(bytes).into()
}

#[cfg(windows)]
fn path_of(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}
