//! Subscribing to events.

use std::sync::Arc;

use scarab_protocol::{
    event::EventKind,
    frame::Frame,
    message::{Done, Subscribe, Unsubscribe},
};

use super::{Client, reader::Breach, requests};
use crate::{daemon::Daemon, events::Wanted};

pub(super) fn subscribe(daemon: &Arc<Daemon>, client: &Arc<Client>, frame: &Frame) -> Result<(), Breach> {
    let Subscribe { kinds, session, since } = frame.read::<Subscribe>()?;
    let request = frame.header().request;
    let session = match session {
        None => None,
        Some(target) => match requests::find(daemon, client, request, &target) {
            Some(session) => Some(session.id),
            None => return Ok(()),
        },
    };
    let known: Vec<_> = EventKind::ALL.iter().copied().filter(|kind| kinds.contains(&kind.number())).collect();
    let wanted = Wanted { any_kind: kinds.is_empty(), kinds: known, session };
    daemon.events.subscribe(client, request, wanted, since);
    Ok(())
}

pub(super) fn unsubscribe(daemon: &Arc<Daemon>, client: &Arc<Client>, frame: &Frame) -> Result<(), Breach> {
    frame.access::<Unsubscribe>()?;
    daemon.events.unsubscribe(client);
    client.tell(0, frame.header().request, &Done {});
    Ok(())
}
