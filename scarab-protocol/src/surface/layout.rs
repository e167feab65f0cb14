//! Where everything lies on a surface, in 64-bit words.
//!
//! A surface is an array of 64-bit words in the machine's order, which is little endian wherever it is built, and is
//! never accessed in any other size:
//!
//! | words | what |
//! |---|---|
//! | 0 to 511 | the header, written before the segment is handed out and never again |
//! | 512 | the sequence number of the seqlock, alone on its cache line |
//! | 520 to 527 | frame, size, cursor, modes, lines scrolled, reflow epoch, scrollback, palette version |
//! | 528 to 786 | the palette |
//! | 792 on | a frame number for each row of the capacity |
//! | then | the cells, two words each; a row is as long as the capacity is wide |
//! | then | the side table's directory, two words an entry |
//! | then | the side table's arena |

use super::{Cell, Palette};

/// The widest grid, in cells.
pub const MAX_COLS: u16 = 1000;
/// The highest grid, in cells.
pub const MAX_ROWS: u16 = 1000;
/// The narrowest grid, in cells: a wide character must fit.
pub const MIN_COLS: u16 = 2;
/// The lowest grid, in cells.
pub const MIN_ROWS: u16 = 1;

/// The first word of every surface: "SCARABSF" in ASCII.
pub(crate) const MAGIC: u64 = u64::from_le_bytes(*b"SCARABSF");
/// The version of this layout. Any change to where or how something lies is a new one.
pub(crate) const VERSION: u64 = 1;

/// How many words the header takes: a page, so that what never changes shares none with what does.
pub(crate) const HEADER_WORDS: usize = 512;
/// The seqlock's sequence number.
pub(crate) const SEQUENCE: usize = HEADER_WORDS;
/// The words of [`super::screen::Screen`].
pub(crate) const SCREEN: usize = SEQUENCE + 8;
/// How many words those are; the first is the frame number.
pub(crate) const SCREEN_WORDS: usize = 8;
/// The palette: a word a colour, 0 for one that the program left alone, else `1 << 24 | rgb`.
pub(crate) const PALETTE: usize = SCREEN + SCREEN_WORDS;
const STAMPS: usize = (PALETTE + Palette::LEN).next_multiple_of(8);

/// How many words an entry of the side table's directory takes.
pub(crate) const ENTRY_WORDS: usize = 2;
/// How many words of the arena there are for each entry, on average. Combining marks take three, links ten or so.
const ARENA_WORDS_PER_ENTRY: usize = 8;
const MIN_ENTRIES: usize = 4096;
const MAX_ENTRIES: usize = 65_536;

/// The size of a grid, in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    /// The width in cells.
    pub cols: u16,
    /// The height in cells.
    pub rows: u16,
}

impl Size {
    /// The smallest grid.
    pub const MIN: Self = Self { cols: MIN_COLS, rows: MIN_ROWS };
    /// The largest grid.
    pub const MAX: Self = Self { cols: MAX_COLS, rows: MAX_ROWS };

    /// A size as it was asked for, in cells; see [`Self::clamped`].
    pub const fn new(cols: u16, rows: u16) -> Self {
        Self { cols, rows }
    }

    /// The nearest size that a grid can have.
    #[must_use]
    pub fn clamped(self) -> Self {
        self.within(Self::MAX)
    }

    /// Whether a grid of this size has room in one of size `capacity`.
    pub const fn fits(self, capacity: Self) -> bool {
        self.cols <= capacity.cols && self.rows <= capacity.rows
    }

    /// How many cells there are.
    pub const fn cells(self) -> usize {
        self.cols as usize * self.rows as usize
    }

    /// The nearest size between [`Self::MIN`] and `capacity`, which is not below that.
    pub(crate) fn within(self, capacity: Self) -> Self {
        Self { cols: self.cols.clamp(MIN_COLS, capacity.cols), rows: self.rows.clamp(MIN_ROWS, capacity.rows) }
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}", self.cols, self.rows)
    }
}

