//! What all threads of a daemon share.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use scarab_protocol::{
    event::EventKind,
    message::{EventField, ShuttingDown},
};

use crate::{
    config::Configuration, deadline::Deadlines, documents::Documents, events::Events, platform::limit::OldLimit,
    plugins::PluginService, registry::Registry, screen::Colors, session::Session, token_files::TokenFiles,
};

/// How long clients have to take the last message.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// How long programs have to end after SIGHUP when the daemon ends.
const LAST_GRACE: Duration = Duration::from_secs(2);
/// How long the daemon then waits for its own threads.
const LAST_THREADS: Duration = Duration::from_secs(2);

/// What all threads of a daemon share.
pub(crate) struct Daemon {
    /// Random: tells this daemon's sessions from those of the one before.
    pub(crate) epoch: u64,
    pub(crate) started: Instant,
    /// Where it listens, as `--socket` takes it.
    pub(crate) endpoint: String,
    /// Where its log goes; empty for standard error.
    pub(crate) log: String,
    pub(crate) deadlines: Deadlines,
    /// What happens, for who has subscribed.
    pub(crate) events: Events,
    pub(crate) plugins: PluginService,
    pub(crate) old_limit: OldLimit,
    /// How long a client has to come back, and a session that does not linger outlives its last one.
    pub(crate) resume: Duration,
    /// What clients must show; `None` if nothing.
    pub(crate) tokens: Option<TokenFiles>,
    /// What is in force of the configuration.
    pub(crate) config: Configuration,
    /// What programs are told of the colours that clients draw with.
    pub(crate) colors: Colors,
    documents: Mutex<Documents>,
    registry: Mutex<Registry>,
    stopping: Mutex<Option<String>>,
    /// Something has changed that [`Daemon::stop`] or [`Daemon::wait`] waits for.
    changed: Condvar,
}

/// What a daemon is given at its start.
pub(crate) struct Own {
    pub(crate) endpoint: String,
    pub(crate) log: String,
    pub(crate) old_limit: OldLimit,
    pub(crate) resume: Duration,
    pub(crate) tokens: Option<TokenFiles>,
    pub(crate) config: Configuration,
}

impl Daemon {
    /// A daemon without sessions and clients.
    ///
    /// # Errors
    /// If the system has no random bytes or no thread to give.
    pub(crate) fn new(own: Own) -> io::Result<Arc<Self>> {
        let Own { endpoint, log, old_limit, resume, tokens, config } = own;
        let colors = Colors::default();
        colors.set(config.current().colors());
        Ok(Arc::new(Self {
            epoch: getrandom::u64().map_err(|error| io::Error::other(error.to_string()))?,
            started: Instant::now(),
            endpoint,
            log,
            deadlines: Deadlines::start()?,
            events: Events::default(),
            plugins: PluginService::default(),
            old_limit,
            resume,
            tokens,
            config,
            colors,
            documents: Mutex::default(),
            registry: Mutex::default(),
            stopping: Mutex::new(None),
            changed: Condvar::new(),
        }))
    }

    /// What is kept for clients. Nothing may be waited for while this is held.
    pub(crate) fn documents(&self) -> MutexGuard<'_, Documents> {
        self.documents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who is there. Nothing may be waited for while this is held.
    pub(crate) fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the daemon end, and says why; only the first time counts.
    pub(crate) fn request_stop(&self, why: &str) {
        let mut stopping = self.stopping();
        if stopping.is_none() {
            tracing::info!("ending: {why}");
            *stopping = Some(why.to_owned());
        }
        drop(stopping);
        self.changed.notify_all();
    }

    /// Whether the daemon is ending.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping().is_some()
    }

    /// Waits until somebody has the daemon end; gives back why.
    pub(crate) fn wait(&self) -> String {
        let mut stopping = self.stopping();
        loop {
            if let Some(why) = &*stopping {
                return why.clone();
            }
            stopping = self.changed.wait(stopping).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes a session out of the registry and tells its clients.
    pub(crate) fn forget(&self, session: &Arc<Session>, why: &str) {
        if self.registry().remove_session(session.id.number) {
            session.dismiss(why);
            session.happened(EventKind::Forgotten, vec![EventField::new("why", why)]);
            self.changed_now();
        }
    }

    /// Gives all sessions so many lines of scrollback. One that is being made looks itself.
    pub(crate) fn set_scrollback(&self, lines: usize) {
        let sessions: Vec<_> = self.registry().sessions_after(0).cloned().collect();
        sessions.iter().for_each(|session| session.set_scrollback(lines));
    }

    /// A session's program has ended.
    pub(crate) fn session_ended(&self) {
        self.changed_now();
    }

    /// A client's thread ends.
    pub(crate) fn client_gone(&self) {
        self.registry().leave_place();
        self.changed_now();
    }

    /// Ends everything: clients are told, programs hung up and then killed, connections closed. Nothing is typed into
    /// any program. New clients must not be let in any more.
    pub(crate) fn stop(&self, why: &str) {
        let clients = self.registry().clients();
        for client in &clients {
            client.tell(0, 0, &ShuttingDown { reason: why.to_owned() });
        }
        let sessions: Vec<_> = self.registry().sessions_after(0).cloned().collect();
        for session in &sessions {
            session.end("the daemon ends");
        }
        let deadline = Instant::now() + LAST_WORDS;
        for client in &clients {
            client.flush(deadline.saturating_duration_since(Instant::now()));
        }
        let all_ended = || sessions.iter().all(|session| session.has_ended());
        if !self.wait_until(LAST_GRACE, all_ended) {
            sessions.iter().for_each(|session| session.kill());
            self.wait_until(LAST_THREADS, all_ended);
        }
        // Exits that happened meanwhile were told, too.
        for client in self.registry().clients() {
            client.flush(deadline.saturating_duration_since(Instant::now()));
            client.close();
        }
        if !self.wait_until(LAST_THREADS, || self.registry().places() == 0) {
            tracing::warn!("some clients' threads are still there");
        }
    }

    /// Waits until something is so, but no longer than `patience`. Gives back whether it is.
    fn wait_until(&self, patience: Duration, is_so: impl Fn() -> bool) -> bool {
        let deadline = Instant::now() + patience;
        let mut guard = self.stopping();
        loop {
            if is_so() {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            guard = self.changed.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Has whoever waits look again. The lock is taken so that none looks just before and sleeps just after.
    fn changed_now(&self) {
        drop(self.stopping());
        self.changed.notify_all();
    }

    fn stopping(&self) -> MutexGuard<'_, Option<String>> {
        self.stopping.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
