//! All plugins of a daemon.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use super::{
    CallContext, CallError, Event, Grants, Host, LineFeed, LoadError, LogEntry, PluginInfo, Section, State, bundled,
    call::{Call, Reply},
    loader::{Loader, Permitted},
    slots::Source,
    watch::Watch,
};

/// The plugins of a daemon. All functions may be called on any thread; only loading, reloading and unloading take a while, because
/// they wait for a script. Dropping it ends all plugins.
pub(crate) struct Plugins {
    loader: Arc<Loader>,
    watch: Watch,
}

impl Plugins {
    /// None yet.
    pub(crate) fn new(host: Arc<dyn Host>) -> Self {
        let loader = Arc::new(Loader::new(host));
        let weak = Arc::downgrade(&loader);
        let look = move || weak.upgrade().filter(|loader| loader.reload_changed()).map(|loader| loader.files());
        Self { watch: Watch::new(look), loader }
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
        let info = self.loader.load(Source::File(path), granted, section)?;
        self.watch.renew(&self.loader.files());
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
        self.loader.load(Source::Bundled(name), granted, section)
    }

    /// Ends a plugin. What it has kept stays kept.
    ///
    /// # Errors
    /// [`LoadError::Unknown`].
    pub(crate) fn unload(&self, name: &str) -> Result<(), LoadError> {
        self.loader.unload(name)?;
        self.watch.renew(&self.loader.files());
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
        let _changing = self.loader.changing();
        let info = self.loader.reload(name, None, permitted)?;
        self.watch.renew(&self.loader.files());
        Ok(info)
    }

    /// Gives a plugin another section of the configuration, and reloads it. It gets no permission that it had not.
    ///
    /// # Errors
    /// As [`Plugins::reload`].
    pub(crate) fn configure(&self, name: &str, section: Section) -> Result<PluginInfo, LoadError> {
        self.loader.slot(name)?.record.configure(section);
        self.reload_with(name, Permitted::WhatItHas)
    }

    /// Whether they were stopped, and none is loaded any more.
    pub(crate) fn is_stopped(&self) -> bool {
        self.loader.is_stopped()
    }

    /// Grants a plugin more, and begins it anew if it is disabled.
    ///
    /// # Errors
    /// As [`Plugins::reload`].
    pub(crate) fn grant(&self, name: &str, more: Grants) -> Result<PluginInfo, LoadError> {
        let slot = self.loader.slot(name)?;
        slot.record.grant(more);
        let info = slot.info();
        if info.state == State::Running { Ok(info) } else { self.reload(name) }
    }

    /// All plugins, by name. Also one whose script runs for the first time: what it has told already is to be found here.
    pub(crate) fn list(&self) -> Vec<PluginInfo> {
        // Looked at first: what is not here any more is among the others.
        let starting = self.loader.starting();
        let mut list = BTreeMap::new();
        if let Some(instance) = starting {
            list.insert(instance.record.name.clone(), instance.info());
        }
        self.loader.slots.each(|slot| drop(list.insert(slot.record.name.clone(), slot.info())));
        list.into_values().collect()
    }

    /// Whether none is loaded.
    pub(crate) fn is_empty(&self) -> bool {
        self.loader.slots.is_empty()
    }

    /// What a plugin has logged, oldest first.
    ///
    /// # Errors
    /// [`LoadError::Unknown`].
    pub(crate) fn log(&self, name: &str) -> Result<Vec<LogEntry>, LoadError> {
        let starting = self.loader.starting().filter(|instance| instance.record.name == name);
        match (self.loader.slot(name), starting) {
            (Err(_), Some(instance)) => Ok(instance.record.entries()),
            (slot, _) => Ok(slot?.record.entries()),
        }
    }

    /// Calls a plugin's command. The reply is called once, on the plugin's thread or at once on this one.
    pub(crate) fn call(&self, name: &str, command: &str, args: Vec<String>, context: CallContext, reply: Reply) {
        match self.loader.slots.get(name) {
            Some(slot) => slot.instance.call(Call { command: command.to_owned(), args, context, reply }),
            None => reply(Err(CallError::NoPlugin { name: name.to_owned(), loaded: self.loader.slots.names() })),
        }
    }

    /// Hands an event over to the plugins that listen to its kind, but for the one that has raised it, which would keep itself busy.
    /// Never blocks.
    pub(crate) fn deliver(&self, event: &Event) {
        let mut bounded = None;
        let raised_by = event.raised_by();
        self.loader.slots.each(|slot| {
            if raised_by == Some(slot.record.name.as_str()) {
                return;
            }
            slot.instance.inbox.event(&event.kind, || bounded.get_or_insert_with(|| Arc::new(event.bounded())).clone());
        });
    }

    /// The way of output lines to plugins, for screen threads to keep.
    pub(crate) fn line_feed(&self) -> LineFeed {
        LineFeed::new(self.loader.slots.clone(), self.loader.wanted.clone())
    }

    /// Ends all plugins, and waits for them for two seconds at most. None can be loaded any more.
    pub(crate) fn stop(&self) {
        self.loader.stop();
    }
}

impl Drop for Plugins {
    fn drop(&mut self) {
        self.stop();
    }
}
