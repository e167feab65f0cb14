//! Watching the files of loaded plugins, without ticks.

use std::{
    collections::HashSet,
    ffi::OsString,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
    thread,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// An editor writes a file in several steps; it is read when nothing has happened for this long.
const QUIET: Duration = Duration::from_millis(100);
/// If something keeps happening, it is read after this long all the same.
const IMPATIENCE: Duration = Duration::from_secs(1);

/// A watch of the directories that plugins' files are in, because an editor may put another file in the place of one.
pub(super) struct Watch(Arc<Shared>);

struct Shared {
    changed: Sender<()>,
    names: Arc<Mutex<HashSet<OsString>>>,
    state: Mutex<Watching>,
    /// Given to the thread when there is something to watch.
    idle: Mutex<Option<Start>>,
}

type Start = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Watching {
    watcher: Option<RecommendedWatcher>,
    directories: HashSet<PathBuf>,
}

impl Watch {
    /// Calls a function whenever a watched file may have changed. It gives the files to watch from then on, if these may be others.
    /// Its thread starts with the first file, and ends with the watch.
    pub(super) fn new(look: impl Fn() -> Option<Vec<PathBuf>> + Send + 'static) -> Self {
        let (changed, changes) = bounded(1);
        Self(Arc::new_cyclic(|shared: &Weak<Shared>| {
            let shared = shared.clone();
            let start: Start = Box::new(move || run(&changes, look, &shared));
            Shared { changed, names: Arc::default(), state: Mutex::default(), idle: Mutex::new(Some(start)) }
        }))
    }

    /// Watches these files and no others.
    pub(super) fn renew(&self, files: &[PathBuf]) {
        self.0.renew(files);
    }
}

impl Shared {
    fn renew(&self, files: &[PathBuf]) {
        *lock(&self.names) = files.iter().filter_map(|file| file.file_name().map(OsString::from)).collect();
        let wanted: HashSet<PathBuf> = files.iter().filter_map(|file| file.parent().map(Path::to_path_buf)).collect();
        let mut state = lock(&self.state);
        if !wanted.is_empty() && state.watcher.is_none() {
            state.watcher = self.start();
        }
        let Watching { watcher: Some(watcher), directories } = &mut *state else { return };
        for gone in directories.difference(&wanted) {
            // That fails if the directory is gone, and the watch with it.
            let _ = watcher.unwatch(gone);
        }
        // Those that stay are watched anew too: each may be another by now.
        directories.clear();
        for path in wanted {
            let _ = watcher.unwatch(&path);
            match watcher.watch(&path, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    directories.insert(path);
                }
                Err(error) => tracing::warn!(path = %path.display(), %error, "plugins in a directory are not watched"),
            }
        }
        // A file that has changed since it was read, and before this, has told nobody.
        let _ = self.changed.try_send(());
    }

    fn start(&self) -> Option<RecommendedWatcher> {
        if let Some(run) = lock(&self.idle).take() {
            let thread = thread::Builder::new().name("plugin-watch".into()).spawn(run);
            thread.inspect_err(|error| tracing::warn!(%error, "plugins' files are not watched")).ok()?;
        }
        let (changed, names) = (self.changed.clone(), self.names.clone());
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let matters = event.is_ok_and(|event| {
                let named = |path: &PathBuf| path.file_name().is_some_and(|name| lock(&names).contains(name));
                !matches!(event.kind, EventKind::Access(_)) && (event.need_rescan() || event.paths.iter().any(named))
            });
            // A token that waits already says it all.
            if matters {
                let _ = changed.try_send(());
            }
        });
        watcher.inspect_err(|error| tracing::warn!(%error, "plugins' files are not watched")).ok()
    }
}

/// The thread: looks when it has become quiet after a change.
fn run(changes: &Receiver<()>, look: impl Fn() -> Option<Vec<PathBuf>>, watch: &Weak<Shared>) {
    while changes.recv().is_ok() {
        let patience = Instant::now() + IMPATIENCE;
        loop {
            match changes.recv_deadline(patience.min(Instant::now() + QUIET)) {
                Ok(()) if Instant::now() < patience => {}
                Ok(()) | Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        if let (Some(files), Some(watch)) = (look(), watch.upgrade()) {
            tracing::debug!("plugins' files have changed");
            watch.renew(&files);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
