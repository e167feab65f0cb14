//! Clients that come back: what is kept of one whose connection is gone, and how its next connection gets it.
//!
//! A client is named by the token that its first `Welcome` gave it, through all its connections. Of one that is gone
//! its lanes are kept for a while ([`ServerOptions::resume`](crate::server::ServerOptions)): how far its input was taken in each
//! session. That its old connection is not heard any more, even if it is still being read, is the lanes' to see to.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use scarab_protocol::{
    frame::Frame,
    message::{Done, ErrorCode, Resume},
};

use super::{Client, Held, reader::Breach};
use crate::{
    daemon::Daemon,
    deadline::Ticket,
    session::{Session, input_queue::LaneKey},
};

/// What names a client.
pub(crate) type Token = [u8; 16];

/// The most clients that are kept when their connections are gone. Beyond that the one that has been gone longest is
/// forgotten: as many may come back as may be there.
const MAX_DEPARTED: usize = crate::registry::MAX_CLIENTS;

/// Clients by their tokens.
#[derive(Default)]
pub(crate) struct Tokens {
    entries: HashMap<Token, Entry>,
    departed: usize,
}

enum Entry {
    Connected(Weak<Client>),
    Departed(Departed),
}

/// What is kept of a client that is gone.
struct Departed {
    lanes: Vec<Parked>,
    /// Forgets it.
    expiry: Ticket,
}

/// A lane without a client.
pub(crate) struct Parked {
    session: Weak<Session>,
    key: LaneKey,
}

/// The connection that still stands under a token, and what it held.
type Before = Option<(Arc<Client>, Held)>;

impl Tokens {
    /// A client has come.
    pub(crate) fn connected(&mut self, client: &Arc<Client>) {
        self.entries.insert(client.token(), Entry::Connected(Arc::downgrade(client)));
    }

    /// How many clients are kept whose connections are gone.
    #[cfg(all(test, unix))]
    pub(crate) fn departed(&self) -> usize {
        self.departed
    }

    fn forget(&mut self, token: &Token) -> Option<Departed> {
        match self.entries.remove(token)? {
            Entry::Connected(_) => None,
            Entry::Departed(departed) => {
                self.departed -= 1;
                Some(departed)
            }
        }
    }

    /// Forgets the client that has been gone longest, if there are too many.
    fn make_room(&mut self) -> Option<Departed> {
        if self.departed < MAX_DEPARTED {
            return None;
        }
        let departed = self.entries.iter().filter_map(|(token, entry)| match entry {
            Entry::Connected(_) => None,
            Entry::Departed(departed) => Some((departed.expiry, *token)),
        });
        let (_, oldest) = departed.min()?;
        self.forget(&oldest)
    }
}

/// A connection says which client it is.
pub(super) fn resume(daemon: &Arc<Daemon>, client: &Arc<Client>, frame: &Frame) -> Result<(), Breach> {
    let Resume { token } = frame.read::<Resume>()?;
    let request = frame.header().request;
    if !client.lock().attachments.is_empty() {
        client.refuse(request, ErrorCode::BadRequest, "resume before anything is attached");
        return Ok(());
    }
    let before = match inherit(daemon, client, &token) {
        Ok(before) => before,
        Err(NotInherited::Unknown) => {
            tracing::info!(client = client.number, "it cannot go on with what it had: nothing is kept under its token");
            let text = "nothing is kept under this token: it is another daemon's, or its time is over";
            client.refuse(request, ErrorCode::NotResumable, text);
            return Ok(());
        }
        Err(NotInherited::Late) => {
            tracing::info!(client = client.number, "its next connection has come before its own Resume was read");
            client.close_with(ErrorCode::Superseded, "a later connection has come with this resume token");
            return Ok(());
        }
    };
    if let Some((old, held)) = before {
        tracing::info!(client = old.number, by = client.number, "its next connection has come");
        old.close_with(ErrorCode::Superseded, "another connection has come with this one's resume token");
        for (number, attachment) in held.attachments {
            if let Some(session) = daemon.registry().session(number) {
                session.untie(&attachment);
            }
        }
    }
    // Under the lock, because the next connection may have come already: the lanes that it has taken are its own.
    client.lock().parked.retain(|_, (session, key)| {
        let moved = session.upgrade().and_then(|session| session.input.move_on(key.number));
        moved.is_some_and(|moved| {
            *key = moved;
            true
        })
    });
    client.tell(0, request, &Done {});
    Ok(())
}

