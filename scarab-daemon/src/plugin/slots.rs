//! The plugins that are loaded, by name, and where their scripts come from.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use super::{
    LoadError, PluginInfo, bundled,
    file::Script,
    instance::{Ended, Instance},
    manifest::Manifest,
    record::Record,
};

/// The plugins that are loaded, by name. The lock is held for a look or a swap.
#[derive(Default)]
pub(super) struct Slots(RwLock<BTreeMap<String, Slot>>);

/// A loaded plugin.
#[derive(Clone)]
pub(super) struct Slot {
    pub(super) record: Arc<Record>,
    pub(super) instance: Arc<Instance>,
    pub(super) ended: Ended,
    pub(super) source: Source,
}

/// Where a script comes from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// The path as it was given, made absolute: a link is followed anew each time.
    File(PathBuf),
    /// One of those in the program.
    Bundled(&'static str),
}

impl Slots {
    /// Looks at each, by name. What is done with it must not block.
    pub(super) fn each(&self, mut look: impl FnMut(&Slot)) {
        self.0.read().unwrap_or_else(PoisonError::into_inner).values().for_each(&mut look);
    }

    pub(super) fn get(&self, name: &str) -> Option<Slot> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    pub(super) fn put(&self, name: &str, slot: Slot) -> Option<Slot> {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), slot)
    }

    pub(super) fn take(&self, name: &str) -> Option<Slot> {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(name)
    }

    pub(super) fn take_all(&self) -> BTreeMap<String, Slot> {
        std::mem::take(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Slot {
    pub(super) fn info(&self) -> PluginInfo {
        self.instance.info()
    }
}

impl Source {
    pub(super) fn read(&self) -> Result<(Script, Manifest), LoadError> {
        let script = match self {
            Self::File(path) => Script::read(path)?,
            Self::Bundled(name) => bundled::script(name),
        };
        let manifest = Manifest::read(&script.path, &script.text)?;
        Ok((script, manifest))
    }
}
