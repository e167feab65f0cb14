//! Rows and scrollback over the wire.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use scarab_protocol::{
    frame::Frame,
    message::{ClearScrollback, ErrorCode, FetchRows, Rows, Scrollback},
    surface::{MAX_UPDATE_BYTES, rows_since},
};

use super::{Client, MAX_QUEUED, attach::attached, reader::Breach, requests::find};
use crate::{
    daemon::Daemon,
    session::{TooBusy, attachment::RowsReader, inbox::Request},
};

/// How long a client may take to read what was sent before more is.
const PATIENCE: Duration = Duration::from_secs(5);

/// When to come back to a session that has too much to do: it takes up what waits between two reads of output.
const BUSY: Duration = Duration::from_millis(100);

pub(super) fn fetch(daemon: &Arc<Daemon>, client: &Arc<Client>, frame: &Frame) -> Result<(), Breach> {
    let since = frame.access::<FetchRows>()?.since.to_native();
    let header = frame.header();
    let Some((session, attachment)) = attached(daemon, client, frame) else { return Ok(()) };
    let mut rows = attachment.rows.lock().unwrap_or_else(PoisonError::into_inner);
    if rows.is_none() {
        match session.reader() {
            Ok(reader) => *rows = Some(reader),
            Err(why) => {
                client.refuse(header.request, ErrorCode::Internal, format!("the screen cannot be read: {why}"));
                return Ok(());
            }
        }
    }
    let Some(RowsReader { reader, grid }) = rows.as_mut() else { return Ok(()) };
    // A read that finds the screen being written leaves the grid as it was; the client's next arm rings again.
    reader.read(grid);
    let updates: Vec<_> = rows_since(grid, since).map(|update| Rows::from(&update)).collect();
    drop(rows);
    for update in updates {
        // A large screen is more than may wait for a client: this thread, which is the client's own, waits for it.
        if client.queued_bytes() + 2 * MAX_UPDATE_BYTES > MAX_QUEUED && !client.flush(PATIENCE) {
            client.close();
            break;
        }
        client.tell(header.session, header.request, &update);
    }
    Ok(())
}

pub(super) fn scrollback(daemon: &Arc<Daemon>, client: &Arc<Client>, frame: &Frame) -> Result<(), Breach> {
    let Scrollback { first, count } = frame.read::<Scrollback>()?;
    let request = frame.header().request;
    let session = daemon.registry().session(frame.header().session);
    let Some(session) = session else {
        client.refuse(request, ErrorCode::NoSuchSession, "no such session: the list of sessions tells which there are");
        return Ok(());
    };
    if let Err(TooBusy) = session.request(Request::Scrollback { client: client.clone(), request, first, count }) {
        client.refuse_for_now(request, "the session is busy", BUSY);
    }
    Ok(())
}

pub(super) fn clear(daemon: &Arc<Daemon>, client: &Arc<Client>, frame: &Frame) -> Result<(), Breach> {
    let ClearScrollback { target } = frame.read::<ClearScrollback>()?;
    let request = frame.header().request;
    let Some(session) = find(daemon, client, request, &target) else { return Ok(()) };
    if let Err(TooBusy) = session.request(Request::Clear { client: client.clone(), request }) {
        client.refuse_for_now(request, "the session is busy", BUSY);
    }
    Ok(())
}
