//! Watching directories that may not be there yet, without ticks.

use std::path::{Path, PathBuf};

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};

/// How often it is begun anew when directories come and go meanwhile. Each time means that somebody was faster; who is faster this
/// often goes on, and is heard then.
const ROUNDS: usize = 16;

/// A watch of directories: of each, or of the nearest above it that exists.
pub(crate) struct NearestWatch {
    watcher: Option<RecommendedWatcher>,
    watched: Vec<PathBuf>,
}

impl NearestWatch {
    /// A watch that does not watch yet. `heard` is called on a thread of its own, with whatever happens.
    ///
    /// `what` is for the log, should the system not have it.
    pub(crate) fn new(what: &'static str, heard: impl Fn(Event) + Send + 'static) -> Self {
        let watcher =
            notify::recommended_watcher(move |event: notify::Result<Event>| event.into_iter().for_each(&heard));
        let watcher = watcher.inspect_err(|error| tracing::warn!(%error, "{what} is not watched"));
        Self { watcher: watcher.ok(), watched: Vec::new() }
    }

    /// Watches these directories anew: what was watched so far may be something else by now, or gone. `wanted` may be asked more
    /// than once.
    ///
    /// What happens after this is heard. What has happened before is not, so whoever wants to know has a look after this.
    pub(crate) fn renew(&mut self, mut wanted: impl FnMut() -> Vec<PathBuf>) {
        for _ in 0..ROUNDS {
            let directories = wanted();
            let nearest = all_nearest(&directories);
            self.watch(&directories);
            // One that was made, or a link that was turned, before the watch began has told nobody.
            if wanted() == directories && all_nearest(&directories) == nearest {
                return;
            }
        }
    }

    fn watch(&mut self, directories: &[PathBuf]) {
        let Some(watcher) = &mut self.watcher else { return };
        for watched in self.watched.drain(..) {
            // That fails if the directory is gone, and the watch with it.
            let _ = watcher.unwatch(&watched);
        }
        for directory in directories {
            for existing in existing(directory) {
                if self.watched.iter().any(|watched| watched == existing) {
                    break;
                }
                match watcher.watch(existing, RecursiveMode::NonRecursive) {
                    Ok(()) => {
                        self.watched.push(existing.to_path_buf());
                        break;
                    }
                    Err(error) => tracing::debug!(path = %existing.display(), %error, "a directory is not watched"),
                }
            }
        }
    }
}

/// A directory and those above it, as far as they exist.
fn existing(directory: &Path) -> impl Iterator<Item = &Path> {
    directory.ancestors().filter(|path| path.is_dir())
}

fn all_nearest(directories: &[PathBuf]) -> Vec<Option<PathBuf>> {
    directories.iter().map(|directory| existing(directory).next().map(Path::to_path_buf)).collect()
}

#[cfg(test)]
mod tests {
    use std::{fs, time::Duration};

    use super::*;

    #[test]
    fn a_directory_that_is_made_while_the_watch_begins_is_watched() {
        let home = tempfile::tempdir().expect("a directory");
        let inner = home.path().join("a/b");
        let (heard, events) = crossbeam_channel::unbounded();
        let mut watch = NearestWatch::new("a test", move |event: Event| {
            let _ = heard.send(event.paths);
        });
        let mut asked = 0;
        watch.renew(|| {
            asked += 1;
            // Asked once, then watching, then asked again: it is made in between.
            if asked == 2 {
                fs::create_dir_all(&inner).expect("made");
            }
            vec![inner.clone()]
        });
        while events.try_recv().is_ok() {}
        fs::write(inner.join("file"), "x").expect("written");
        let paths = events.recv_timeout(Duration::from_secs(30)).expect("it is heard");
        assert_eq!(paths, [inner.join("file")]);
    }
}
