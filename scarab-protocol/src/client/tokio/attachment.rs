//! An attachment whose changes a task can wait for.

use std::ops::Deref;

use tokio::sync::watch;

use crate::{
    client::{self, AttachState, Phase, Status},
    message::ErrorCode,
};

/// The client's end of one session, as [`client::Attachment`], which it also is: nothing of that waits. What it adds is
/// waiting for changes.
#[derive(Debug, Clone)]
pub struct Attachment {
    inner: client::Attachment,
    seen: watch::Receiver<()>,
}

/// Why nothing more changes at an attachment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// The session is gone, as [`Phase::Gone`].
    #[error("{0}")]
    Gone(String),
    /// The daemon refused, as [`Phase::Failed`].
    #[error("{why}")]
    Failed {
        /// For programs.
        code: ErrorCode,
        /// For people.
        why: String,
    },
    /// The client is closed.
    #[error("the connection is closed: {0}")]
    Closed(String),
}

impl Attachment {
    pub(super) fn new(inner: client::Attachment) -> Self {
        let seen = inner.changes().subscribe();
        Self { inner, seen }
    }

    /// Waits until something has changed since the last call, or since the session was joined by this handle: the screen, the
    /// phase, what is held of the input, anything. Dropped while it waits, it has missed nothing.
    ///
    /// # Errors
    /// When nothing will change any more.
    pub async fn changed(&mut self) -> Result<(), Ended> {
        // In this order, because the last change comes before the end.
        if let (Some(ended), Ok(false)) = (self.ended(), self.seen.has_changed()) {
            return Err(ended);
        }
        // The sending side is in what this handle holds.
        let _ = self.seen.changed().await;
        Ok(())
    }

    /// Waits until `look` gives something, looking now and after every change. It is to be short: the client's task
    /// waits meanwhile.
    ///
    /// # Errors
    /// When it gave nothing and nothing will change any more.
    pub async fn until<T>(&self, mut look: impl FnMut(&AttachState) -> Option<T>) -> Result<T, Ended> {
        let mut changes = self.inner.changes().subscribe();
        loop {
            changes.mark_unchanged();
            // Before the look, because the last change comes before the end.
            let ended = self.ended();
            if let Some(found) = self.inner.look(&mut look) {
                return Ok(found);
            }
            if let Some(ended) = ended {
                return Err(ended);
            }
            let _ = changes.changed().await;
        }
    }

    fn ended(&self) -> Option<Ended> {
        match self.inner.look(|state| state.phase.clone()) {
            Phase::Gone { why } => Some(Ended::Gone(why)),
            Phase::Failed { code, why } => Some(Ended::Failed { code, why }),
            Phase::Pending | Phase::Attached | Phase::Lost => match self.inner.status() {
                Some(Status::Closed { why }) => Some(Ended::Closed(why)),
                Some(_) => None,
                None => Some(Ended::Closed("the client is gone".into())),
            },
        }
    }
}

impl Deref for Attachment {
    type Target = client::Attachment;

    fn deref(&self) -> &client::Attachment {
        &self.inner
    }
}
