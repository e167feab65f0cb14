//! Movements of the cursor that the VT core does otherwise than a VT510 and xterm: up and down they stop at the margins, and in
//! origin mode they stay where they are counted from.

use alacritty_terminal::{grid::Dimensions, index::Line, term::TermMode, vte::ansi::Handler};

use super::core::Core;

impl Core {
    /// DECSTBM (VT510): the margins are these rows from now on, counted from 1; the bottom one is the screen's last if there is
    /// none, or none so far down. If they are not two rows, nothing happens, as in xterm.
    pub(super) fn set_margins(&mut self, top: usize, bottom: Option<usize>) {
        let rows = self.term.screen_lines();
        let bottom = bottom.map_or(rows, |bottom| bottom.min(rows));
        if (1..bottom).contains(&top) {
            self.margins = top - 1..bottom;
            self.term.set_scrolling_region(top, Some(bottom));
        }
    }

    /// The margins are the whole screen, as after a reset and after a change of size.
    pub(super) fn reset_margins(&mut self) {
        self.margins = 0..self.term.screen_lines();
    }

    /// The row that the program calls the first: below the top margin in origin mode (DECOM).
    pub(super) fn first_row(&self) -> usize {
        if self.term.mode().contains(TermMode::ORIGIN) { self.margins.start } else { 0 }
    }

    /// The cursor's row, from the top of the screen.
    pub(super) fn row(&self) -> usize {
        usize::try_from(self.term.grid().cursor.point.line.0).unwrap_or(0)
    }

    /// CUU (VT510): up by so many rows, at most to the top margin, or if the cursor is above that already, to the first row.
    pub(super) fn up(&mut self, count: usize) {
        let row = self.row();
        let first = if row < self.margins.start { 0 } else { self.margins.start };
        self.move_to_row(row.saturating_sub(count).max(first));
    }

    /// CUD (VT510): down by so many rows, at most to the bottom margin, or if the cursor is below that already, to the last row. The
    /// parser has VPR for the same, which in xterm stops at the margin in origin mode alone.
    pub(super) fn down(&mut self, count: usize) {
        let row = self.row();
        let end = if row < self.margins.end { self.margins.end } else { self.term.screen_lines() };
        self.move_to_row(row.saturating_add(count).min(end - 1));
    }

    /// CPL (VT510).
    pub(super) fn up_and_return(&mut self, count: usize) {
        self.up(count);
        self.term.carriage_return();
    }

    /// CNL (VT510).
    pub(super) fn down_and_return(&mut self, count: usize) {
        self.down(count);
        self.term.carriage_return();
    }

    /// CHA (VT510) and HPA (ECMA-48): to a column of the same row, from 0 on.
    pub(super) fn move_to_column(&mut self, column: usize) {
        self.term.carriage_return();
        self.term.move_forward(column);
    }

    /// To a row of the screen, whatever the program counts rows from.
    pub(super) fn move_to_row(&mut self, row: usize) {
        // A step of no columns: the core notes that its row may have changed, where the cursor leaves and where it arrives.
        self.term.move_forward(0);
        self.term.grid_mut().cursor.point.line = Line(i32::try_from(row).unwrap_or(0));
        self.term.move_forward(0);
    }
}
