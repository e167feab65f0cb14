//! The writer of a surface: the daemon stages what the screen shows, and commits it as a frame.

use super::header::Header;
use super::layout::{Layout, PALETTE, SCREEN, SEQUENCE};
use super::memory::Segment;
use super::screen::{self, Screen};
use super::seqlock::Sequence;
use super::side_table::SideTable;
use super::word::Word;
use super::{Cell, Cursor, Extra, Mapping, Modes, Palette, Size, SurfaceError, SurfaceId};

/// The surface is too small for the size that was staged: [`SurfaceWriter::grow`] makes a larger one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a grid of {0} does not fit on the surface")]
pub struct NeedsGrowth(
    /// The size that did not fit, in cells.
    pub Size,
);

/// Writes one session's surface.
///
/// The `stage_` functions change a private copy of the screen and remember what differs; [`Self::commit`] publishes all of
/// it at once. Shared memory is never read back, so nothing that happens to it can reach the daemon.
pub struct SurfaceWriter {
    segment: Segment,
    header: Header,
    sequence: Sequence,
    /// The frame committed last.
    frame: u64,
    screen: Screen,
    palette: Palette,
    /// The cells, row by row, as wide as the screen is.
    cells: Vec<Cell>,
    side_table: SideTable,
    dirty_rows: Vec<bool>,
    screen_dirty: bool,
    palette_dirty: bool,
    /// How many rows were staged since the side table was swept last.
    rows_since_sweep: usize,
    /// A row while it is staged; kept for its memory.
    row: Vec<Cell>,
}

/// A sweep looks at every cell, so there is one at most for every eighth part of the screen that is staged.
const SWEEPS_PER_SCREEN: usize = 8;

impl SurfaceWriter {
    /// Makes a surface for grids up to `capacity`, which is clamped to what grids can have. Its first commit will be
    /// frame `first_frame`, at least 1; until then readers find nothing on it. Its size is [`Size::MIN`] and all is
    /// blank until something else is staged.
    ///
    /// # Errors
    /// If there is no memory for it or the system refuses it.
    pub fn create(id: SurfaceId, generation: u32, capacity: Size, first_frame: u64) -> Result<Self, SurfaceError> {
        let capacity = capacity.clamped();
        let layout = Layout::new(capacity.cols, capacity.rows).ok_or(SurfaceError::Header("capacity"))?;
        let segment = Segment::create(layout.total)?;
        let header = Header { layout, id, generation };
        header.write(segment.words());
        Ok(Self {
            segment,
            header,
            sequence: Sequence::default(),
            frame: first_frame.saturating_sub(1),
            screen: Screen::blank(),
            palette: Palette::default(),
            cells: vec![Cell::BLANK; Size::MIN.cells()],
            side_table: SideTable::new(&layout),
            dirty_rows: vec![true; usize::from(Size::MIN.rows)],
            screen_dirty: true,
            palette_dirty: false,
            rows_since_sweep: usize::MAX,
            row: Vec::new(),
        })
    }

    /// The next generation of this surface, with room for `size`: each side that is too short is doubled until it is
    /// not, and none ever shrinks. The new surface is staged at that size with all that is staged here, and its frames
    /// go on from here; it is to be committed before readers hear of it.
    ///
    /// # Errors
    /// As [`Self::create`]; this surface then stays as good as it was.
    pub fn grow(&self, size: Size) -> Result<Self, SurfaceError> {
        let size = size.clamped();
        let old = self.capacity();
        let capacity = Size::new(doubled(old.cols, size.cols), doubled(old.rows, size.rows));
        let mut grown = Self::create(self.header.id, self.generation().wrapping_add(1), capacity, self.frame + 1)?;
        grown.screen = self.screen;
        grown.palette = self.palette.clone();
        grown.palette_dirty = true;
        grown.cells = self.cells.clone();
        grown.side_table = self.side_table.moved_to(&grown.header.layout);
        grown.resize(size);
        Ok(grown)
    }

    /// Whose surface this is.
    pub fn id(&self) -> SurfaceId {
        self.header.id
    }

    /// Counts the surfaces this session has had, as it was given and from then on by one for each growth.
    pub fn generation(&self) -> u32 {
        self.header.generation
    }

    /// The largest grid that fits, in cells.
    pub fn capacity(&self) -> Size {
        self.header.layout.capacity
    }

    /// The size that is staged, in cells.
    pub fn size(&self) -> Size {
        self.screen.size
    }

