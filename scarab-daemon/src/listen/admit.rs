//! Letting clients in.

use std::{fs::File, io, sync::Arc, thread, time::Duration};

use scarab_protocol::transport::{Listener, Stream};

use crate::{client, daemon::Daemon, platform::socket};

/// How long is waited when a client can be neither let in nor turned away. No event tells when there will be
/// descriptors again, and trying at once would keep a processor busy with failing.
const PAUSE: Duration = Duration::from_millis(50);

/// Lets clients in until the listener is stopped.
pub(super) fn all(daemon: &Arc<Daemon>, listener: &Listener) {
    let mut reserve = reserve();
    loop {
        match listener.accept() {
            Ok(None) => return,
            Ok(Some(stream)) => one(daemon, stream),
            Err(error) if socket::is_out_of_descriptors(&error) && reserve.is_some() => {
                // The descriptor that was kept for this gives room to say so.
                reserve = None;
                if let Ok(Some(stream)) = listener.accept() {
                    client::turn_away(daemon, &stream);
                }
                tracing::warn!("a client was turned away: no descriptors are left");
            }
            Err(error) => {
                tracing::warn!(%error, "a client was not let in");
                thread::sleep(PAUSE);
            }
        }
        if reserve.is_none() {
            reserve = self::reserve();
        }
    }
}

/// Gives a client a thread, if there is a place for it.
fn one(daemon: &Arc<Daemon>, stream: Stream) {
    let place = daemon.registry().take_place();
    let Some(number) = place else {
        tracing::warn!("a client was turned away: there are as many as may be");
        client::turn_away(daemon, &stream);
        return;
    };
    let own = daemon.clone();
    let thread = thread::Builder::new().name(format!("client-{number}")).spawn(move || {
        client::serve(&own, stream, number);
        own.client_gone();
    });
    if let Err(error) = thread {
        tracing::error!(%error, "a client was turned away: no thread for it");
        daemon.client_gone();
    }
}

/// A descriptor that is of no use but to be given up.
fn reserve() -> Option<File> {
    let opened: io::Result<File> = File::open(if cfg!(windows) { "NUL" } else { "/dev/null" });
    opened.ok()
}
