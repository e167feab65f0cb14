//! A word of shared memory, and the little that a seqlock does with it.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU64, Ordering, fence};

/// A 64-bit word that one thread or process writes and others read.
///
/// The seqlock is generic over it because a model checker's atomics cannot lie in mapped memory. Reads have no ordering
/// of their own: on pages mapped read-only, relaxed loads are the only atomic access that is allowed, and fences
/// order them.
pub(crate) trait Word {
    /// Reads the word, relaxed.
    fn get(&self) -> u64;
    /// Writes the word, relaxed.
    fn set(&self, value: u64);
    /// Writes the word after everything this thread wrote before it.
    fn set_release(&self, value: u64);
    /// A fence that keeps later reads and writes after earlier reads.
    fn acquire_fence();
    /// A fence that keeps later writes after earlier reads and writes.
    fn release_fence();
    /// Tells the processor, or the model, that this thread waits for another.
    fn pause();
}

impl Word for AtomicU64 {
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
        spin_loop();
    }
}