/// The places that depend on a surface's capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The largest grid that fits.
    pub(crate) capacity: Size,
    /// How many entries the side table can hold.
    pub(crate) entries: usize,
    /// How many words the side table's arena has.
    pub(crate) arena_words: usize,
    /// The first word of the arena.
    pub(crate) arena: usize,
    /// How many words the surface takes in all.
    pub(crate) total: usize,
    cells: usize,
    directory: usize,
}

impl Layout {
    /// The layout for a capacity; `None` if no grid can have that size.
    pub(crate) const fn new(cols: u16, rows: u16) -> Option<Self> {
        let capacity = Size::new(cols, rows);
        if !Size::MIN.fits(capacity) || !capacity.fits(Size::MAX) {
            return None;
        }
        let entries = match capacity.cells() / 2 {
            few if few < MIN_ENTRIES => MIN_ENTRIES,
            many if many > MAX_ENTRIES => MAX_ENTRIES,
            some => some,
        };
        let arena_words = entries * ARENA_WORDS_PER_ENTRY;
        // Nothing here can overflow: the largest capacity is checked when this is compiled, below.
        let cells = (STAMPS + rows as usize).next_multiple_of(8);
        let directory = cells + capacity.cells() * Cell::WORDS;
        let arena = directory + entries * ENTRY_WORDS;
        Some(Self { capacity, entries, arena_words, arena, total: arena + arena_words, cells, directory })
    }

    /// The word with the frame in which a row last changed.
    pub(crate) const fn stamp(&self, row: u16) -> usize {
        STAMPS + row as usize
    }

    /// The first word of a row's cells.
    pub(crate) const fn row(&self, row: u16) -> usize {
        self.cells + row as usize * self.capacity.cols as usize * Cell::WORDS
    }

    /// The first word of the directory's entry with this index, which counts from 1.
    pub(crate) const fn entry(&self, index: usize) -> usize {
        self.directory + (index - 1) * ENTRY_WORDS
    }
}

const LARGEST: Layout = match Layout::new(MAX_COLS, MAX_ROWS) {
    Some(layout) => layout,
    None => panic!("the largest grid must have a layout"),
};

/// The most bytes that a surface can take, rounded up as systems do that tell a segment's length in whole pages.
pub(crate) const MAX_BYTES: usize = (LARGEST.total * 8).next_multiple_of(65_536);

// An 8-byte load of memory that is mapped read-only is only sound where it is one plain instruction.
const _: () = assert!(cfg!(target_pointer_width = "64"), "surfaces need a 64-bit target");
const _: () = assert!(cfg!(target_endian = "little"), "surfaces need a little-endian target");
// Directory entries keep places in the arena in 32 bits, cells keep entries in 27.
const _: () = assert!(LARGEST.total < u32::MAX as usize && MAX_ENTRIES <= Cell::MAX_EXTRA as usize);
const _: () = assert!(STAMPS == 792);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_follow_each_other_without_overlap(cols in MIN_COLS..=MAX_COLS, rows in MIN_ROWS..=MAX_ROWS) {
            let layout = Layout::new(cols, rows).expect("a valid size has a layout");
            prop_assert!(layout.stamp(0) >= PALETTE + Palette::LEN);
            prop_assert!(layout.row(0) > layout.stamp(rows - 1));
            prop_assert_eq!(layout.entry(1), layout.row(rows - 1) + usize::from(cols) * Cell::WORDS);
            prop_assert_eq!(layout.arena, layout.entry(layout.entries) + ENTRY_WORDS);
            prop_assert_eq!(layout.total, layout.arena + layout.arena_words);
            prop_assert!(layout.total * 8 <= MAX_BYTES);
        }

        #[test]
        fn any_size_can_be_clamped_to_one_that_has_a_layout(cols: u16, rows: u16) {
            let size = Size::new(cols, rows).clamped();
            prop_assert!(Layout::new(size.cols, size.rows).is_some());
        }
    }

    #[test]
    fn sizes_that_no_grid_has_have_no_layout() {
        for (cols, rows) in [(0, 0), (1, 1), (2, 0), (MAX_COLS + 1, 1), (2, MAX_ROWS + 1), (u16::MAX, u16::MAX)] {
            assert_eq!(Layout::new(cols, rows), None);
        }
    }
}
