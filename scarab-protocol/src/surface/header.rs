//! The header of a surface: what it is, whose it is, and how large. It never changes once readers can map it.

use super::layout::{HEADER_WORDS, Layout, MAGIC, VERSION};
use super::word::Word;
use super::{Size, SurfaceError};

/// Whose a surface is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SurfaceId {
    /// The random number of this run of the daemon.
    pub epoch: u64,
    /// The session's number within that run.
    pub session: u32,
}

/// The header's contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) layout: Layout,
    pub(crate) id: SurfaceId,
    /// Rises whenever the session moves to a larger surface.
    pub(crate) generation: u32,
}

impl Header {
    /// Writes the header. `words` is the whole surface, as long as the layout says and all zero.
    pub(crate) fn write<W: Word>(&self, words: &[W]) {
        let layout = &self.layout;
        let header = [
            MAGIC,
            VERSION,
            HEADER_WORDS as u64,
            layout.total as u64,
            u64::from(layout.capacity.cols),
            u64::from(layout.capacity.rows),
            self.id.epoch,
            u64::from(self.id.session),
            u64::from(self.generation),
            layout.entries as u64,
            layout.arena_words as u64,
        ];
        for (word, value) in words.iter().zip(header) {
            word.set(value);
        }
    }

    /// Reads the header of a mapped surface and believes it only if the layout that follows from its
    /// capacity is the one it states and lies within `words`.
    pub(crate) fn read<W: Word>(words: &[W]) -> Result<Self, SurfaceError> {
        let Some(header) = words.get(..HEADER_WORDS) else {
            return Err(SurfaceError::Length(words.len() as u64 * 8));
        };
        // One load of each word: what was checked is what is used.
        let [magic, version, header_words, total, cols, rows, epoch, session, generation, entries, arena_words] =
            std::array::from_fn(|at| header[at].get());
        if magic != MAGIC {
            return Err(SurfaceError::Magic);
        }
        if version != VERSION {
            return Err(SurfaceError::Version(version));
        }
        let narrow = |value: u64| u16::try_from(value).map_err(|_| SurfaceError::Header("capacity"));
        let size = Size::new(narrow(cols)?, narrow(rows)?);
        let layout = Layout::new(size.cols, size.rows).ok_or(SurfaceError::Header("capacity"))?;
        if header_words != HEADER_WORDS as u64
            || entries != layout.entries as u64
            || arena_words != layout.arena_words as u64
            || total != layout.total as u64
        {
            return Err(SurfaceError::Header("sizes"));
        }
        if words.len() < layout.total {
            return Err(SurfaceError::Length(words.len() as u64 * 8));
        }
        let number = |value: u64| u32::try_from(value).map_err(|_| SurfaceError::Header("numbers"));
        let id = SurfaceId { epoch, session: number(session)? };
        Ok(Self { layout, id, generation: number(generation)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::atomic::AtomicU64;

    fn surface(header: &Header) -> Vec<AtomicU64> {
        let words: Vec<_> = (0..header.layout.total).map(|_| AtomicU64::new(0)).collect();
        header.write(&words);
        words
    }

    fn small() -> Header {
        let layout = Layout::new(5, 3).expect("a valid size");
        Header { layout, id: SurfaceId { epoch: 0x0123_4567_89ab_cdef, session: 7 }, generation: 2 }
    }

    #[test]
    fn a_header_reads_back() {
        let words = surface(&small());
        assert_eq!(Header::read(&words).expect("the header is valid"), small());
    }

    #[test]
    fn a_surface_cut_short_is_refused() {
        let words = surface(&small());
        for length in [0, 1, HEADER_WORDS - 1, HEADER_WORDS, words.len() - 1] {
            assert!(matches!(Header::read(&words[..length]), Err(SurfaceError::Length(_))), "{length} words");
        }
    }

    #[test]
    fn another_version_is_named() {
        let words = surface(&small());
        words[1].set(VERSION + 1);
        assert!(matches!(Header::read(&words), Err(SurfaceError::Version(version)) if version == VERSION + 1));
    }

    proptest! {
        #[test]
        fn a_header_with_one_word_changed_is_refused_or_stays_within_the_memory(at in 0usize..11, value: u64) {
            let words = surface(&small());
            words[at].set(value);
            if let Ok(header) = Header::read(&words) {
                prop_assert!(header.layout.total <= words.len());
            }
        }
    }
}
