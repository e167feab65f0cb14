//! A client's input on its way into a session's queue.

use std::sync::Arc;

use scarab_protocol::{
    frame::Frame,
    kind::Kind,
    message::{AskCredit, CancelInput, Done, Error, ErrorCode, Focus, Input, Mouse, Paste},
};

use super::{Client, attach::attached, reader::Breach};
use crate::{
    daemon::Daemon,
    session::input_queue::{Bytes, What},
};

pub(super) fn take(daemon: &Arc<Daemon>, client: &Arc<Client>, frame: Frame) -> Result<(), Breach> {
    let Some((session, attachment)) = attached(daemon, client, &frame) else { return Ok(()) };
    if attachment.observe {
        let text = "an observer has no say in a session: attach without observing".to_owned();
        client.tell(session.id.number, frame.header().request, &Error::new(ErrorCode::NotAllowed, text));
        // Without a number an error is the end, and an observer that types had no credit to do so.
        return match frame.header().request {
            0 => Err(Breach("an observer has sent input".into())),
            _ => Ok(()),
        };
    }
    let (position, what) = item(frame)?;
    // Wheels and pointers that pass over a window do not make it the one that is used.
    if !matches!(what, What::Mouse(_) | What::Focus(false)) {
        session.touch(attachment.lane.number);
    }
    session.input.take(attachment.lane, position, what).map_err(|error| Breach(error.to_string()))
}

pub(super) fn cancel(daemon: &Arc<Daemon>, client: &Arc<Client>, frame: &Frame) -> Result<(), Breach> {
    frame.access::<CancelInput>()?;
    if let Some((session, attachment)) = attached(daemon, client, frame) {
        session.input.cancel(attachment.lane);
        client.tell(session.id.number, frame.header().request, &Done {});
    }
    Ok(())
}

pub(super) fn credit(daemon: &Arc<Daemon>, client: &Arc<Client>, frame: &Frame) -> Result<(), Breach> {
    frame.access::<AskCredit>()?;
    if let Some((session, attachment)) = attached(daemon, client, frame) {
        let credit = session.input.credit(attachment.lane);
        client.tell(session.id.number, frame.header().request, &credit);
    }
    Ok(())
}

/// The item in a frame, and where it begins.
fn item(frame: Frame) -> Result<(u64, What), Breach> {
    match frame.kind() {
        Some(Kind::Input) => {
            let input = frame.access::<Input>()?;
            let (position, range) = (input.position.to_native(), Bytes::range(&frame, input.data.as_slice()));
            if range.is_empty() || range.len() > Input::MAX_BYTES {
                return Err(Breach(format!("an Input of {} bytes", range.len())));
            }
            Ok((position, What::Bytes(Bytes::new(frame, range))))
        }
        Some(Kind::Paste) => {
            let paste = frame.access::<Paste>()?;
            let (position, range) = (paste.position.to_native(), Bytes::range(&frame, paste.data.as_slice()));
            let (first, last) = (paste.first, paste.last);
            if range.len() > Input::MAX_BYTES {
                return Err(Breach(format!("a piece of a paste of {} bytes", range.len())));
            }
            Ok((position, What::Paste { text: Bytes::new(frame, range), first, last }))
        }
        Some(Kind::Mouse) => {
            let mouse = frame.read::<Mouse>()?;
            let event = mouse.event().ok_or_else(|| Breach("a mouse event that makes no sense".into()))?;
            Ok((mouse.position, What::Mouse(event)))
        }
        _ => {
            let focus = frame.read::<Focus>()?;
            Ok((focus.position, What::Focus(focus.gained)))
        }
    }
}
