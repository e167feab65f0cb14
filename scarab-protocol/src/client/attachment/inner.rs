//! What the handles of an attachment and the connection share: the state of one session's end, behind locks.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use super::{AttachOptions, AttachState, Phase, screen::Surface};
use crate::{
    client::{Shared, outbox::Outbox},
    frame::Frame,
    ids::TermSize,
    message::{Message, Target},
};

/// What the connection's thread and the handles share. None of its locks is held while the link's is taken for longer
/// than a look; of two of them, `surface` is taken before `state`.
pub(crate) struct AttachInner {
    pub(super) options: Mutex<AttachOptions>,
    pub(super) state: Mutex<AttachState>,
    pub(super) outbox: Mutex<Outbox>,
    /// Only the connection's thread uses it.
    pub(super) surface: Mutex<Surface>,
    /// The session's number while joined, else 0.
    pub(super) session: AtomicU32,
    /// The request that joins, while it is unanswered.
    pub(super) joining: AtomicU32,
    /// The size that the last of these told, if any.
    pub(super) told_size: Mutex<Option<TermSize>>,
    /// The request that cancels input, while it is unanswered.
    pub(super) cancelling: AtomicU32,
    /// How many handles there are. Changed only under the link's lock.
    pub(super) handles: AtomicU32,
    /// Tells who waits in Tokio that something has changed. It holds nothing, so that it needs no room.
    #[cfg(feature = "tokio")]
    pub(super) changes: tokio::sync::watch::Sender<()>,
}

impl AttachInner {
    /// One handle to a session of which nothing is known yet.
    pub(super) fn new(options: AttachOptions) -> Self {
        Self {
            options: Mutex::new(options),
            state: Mutex::default(),
            outbox: Mutex::default(),
            surface: Mutex::default(),
            session: AtomicU32::new(0),
            joining: AtomicU32::new(0),
            told_size: Mutex::default(),
            cancelling: AtomicU32::new(0),
            handles: AtomicU32::new(1),
            #[cfg(feature = "tokio")]
            changes: tokio::sync::watch::Sender::new(()),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, AttachState> {
        locked(&self.state)
    }

    pub(super) fn outbox(&self) -> MutexGuard<'_, Outbox> {
        locked(&self.outbox)
    }

    pub(super) fn options(&self) -> MutexGuard<'_, AttachOptions> {
        locked(&self.options)
    }

    /// Tells whoever waits that something has changed which can be seen here.
    pub(in super::super) fn changed(&self, shared: &Shared) {
        #[cfg(feature = "tokio")]
        self.changes.send_replace(());
        shared.wake();
    }

    pub(in super::super) fn is_of(&self, session: u32) -> bool {
        session != 0 && self.session.load(Ordering::Acquire) == session
    }

    /// Whether this is the end of the session that a target names, and may still show it.
    pub(super) fn is_for(&self, target: &Target) -> bool {
        let state = self.state();
        if matches!(state.phase, Phase::Gone { .. } | Phase::Failed { .. }) {
            return false;
        }
        let joined = match (target, &state.info) {
            (Target::Name(name), Some(info)) => *name == info.name,
            (Target::Id(id), Some(info)) => *id == info.id,
            (_, None) => false,
        };
        drop(state);
        joined || self.options().target == *target
    }

    /// What the session is called: by the daemon, or as it was to be joined.
    pub(super) fn name(&self) -> String {
        if let Some(info) = &self.state().info {
            return info.name.clone();
        }
        match &self.options().target {
            Target::Name(name) => name.clone(),
            Target::Id(id) => id.to_string(),
        }
    }

    pub(super) fn tell<M: Message>(&self, shared: &Arc<Shared>, message: &M) {
        let session = self.session.load(Ordering::Acquire);
        if session == 0 {
            return;
        }
        let sender = shared.lock().sender.clone();
        if let (Some(sender), Ok(frame)) = (sender, Frame::new(session, 0, message)) {
            // A refusal to send means that the connection is about to fall, and all is told again after the next join.
            let _ = sender.send(frame);
        }
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
