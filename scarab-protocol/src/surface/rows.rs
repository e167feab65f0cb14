//! The same rows over the wire, for a client that cannot map the surface.

use std::sync::Arc;

use super::layout::MAX_COLS;
use super::{Cell, Cursor, Extra, Grid, Modes, Palette, RowExtras, Size};

/// What one update takes at most, in bytes, counted as it would be in the least room; a little more with the
/// wire's own bookkeeping.
pub const MAX_UPDATE_BYTES: usize = 256 * 1024;

/// Rows of a grid that changed, and everything a grid has beside rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowsUpdate {
    /// The frame that the grid shows when the last update of it is applied.
    pub frame: u64,
    /// The grid's size, in cells.
    pub size: Size,
    /// The cursor.
    pub cursor: Cursor,
    /// The modes.
    pub modes: Modes,
    /// How many lines have ever left the top of the screen.
    pub scrolled: u64,
    /// The reflow epoch.
    pub reflow: u64,
    /// How many lines of scrollback there are.
    pub scrollback: u32,
    /// The palette, if it changed.
    pub palette: Option<Palette>,
    /// Whether what the receiver holds is to be dropped first.
    pub full: bool,
    /// Whether another update of the same frame follows. Until the last one, the grid's frame number stays.
    pub more: bool,
    /// The rows.
    pub rows: Vec<RowData>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowData {
    /// Which row, from 0 at the top.
    pub row: u16,
    /// The frame in which it last changed.
    pub frame: u64,
    /// The words of its cells, [`Cell::WORDS`] each.
    pub cells: Vec<u64>,
    /// Its extras, by rising column.
    pub extras: RowExtras,
}

/// What a grid has above frame `since`, in updates of at most [`MAX_UPDATE_BYTES`]: at least one, to be applied in order.
/// With `since` 0, or one that the grid has not reached, it is everything.
pub fn rows_since(grid: &Grid, since: u64) -> impl Iterator<Item = RowsUpdate> + '_ {
    let everything = since == 0 || since > grid.frame;
    let since = if everything { 0 } else { since };
    let wanted = move |row: &u16| everything || grid.row_frame(*row) > since;
    let mut rows = (0..grid.rows()).filter(wanted).map(|row| row_data(grid, row)).peekable();
    let mut first = true;
    std::iter::from_fn(move || {
        if !first && rows.peek().is_none() {
            return None;
        }
        let mut update = RowsUpdate {
            frame: grid.frame,
            size: Size::new(grid.cols(), grid.rows()),
            cursor: grid.cursor,
            modes: grid.modes,
            scrolled: grid.scrolled,
            reflow: grid.reflow,
            scrollback: grid.scrollback,
            palette: (first && (everything || grid.palette.version > since)).then(|| grid.palette.clone()),
            full: first && everything,
            more: false,
            rows: Vec::new(),
        };
        let mut room = MAX_UPDATE_BYTES - HEAD_BYTES;
        // The first row is taken however large it is, so that this ends whatever the grid's width.
        while let Some(row) = rows.next_if(|row| update.rows.is_empty() || row_bytes(row) <= room) {
            room = room.saturating_sub(row_bytes(&row));
            update.rows.push(row);
        }
        first = false;
        update.more = rows.peek().is_some();
        Some(update)
    })
}

