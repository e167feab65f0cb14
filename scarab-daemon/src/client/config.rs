//! Requests about the configuration.

use std::{sync::Arc, time::Duration};

use scarab_protocol::{
    frame::Frame,
    message::{GetConfig, SetConfig},
};

use super::{Client, reader::Breach};
use crate::{
    config::{Order, TooMany},
    daemon::Daemon,
};

/// When to come back if too many changes wait: each is carried out in some milliseconds.
const BUSY: Duration = Duration::from_millis(100);

pub(super) fn get(daemon: &Daemon, client: &Client, frame: &Frame) -> Result<(), Breach> {
    frame.access::<GetConfig>()?;
    client.tell(0, frame.header().request, daemon.config.current().message());
    Ok(())
}

pub(super) fn set(daemon: &Daemon, client: &Arc<Client>, frame: &Frame) -> Result<(), Breach> {
    let SetConfig { key, value, save } = frame.read::<SetConfig>()?;
    let request = frame.header().request;
    let order = Order { client: client.clone(), request, key, value, save };
    if let Err(TooMany) = daemon.config.change(order) {
        client.refuse_for_now(request, "too many changes of the configuration wait", BUSY);
    }
    Ok(())
}
