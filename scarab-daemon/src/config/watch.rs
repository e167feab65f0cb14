//! Watching for changes of the file, without ticks.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use crossbeam_channel::Sender;
use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode},
};

use super::place;

/// A watch of the directories in which the file, or a link on the way to it, can be put: or of the nearest above them that exist.
pub(super) struct Watch {
    watcher: Option<RecommendedWatcher>,
    watched: Vec<PathBuf>,
    /// The file and the links on the way to it. A change anywhere else, a neighbour's, is none.
    links: Arc<Mutex<Vec<PathBuf>>>,
}

impl Watch {
    /// A watch that does not watch yet. A token is sent to `changed` for each change, or none if one is there already.
    pub(super) fn new(changed: Sender<()>) -> Self {
        let links = Arc::<Mutex<Vec<PathBuf>>>::default();
        let wanted = links.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| matters(&event, &wanted.lock().unwrap_or_else(PoisonError::into_inner))) {
                let _ = changed.try_send(());
            }
        });
        let watcher = watcher.inspect_err(|error| tracing::warn!(%error, "the configuration is not watched"));
        Self { watcher: watcher.ok(), watched: Vec::new(), links }
    }

    /// Watches anew: what was watched so far may be something else by now, or gone.
    pub(super) fn renew(&mut self, path: &Path) {
        let Some(watcher) = &mut self.watcher else { return };
        for watched in self.watched.drain(..) {
            // That fails if the directory is gone, and the watch with it.
            let _ = watcher.unwatch(&watched);
        }
        let links = place::links(path);
        self.links.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&links);
        for link in links {
            let existing = link.ancestors().skip(1).filter(|above| above.is_dir()).map(Path::to_path_buf);
            for directory in existing {
                if self.watched.contains(&directory) {
                    break;
                }
                match watcher.watch(&directory, RecursiveMode::NonRecursive) {
                    Ok(()) => {
                        self.watched.push(directory);
                        break;
                    }
                    Err(error) => tracing::debug!(path = %directory.display(), %error, "a directory is not watched"),
                }
            }
        }
    }
}

/// Whether something has happened to the file, or to a directory above it.
fn matters(event: &Event, links: &[PathBuf]) -> bool {
    let is_change = match event.kind {
        // Reading it is no change; the end of writing it is.
        EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
        _ => true,
    };
    // The system may have lost events, and then names nothing.
    is_change
        && (event.paths.is_empty() || event.paths.iter().any(|path| links.iter().any(|link| link.starts_with(path))))
}
