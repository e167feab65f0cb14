//! All plugins of a daemon.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    CallContext, CallError, Event, Grants, Host, LineFeed, LoadError, LogEntry, PluginInfo, Report, Section, State,
    bundled,
    call::{Call, Reply},
    file::Script,
    instance::{Ended, Instance, wait_for_end},
    limits::PLUGINS,
    lines::Wanted,
    manifest::Manifest,
    record::Record,
    watch::Watch,
};

/// How long the end of plugins is waited for: each ends within a callback's time, but for a machine that is very busy.
const END_PATIENCE: Duration = Duration::from_secs(2);

/// The plugins of a daemon. All functions may be called on any thread; only loading, reloading and unloading take a while, because
/// they wait for a script. Dropping it ends all plugins.
pub(crate) struct Plugins {
    inner: Arc<Inner>,
    watch: Watch,
}

struct Inner {
    host: Arc<dyn Host>,
    slots: Arc<Slots>,
    wanted: Arc<Wanted>,
    /// Held while plugins are loaded, reloaded or unloaded, so that these come one after the other. Nothing else takes it.
    changing: Mutex<()>,
    instances: AtomicU64,
    stopped: AtomicBool,
    /// The one whose script runs for the first time, for who stops them all and for who asks what there is.
    starting: Mutex<Option<Arc<Instance>>>,
    /// By plugin, the last trouble with its changed file, so that it is reported once.
    troubles: Mutex<BTreeMap<String, String>>,
}

/// The plugins that are loaded, by name. The lock is held for a look or a swap.
#[derive(Default)]
pub(super) struct Slots(RwLock<BTreeMap<String, Slot>>);

/// A loaded plugin.
#[derive(Clone)]
pub(super) struct Slot {
    pub(super) record: Arc<Record>,
    pub(super) instance: Arc<Instance>,
    ended: Ended,
    source: Source,
}

/// What a reloaded plugin may do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Permitted {
    /// Somebody has asked for the reload, and knows the file.
    WhatItAsksFor,
    /// Nobody has looked at the file.
    WhatItHas,
}

/// Where a script comes from.
#[derive(Debug, Clone)]
enum Source {
    /// The path as it was given, made absolute: a link is followed anew each time.
    File(PathBuf),
    /// One of those in the program.
    Bundled(&'static str),
}

impl Plugins {
    /// None yet.
    pub(crate) fn new(host: Arc<dyn Host>) -> Self {
        let inner = Arc::new(Inner {
            host,
            slots: Arc::default(),
            wanted: Arc::default(),
            changing: Mutex::default(),
            instances: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            starting: Mutex::default(),
            troubles: Mutex::default(),
        });
        let weak = Arc::downgrade(&inner);
        let look = move || weak.upgrade().filter(|inner| inner.reload_changed()).map(|inner| inner.files());
        Self { watch: Watch::new(look), inner }
    }

    /// Checks a script's file, and runs it, with what the configuration says of the plugin that it turns out to be. The file is
    /// watched from then on.
    ///
    /// # Errors
    /// [`LoadError`]; nothing is loaded then.
    pub(crate) fn load(
        &self,
        path: &Path,
        granted: Grants,
        section: impl FnOnce(&str) -> Section,
    ) -> Result<PluginInfo, LoadError> {
        let path = std::path::absolute(path).map_err(|error| LoadError::Io { path: path.into(), error })?;
        let info = self.inner.load(Source::File(path), granted, section)?;
        self.watch.renew(&self.inner.files());
        Ok(info)
    }

    /// Runs a script of those that are in the program.
    ///
    /// # Errors
    /// [`LoadError::NotBundled`] if none is called so; else as [`Plugins::load`].
    pub(crate) fn load_bundled(
        &self,
        name: &str,
        granted: Grants,
        section: impl FnOnce(&str) -> Section,
    ) -> Result<PluginInfo, LoadError> {
        let Some((name, _)) = bundled::find(name) else {
            return Err(LoadError::NotBundled {
                name: name.into(),
                bundled: bundled::names().map(Into::into).collect(),
            });
        };
        self.inner.load(Source::Bundled(name), granted, section)
    }