/// Gives a connection what is kept under a token. It has it before the registry is unlocked, so that the client's next
/// connection, however soon it comes, finds everything there.
fn inherit(daemon: &Daemon, client: &Arc<Client>, token: &Token) -> Result<Before, NotInherited> {
    let mut registry = daemon.registry();
    let tokens = registry.tokens();
    let (lanes, before) = match tokens.entries.get(token).ok_or(NotInherited::Unknown)? {
        Entry::Departed(_) => {
            let Departed { lanes, expiry } = tokens.forget(token).ok_or(NotInherited::Unknown)?;
            daemon.deadlines.cancel(expiry);
            (lanes, None)
        }
        Entry::Connected(old) => {
            // A connection may say again who it is.
            let old = old.upgrade().filter(|old| !Arc::ptr_eq(old, client));
            if old.as_ref().is_some_and(|old| came_after(old.number, client.number)) {
                return Err(NotInherited::Late);
            }
            let before = old.map(|old| {
                let held = old.take_held();
                (old, held)
            });
            let lanes = before.as_ref().map(|(_, held)| lanes_of(held, &registry)).unwrap_or_default();
            (lanes, before)
        }
    };
    let known = lanes.into_iter().filter_map(|Parked { session, key }| {
        let number = session.upgrade()?.id.number;
        Some((number, (session, key)))
    });
    client.lock().parked.extend(known);
    let tokens = registry.tokens();
    let own = client.token();
    if own != *token {
        tokens.entries.remove(&own);
    }
    client.rename(*token);
    tokens.connected(client);
    Ok(before)
}

/// Whether a connection came after another. A client that connects anew has given up the connection before, but a
/// `Resume` of that may still wait to be read.
fn came_after(one: u32, other: u32) -> bool {
    // Numbers start anew when all are used up.
    one != other && one.wrapping_sub(other) < u32::MAX / 2
}

/// Why a connection gets nothing.
enum NotInherited {
    /// Nobody is known by the token.
    Unknown,
    /// The client has come on a later connection already.
    Late,
}

/// A client's connection is gone: nothing of it stays but its lanes, and they not for long.
pub(super) fn depart(daemon: &Arc<Daemon>, client: &Arc<Client>) {
    let (held, own, too_old) = {
        let mut registry = daemon.registry();
        registry.remove_client(client.number);
        let held = client.take_held();
        let lanes = lanes_of(&held, &registry);
        let token = client.token();
        let tokens = registry.tokens();
        let own = matches!(tokens.entries.get(&token), Some(Entry::Connected(known)) if known.as_ptr() == Arc::as_ptr(client));
        let mut too_old = None;
        if own {
            tokens.entries.remove(&token);
        }
        if own && !lanes.is_empty() {
            too_old = tokens.make_room();
            let late = Arc::downgrade(daemon);
            let number = client.number;
            let expiry = daemon.deadlines.after(daemon.resume, move || {
                let Some(daemon) = late.upgrade() else { return };
                let departed = daemon.registry().tokens().forget(&token);
                if let Some(departed) = departed {
                    tracing::info!(client = number, "it has not come back in time: what it had is forgotten");
                    departed.leave();
                }
            });
            tokens.entries.insert(token, Entry::Departed(Departed { lanes, expiry }));
            tokens.departed += 1;
        }
        (held, own, too_old)
    };
    if let Some(departed) = too_old {
        daemon.deadlines.cancel(departed.expiry);
        departed.leave();
    }
    for (number, attachment) in held.attachments {
        if let Some(session) = daemon.registry().session(number) {
            session.untie(&attachment);
            // If the client is back already, this key is not good any more and nothing happens.
            match own && !attachment.observe {
                true => session.input.park(attachment.lane),
                false => session.input.leave(attachment.lane),
            }
        }
    }
    for session in held.made {
        if let Some(session) = session.upgrade() {
            session.check_abandoned();
        }
    }
}

impl Departed {
    fn leave(self) {
        for Parked { session, key } in self.lanes {
            if let Some(session) = session.upgrade() {
                session.input.leave(key);
            }
        }
    }
}

/// The lanes of a client, of sessions that it is attached to or may join again.
fn lanes_of(held: &Held, registry: &crate::registry::Registry) -> Vec<Parked> {
    let attached =
        held.attachments.iter().filter(|(_, attachment)| !attachment.observe).filter_map(|(number, attachment)| {
            Some(Parked { session: Arc::downgrade(&registry.session(*number)?), key: attachment.lane })
        });
    let parked = held.parked.values().map(|(session, key)| Parked { session: session.clone(), key: *key });
    attached.chain(parked).collect()
}
