//! The locks that models are checked with: the standard library's, or loom's when built with `--cfg loom`.

#[cfg(not(loom))]
pub(super) use std::sync::{Condvar, Mutex, MutexGuard};

#[cfg(loom)]
pub(super) use loom::sync::{Condvar, Mutex, MutexGuard};
