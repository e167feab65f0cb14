//! Requests about sessions and about the daemon itself.

use std::sync::Arc;

use scarab_protocol::{
    frame::Frame,
    ids::TermSize,
    message::{
        AskBusy, Busy, CreateSession, Created, DaemonStatus, Done, ErrorCode, ForgetSession, KillSession, ListSessions,
        Ping, Pong, RenameSession, Sessions, SetSize, SetSizePolicy, Shutdown, Status, Target,
    },
};

use super::{Client, reader::Breach};
use crate::{daemon::Daemon, session::Session};

/// How many sessions a page of the list has at most: each takes some kilobytes at worst.
const PAGE: usize = 64;

pub(super) fn ping(client: &Client, frame: Frame) -> Result<(), Breach> {
    frame.access::<Ping>()?;
    // Both carry the same, and a copy less is what large ones are measured by.
    client.send(frame.answered_by::<Pong>()?);
    Ok(())
}

pub(super) fn list(daemon: &Arc<Daemon>, client: &Client, frame: &Frame) -> Result<(), Breach> {
    let ListSessions { after } = frame.read::<ListSessions>()?;
    let page: Vec<_> = daemon.registry().sessions_after(after).take(PAGE + 1).cloned().collect();
    let sessions = page.iter().take(PAGE).map(|session| session.info()).collect();
    client.tell(0, frame.header().request, &Sessions { sessions, more: page.len() > PAGE });
    Ok(())
}

pub(super) fn create(daemon: &Arc<Daemon>, client: &Arc<Client>, frame: &Frame) -> Result<(), Breach> {
    let wanted = frame.read::<CreateSession>()?;
    let request = frame.header().request;
    match Session::make(daemon, wanted, &client.program) {
        Ok(session) => {
            client.lock().made.retain(|made| made.strong_count() > 0);
            client.lock().made.push(Arc::downgrade(&session));
            client.tell(session.id.number, request, &Created { info: session.info() });
            if daemon.is_stopping() {
                session.end("the daemon ends");
            }
        }
        Err(refusal) => client.refuse(request, refusal.code, refusal.text),
    }
    Ok(())
}

pub(super) fn rename(daemon: &Arc<Daemon>, client: &Client, frame: &Frame) -> Result<(), Breach> {
    let RenameSession { target, name } = frame.read::<RenameSession>()?;
    let request = frame.header().request;
    let Some(session) = find(daemon, client, request, &target) else { return Ok(()) };
    match session.set_name(daemon, name) {
        Ok(()) => client.tell(session.id.number, request, &Done {}),
        Err(refusal) => client.refuse(request, refusal.code, refusal.text),
    }
    Ok(())
}

pub(super) fn kill(daemon: &Arc<Daemon>, client: &Client, frame: &Frame) -> Result<(), Breach> {
    let KillSession { target, signal } = frame.read::<KillSession>()?;
    let request = frame.header().request;
    let Some(session) = find(daemon, client, request, &target) else { return Ok(()) };
    match signal {
        None => session.end("the session was killed"),
        Some(_) if session.has_ended() => {
            client.refuse(request, ErrorCode::Ended, format!("session {} has ended already", session.name()));
            return Ok(());
        }
        Some(signal) => {
            if let Err(error) = session.signal(signal) {
                client.refuse(request, ErrorCode::BadRequest, error.to_string());
                return Ok(());
            }
        }
    }
    client.tell(session.id.number, request, &Done {});
    Ok(())
}

pub(super) fn forget(daemon: &Arc<Daemon>, client: &Client, frame: &Frame) -> Result<(), Breach> {
    let ForgetSession { target } = frame.read::<ForgetSession>()?;
    let request = frame.header().request;
    let Some(session) = find(daemon, client, request, &target) else { return Ok(()) };
    if session.has_ended() {
        daemon.forget(&session, "the session was forgotten");
        client.tell(session.id.number, request, &Done {});
    } else {
        let name = session.name();
        let text = format!("session {name} is still running: kill it, or wait for its end");
        client.refuse(request, ErrorCode::StillRunning, text);
    }
    Ok(())
}

pub(super) fn set_size(daemon: &Arc<Daemon>, client: &Client, frame: &Frame) -> Result<(), Breach> {
    let SetSize { target, size } = frame.read::<SetSize>()?;
    let request = frame.header().request;
    if size.clamped() != size {
        let TermSize { cols, rows, .. } = size;
        let text = format!(
            "{cols}x{rows} is no size of a session: {} to {} columns, {} to {} rows",
            TermSize::MIN_COLS,
            TermSize::MAX_COLS,
            TermSize::MIN_ROWS,
            TermSize::MAX_ROWS
        );
        client.refuse(request, ErrorCode::BadSize, text);
        return Ok(());
    }
    let Some(session) = find(daemon, client, request, &target) else { return Ok(()) };
    if session.has_ended() {
        client.refuse(request, ErrorCode::Ended, format!("session {} has ended", session.name()));
    } else {
        session.set_size(size);
        client.tell(session.id.number, request, &Done {});
    }
    Ok(())
}

pub(super) fn set_size_policy(daemon: &Arc<Daemon>, client: &Client, frame: &Frame) -> Result<(), Breach> {
    let SetSizePolicy { target, policy } = frame.read::<SetSizePolicy>()?;
    let request = frame.header().request;
    if let Some(session) = find(daemon, client, request, &target) {
        session.set_size_policy(policy);
        client.tell(session.id.number, request, &Done {});
    }
    Ok(())
}

pub(super) fn busy(daemon: &Arc<Daemon>, client: &Client, frame: &Frame) -> Result<(), Breach> {
    let AskBusy { target } = frame.read::<AskBusy>()?;
    let request = frame.header().request;
    if let Some(session) = find(daemon, client, request, &target) {
        let others = session.others(client.number);
        client.tell(session.id.number, request, &Busy { others, program: session.running() });
    }
    Ok(())
}

pub(super) fn status(daemon: &Arc<Daemon>, client: &Client, frame: &Frame) -> Result<(), Breach> {
    frame.access::<Status>()?;
    let (sessions, clients) = {
        let registry = daemon.registry();
        (registry.session_count(), registry.clients().len())
    };
    let status = DaemonStatus {
        version: env!("CARGO_PKG_VERSION").into(),
        pid: std::process::id(),
        uptime_ms: u64::try_from(daemon.started.elapsed().as_millis()).unwrap_or(u64::MAX),
        sessions: u32::try_from(sessions).unwrap_or(u32::MAX),
        clients: u32::try_from(clients).unwrap_or(u32::MAX),
        log: daemon.log.clone(),
    };
    client.tell(0, frame.header().request, &status);
    Ok(())
}

pub(super) fn shutdown(daemon: &Arc<Daemon>, client: &Client, frame: &Frame) -> Result<(), Breach> {
    frame.access::<Shutdown>()?;
    client.tell(0, frame.header().request, &Done {});
    daemon.request_stop(&format!("{} asked for it", client.program));
    Ok(())
}

pub(super) fn no_such_session(client: &Client, request: u32, target: &Target) {
    let text = match target {
        Target::Name(name) => {
            let name: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
            format!("no session is called {name:?}: the list of sessions tells which there are")
        }
        Target::Id(id) => format!("there is no session {id} any more: the list of sessions tells which there are"),
    };
    client.refuse(request, ErrorCode::NoSuchSession, text);
}

pub(super) fn find(daemon: &Daemon, client: &Client, request: u32, target: &Target) -> Option<Arc<Session>> {
    let found = daemon.registry().find(target, daemon.epoch);
    if found.is_none() {
        no_such_session(client, request, target);
    }
    found
}