    /// Ends a plugin. What it has kept stays kept.
    ///
    /// # Errors
    /// [`LoadError::Unknown`].
    pub(crate) fn unload(&self, name: &str) -> Result<(), LoadError> {
        self.inner.unload(name)?;
        self.watch.renew(&self.inner.files());
        Ok(())
    }

    /// Reads a plugin's file anew, and runs it in place of what runs now, with the permissions that it asks for. Also begins a
    /// disabled plugin anew.
    ///
    /// # Errors
    /// [`LoadError`]; what runs now goes on then.
    pub(crate) fn reload(&self, name: &str) -> Result<PluginInfo, LoadError> {
        self.reload_with(name, Permitted::WhatItAsksFor)
    }

    fn reload_with(&self, name: &str, permitted: Permitted) -> Result<PluginInfo, LoadError> {
        let _changing = lock(&self.inner.changing);
        let info = self.inner.reload(name, None, permitted)?;
        self.watch.renew(&self.inner.files());
        Ok(info)
    }

    /// Gives a plugin another section of the configuration, and reloads it. It gets no permission that it had not.
    ///
    /// # Errors
    /// As [`Plugins::reload`].
    pub(crate) fn configure(&self, name: &str, section: Section) -> Result<PluginInfo, LoadError> {
        self.inner.slot(name)?.record.configure(section);
        self.reload_with(name, Permitted::WhatItHas)
    }

    /// Whether they were stopped, and none is loaded any more.
    pub(crate) fn is_stopped(&self) -> bool {
        self.inner.stopped.load(Ordering::SeqCst)
    }

    /// Grants a plugin more, and begins it anew if it is disabled.
    ///
    /// # Errors
    /// As [`Plugins::reload`].
    pub(crate) fn grant(&self, name: &str, more: Grants) -> Result<PluginInfo, LoadError> {
        let slot = self.inner.slot(name)?;
        slot.record.grant(more);
        let info = slot.info();
        if info.state == State::Running { Ok(info) } else { self.reload(name) }
    }

    /// All plugins, by name. Also one whose script runs for the first time: what it has told already is to be found here.
    pub(crate) fn list(&self) -> Vec<PluginInfo> {
        // Looked at first: what is not here any more is among the others.
        let starting = self.inner.starting();
        let mut list = BTreeMap::new();
        if let Some(instance) = starting {
            list.insert(instance.record.name.clone(), instance.info());
        }
        self.inner.slots.each(|slot| drop(list.insert(slot.record.name.clone(), slot.info())));
        list.into_values().collect()
    }

    /// Whether none is loaded.
    pub(crate) fn is_empty(&self) -> bool {
        self.inner.slots.is_empty()
    }

    /// What a plugin has logged, oldest first.
    ///
    /// # Errors
    /// [`LoadError::Unknown`].
    pub(crate) fn log(&self, name: &str) -> Result<Vec<LogEntry>, LoadError> {
        let starting = self.inner.starting().filter(|instance| instance.record.name == name);
        match (self.inner.slot(name), starting) {
            (Err(_), Some(instance)) => Ok(instance.record.entries()),
            (slot, _) => Ok(slot?.record.entries()),
        }
    }

    /// Calls a plugin's command. The reply is called once, on the plugin's thread or at once on this one.
    pub(crate) fn call(&self, name: &str, command: &str, args: Vec<String>, context: CallContext, reply: Reply) {
        match self.inner.slots.get(name) {
            Some(slot) => slot.instance.call(Call { command: command.to_owned(), args, context, reply }),
            None => reply(Err(CallError::NoPlugin { name: name.to_owned(), loaded: self.inner.slots.names() })),
        }
    }

    /// Hands an event over to the plugins that listen to its kind, but for the one that has raised it, which would keep itself busy.
    /// Never blocks.
    pub(crate) fn deliver(&self, event: &Event) {
        let mut bounded = None;
        let raised_by = event.raised_by();
        self.inner.slots.each(|slot| {
            if raised_by == Some(slot.record.name.as_str()) {
                return;
            }
            slot.instance.inbox.event(&event.kind, || bounded.get_or_insert_with(|| Arc::new(event.bounded())).clone());
        });
    }