    /// The frame that was committed last; before the first commit, the one before it.
    pub fn frame(&self) -> u64 {
        self.frame
    }

    /// A mapping as a reader in this process would have it.
    ///
    /// # Errors
    /// As the system refuses.
    pub fn map(&self) -> Result<Mapping, SurfaceError> {
        self.segment.map()
    }

    /// The descriptor to send to readers. It is read-only, and valid as long as this writer.
    #[cfg(unix)]
    pub fn reader_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.segment.reader_fd()
    }

    /// The name to send to readers, valid as long as this writer.
    #[cfg(windows)]
    pub fn segment_name(&self) -> &str {
        self.segment.name()
    }

    /// Stages the grid's size, clamped to what grids can have. If it changes, every row counts as changed, new
    /// cells are blank, and the rows are to be staged again.
    ///
    /// # Errors
    /// If the surface has no room for it; then nothing was staged.
    pub fn stage_size(&mut self, size: Size) -> Result<(), NeedsGrowth> {
        let size = size.clamped();
        if !size.fits(self.capacity()) {
            return Err(NeedsGrowth(size));
        }
        if size != self.screen.size {
            self.resize(size);
        }
        Ok(())
    }

    /// Stages a row. Missing cells are blank; cells, extras and rows beyond the size are ignored. Extras are by
    /// column; the index that a cell itself holds means nothing here. Only a row that differs counts as changed.
    ///
    /// Where the side table has no room left, a cell keeps its character and loses what its extra says.
    pub fn stage_row(&mut self, row: u16, cells: &[Cell], extras: &[(u16, Extra)]) {
        if row >= self.screen.size.rows {
            return;
        }
        let differs = match extras.is_empty() {
            true => replace(self.row_mut(row), cells),
            false => self.replace_with_extras(row, cells, extras),
        };
        self.dirty_rows[usize::from(row)] |= differs;
        self.rows_since_sweep = self.rows_since_sweep.saturating_add(1);
    }

    /// Stages the cursor. Readers clamp it to the grid.
    pub fn stage_cursor(&mut self, cursor: Cursor) {
        self.stage(|screen| screen.cursor = cursor);
    }

    /// Stages the modes.
    pub fn stage_modes(&mut self, modes: Modes) {
        self.stage(|screen| screen.modes = modes);
    }

    /// Stages how many lines have ever left the top of the screen.
    pub fn stage_scrolled(&mut self, lines: u64) {
        self.stage(|screen| screen.scrolled = lines);
    }

    /// Stages the reflow epoch.
    pub fn stage_reflow(&mut self, epoch: u64) {
        self.stage(|screen| screen.reflow = epoch);
    }

    /// Stages how many lines of scrollback there are.
    pub fn stage_scrollback(&mut self, lines: u32) {
        self.stage(|screen| screen.scrollback = lines);
    }

    /// Stages the palette's colours. Its version is the frame they are committed in if they differ from before.
    pub fn stage_palette(&mut self, palette: &Palette) {
        if !screen::same_colors(&self.palette, palette) {
            self.palette = palette.clone();
            self.palette.version = self.frame + 1;
            self.palette_dirty = true;
        }
    }

    /// Publishes what was staged as one frame, and gives back its number; `None` if nothing differs from the last.
    pub fn commit(&mut self) -> Option<u64> {
        if !self.screen_dirty && !self.palette_dirty && !self.dirty_rows.contains(&true) {
            return None;
        }
        self.frame += 1;
        let Self { segment, header: Header { layout, .. }, screen, palette, cells, side_table, .. } = self;
        let (words, frame) = (segment.words(), self.frame);
        let cols = usize::from(screen.size.cols);
        self.sequence.write(&words[SEQUENCE], || {
            let screen = screen.to_words(frame, palette.version);
            for (word, value) in words[SCREEN..].iter().zip(screen) {
                word.set(value);
            }
            if self.palette_dirty {
                for (place, word) in words[PALETTE..].iter().enumerate().take(Palette::LEN) {
                    word.set(screen::color_to_word(palette.get(place)));
                }
            }
            let rows = (0..).zip(cells.chunks_exact(cols)).zip(&self.dirty_rows);
            for ((row, cells), _) in rows.filter(|(_, dirty)| **dirty) {
                words[layout.stamp(row)].set(frame);
                let (pairs, _) = words[layout.row(row)..].as_chunks::<{ Cell::WORDS }>();
                for (pair, cell) in pairs.iter().zip(cells) {
                    let [first, second] = cell.to_words();
                    pair[0].set(first);
                    pair[1].set(second);
                }
            }
            side_table.publish(words, layout);
        });
        self.dirty_rows.fill(false);
        (self.screen_dirty, self.palette_dirty) = (false, false);
        Some(frame)
    }

    /// The shared words, for tests that play a hostile daemon.
    #[cfg(all(test, not(loom)))]
    pub(crate) fn words(&self) -> &[std::sync::atomic::AtomicU64] {
        self.segment.words()
    }

    fn stage(&mut self, change: impl FnOnce(&mut Screen)) {
        let before = self.screen;
        change(&mut self.screen);
        self.screen_dirty |= self.screen != before;
    }

    /// A row of the private copy.
    fn row_mut(&mut self, row: u16) -> &mut [Cell] {
        let cols = usize::from(self.screen.size.cols);
        &mut self.cells[usize::from(row) * cols..][..cols]
    }

    /// As [`replace`], for a row in which cells have extras.
    fn replace_with_extras(&mut self, row: u16, cells: &[Cell], extras: &[(u16, Extra)]) -> bool {
        let cols = usize::from(self.screen.size.cols);
        let mut staged = std::mem::take(&mut self.row);
        staged.clear();
        staged.extend(cells.iter().take(cols).map(|cell| cell.with_extra_index(0)));
        staged.resize(cols, Cell::BLANK);
        for (col, extra) in extras {
            if usize::from(*col) < cols {
                let index = self.intern(extra, &staged);
                staged[usize::from(*col)] = staged[usize::from(*col)].with_extra_index(index);
            }
        }
        let held = self.row_mut(row);
        let differs = *held != *staged;
        if differs {
            held.copy_from_slice(&staged);
        }
        self.row = staged;
        differs
    }

    /// Makes the private copy this large, keeping what it can; every row counts as changed.
    fn resize(&mut self, size: Size) {
        let mut cells = vec![Cell::BLANK; size.cells()];
        let old_rows = self.cells.chunks_exact(usize::from(self.screen.size.cols));
        for (new, old) in cells.chunks_exact_mut(usize::from(size.cols)).zip(old_rows) {
            let width = new.len().min(old.len());
            new[..width].copy_from_slice(&old[..width]);
        }
        self.cells = cells;
        self.screen.size = size;
        self.screen_dirty = true;
        self.dirty_rows = vec![true; usize::from(size.rows)];
    }

    /// The index of an extra for the row that is being staged, 0 if there is no room for it.
    fn intern(&mut self, extra: &Extra, row: &[Cell]) -> u32 {
        if let Ok(index) = self.side_table.intern(extra, self.frame + 1) {
            return index;
        }
        if self.rows_since_sweep.saturating_mul(SWEEPS_PER_SCREEN) < self.dirty_rows.len() {
            return 0;
        }
        self.rows_since_sweep = 0;
        // The row's old cells count as used too: were one of their indexes given to another extra, the row
        // could look unchanged.
        self.side_table.sweep(self.cells.iter().chain(row).map(|cell| cell.extra_index()));
        self.side_table.intern(extra, self.frame + 1).unwrap_or(0)
    }
}

