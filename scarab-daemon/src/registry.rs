//! Who is there: sessions and clients, by number. Nothing here blocks, and nothing is called while it is locked.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use scarab_protocol::{ids::Name, message::Target};

use crate::{
    client::{Client, resume::Tokens},
    session::Session,
};

/// The most clients. One more is told so in the daemon's hello.
pub(crate) const MAX_CLIENTS: usize = 1024;
/// The most sessions, ended ones included.
pub(crate) const MAX_SESSIONS: usize = 1000;

/// Sessions and clients.
#[derive(Default)]
pub(crate) struct Registry {
    clients: BTreeMap<u32, Arc<Client>>,
    tokens: Tokens,
    /// Client threads, greeted ones or not: each has a place among [`MAX_CLIENTS`].
    places: usize,
    sessions: BTreeMap<u32, Arc<Session>>,
    /// Names of sessions that are being started.
    reserved: HashSet<String>,
    last_client: u32,
    last_session: u32,
}

/// Why a session cannot have a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameRefused {
    /// Another session has it.
    Taken,
    /// There are as many sessions as there may be.
    Full,
}

impl Registry {
    /// A place for a client's thread; `None` if all are taken.
    pub(crate) fn take_place(&mut self) -> Option<u32> {
        if self.places >= MAX_CLIENTS {
            return None;
        }
        self.places += 1;
        self.last_client = self.last_client.wrapping_add(1).max(1);
        Some(self.last_client)
    }

    /// Gives a place back.
    pub(crate) fn leave_place(&mut self) {
        self.places -= 1;
    }

    /// How many places are taken.
    pub(crate) fn places(&self) -> usize {
        self.places
    }

    /// Adds a client that was greeted.
    pub(crate) fn add_client(&mut self, client: Arc<Client>) {
        self.tokens.connected(&client);
        self.clients.insert(client.number, client);
    }

    /// Clients by their resume tokens.
    pub(crate) fn tokens(&mut self) -> &mut Tokens {
        &mut self.tokens
    }

    /// Removes a client.
    pub(crate) fn remove_client(&mut self, number: u32) {
        self.clients.remove(&number);
    }

    /// All clients that were greeted.
    pub(crate) fn clients(&self) -> Vec<Arc<Client>> {
        self.clients.values().cloned().collect()
    }

    /// Reserves a name, or chooses one, and a number for a session that is to be started.
    ///
    /// # Errors
    /// [`NameRefused`].
    pub(crate) fn reserve(&mut self, name: Option<Name>) -> Result<(u32, String), NameRefused> {
        if self.sessions.len() + self.reserved.len() >= MAX_SESSIONS {
            return Err(NameRefused::Full);
        }
        let name = match name {
            Some(name) if self.is_taken(name.as_str()) => return Err(NameRefused::Taken),
            Some(name) => name.as_str().to_owned(),
            // The smallest number that is free: there are fewer sessions than numbers.
            None => (1_u32..).map(|number| number.to_string()).find(|name| !self.is_taken(name)).unwrap_or_default(),
        };
        self.reserved.insert(name.clone());
        self.last_session += 1;
        Ok((self.last_session, name))
    }

    /// Adds the session that has the reserved name, or gives the name back.
    pub(crate) fn fulfil(&mut self, name: &str, session: Option<Arc<Session>>) {
        self.reserved.remove(name);
        if let Some(session) = session {
            self.sessions.insert(session.id.number, session);
        }
    }

    /// Gives a session another name. Gives back the name before, if that was another one.
    ///
    /// # Errors
    /// [`NameRefused::Taken`].
    pub(crate) fn rename(&mut self, session: &Session, name: &Name) -> Result<Option<String>, NameRefused> {
        if session.name() == name.as_str() {
            return Ok(None);
        }
        if self.is_taken(name.as_str()) {
            return Err(NameRefused::Taken);
        }
        Ok(Some(session.rename(name.as_str().to_owned())))
    }

    /// The session of a name or an id.
    pub(crate) fn find(&self, target: &Target, epoch: u64) -> Option<Arc<Session>> {
        match target {
            Target::Name(name) => self.sessions.values().find(|session| session.name() == *name).cloned(),
            // An id of another daemon's life names nothing here.
            Target::Id(id) => self.sessions.get(&id.number).filter(|_| id.epoch == epoch).cloned(),
        }
    }

    /// The session of a number.
    pub(crate) fn session(&self, number: u32) -> Option<Arc<Session>> {
        self.sessions.get(&number).cloned()
    }

    /// All sessions with higher numbers than this, by rising number.
    pub(crate) fn sessions_after(&self, number: u32) -> impl Iterator<Item = &Arc<Session>> {
        self.sessions.range(number.saturating_add(1)..).map(|(_, session)| session)
    }

    /// How many sessions there are.
    pub(crate) fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// Removes a session; false if it was removed already.
    pub(crate) fn remove_session(&mut self, number: u32) -> bool {
        self.sessions.remove(&number).is_some()
    }

    fn is_taken(&self, name: &str) -> bool {
        self.reserved.contains(name) || self.sessions.values().any(|session| session.name() == name)
    }
}