    /// The way of output lines to plugins, for screen threads to keep.
    pub(crate) fn line_feed(&self) -> LineFeed {
        LineFeed::new(self.inner.slots.clone(), self.inner.wanted.clone())
    }

    /// Ends all plugins, and waits for them for two seconds at most. None can be loaded any more.
    pub(crate) fn stop(&self) {
        self.inner.stop();
    }
}

impl Drop for Plugins {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Inner {
    fn load(
        &self,
        source: Source,
        granted: Grants,
        section: impl FnOnce(&str) -> Section,
    ) -> Result<PluginInfo, LoadError> {
        let _changing = lock(&self.changing);
        let (script, manifest) = source.read()?;
        let name = manifest.name.clone();
        if let Some(slot) = self.slots.get(&name) {
            return Err(LoadError::Loaded { path: script.path, name, loaded: slot.instance.script.path.clone() });
        }
        if self.slots.names().len() >= PLUGINS {
            return Err(LoadError::TooMany { path: script.path });
        }
        let record = Arc::new(Record::new(&name, self.host.clone(), granted, section(&name)));
        let info = self.start(source, script, manifest, record)?;
        self.host.report(&name, Report::Loaded);
        Ok(info)
    }

    /// Runs a script, and puts it in the place of what has run until now.
    fn start(
        &self,
        source: Source,
        script: Script,
        manifest: Manifest,
        record: Arc<Record>,
    ) -> Result<PluginInfo, LoadError> {
        let number = self.instances.fetch_add(1, Ordering::Relaxed) + 1;
        let name = record.name.clone();
        let instance = Arc::new(Instance::new(number, manifest, script, record, self.wanted.clone()));
        *lock(&self.starting) = Some(instance.clone());
        let started = self.put(source, &instance);
        lock(&self.starting).take();
        let info = started?;
        self.wanted.review(&self.slots);
        lock(&self.troubles).remove(&name);
        // Whoever stops the daemon may have looked before this one was there.
        if self.stopped.load(Ordering::SeqCst) {
            self.stop();
            return Err(Self::ending(&instance));
        }
        Ok(info)
    }

    /// Runs the script for the first time, and has it among the others before it is no longer the one that is starting.
    fn put(&self, source: Source, instance: &Arc<Instance>) -> Result<PluginInfo, LoadError> {
        // Whoever stops the daemon has either seen this one starting, or is seen here.
        if self.stopped.load(Ordering::SeqCst) {
            return Err(Self::ending(instance));
        }
        let ended = instance.start()?;
        let (record, instance) = (instance.record.clone(), instance.clone());
        let slot = Slot { record: record.clone(), instance, ended, source };
        let info = slot.info();
        if let Some(old) = self.slots.put(&record.name, slot) {
            old.instance.inbox.stop();
        }
        Ok(info)
    }

    fn ending(instance: &Instance) -> LoadError {
        let error = std::io::Error::other("the daemon is ending");
        LoadError::Start { path: instance.script.path.clone(), error }
    }

    fn unload(&self, name: &str) -> Result<(), LoadError> {
        let _changing = lock(&self.changing);
        let slot = self.slots.take(name).ok_or_else(|| self.unknown(name))?;
        slot.instance.inbox.stop();
        self.wanted.review(&self.slots);
        lock(&self.troubles).remove(name);
        // So that what it keeps is written before it can be loaded again.
        wait_for_end(&slot.ended, Instant::now() + END_PATIENCE);
        self.host.report(name, Report::Unloaded);
        Ok(())
    }

