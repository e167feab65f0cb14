//! What the daemon knows of a plugin, whichever instance of it runs.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use super::{
    Grants, Host, Permission, Section, SessionRef, Value,
    limits::{CREATED, LOG_BYTES, LOG_ENTRIES, STATUSES},
    store::Store,
    text,
};

/// A plugin as `plugin list` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PluginInfo {
    /// Its name.
    pub name: String,
    /// Its version, as its manifest says.
    pub version: String,
    /// What it is for, in its own words; may be empty.
    pub about: String,
    /// Its file, links resolved.
    pub path: PathBuf,
    /// Whether it runs.
    pub state: State,
    /// Its commands, by name.
    pub commands: Vec<CommandInfo>,
    /// What its manifest asks for.
    pub permissions: Vec<Permission>,
    /// How many callbacks have failed since it was loaded.
    pub errors: u64,
    /// The last of these failures.
    pub last_error: Option<String>,
    /// How many events and lines it has lost, because its inbox was full.
    pub dropped: u64,
    /// The memory that its engine has, in bytes, as of its last callback.
    pub memory: usize,
    /// Its status items, by key.
    pub statuses: Vec<(String, String)>,
}

/// Whether a plugin runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// It waits for what it has asked for.
    Running,
    /// It was ended after failures in a row; a reload begins it anew.
    Disabled {
        /// Why.
        reason: String,
    },
}

/// A command of a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandInfo {
    /// Its name.
    pub name: String,
    /// One line for people.
    pub help: String,
}

/// A line of a plugin's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogEntry {
    /// When it was written.
    pub at: SystemTime,
    /// Whether it is a failure; else it is what the script logs.
    pub is_error: bool,
    /// The text, one line.
    pub text: String,
}

/// What outlives a reload: log, kept data, status items, and which sessions it made.
pub(super) struct Record {
    pub(super) name: String,
    pub(super) host: Arc<dyn Host>,
    state: Mutex<Changing>,
    store: Mutex<Store>,
}

#[derive(Default)]
struct Changing {
    section: Section,
    /// What clients have granted, besides.
    granted: Grants,
    /// The newest [`LOG_ENTRIES`].
    log: VecDeque<LogEntry>,
    errors: u64,
    last_error: Option<String>,
    /// By key, what each instance says that has set it. That of the newest counts; there are two while one takes another's place.
    statuses: BTreeMap<String, BTreeMap<u64, String>>,
    created: BTreeSet<u32>,
}

impl Record {
    /// A plugin that is about to start. Kept data that cannot be used is noted in its log.
    pub(super) fn new(name: &str, host: Arc<dyn Host>, granted: Grants, section: Section) -> Self {
        let (store, trouble) = Store::load(&*host, name);
        let state = Mutex::new(Changing { section, granted, ..Changing::default() });
        let record = Self { name: name.into(), host, state, store: Mutex::new(store) };
        if let Some(trouble) = trouble {
            record.log(&trouble, true);
        }
        record
    }

    /// Gives it another section of the configuration, for instances that are yet to start.
    pub(super) fn configure(&self, section: Section) {
        self.lock().section = section;
    }

    /// Grants more, at once and until it is unloaded.
    pub(super) fn grant(&self, more: Grants) {
        self.lock().granted.input.extend(more.input);
    }

    pub(super) fn settings(&self) -> BTreeMap<String, Value> {
        self.lock().section.settings.clone()
    }

    pub(super) fn statuses(&self) -> Vec<(String, String)> {
        let state = self.lock();
        let newest =
            |(key, by): (&String, &BTreeMap<u64, String>)| Some((key.clone(), by.values().next_back()?.clone()));
        state.statuses.iter().filter_map(newest).collect()
    }

    /// Writes into the log; the oldest entry leaves when it is full.
    pub(super) fn log(&self, entry: &str, is_error: bool) {
        let text = text::cut(&text::shown(entry), LOG_BYTES).to_owned();
        let mut state = self.lock();
        if state.log.len() >= LOG_ENTRIES {
            state.log.pop_front();
        }
        state.log.push_back(LogEntry { at: SystemTime::now(), is_error, text });
    }