impl Grid {
    /// Brings the grid up to an update, in the order in which [`rows_since`] gave them. Values that make no sense
    /// are clamped or ignored, as in a read of a surface.
    pub fn apply(&mut self, update: &RowsUpdate) {
        let Size { cols, rows } = update.size.clamped();
        if update.full || (cols, rows) != (self.cols(), self.rows()) {
            self.reset(cols, rows, update.frame);
        }
        for data in &update.rows {
            let Some((held, stamp, extras)) = self.row_mut(data.row) else { continue };
            *stamp = data.frame.min(update.frame);
            let (words, _) = data.cells.as_chunks::<{ Cell::WORDS }>();
            let (given, kept) = held.split_at_mut(words.len().min(held.len()));
            for (held, words) in given.iter_mut().zip(words) {
                *held = Cell::from_words(*words).with_extra_index(0);
            }
            // A row that is told too short: what it keeps has none of the extras that go.
            for held in kept {
                *held = held.with_extra_index(0);
            }
            extras.clear();
            for (col, extra) in &data.extras {
                let rising = extras.last().is_none_or(|(last, _)| last < col);
                if let Some(cell) = held.get_mut(usize::from(*col)).filter(|_| rising) {
                    *cell = cell.with_extra_index(1);
                    extras.push((*col, Arc::clone(extra)));
                }
            }
        }
        if let Some(palette) = &update.palette {
            self.palette.clone_from(palette);
        }
        self.cursor =
            Cursor { col: update.cursor.col.min(cols - 1), row: update.cursor.row.min(rows - 1), ..update.cursor };
        self.modes = update.modes;
        self.scrolled = update.scrolled.min(Grid::MAX_SCROLLED);
        self.reflow = update.reflow;
        self.scrollback = update.scrollback;
        if !update.more {
            self.frame = update.frame;
        }
    }
}

/// Room for what an update has beside rows: its fields and a palette.
const HEAD_BYTES: usize = 256 + Palette::LEN * 4;
/// Room for what a row has beside cells and extras.
const ROW_HEAD_BYTES: usize = 32;

// Every row fits into an update of its own, if its extras are held to what is left.
const _: () = assert!(HEAD_BYTES + ROW_HEAD_BYTES + MAX_COLS as usize * 16 < MAX_UPDATE_BYTES);

fn row_data(grid: &Grid, row: u16) -> RowData {
    let mut cells: Vec<u64> = grid.row(row).iter().flat_map(|cell| cell.to_words()).collect();
    let mut room = (MAX_UPDATE_BYTES - HEAD_BYTES - ROW_HEAD_BYTES).saturating_sub(cells.len() * 8);
    let mut extras = RowExtras::new();
    for (col, extra) in grid.row_extras(row) {
        // A row of a thousand cells with the longest links would not fit into an update; then the last ones stay plain.
        match room.checked_sub(extra_bytes(extra)) {
            Some(left) => {
                room = left;
                extras.push((*col, Arc::clone(extra)));
            }
            None => {
                let words = &mut cells[usize::from(*col) * Cell::WORDS..][..Cell::WORDS];
                words.copy_from_slice(&Cell::from_words([words[0], words[1]]).with_extra_index(0).to_words());
            }
        }
    }
    RowData { row, frame: grid.row_frame(row), cells, extras }
}

fn row_bytes(row: &RowData) -> usize {
    let extras: usize = row.extras.iter().map(|(_, extra)| extra_bytes(extra)).sum();
    ROW_HEAD_BYTES + row.cells.len() * 8 + extras
}