impl std::fmt::Debug for SurfaceWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SurfaceWriter")
            .field("id", &self.header.id)
            .field("generation", &self.header.generation)
            .field("capacity", &self.header.layout.capacity)
            .field("frame", &self.frame)
            .finish_non_exhaustive()
    }
}

/// Puts cells without extras into a row, and blank ones where some are missing; whether any differs from the one before. It looks at
/// all of them whatever it finds, so that several are done at once.
fn replace(row: &mut [Cell], cells: &[Cell]) -> bool {
    let (given, missing) = row.split_at_mut(cells.len().min(row.len()));
    let mut differing = 0;
    let mut put = |held: &mut Cell, cell: Cell| {
        let ([a, b], [c, d]) = (held.to_words(), cell.to_words());
        differing |= (a ^ c) | (b ^ d);
        *held = cell;
    };
    given.iter_mut().zip(cells).for_each(|(held, cell)| put(held, cell.with_extra_index(0)));
    missing.iter_mut().for_each(|held| put(held, Cell::BLANK));
    differing != 0
}

/// `length` doubled until it reaches `needed`, which is at most `u16::MAX / 2`; never more than grids can have.
fn doubled(mut length: u16, needed: u16) -> u16 {
    while length < needed {
        length = (length * 2).min(super::MAX_COLS.min(super::MAX_ROWS));
    }
    length
}
