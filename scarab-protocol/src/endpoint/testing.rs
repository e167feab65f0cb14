//! Addresses for tests.

use tempfile::TempDir;

use super::{Address, platform};
use crate::transport::Listener;

/// An address of its own, gone with this.
pub(crate) struct Place {
    /// Where to listen and connect.
    pub(crate) address: Address,
    _directory: TempDir,
}

impl Place {
    /// One that nobody else has.
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let endpoint = platform::any_endpoint(directory.path());
        Self { address: Address { endpoint, lock: directory.path().join("d.lock") }, _directory: directory }
    }

    /// Listens, also after somebody else has.
    pub(crate) fn listen(&self) -> Listener {
        platform::remove_left_endpoint(&self.address.endpoint);
        Listener::bind(&self.address.endpoint).expect("a free name")
    }
}
