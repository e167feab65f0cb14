//! A client's own copy of a terminal's screen: what drawing, capturing and waiting look at.

use std::sync::Arc;

use super::{Cell, Cursor, Extra, Modes, Palette};

/// The entries of one row that have an [`Extra`], by column, in rising order.
pub type RowExtras = Vec<(u16, Arc<Extra>)>;

/// The screen of a terminal as of one frame.
///
/// Rows and columns count from 0 at the top left. Every row carries the number of the frame in which it last
/// changed, so that whoever draws a grid only looks at rows above the frame it drew last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    /// The frame this copy shows. Frame numbers of a session only rise; 0 is before the first.
    pub frame: u64,
    /// The cursor.
    pub cursor: Cursor,
    /// The modes that drawing and input encoding need.
    pub modes: Modes,
    /// How many lines have ever left the top of the screen: row `r` is line `scrolled + r` of the session.
    pub scrolled: u64,
    /// Rises when lines were reflowed or the program cleared the scrollback: line numbers from before mean nothing after it.
    pub reflow: u64,
    /// How many lines of scrollback the daemon holds, in lines.
    pub scrollback: u32,
    /// The colours that the program has changed.
    pub palette: Palette,
    cols: u16,
    rows: u16,
    cells: Vec<Cell>,
    stamps: Vec<u64>,
    extras: Vec<RowExtras>,
}

impl Default for Grid {
    fn default() -> Self {
        Self::new(0, 0)
    }
}

impl Grid {
    /// The most lines that are believed to have left a screen: at a million a second it takes nine years. So nobody's arithmetic with
    /// them overflows, whatever a daemon says.
    pub const MAX_SCROLLED: u64 = 1 << 48;

    /// A blank grid of this size, in cells, at frame 0.
    pub fn new(cols: u16, rows: u16) -> Self {
        Self {
            frame: 0,
            cursor: Cursor::default(),
            modes: Modes::default(),
            scrolled: 0,
            reflow: 0,
            scrollback: 0,
            palette: Palette::default(),
            cols,
            rows,
            cells: vec![Cell::BLANK; usize::from(cols) * usize::from(rows)],
            stamps: vec![0; usize::from(rows)],
            extras: vec![Vec::new(); usize::from(rows)],
        }
    }

    /// The width in cells.
    pub fn cols(&self) -> u16 {
        self.cols
    }

    /// The height in cells.
    pub fn rows(&self) -> u16 {
        self.rows
    }

    /// All cells, row by row.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The cells of a row; none for a row that does not exist.
    pub fn row(&self, row: u16) -> &[Cell] {
        let start = usize::from(row) * usize::from(self.cols);
        self.cells.get(start..start + usize::from(self.cols)).unwrap_or(&[])
    }

    /// The frame in which a row last changed.
    pub fn row_frame(&self, row: u16) -> u64 {
        self.stamps.get(usize::from(row)).copied().unwrap_or(0)
    }

    /// The rows that changed after a frame.
    pub fn rows_since(&self, frame: u64) -> impl Iterator<Item = u16> + '_ {
        (0..self.rows).filter(move |&row| self.row_frame(row) > frame)
    }

    /// The extras of a row, by rising column.
    pub fn row_extras(&self, row: u16) -> &[(u16, Arc<Extra>)] {
        self.extras.get(usize::from(row)).map_or(&[], Vec::as_slice)
    }

    /// What a cell has beside its words.
    pub fn extra(&self, row: u16, col: u16) -> Option<&Extra> {
        let extras = self.row_extras(row);
        extras.binary_search_by_key(&col, |(col, _)| *col).ok().map(|at| &*extras[at].1)
    }

    /// The text of a row without trailing blanks: wide characters once, marks after their character.
    pub fn row_text(&self, row: u16) -> String {
        super::text::line_text(self.row(row), self.row_extras(row))
    }

    /// Makes the grid this large and blank; every row counts as changed in `frame`.
    pub fn reset(&mut self, cols: u16, rows: u16, frame: u64) {
        (self.cols, self.rows) = (cols, rows);
        self.cells.clear();
        self.cells.resize(usize::from(cols) * usize::from(rows), Cell::BLANK);
        self.stamps.clear();
        self.stamps.resize(usize::from(rows), frame);
        self.extras.clear();
        self.extras.resize(usize::from(rows), Vec::new());
    }

    /// Replaces a row. Cells beyond the width are dropped, missing ones stay as they were; a row that does not exist is ignored.
    pub fn set_row(&mut self, row: u16, frame: u64, cells: &[Cell], extras: RowExtras) {
        let Some((target, stamp, slot)) = self.row_mut(row) else { return };
        let width = target.len().min(cells.len());
        target[..width].copy_from_slice(&cells[..width]);
        *stamp = frame;
        *slot = extras;
    }

    /// The parts of a row, to fill in place.
    pub(crate) fn row_mut(&mut self, row: u16) -> Option<(&mut [Cell], &mut u64, &mut RowExtras)> {
        let start = usize::from(row) * usize::from(self.cols);
        let cells = self.cells.get_mut(start..start + usize::from(self.cols))?;
        Some((cells, self.stamps.get_mut(usize::from(row))?, self.extras.get_mut(usize::from(row))?))
    }

    /// Takes over what has changed in `other` since this grid's frame; of rows, only those.
    /// Gives back whether anything had.
    pub fn update_from(&mut self, other: &Grid) -> bool {
        if other.frame == self.frame {
            return false;
        }
        let since = if (self.cols, self.rows) == (other.cols, other.rows) && self.frame < other.frame {
            self.frame
        } else {
            self.reset(other.cols, other.rows, 0);
            0
        };
        for row in 0..other.rows {
            let stamp = other.row_frame(row);
            if (stamp > since || since == 0)
                && let Some((cells, own_stamp, extras)) = self.row_mut(row)
            {
                cells.copy_from_slice(other.row(row));
                *own_stamp = stamp;
                extras.clone_from(&other.extras[usize::from(row)]);
            }
        }
        self.frame = other.frame;
        self.cursor = other.cursor;
        self.modes = other.modes;
        self.scrolled = other.scrolled;
        self.reflow = other.reflow;
        self.scrollback = other.scrollback;
        if self.palette.version != other.palette.version {
            self.palette.clone_from(&other.palette);
        }
        true
    }
}
