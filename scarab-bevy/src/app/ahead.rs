//! The configuration that a window is made with: some of it can only be had before there is one.

use std::{
    thread,
    time::{Duration, Instant},
};

use scarab_protocol::{
    client::{Bell, Client, ClientOptions, Status},
    endpoint::Address,
};

use super::BUILD;
use crate::{ClientConfig, launch::Launch};

/// How long a window waits for it. A daemon that is started meanwhile answers within a fraction of that; with one that does not answer
/// there is to be a window that says so.
const PATIENCE: Duration = Duration::from_secs(1);

/// The question for it, on a connection of its own, while something else is waited for. If there is no daemon, one is started.
pub(super) struct Ahead {
    /// None if the system gives no thread: the window's own connection will say so.
    client: Option<Client>,
    bell: Bell,
}

impl Ahead {
    /// Asks the daemon at an address.
    pub(super) fn ask(address: &Address) -> Self {
        let bell = Bell::default();
        let options = ClientOptions {
            follow_config: true,
            launch: Launch::Reexec.hook(address),
            wake: bell.wake(),
            ..ClientOptions::new(address.clone(), BUILD)
        };
        Self { client: Client::start(options).ok(), bell }
    }

    /// What the daemon has told, or the defaults if it does not within [`PATIENCE`].
    pub(super) fn config(self) -> ClientConfig {
        let Some(client) = &self.client else { return ClientConfig::default() };
        let told = self.bell.wait_for(Some(Instant::now() + PATIENCE), || match client.config() {
            Some(config) => Some(Some(ClientConfig::from(&*config))),
            None => matches!(client.status(), Status::Closed { .. }).then_some(None),
        });
        told.flatten().unwrap_or_default()
    }
}

/// A connection that ends waits for its thread, which may still be starting a daemon. Nobody here waits for that, unless the system gives
/// no thread to do so.
impl Drop for Ahead {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            drop(thread::Builder::new().name("scarab-ahead".into()).spawn(move || drop(client)));
        }
    }
}
