//! Loading, reloading and unloading plugins, one after the other, and stopping them all.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    Grants, Host, LoadError, PluginInfo, Report, Section,
    file::Script,
    instance::{Instance, wait_for_end},
    limits::PLUGINS,
    lines::Wanted,
    manifest::Manifest,
    record::Record,
    slots::{Slot, Slots, Source},
};

/// How long the end of plugins is waited for: each ends within a callback's time, but for a machine that is very busy.
const END_PATIENCE: Duration = Duration::from_secs(2);

/// What loads plugins. Nothing here watches their files: whoever changes what is loaded does.
pub(super) struct Loader {
    host: Arc<dyn Host>,
    pub(super) slots: Arc<Slots>,
    pub(super) wanted: Arc<Wanted>,
    /// Held while plugins are loaded, reloaded or unloaded, so that these come one after the other. Nothing else takes it.
    changing: Mutex<()>,
    instances: AtomicU64,
    stopped: AtomicBool,
    /// The one whose script runs for the first time, for who stops them all and for who asks what there is.
    starting: Mutex<Option<Arc<Instance>>>,
    /// By plugin, the last trouble with its changed file, so that it is reported once.
    troubles: Mutex<BTreeMap<String, String>>,
}

/// What a reloaded plugin may do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Permitted {
    /// Somebody has asked for the reload, and knows the file.
    WhatItAsksFor,
    /// Nobody has looked at the file.
    WhatItHas,
}

impl Loader {
    /// None is loaded yet.
    pub(super) fn new(host: Arc<dyn Host>) -> Self {
        Self {
            host,
            slots: Arc::default(),
            wanted: Arc::default(),
            changing: Mutex::default(),
            instances: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            starting: Mutex::default(),
            troubles: Mutex::default(),
        }
    }

    /// Keeps others from loading, reloading and unloading, until it is dropped.
    pub(super) fn changing(&self) -> MutexGuard<'_, ()> {
        lock(&self.changing)
    }

    /// Whether all were stopped.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    pub(super) fn load(
        &self,
        source: Source,
        granted: Grants,
        section: impl FnOnce(&str) -> Section,
    ) -> Result<PluginInfo, LoadError> {
        let _changing = self.changing();
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

    pub(super) fn unload(&self, name: &str) -> Result<(), LoadError> {
        let _changing = self.changing();
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
    pub(super) fn reload(
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
    pub(super) fn reload_changed(&self) -> bool {
        let mut any = false;
        for name in self.slots.names() {
            let _changing = self.changing();
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

    pub(super) fn starting(&self) -> Option<Arc<Instance>> {
        lock(&self.starting).clone()
    }

    pub(super) fn slot(&self, name: &str) -> Result<Slot, LoadError> {
        self.slots.get(name).ok_or_else(|| self.unknown(name))
    }

    fn unknown(&self, name: &str) -> LoadError {
        LoadError::Unknown { name: name.into(), loaded: self.slots.names() }
    }

    /// The files to watch: as they were named, and where links lead.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        self.slots.each(|slot| {
            if let Source::File(given) = &slot.source {
                files.extend([given.clone(), slot.instance.script.path.clone()]);
            }
        });
        files
    }

    pub(super) fn stop(&self) {
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
