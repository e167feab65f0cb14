//! The limit of open handles, of which Windows has none worth raising.

/// There is nothing to be given back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OldLimit;

/// Does nothing.
pub(crate) fn raise() -> OldLimit {
    OldLimit
}

impl OldLimit {
    /// A limit that was not raised.
    pub(crate) fn unchanged() -> Self {
        Self
    }
}
