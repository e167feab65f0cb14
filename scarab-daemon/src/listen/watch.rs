//! Watching the directories of the daemon's socket and of its lock.

use std::path::{Path, PathBuf};

use crossbeam_channel::Sender;
use notify::{Event, EventKind, event::ModifyKind};
use scarab_protocol::endpoint::Address;

use crate::watch::NearestWatch;

/// A watch of the socket's directory and of the lock's. On Windows neither can be taken away.
pub(super) struct Watch(Option<NearestWatch>);

impl Watch {
    /// A watch that does not watch yet. A token is sent to `changed` for each change, or none if one is there already.
    pub(super) fn new(address: &Address, changed: Sender<()>) -> Self {
        let any = !directories(address).is_empty();
        Self(any.then(|| {
            NearestWatch::new("the socket's directory", move |event| {
                if matters(&event) {
                    let _ = changed.try_send(());
                }
            })
        }))
    }

    /// Watches the directories anew: those watched so far may be others by now, or gone.
    pub(super) fn renew(&mut self, address: &Address) {
        if let Some(watch) = &mut self.0 {
            watch.renew(|| directories(address));
        }
    }
}

fn directories(address: &Address) -> Vec<PathBuf> {
    if cfg!(windows) {
        return Vec::new();
    }
    [address.directory(), address.lock.parent()].into_iter().flatten().map(Path::to_path_buf).collect()
}

/// Whether something may have been taken away. What is read or written in a file says nothing of that, such as in the log, which is
/// beside the lock.
fn matters(event: &Event) -> bool {
    match event.kind {
        EventKind::Access(_) => false,
        EventKind::Modify(ModifyKind::Data(_)) => event.paths.iter().any(|path| path.is_dir()),
        _ => true,
    }
}
