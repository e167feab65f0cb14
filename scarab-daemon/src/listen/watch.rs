//! Watching the directory of the daemon's socket, without ticks.

use std::path::{Path, PathBuf};

use crossbeam_channel::Sender;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use scarab_protocol::endpoint::Address;

/// A watch of one directory: the socket's, or the nearest above it that exists.
pub(super) struct Watch {
    watcher: Option<RecommendedWatcher>,
    watched: Option<PathBuf>,
}

impl Watch {
    /// A watch that does not watch yet. A token is sent to `changed` for each change, or none if one is there already.
    pub(super) fn new(address: &Address, changed: Sender<()>) -> Self {
        // A socket that is not in a directory cannot be taken away.
        if address.directory().is_none() {
            return Self { watcher: None, watched: None };
        }
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let matters = event.is_ok_and(|event| !matches!(event.kind, EventKind::Access(_)));
            if matters {
                let _ = changed.try_send(());
            }
        });
        let watcher = watcher.inspect_err(|error| tracing::warn!(%error, "the socket's directory is not watched"));
        Self { watcher: watcher.ok(), watched: None }
    }

    /// Watches the directory anew: the one watched so far may be another by now, or gone.
    pub(super) fn renew(&mut self, address: &Address) {
        let (Some(watcher), Some(directory)) = (&mut self.watcher, address.directory()) else { return };
        if let Some(watched) = self.watched.take() {
            // That fails if the directory is gone, and the watch with it.
            let _ = watcher.unwatch(&watched);
        }
        let existing = directory.ancestors().filter(|path| path.is_dir());
        for path in existing.map(Path::to_path_buf) {
            match watcher.watch(&path, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.watched = Some(path);
                    return;
                }
                Err(error) => tracing::debug!(path = %path.display(), %error, "a directory is not watched"),
            }
        }
    }
}
