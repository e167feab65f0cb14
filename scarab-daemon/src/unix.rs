//! What only Unix has.

pub(crate) mod detach;
pub(crate) mod files;
pub(crate) mod launch;
pub(crate) mod limit;
pub(crate) mod poll;
pub(crate) mod process;
pub(crate) mod pty;
pub(crate) mod signals;
pub(crate) mod socket;
pub(crate) mod surface;
