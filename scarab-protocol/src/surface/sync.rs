//! The atomics that models are checked with: the standard library's, or loom's when built with `--cfg loom`.

#[cfg(not(loom))]
pub(crate) use std::sync::atomic::{AtomicU64, Ordering, fence};

#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU64, Ordering, fence};

#[cfg(loom)]
impl super::word::Word for AtomicU64 {
    fn get(&self) -> u64 {
        self.load(Ordering::Relaxed)
    }

    fn set(&self, value: u64) {
        self.store(value, Ordering::Relaxed);
    }

    fn set_release(&self, value: u64) {
        self.store(value, Ordering::Release);
    }

    fn acquire_fence() {
        fence(Ordering::Acquire);
    }

    fn release_fence() {
        fence(Ordering::Release);
    }

    fn pause() {
        loom::thread::yield_now();
    }
}
