//! The memory of the last long frame that a thread has read and done with, for the next one.
//!
//! Memory that is read into must hold something before, and to zero 64 KiB takes about as long as to copy them. What an earlier frame
//! of the same thread has left there is as good, because a frame is handed on only when it is filled.

use std::cell::Cell;

use rkyv::util::AlignedVec;

/// From so many bytes on a frame is a long one. A shorter one is zeroed in less time than a system call takes.
const LONG: usize = 4 * 1024;
/// No more than so many bytes are kept: the longest input and what is around it.
const MOST: usize = 65 * 1024;
/// A frame gets no memory that is so many times as long as it is or longer: it may wait somewhere, and the memory with it.
const TOO_LARGE: usize = 4;

thread_local! {
    /// `None` in a thread that has read no long frame yet: it has no use for memory.
    static SPARE: Cell<Option<AlignedVec>> = const { Cell::new(None) };
}

/// Memory for a frame of so many bytes that is about to be read, if there is some that suits.
pub(super) fn take(length: usize) -> Option<AlignedVec> {
    if length < LONG {
        return None;
    }
    // From now on this thread keeps some. A thread that is ending has none.
    let spare = SPARE.try_with(|spare| spare.replace(Some(AlignedVec::new()))).ok().flatten()?;
    (length..TOO_LARGE * length).contains(&spare.capacity()).then_some(spare)
}

/// Keeps the memory of a frame that is done with, if this thread may have use for it.
pub(super) fn keep(bytes: &mut AlignedVec) {
    if !(LONG..=MOST).contains(&bytes.capacity()) {
        return;
    }
    // A thread that is ending keeps nothing.
    let _ = SPARE.try_with(|spare| {
        let held = spare.take();
        spare.set(held.map(|held| if held.capacity() < bytes.capacity() { std::mem::take(bytes) } else { held }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        frame::{Flags, Frame, HEADER_BYTES, Header},
        kind::Kind,
    };

    fn to_fill(length: usize) -> Frame {
        let length = u32::try_from(length).expect("it is small");
        Frame::to_fill(Header { length, kind: Kind::Ping.number(), flags: Flags::empty(), request: 1, session: 0 })
    }

    /// In a thread of its own, which has kept nothing yet.
    fn in_a_new_thread(test: impl FnOnce() + Send + 'static) {
        std::thread::spawn(test).join().expect("the test does not fail");
    }

    #[test]
    fn a_long_frame_gets_the_memory_of_the_one_before_it_and_is_as_long_as_it_says() {
        in_a_new_thread(|| {
            let mut first = to_fill(64 * 1024);
            first.payload_mut().fill(7);
            let place = first.bytes().as_ptr();
            drop(first);
            let mut second = to_fill(60 * 1024);
            assert_eq!(second.bytes().as_ptr(), place);
            assert_eq!((second.header().length, second.payload_mut().len()), (60 * 1024, 60 * 1024));
            assert_ne!(to_fill(60 * 1024).bytes().as_ptr(), place, "two frames have the same memory");
        });
    }

    #[test]
    fn memory_much_larger_than_a_frame_is_not_held_with_it() {
        in_a_new_thread(|| {
            drop(to_fill(64 * 1024));
            assert_eq!(to_fill(LONG).bytes.capacity(), HEADER_BYTES + LONG);
        });
    }

    #[test]
    fn a_thread_that_reads_nothing_long_keeps_nothing() {
        in_a_new_thread(|| {
            drop(to_fill(16));
            keep(&mut AlignedVec::with_capacity(64 * 1024));
            assert!(SPARE.take().is_none());
        });
    }

    #[test]
    fn what_is_very_long_is_not_kept() {
        in_a_new_thread(|| {
            drop(to_fill(1024 * 1024));
            assert_eq!(SPARE.take().expect("it has read a long frame").capacity(), 0);
        });
    }
}
