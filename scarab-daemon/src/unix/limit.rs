//! The limit of open descriptors: raised for the daemon, given back to its children.

use rustix::process::{Pid, Resource, Rlimit};

/// The limit as it was before it was raised.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OldLimit(Option<Rlimit>);

/// Raises the soft limit to the hard one.
#[cfg(target_os = "linux")]
pub(crate) fn raise() -> OldLimit {
    let old = rustix::process::getrlimit(Resource::Nofile);
    if old.current == old.maximum {
        return OldLimit(None);
    }
    match rustix::process::setrlimit(Resource::Nofile, Rlimit { current: old.maximum, maximum: old.maximum }) {
        Ok(()) => OldLimit(Some(old)),
        Err(error) => {
            tracing::warn!(%error, "the limit of open descriptors stays as it is");
            OldLimit(None)
        }
    }
}

/// Elsewhere a child cannot be given another limit once it runs, and to give it the daemon's would be worse.
#[cfg(not(target_os = "linux"))]
pub(crate) fn raise() -> OldLimit {
    OldLimit::unchanged()
}

impl OldLimit {
    /// A limit that was not raised, so that children have nothing to be given back.
    pub(crate) fn unchanged() -> Self {
        Self(None)
    }

    /// Gives a child the old limit: programs that use `select` or close every descriptor they may have
    /// suffer from a high one. The child has only just begun, with the daemon's limit.
    #[cfg(target_os = "linux")]
    pub(crate) fn restore_for(self, child: Pid) {
        if let Self(Some(old)) = self
            && let Err(error) = rustix::process::prlimit(Some(child), Resource::Nofile, old)
        {
            // It may be gone already.
            tracing::debug!(%error, "a child keeps the daemon's limit of open descriptors");
        }
    }

    /// There is nothing to be given back.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn restore_for(self, _child: Pid) {}
}
