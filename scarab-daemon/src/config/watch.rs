//! Watching for changes of the file.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use crossbeam_channel::Sender;
use notify::{
    Event, EventKind,
    event::{AccessKind, AccessMode},
};

use super::place;
use crate::watch::NearestWatch;

/// A watch of the directories in which the file, or a link on the way to it, can be put.
pub(super) struct Watch {
    watch: NearestWatch,
    /// The file and the links on the way to it. A change anywhere else, a neighbour's, is none.
    links: Arc<Mutex<Vec<PathBuf>>>,
}

impl Watch {
    /// A watch that does not watch yet. A token is sent to `changed` for each change, or none if one is there already.
    pub(super) fn new(changed: Sender<()>) -> Self {
        let links = Arc::<Mutex<Vec<PathBuf>>>::default();
        let wanted = links.clone();
        let watch = NearestWatch::new("the configuration", move |event| {
            if matters(&event, &wanted.lock().unwrap_or_else(PoisonError::into_inner)) {
                let _ = changed.try_send(());
            }
        });
        Self { watch, links }
    }

    /// Watches anew: what was watched so far may be something else by now, or gone.
    pub(super) fn renew(&mut self, path: &Path) {
        self.watch.renew(|| {
            let links = place::links(path);
            let directories = links.iter().filter_map(|link| link.parent().map(Path::to_path_buf)).collect();
            *self.links.lock().unwrap_or_else(PoisonError::into_inner) = links;
            directories
        });
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