    /// Notes a failure. Whoever has it run reports it.
    pub(super) fn fail(&self, message: &str) {
        self.log(message, true);
        let mut state = self.lock();
        state.errors += 1;
        state.last_error = Some(message.to_owned());
    }

    pub(super) fn entries(&self) -> Vec<LogEntry> {
        self.lock().log.iter().cloned().collect()
    }

    pub(super) fn errors(&self) -> (u64, Option<String>) {
        let state = self.lock();
        (state.errors, state.last_error.clone())
    }

    /// Sets or takes away a status item for one instance. What an older instance sets does not replace what a newer one has set.
    ///
    /// # Errors
    /// If there would be too many.
    pub(super) fn set_status(&self, instance: u64, key: &str, shown: Option<&str>) -> Result<(), String> {
        let mut state = self.lock();
        if shown.is_some() && !state.statuses.contains_key(key) && state.statuses.len() >= STATUSES {
            return Err(format!("there may be {STATUSES} status items; take one away first"));
        }
        let told = state.set_status(instance, key, shown);
        drop(state);
        if let Some(now) = told {
            self.host.status(&self.name, key, now.as_deref());
        }
        Ok(())
    }

    /// Takes away what an instance has set. What an older one that goes on has set is shown again.
    pub(super) fn clear_statuses(&self, instance: u64) {
        let mut state = self.lock();
        let keys: Vec<String> = state.statuses.keys().cloned().collect();
        let told: Vec<_> =
            keys.into_iter().filter_map(|key| Some((state.set_status(instance, &key, None)?, key))).collect();
        drop(state);
        for (now, key) in told {
            self.host.status(&self.name, &key, now.as_deref());
        }
    }

    /// Whether it may type into a session.
    pub(super) fn may_type(&self, session: &SessionRef) -> bool {
        let state = self.lock();
        state.created.contains(&session.number) || state.is_granted(&session.name)
    }

    /// Whether a session of this name is one that it may type into.
    pub(super) fn is_granted(&self, name: &str) -> bool {
        self.lock().is_granted(name)
    }

    /// Whether it may make another session, given those that exist.
    pub(super) fn may_create(&self, exist: &[u32]) -> bool {
        let mut state = self.lock();
        state.created.retain(|number| exist.contains(number));
        state.created.len() < CREATED
    }

    /// Notes a session as its own.
    pub(super) fn created(&self, number: u32) {
        self.lock().created.insert(number);
    }

    /// Looks at the kept data, or changes it.
    pub(super) fn store<R>(&self, with: impl FnOnce(&mut Store) -> R) -> R {
        with(&mut self.store.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes kept data that has changed.
    pub(super) fn save(&self) {
        let Some(data) = self.store(Store::take_changes) else { return };
        if let Err(error) = self.host.store_data(&self.name, &data) {
            // It is tried again after the next callback, or at the end.
            self.store(Store::keep_changes);
            self.log(&format!("kept data cannot be written: {error}"), true);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Changing> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Changing {
    /// What a status item says after one instance has set it or taken it away, if that is something else than before.
    fn set_status(&mut self, instance: u64, key: &str, text: Option<&str>) -> Option<Option<String>> {
        let by = self.statuses.entry(key.to_owned()).or_default();
        let before = by.values().next_back().cloned();
        match text {
            Some(text) => by.insert(instance, text.to_owned()),
            None => by.remove(&instance),
        };
        let now = by.values().next_back().cloned();
        if now.is_none() {
            self.statuses.remove(key);
        }
        (now != before).then_some(now)
    }

    fn is_granted(&self, name: &str) -> bool {
        [&self.section.grants, &self.granted]
            .iter()
            .any(|grants| grants.input.contains("*") || grants.input.contains(name))
    }
}
