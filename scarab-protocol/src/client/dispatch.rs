//! What to do with a frame from the daemon.

use std::sync::Arc;

use super::{ClientEvent, Shared, attachment::AttachInner, feed, link, request::printable};
use crate::{
    frame::{Frame, FrameError},
    kind::Kind,
    message::{
        Attached, Bell, Clipboard, ConfigChanged, Cwd, Detached, Error, ErrorCode, Event, Exited, FrameReady,
        InputCredit, Lagged, Renamed, Resized, Rows, ShuttingDown, SurfaceMoved, Title,
    },
    transport::{ReadError, Received},
};

/// Handles what was read; gives back why the connection is over, if it is.
pub(super) fn handle(
    shared: &Arc<Shared>,
    read: Result<Option<Received>, ReadError>,
    goodbye: &mut Option<String>,
) -> Option<String> {
    match read {
        Ok(Some(received)) => {
            let error = dispatch(shared, received, goodbye).err()?;
            tracing::warn!(%error, "the daemon sent what cannot be read");
            Some(format!("the daemon broke the protocol: {error}"))
        }
        Ok(None) => Some(goodbye.take().unwrap_or_else(|| "the daemon is gone".into())),
        Err(ReadError::Frame(error)) => Some(format!("the daemon broke the protocol: {error}")),
        Err(error) => Some(goodbye.take().unwrap_or_else(|| error.to_string())),
    }
}

/// Handles one frame. `goodbye` is what the daemon said before it ended the connection.
fn dispatch(shared: &Arc<Shared>, received: Received, goodbye: &mut Option<String>) -> Result<(), FrameError> {
    let Received { frame, descriptor } = received;
    let header = frame.header();
    let joining = attachment(shared, |attachment| attachment.is_joining(header.request));
    if let Some(attachment) = joining {
        return join(shared, &attachment, &frame, descriptor);
    }
    if header.request != 0 && shared.lock().resuming == header.request {
        link::resumed(shared, frame.kind() == Some(Kind::Done));
        return Ok(());
    }
    if header.request != 0 && shared.lock().asking_config == header.request {
        shared.lock().asking_config = 0;
        // A daemon that knows of no configuration has none to follow.
        if frame.kind() == Some(Kind::Config) {
            shared.lock().configured(frame.read()?);
            shared.wake();
        }
        return Ok(());
    }
    if let Some(attachment) = attachment(shared, |attachment| attachment.is_cancelling(header.request)) {
        attachment.cancelled();
        return Ok(());
    }
    if header.request != 0 {
        let waiting = shared.lock().pending.remove(&header.request);
        if let Some(waiting) = waiting {
            waiting(Ok(frame));
            shared.wake();
        }
        return Ok(());
    }
    match frame.kind() {
        Some(Kind::ShuttingDown) => {
            let reason = printable(&frame.read::<ShuttingDown>()?.reason);
            *goodbye = Some(reason.clone());
            shared.lock().push_event(ClientEvent::ShuttingDown { reason });
        }
        Some(Kind::Error) => {
            let Error { code, text, .. } = frame.read()?;
            if code == ErrorCode::Superseded {
                // Somebody else is this client now; coming back under the token would take it away again.
                shared.lock().token = None;
            }
            let text = printable(&text);
            *goodbye = Some(text.clone());
            shared.lock().push_event(ClientEvent::Refused { text });
        }
        Some(Kind::Event) => feed::event(shared, frame.read::<Event>()?),
        Some(Kind::Lagged) => feed::lagged(shared, frame.read::<Lagged>()?),
        Some(Kind::ConfigChanged) => shared.lock().configured(frame.read::<ConfigChanged>()?.config),
        Some(Kind::Clipboard) => {
            let Clipboard { primary, text } = frame.read()?;
            if attachment(shared, |attachment| attachment.is_of(header.session)).is_none() {
                return Ok(());
            }
            shared.lock().push_clipboard(header.session, primary, text);
        }
        _ => {
            let Some(attachment) = attachment(shared, |attachment| attachment.is_of(header.session)) else {
                // It crossed with a detach.
                return Ok(());
            };
            return about_session(shared, &attachment, &frame, descriptor);
        }
    }
    shared.wake();
    Ok(())
}

fn about_session(
    shared: &Arc<Shared>,
    attachment: &AttachInner,
    frame: &Frame,
    descriptor: Option<crate::transport::Descriptor>,
) -> Result<(), FrameError> {
    match frame.kind() {
        Some(Kind::FrameReady) => {
            attachment.acknowledged(frame.read::<FrameReady>()?.taken);
            attachment.refresh(shared);
            return Ok(());
        }
        Some(Kind::Rows) => {
            attachment.rows(shared, frame.read::<Rows>()?, frame.header().length as usize);
            return Ok(());
        }
        Some(Kind::InputCredit) => {
            attachment.credit(shared, frame.read::<InputCredit>()?);
            return Ok(());
        }
        Some(Kind::SurfaceMoved) => {
            let SurfaceMoved { mapping, .. } = frame.read()?;
            let id = attachment.state().id();
            if let Some(id) = id
                && let Err(error) = attachment.open(shared, id, &mapping, descriptor)
            {
                attachment.end(shared, &format!("its surface cannot be read: {error}"));
            }
            return Ok(());
        }
        Some(Kind::Detached) => attachment.end(shared, &frame.read::<Detached>()?.reason),
        Some(Kind::Bell) => {
            let count = frame.read::<Bell>()?.count;
            let mut state = attachment.state();
            state.bells = state.bells.max(count);
        }
        Some(Kind::Cwd) => attachment.state().cwd = printable(&frame.read::<Cwd>()?.path),
        Some(Kind::Title | Kind::Resized | Kind::Renamed | Kind::Exited) => {
            if frame.kind() == Some(Kind::Exited) {
                attachment.read_last();
            }
            let mut state = attachment.state();
            let Some(info) = &mut state.info else { return Ok(()) };
            match frame.kind() {
                Some(Kind::Title) => info.title = printable(&frame.read::<Title>()?.title),
                Some(Kind::Resized) => info.size = frame.read::<Resized>()?.size,
                Some(Kind::Renamed) => info.name = printable(&frame.read::<Renamed>()?.name),
                _ => {
                    info.exit = Some(frame.read::<Exited>()?.exit);
                    info.pid = None;
                }
            }
        }
        // A kind of a later daemon: it would not send one that matters to a client that did not offer to know it.
        _ => tracing::debug!(?frame, "passing over a message"),
    }
    attachment.changed(shared);
    Ok(())
}

fn join(
    shared: &Arc<Shared>,
    attachment: &Arc<AttachInner>,
    frame: &Frame,
    descriptor: Option<crate::transport::Descriptor>,
) -> Result<(), FrameError> {
    match frame.kind() {
        Some(Kind::Attached) => {
            let attached = frame.read::<Attached>()?;
            if let Err(error) = attachment.joined(shared, attached, descriptor) {
                attachment.end(shared, &format!("its surface cannot be read: {error}"));
            }
        }
        Some(Kind::Error) => {
            let Error { code, text, .. } = frame.read()?;
            attachment.fail(shared, code, &text);
        }
        _ => attachment.fail(shared, ErrorCode::Protocol, "the daemon does not know how to attach"),
    }
    attachment.changed(shared);
    Ok(())
}

fn attachment(shared: &Arc<Shared>, which: impl Fn(&AttachInner) -> bool) -> Option<Arc<AttachInner>> {
    shared.lock().attachments.iter().find(|attachment| which(attachment)).cloned()
}