    /// Reloads a plugin, from its file or from what was read of it already. The caller holds `changing`.
    fn reload(
        &self,
        name: &str,
        read: Option<(Script, Manifest)>,
        permitted: Permitted,
    ) -> Result<PluginInfo, LoadError> {
        let slot = self.slot(name)?;
        let (script, manifest) = read.map_or_else(|| slot.source.read(), Ok)?;
        if manifest.name != name {
            return Err(LoadError::Renamed { path: script.path, name: name.into(), found: manifest.name });
        }
        let had = &slot.instance.manifest.permissions;
        if permitted == Permitted::WhatItHas
            && let Some(more) = manifest.permissions.iter().find(|permission| !had.contains(permission))
        {
            return Err(LoadError::MorePermissions { path: script.path, name: name.into(), permission: more.name() });
        }
        let info = self.start(slot.source, script, manifest, slot.record)?;
        self.host.report(name, Report::Reloaded);
        Ok(info)
    }

    /// Reloads each plugin whose file says something else than what runs; whether any was, and links may lead elsewhere now.
    fn reload_changed(&self) -> bool {
        let mut any = false;
        for name in self.slots.names() {
            let _changing = lock(&self.changing);
            let Some(slot) = self.slots.get(&name) else { continue };
            if !matches!(slot.source, Source::File(_)) {
                continue;
            }
            let outcome = match slot.source.read() {
                Ok((script, _)) if script == slot.instance.script => {
                    lock(&self.troubles).remove(&name);
                    continue;
                }
                Ok(read) => self.reload(&name, Some(read), Permitted::WhatItHas),
                Err(error) => Err(error),
            };
            match outcome {
                Ok(_) => any = true,
                Err(error) => self.note_trouble(&name, &slot.record, error),
            }
        }
        any
    }

    fn note_trouble(&self, name: &str, record: &Record, error: LoadError) {
        let text = error.to_string();
        if lock(&self.troubles).insert(name.to_owned(), text.clone()).as_ref() != Some(&text) {
            record.log(&format!("not reloaded: {text}"), true);
            self.host.report(name, Report::ReloadFailed(error));
        }
    }

    fn starting(&self) -> Option<Arc<Instance>> {
        lock(&self.starting).clone()
    }

    fn slot(&self, name: &str) -> Result<Slot, LoadError> {
        self.slots.get(name).ok_or_else(|| self.unknown(name))
    }

    fn unknown(&self, name: &str) -> LoadError {
        LoadError::Unknown { name: name.into(), loaded: self.slots.names() }
    }

    /// The files to watch: as they were named, and where links lead.
    fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        self.slots.each(|slot| {
            if let Source::File(given) = &slot.source {
                files.extend([given.clone(), slot.instance.script.path.clone()]);
            }
        });
        files
    }

    fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        if let Some(starting) = lock(&self.starting).as_ref() {
            starting.inbox.stop();
        }
        let slots = self.slots.take_all();
        for slot in slots.values() {
            slot.instance.inbox.stop();
        }
        self.wanted.review(&self.slots);
        let until = Instant::now() + END_PATIENCE;
        for (name, slot) in &slots {
            if !wait_for_end(&slot.ended, until) {
                tracing::warn!(plugin = name, "a plugin has not ended yet");
            }
        }
    }
}

impl Slots {
    /// Looks at each, by name. What is done with it must not block.
    pub(super) fn each(&self, mut look: impl FnMut(&Slot)) {
        self.0.read().unwrap_or_else(PoisonError::into_inner).values().for_each(&mut look);
    }

    fn get(&self, name: &str) -> Option<Slot> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn is_empty(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    fn names(&self) -> Vec<String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    fn put(&self, name: &str, slot: Slot) -> Option<Slot> {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), slot)
    }

    fn take(&self, name: &str) -> Option<Slot> {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(name)
    }

    fn take_all(&self) -> BTreeMap<String, Slot> {
        std::mem::take(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Slot {
    fn info(&self) -> PluginInfo {
        self.instance.info()
    }
}

impl Source {
    fn read(&self) -> Result<(Script, Manifest), LoadError> {
        let script = match self {
            Self::File(path) => Script::read(path)?,
            Self::Bundled(name) => bundled::script(name),
        };
        let manifest = Manifest::read(&script.path, &script.text)?;
        Ok((script, manifest))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
