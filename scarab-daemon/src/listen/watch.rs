//! Watching the directory of the daemon's socket.

use std::path::Path;

use crossbeam_channel::Sender;
use notify::EventKind;
use scarab_protocol::endpoint::Address;

use crate::watch::NearestWatch;

/// A watch of the socket's directory. A socket that is in none cannot be taken away.
pub(super) struct Watch(Option<NearestWatch>);

impl Watch {
    /// A watch that does not watch yet. A token is sent to `changed` for each change, or none if one is there already.
    pub(super) fn new(address: &Address, changed: Sender<()>) -> Self {
        Self(address.directory().map(|_| {
            NearestWatch::new("the socket's directory", move |event| {
                if !matches!(event.kind, EventKind::Access(_)) {
                    let _ = changed.try_send(());
                }
            })
        }))
    }

    /// Watches the directory anew: the one watched so far may be another by now, or gone.
    pub(super) fn renew(&mut self, address: &Address) {
        if let Some(watch) = &mut self.0 {
            watch.renew(|| address.directory().map(Path::to_path_buf).into_iter().collect());
        }
    }
}
