//! Requests about documents.

use std::sync::Arc;

use scarab_protocol::{
    frame::Frame,
    message::{Documents, Done, DropDocument, ErrorCode, ListDocuments, OpenDocument, SaveDocument},
};

use super::{Client, reader::Breach};
use crate::daemon::Daemon;

pub(super) fn open(daemon: &Arc<Daemon>, client: &Arc<Client>, frame: &Frame) -> Result<(), Breach> {
    let OpenDocument { name, kind } = frame.read::<OpenDocument>()?;
    let request = frame.header().request;
    let opened = daemon.documents().open(name.as_deref(), &kind, client);
    match opened {
        Ok(document) => client.tell(0, request, &document),
        Err(refused) => client.refuse(request, ErrorCode::BadRequest, refused.to_string()),
    }
    Ok(())
}

pub(super) fn save(daemon: &Arc<Daemon>, client: &Client, frame: &Frame) -> Result<(), Breach> {
    let SaveDocument { name, data } = frame.read::<SaveDocument>()?;
    let request = frame.header().request;
    let saved = daemon.documents().save(&name, data);
    match saved {
        Ok(()) => client.tell(0, request, &Done {}),
        Err(refused) => client.refuse(request, ErrorCode::BadRequest, refused.to_string()),
    }
    Ok(())
}

pub(super) fn remove(daemon: &Arc<Daemon>, client: &Client, frame: &Frame) -> Result<(), Breach> {
    let DropDocument { name } = frame.read::<DropDocument>()?;
    daemon.documents().remove(&name);
    client.tell(0, frame.header().request, &Done {});
    Ok(())
}

pub(super) fn list(daemon: &Arc<Daemon>, client: &Client, frame: &Frame) -> Result<(), Breach> {
    frame.access::<ListDocuments>()?;
    let documents = daemon.documents().list();
    client.tell(0, frame.header().request, &Documents { documents });
    Ok(())
}
