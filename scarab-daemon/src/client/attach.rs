//! Joining and leaving sessions, sizes, and arming the doorbell.

use std::sync::{Arc, Mutex};

use scarab_protocol::{
    frame::Frame,
    message::{Arm, Attach, Detach, Done, ErrorCode, Resize, Role},
    surface::Doorbell,
};

use super::{Client, reader::Breach};
use crate::{
    daemon::Daemon,
    session::{Session, attachment::Attachment, inbox::Join},
};

pub(super) fn attach(daemon: &Arc<Daemon>, client: &Arc<Client>, frame: &Frame) -> Result<(), Breach> {
    let Attach { target, size, observe, can_map } = frame.read::<Attach>()?;
    // Who may only look does so, whatever it asks for; `Attached` tells.
    let observe = observe || client.role == Role::Observer;
    let request = frame.header().request;
    let session = daemon.registry().find(&target, daemon.epoch);
    let Some(session) = session else {
        super::requests::no_such_session(client, request, &target);
        return Ok(());
    };
    let number = session.id.number;
    let tell = || {
        let client = Arc::downgrade(client);
        move |credit| {
            if let Some(client) = client.upgrade() {
                client.tell_newest(number, &credit);
            }
        }
    };
    // A second attach renews the first, and the first on a client's next connection takes up what it had on the one
    // before: the row of input positions goes on, if there is one.
    // All under one lock: the client's next connection may be taking over what this one holds, and finds the lane
    // either here or there.
    let mut held = client.lock();
    if held.gone {
        return Ok(());
    }
    let before = held.attachments.get(&number).filter(|before| before.observe == observe).map(|before| before.lane);
    let parked = if observe || before.is_some() { None } else { held.parked.remove(&number).map(|(_, key)| key) };
    let parked = parked.filter(|key| session.input.rejoin(*key, tell()));
    let lane = before.or(parked).unwrap_or_else(|| session.input.open_lane(observe, tell()));
    let attachment = Arc::new(Attachment {
        client: client.clone(),
        lane,
        observe,
        can_map,
        bell: Doorbell::new(),
        rows: Mutex::new(None),
    });
    let replaced = held.attachments.insert(number, attachment.clone());
    drop(held);
    if let Some(replaced) = replaced.filter(|replaced| replaced.lane != lane) {
        session.leave(&replaced);
    }
    session.join(Join { attachment, request, size });
    Ok(())
}

pub(super) fn detach(daemon: &Arc<Daemon>, client: &Arc<Client>, frame: &Frame) -> Result<(), Breach> {
    frame.access::<Detach>()?;
    let header = frame.header();
    let Some((session, attachment)) = attached(daemon, client, frame) else { return Ok(()) };
    client.forget_attachment(header.session, &attachment);
    session.leave(&attachment);
    if header.request != 0 {
        client.tell(header.session, header.request, &Done {});
    }
    Ok(())
}

pub(super) fn arm(daemon: &Arc<Daemon>, client: &Arc<Client>, frame: &Frame) -> Result<(), Breach> {
    let held = frame.access::<Arm>()?.frame.to_native();
    if let Some((session, attachment)) = attached(daemon, client, frame)
        && attachment.bell.arm(held, &session.published)
    {
        client.tell(session.id.number, 0, &session.doorbell(&attachment, session.published.frame()));
    }
    Ok(())
}

pub(super) fn resize(daemon: &Arc<Daemon>, client: &Arc<Client>, frame: &Frame) -> Result<(), Breach> {
    let Resize { size } = frame.read::<Resize>()?;
    if let Some((session, attachment)) = attached(daemon, client, frame)
        && !attachment.observe
    {
        session.resize(attachment.lane.number, size);
    }
    Ok(())
}

/// The session in the frame's header and what ties the client to it. If there is no tie, the request is refused.
pub(super) fn attached(daemon: &Daemon, client: &Client, frame: &Frame) -> Option<(Arc<Session>, Arc<Attachment>)> {
    let header = frame.header();
    let attachment = client.attachment(header.session);
    let session = daemon.registry().session(header.session);
    let both = session.zip(attachment);
    if both.is_none() && !client.is_gone() {
        client.refuse(header.request, ErrorCode::NotAttached, "attach to the session first");
    }
    both
}
