//! A reader of a surface: copies what changed into a grid of its own, and believes nothing it has not checked.

use std::sync::Arc;

use super::extra_cache::ExtraCache;
use super::header::Header;
use super::layout::{PALETTE, SCREEN, SCREEN_WORDS, SEQUENCE};
use super::memory::Mapping;
use super::screen::{self, Screen};
use super::seqlock;
use super::word::Word;
use super::{Cell, Grid, Palette, Size, SurfaceError, SurfaceId};

/// What became of a [`SurfaceReader::read`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadOutcome {
    /// The grid already shows the newest frame.
    Unchanged,
    /// The grid shows a newer frame than before.
    Updated,
    /// The daemon kept writing, or stopped in the middle of it. The grid is as it was; the doorbell tells when
    /// it is worth another try.
    Busy,
}

/// Reads one session's surface.
///
/// Whatever the memory holds, a read takes bounded time and memory, does not panic, and leaves a grid whose size is
/// within the surface's capacity and whose cursor is within the grid.
#[derive(Debug)]
pub struct SurfaceReader {
    mapping: Mapping,
    header: Header,
    /// Whether nothing was read yet: the first read copies everything, whatever the grid showed before.
    fresh: bool,
    snapshot: Snapshot,
    extras: ExtraCache,
}

/// What one try copied. It reaches the grid only if the try is accepted.
#[derive(Debug, Default)]
struct Snapshot {
    screen: [u64; SCREEN_WORDS],
    palette: Vec<u64>,
    /// The copied rows with the frames they changed in, as they stood there.
    rows: Vec<(u16, u64)>,
    /// The words of those rows' cells.
    cells: Vec<u64>,
}

impl SurfaceReader {
    /// A reader for a mapped surface, which must be the one of session `expected`.
    ///
    /// # Errors
    /// If the mapping is not a surface, not one of this version, not as long as it says, or another session's.
    pub fn new(mapping: Mapping, expected: SurfaceId) -> Result<Self, SurfaceError> {
        let header = Header::read(mapping.words())?;
        if header.id != expected {
            return Err(SurfaceError::OtherSession);
        }
        let extras = ExtraCache::new(&header.layout);
        Ok(Self { mapping, header, fresh: true, snapshot: Snapshot::default(), extras })
    }

    /// Which of the session's surfaces this is.
    pub fn generation(&self) -> u32 {
        self.header.generation
    }

    /// The largest grid that can appear here, in cells.
    pub fn capacity(&self) -> Size {
        self.header.layout.capacity
    }

    /// The newest frame, 0 before the first. A frame that is being written may or may not count.
    pub fn frame(&self) -> u64 {
        self.mapping.words()[SCREEN].get()
    }

    /// Brings a grid up to the newest frame, copying only rows that changed after the frame it shows. A grid is to
    /// be used with one session only; it may come from an earlier surface of the session or from [`Grid::apply`].
    pub fn read(&mut self, grid: &mut Grid) -> ReadOutcome {
        let frame = self.frame();
        if frame == 0 || (!self.fresh && frame == grid.frame) {
            return ReadOutcome::Unchanged;
        }
        let words = self.mapping.words();
        let (snapshot, extras) = (&mut self.snapshot, &mut self.extras);
        let (header, fresh) = (&self.header, self.fresh);
        let Some(()) = seqlock::read(&words[SEQUENCE], || snapshot.take(words, header, fresh, grid, extras)) else {
            return ReadOutcome::Busy;
        };
        self.extras.resolve();
        self.fresh = false;
        self.snapshot.give(self.header.layout.capacity, grid, &self.extras);
        ReadOutcome::Updated
    }
}

impl Snapshot {
    /// Copies what `grid` lacks. Runs in a read section, so every value may be torn and every bound is our own.
    fn take<W: Word>(&mut self, words: &[W], header: &Header, fresh: bool, grid: &Grid, extras: &mut ExtraCache) {
        let layout = &header.layout;
        self.screen = std::array::from_fn(|at| words[SCREEN + at].get());
        let (frame, Screen { size, .. }, palette_version) = Screen::from_words(self.screen, layout.capacity);
        let full = fresh || frame <= grid.frame || (size.cols, size.rows) != (grid.cols(), grid.rows());

        self.palette.clear();
        if fresh || palette_version != grid.palette.version {
            self.palette.extend(words[PALETTE..].iter().take(Palette::LEN).map(Word::get));
        }

        self.rows.clear();
        self.cells.clear();
        extras.begin();
        let row_words = usize::from(size.cols) * Cell::WORDS;
        for row in 0..size.rows {
            let stamp = words[layout.stamp(row)].get();
            if full || stamp > grid.frame {
                self.rows.push((row, stamp));
                let start = self.cells.len();
                self.cells.extend(words[layout.row(row)..][..row_words].iter().map(Word::get));
                let (cells, _) = self.cells[start..].as_chunks();
                for index in
                    cells.iter().map(|words| Cell::from_words(*words).extra_index()).filter(|index| *index != 0)
                {
                    extras.want(index, words, layout);
                }
            }
        }
    }

    /// Moves an accepted copy into the grid.
    fn give(&self, capacity: Size, grid: &mut Grid, extras: &ExtraCache) {
        let (frame, screen, palette_version) = Screen::from_words(self.screen, capacity);
        let Size { cols, rows } = screen.size;
        if (cols, rows) != (grid.cols(), grid.rows()) {
            grid.reset(cols, rows, frame);
        }
        let (cells, _) = self.cells.as_chunks::<{ Cell::WORDS }>();
        for ((row, stamp), cells) in self.rows.iter().zip(cells.chunks_exact(usize::from(cols))) {
            let Some((held, held_stamp, held_extras)) = grid.row_mut(*row) else { continue };
            *held_stamp = (*stamp).min(frame);
            held_extras.clear();
            for (held, words) in held.iter_mut().zip(cells) {
                *held = Cell::from_words(*words);
            }
            for (col, cell) in (0..).zip(held).filter(|(_, cell)| cell.extra_index() != 0) {
                // In a grid the index only says whether there is an extra.
                match extras.get(cell.extra_index()) {
                    Some(extra) => {
                        held_extras.push((col, Arc::clone(extra)));
                        *cell = cell.with_extra_index(1);
                    }
                    None => *cell = cell.with_extra_index(0),
                }
            }
        }
        if !self.palette.is_empty() {
            for (place, word) in self.palette.iter().enumerate() {
                grid.palette.set(place, screen::color_from_word(*word));
            }
            grid.palette.version = palette_version;
        }
        grid.frame = frame;
        grid.cursor = screen.cursor;
        grid.modes = screen.modes;
        grid.scrolled = screen.scrolled.min(Grid::MAX_SCROLLED);
        grid.reflow = screen.reflow;
        grid.scrollback = screen.scrollback;
    }
}
