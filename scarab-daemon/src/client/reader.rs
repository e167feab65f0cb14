//! A client's thread: it reads what the client sends, and carries it out.

use std::sync::Arc;

use scarab_protocol::{
    frame::{Frame, FrameError},
    kind::{Direction, Kind},
    message::{ErrorCode, Role, Unsupported},
    transport::{FrameReader, Progress, ReadError, Stream},
};

use super::{
    Client,
    greet::{FRAME_PATIENCE, greet},
};
use crate::{daemon::Daemon, deadline::Ticket};

/// The client broke the protocol, in words: its connection ends.
#[derive(Debug)]
pub(super) struct Breach(pub(super) String);

impl From<FrameError> for Breach {
    fn from(error: FrameError) -> Self {
        Self(error.to_string())
    }
}

/// Serves a client until it goes.
pub(crate) fn serve(daemon: &Arc<Daemon>, stream: Stream, number: u32) {
    // Before a byte of it is read: who is it?
    if let Err(error) = stream.check_peer() {
        tracing::warn!(%error, "a connection was refused");
        return;
    }
    let stream = Arc::new(stream);
    let Some(client) = greet(daemon, stream.clone(), number) else { return };
    daemon.registry().add_client(client.clone());
    // The daemon may have begun to end since the hello, and told all clients it knew.
    if daemon.is_stopping() {
        client.close();
    }
    read_all(daemon, &client, stream);
    daemon.events.unsubscribe(&client);
    super::resume::depart(daemon, &client);
    client.close();
    tracing::debug!(client = client.number, "disconnected");
}

fn read_all(daemon: &Arc<Daemon>, client: &Arc<Client>, stream: Arc<Stream>) {
    let mut reader = FrameReader::new(stream.clone());
    let mut half_read: Option<Ticket> = None;
    loop {
        let next = reader.next(|progress| {
            if let Some(ticket) = half_read.take() {
                daemon.deadlines.cancel(ticket);
            }
            if progress == Progress::Partial {
                let (stream, number) = (Arc::downgrade(&stream), client.number);
                half_read = Some(daemon.deadlines.after(FRAME_PATIENCE, move || {
                    if let Some(stream) = stream.upgrade() {
                        tracing::warn!(client = number, "closed: it does not finish a frame");
                        stream.shutdown();
                    }
                }));
            }
        });
        if client.is_closing() {
            client.flush(FRAME_PATIENCE);
            break;
        }
        let breach = match next {
            Ok(Some(received)) => match handle(daemon, client, received.frame) {
                Ok(()) => continue,
                Err(breach) => breach,
            },
            Ok(None) => break,
            Err(ReadError::Frame(error)) => error.into(),
            Err(error) => {
                tracing::debug!(client = client.number, %error, "the connection ended");
                break;
            }
        };
        tracing::warn!(client = client.number, program = %client.program, "closed: {}", breach.0);
        client.close_with(ErrorCode::Protocol, breach.0);
        client.flush(FRAME_PATIENCE);
        break;
    }
    if let Some(ticket) = half_read {
        daemon.deadlines.cancel(ticket);
    }
}

/// Carries a message out.
fn handle(daemon: &Arc<Daemon>, client: &Arc<Client>, frame: Frame) -> Result<(), Breach> {
    let header = frame.header();
    let Some(kind) = frame.kind() else {
        // A later version's message, perhaps: its sender learns that it is not understood.
        client.tell(header.session, header.request, &Unsupported { kind: header.kind });
        return Ok(());
    };
    if kind.direction() != Direction::ToDaemon {
        return Err(Breach(format!("a {} is not for the daemon", kind.name())));
    }
    if client.role == Role::Observer && !is_for_observers(kind) {
        let text = "this client may only look: it has shown the token for observing";
        client.refuse(header.request, ErrorCode::NotAllowed, text);
        return Ok(());
    }
    if let Err(wait) = client.pace.count(kind) {
        client.refuse_for_now(header.request, "too many commands", wait);
        return Ok(());
    }
    match kind {
        Kind::Ping => super::requests::ping(client, frame),
        Kind::Arm => super::attach::arm(daemon, client, &frame),
        Kind::Input | Kind::Paste | Kind::Mouse | Kind::Focus => super::input::take(daemon, client, frame),
        Kind::AskCredit => super::input::credit(daemon, client, &frame),
        Kind::Resume => super::resume::resume(daemon, client, &frame),
        Kind::CancelInput => super::input::cancel(daemon, client, &frame),
        Kind::Attach => super::attach::attach(daemon, client, &frame),
        Kind::Detach => super::attach::detach(daemon, client, &frame),
        Kind::Resize => super::attach::resize(daemon, client, &frame),
        Kind::FetchRows => super::rows::fetch(daemon, client, &frame),
        Kind::Scrollback => super::rows::scrollback(daemon, client, &frame),
        Kind::ListSessions => super::requests::list(daemon, client, &frame),
        Kind::CreateSession => super::requests::create(daemon, client, &frame),
        Kind::RenameSession => super::requests::rename(daemon, client, &frame),
        Kind::KillSession => super::requests::kill(daemon, client, &frame),
        Kind::ForgetSession => super::requests::forget(daemon, client, &frame),
        Kind::SetSizePolicy => super::requests::set_size_policy(daemon, client, &frame),
        Kind::AskBusy => super::requests::busy(daemon, client, &frame),
        Kind::ClearScrollback => super::rows::clear(daemon, client, &frame),
        Kind::SetSize => super::requests::set_size(daemon, client, &frame),
        Kind::LoadPlugin => super::plugins::load(daemon, client, &frame),
        Kind::UnloadPlugin => super::plugins::unload(daemon, client, &frame),
        Kind::ReloadPlugin => super::plugins::reload(daemon, client, &frame),
        Kind::ListPlugins => super::plugins::list(daemon, client, &frame),
        Kind::PluginCommand => super::plugins::call(daemon, client, &frame),
        Kind::Subscribe => super::events::subscribe(daemon, client, &frame),
        Kind::Unsubscribe => super::events::unsubscribe(daemon, client, &frame),
        Kind::GetConfig => super::config::get(daemon, client, &frame),
        Kind::SetConfig => super::config::set(daemon, client, &frame),
        Kind::OpenDocument => super::documents::open(daemon, client, &frame),
        Kind::SaveDocument => super::documents::save(daemon, client, &frame),
        Kind::DropDocument => super::documents::remove(daemon, client, &frame),
        Kind::ListDocuments => super::documents::list(daemon, client, &frame),
        Kind::Status => super::requests::status(daemon, client, &frame),
        Kind::Shutdown => super::requests::shutdown(daemon, client, &frame),
        _ => {
            client.tell(header.session, header.request, &Unsupported { kind: header.kind });
            Ok(())
        }
    }
}

/// What a client may ask for that has shown the token for observing.
fn is_for_observers(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Attach
            | Kind::Detach
            | Kind::Arm
            | Kind::FetchRows
            | Kind::Scrollback
            | Kind::ListSessions
            | Kind::GetConfig
            | Kind::Status
            | Kind::Ping
            | Kind::Resume
            | Kind::Subscribe
            | Kind::Unsubscribe
            | Kind::ListPlugins
            // Its time is over: the answer says so.
            | Kind::Auth
    )
}