fn extra_bytes(extra: &Extra) -> usize {
    // The column, the colour, and three strings with their lengths and filling.
    64 + extra.marks.len() + extra.link.as_ref().map_or(0, |link| link.id.len() + link.uri.len())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{any_cursor, any_palette, any_row, put_row};
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// Which row changed in which frame to what.
    type Change = (u16, u64, (Vec<Cell>, Vec<(u16, Extra)>));

    fn grid(cols: u16, rows: u16, frames: &[Change]) -> Grid {
        let mut grid = Grid::new(cols, rows);
        for (row, frame, (cells, extras)) in frames {
            put_row(&mut grid, *row, *frame, cells, extras);
            grid.frame = grid.frame.max(*frame);
        }
        grid
    }

    proptest! {
        #[test]
        fn updates_bring_any_older_copy_up_to_the_grid(
            size in (2u16..20, 1u16..12),
            old in vec((0u16..12, 1u64..5, any_row(20)), 0..8),
            new in vec((0u16..12, 5u64..9, any_row(20)), 1..8),
            cursor in any_cursor(), palette in any_palette(), fresh: bool,
        ) {
            let mut held = grid(size.0, size.1, &old);
            let mut newest = held.clone();
            for (row, frame, (cells, extras)) in &new {
                put_row(&mut newest, *row, *frame, cells, extras);
                newest.frame = newest.frame.max(*frame);
            }
            newest.cursor = Cursor { col: cursor.col.min(size.0 - 1), row: cursor.row.min(size.1 - 1), ..cursor };
            newest.palette = palette;
            newest.palette.version = newest.frame;
            if fresh {
                held = Grid::new(3, 3);
            }
            for update in rows_since(&newest, held.frame).collect::<Vec<_>>() {
                held.apply(&update);
            }
            prop_assert_eq!(held, newest);
        }

        #[test]
        fn any_update_can_be_applied(
            size: (u16, u16), rows in vec((any::<u16>(), any::<u64>(), vec(any::<u64>(), 0..9), vec(any::<u16>(), 0..5)), 0..5),
            cursor in any_cursor(), full: bool, frame: u64,
        ) {
            let mut grid = Grid::new(4, 4);
            let rows = rows.into_iter().map(|(row, frame, cells, cols)| RowData {
                row: row % 1001,
                frame,
                cells,
                extras: cols.into_iter().map(|col| (col % 5, Arc::new(Extra::default()))).collect(),
            });
            let update = RowsUpdate {
                frame,
                size: Size::new(size.0 % 40, size.1 % 40),
                cursor,
                modes: Modes::default(),
                scrolled: 0,
                reflow: 0,
                scrollback: 0,
                palette: None,
                full,
                more: false,
                rows: rows.collect(),
            };
            grid.apply(&update);
            prop_assert!(grid.cursor.col < grid.cols() && grid.cursor.row < grid.rows());
            for row in 0..grid.rows() {
                prop_assert!(grid.row_extras(row).is_sorted_by_key(|(col, _)| *col));
                let marked = grid.row(row).iter().filter(|cell| cell.extra_index() != 0).count();
                prop_assert_eq!(marked, grid.row_extras(row).len());
            }
        }
    }

    #[test]
    fn a_row_that_is_told_too_short_keeps_no_mark_of_what_is_gone() {
        let row = |extras: RowExtras| RowData { row: 1, frame: 1, cells: Vec::new(), extras };
        let mut grid = Grid::new(4, 4);
        let mut update = rows_since(&grid, 0).next().expect("one at least");
        update.rows = vec![row(vec![(2, Arc::new(Extra::default()))])];
        grid.apply(&update);
        assert_ne!(grid.row(1)[2].extra_index(), 0);
        update.rows = vec![row(Vec::new())];
        grid.apply(&update);
        assert!(grid.row(1).iter().all(|cell| cell.extra_index() == 0));
    }

    #[test]
    fn a_large_grid_comes_in_updates_below_the_bound_and_shows_when_the_last_is_there() {
        let link = |number: usize| super::super::Link {
            id: number.to_string().into(),
            uri: "u".repeat(super::super::packed::MAX_URI).into(),
        };
        let mut newest = Grid::new(1000, 300);
        let extras: Vec<_> =
            (0..1000).map(|col| (col, Extra { link: Some(link(col.into())), ..Extra::default() })).collect();
        put_row(&mut newest, 7, 3, &[], &extras);
        newest.frame = 3;
        let mut held = Grid::default();
        let updates: Vec<_> = rows_since(&newest, 0).collect();
        assert!(updates.len() > 10);
        for update in &updates {
            assert!(update.rows.iter().map(row_bytes).sum::<usize>() + HEAD_BYTES <= MAX_UPDATE_BYTES);
            assert_eq!(held.frame, 0);
            held.apply(update);
        }
        assert_eq!((held.frame, held.rows()), (3, 300));
        let kept = held.row_extras(7);
        assert!(kept.len() > 50 && kept == &newest.row_extras(7)[..kept.len()], "the first links of a row stay");
    }

    #[test]
    fn a_grid_that_has_not_changed_gives_one_update_without_rows() {
        let mut grid = Grid::new(5, 5);
        grid.frame = 4;
        let updates: Vec<_> = rows_since(&grid, 4).collect();
        assert!(matches!(updates.as_slice(), [RowsUpdate { rows, palette: None, .. }] if rows.is_empty()));
    }
}
