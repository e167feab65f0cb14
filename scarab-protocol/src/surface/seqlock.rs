//! The seqlock: one writer that never waits, readers that notice when they were overtaken.
//!
//! This is Boehm's construction ("Can seqlocks get along with programming language memory models?", 2012). All data
//! are relaxed atomics, so nothing here is a data race, and two fences do the ordering:
//! - the writer makes the sequence odd, a release fence keeps the data stores after that, and a release store makes
//!   it even again;
//! - the reader takes an even sequence, copies between two acquire fences, and accepts the copy if the sequence is
//!   still the same. Had it seen one word of a later section, the second fence would make it see that section's odd
//!   number too.

use super::word::Word;

/// How many copies a reader makes before it gives up. Each failed one means that a whole frame was published
/// meanwhile; the doorbell tells when it is worth trying again.
const TRIES: usize = if cfg!(loom) { 1 } else { 4 };

/// How long, in pauses of the processor, all tries together wait for a section to end. It is bounded because
/// a writer that died inside a section leaves the sequence odd for ever.
const PAUSES: usize = if cfg!(loom) { 1 } else { 500 };

/// The writer's side. It knows the sequence number by heart, since it never reads shared memory back.
#[derive(Debug, Default)]
pub(crate) struct Sequence(u64);

impl Sequence {
    /// Runs a section in which shared words may be written with [`Word::set`]. Only the one writer of
    /// these words may call this. `word` holds the sequence number, 0 before the first section.
    pub(crate) fn write<W: Word>(&mut self, word: &W, section: impl FnOnce()) {
        word.set(self.0.wrapping_add(1));
        W::release_fence();
        section();
        self.0 = self.0.wrapping_add(2);
        word.set_release(self.0);
    }
}

/// Runs a section that copies shared words out with [`Word::get`], again if the writer came between; `None` when
/// that kept happening.
///
/// What the section sees may be torn, so it must not act on it beyond bounds it knows itself; only what is given
/// back may be believed to be of one frame. `word` holds the sequence number.
pub(crate) fn read<W: Word, T>(word: &W, mut section: impl FnMut() -> T) -> Option<T> {
    let mut pauses = PAUSES;
    for _ in 0..TRIES {
        let mut before = word.get();
        while before % 2 == 1 {
            pauses = pauses.checked_sub(1)?;
            W::pause();
            before = word.get();
        }
        W::acquire_fence();
        let copy = section();
        W::acquire_fence();
        if word.get() == before {
            return Some(copy);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(not(loom))]
    use std::sync::atomic::AtomicU64;

    #[cfg(not(loom))]
    #[test]
    fn a_reader_gives_up_on_a_section_that_never_ends() {
        let word = AtomicU64::new(1);
        assert_eq!(read(&word, || ()), None);
    }

    #[cfg(not(loom))]
    #[test]
    fn a_reader_gives_up_when_every_copy_was_overtaken() {
        let word = AtomicU64::new(0);
        let mut sequence = Sequence::default();
        let mut copies = 0;
        let copy = read(&word, || {
            copies += 1;
            sequence.write(&word, || ());
        });
        assert_eq!((copy, copies), (None, TRIES));
    }

    #[cfg(not(loom))]
    #[test]
    fn an_undisturbed_reader_copies_once() {
        let (word, data) = (AtomicU64::new(0), AtomicU64::new(0));
        Sequence::default().write(&word, || data.set(7));
        let mut copies = 0;
        let copy = read(&word, || {
            copies += 1;
            data.get()
        });
        assert_eq!((copy, copies), (Some(7), 1));
    }

    #[cfg(loom)]
    #[test]
    fn loom_rows_of_two_words_are_never_torn() {
        use super::super::sync::AtomicU64;
        use loom::sync::Arc;

        loom::model(|| {
            let words = Arc::new([AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0)]);
            let shared = Arc::clone(&words);
            let writer = loom::thread::spawn(move || {
                let mut sequence = Sequence::default();
                for value in 1..=2 {
                    sequence.write(&shared[0], || {
                        shared[1].set(value);
                        shared[2].set(value);
                    });
                }
            });
            if let Some((first, second)) = read(&words[0], || (words[1].get(), words[2].get())) {
                assert_eq!(first, second, "a row of two frames was accepted");
            }
            writer.join().expect("the writer does not panic");
            let last = read(&words[0], || (words[1].get(), words[2].get()));
            assert_eq!(last, Some((2, 2)), "what was published last is what is read in the end");
        });
    }
}
