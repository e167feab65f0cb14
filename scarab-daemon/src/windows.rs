//! What only Windows has. The same face as on Unix, so that nothing else knows which it is.

pub(crate) mod detach;
pub(crate) mod files;
pub(crate) mod launch;
pub(crate) mod limit;
mod login_end;
pub(crate) mod poll;
pub(crate) mod process;
pub(crate) mod pty;
pub(crate) mod signals;
pub(crate) mod socket;
pub(crate) mod surface;
