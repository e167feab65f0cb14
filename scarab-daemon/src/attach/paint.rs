//! Draws a session's grid into the outer terminal: what has changed since the last time, and nothing else.

use std::sync::Arc;

use scarab_protocol::surface::{Attrs, Cell, Color, Cursor, CursorShape, Extra, Grid, Modes, Palette, RowExtras};

use super::{
    lines::{is_blank, shown},
    modes,
    style::{Pen, Style, push},
};

/// How the outer terminal is made ours: its title kept aside, alternate screen, no wrapping at the right edge (rows are
/// drawn up to it), bracketed pastes and focus told, a wheel that sends no keys (1007, saved before by XTSAVE), no kitty keyboard
/// flags.
const ENTER: &[u8] = b"\x1b[22;2t\x1b[?1049h\x1b[?7l\x1b[?2004h\x1b[?1004h\x1b[?1007s\x1b[?1007l\x1b[>0u\x1b[0m\x1b[2J";

/// How it is given back. The wheel's cursor keys (1007) are set and then restored (XTRESTORE): a terminal that knows of restoring, such
/// as xterm, where they are off unless somebody wants them, has them as they were, and the others, which ignore it, have them on, as
/// they usually do. Off they would be missed in every pager.
const LEAVE: &[u8] =
    b"\x1b[0m\x1b[<u\x1b[?1004l\x1b[?2004l\x1b[?7h\x1b[?1007h\x1b[?1007r\x1b[0 q\x1b[?25h\x1b[?1049l\x1b[23;2t";

/// Begins and ends an update that the terminal shows whole (mode 2026).
const UPDATE: [&[u8]; 2] = [b"\x1b[?2026h", b"\x1b[?2026l"];

/// What is on the outer terminal.
#[derive(Debug)]
pub struct Painter {
    /// What its cells show: as large as it is.
    screen: Vec<Row>,
    cols: u16,
    /// The grid's frame that is shown; 0 if all is to be drawn anew.
    frame: u64,
    /// The grid's cell that is shown at the top left, as column and row: not 0, 0 where the grid is larger than the terminal.
    corner: (u16, u16),
    grid_size: (u16, u16),
    palette: u64,
    notice: Option<String>,
    cursor: Option<Cursor>,
    modes: Option<Modes>,
    title: Option<String>,
    pen: Pen,
    /// Where the outer cursor is, if that is known: column, row.
    at: Option<(u16, u16)>,
}

/// A row of the outer terminal: cells whose colours need no palette, and every wide one followed by its spacer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Row {
    cells: Vec<Cell>,
    extras: RowExtras,
}

impl Painter {
    /// A painter for a terminal of this size, in cells.
    pub fn new(cols: u16, rows: u16) -> Self {
        Self {
            screen: vec![Row::blank(cols); usize::from(rows)],
            cols,
            frame: 0,
            corner: (0, 0),
            grid_size: (0, 0),
            palette: 0,
            notice: None,
            cursor: None,
            modes: None,
            title: None,
            pen: Pen::default(),
            at: None,
        }
    }

    /// Appends what makes the terminal ours.
    pub fn enter(out: &mut Vec<u8>) {
        out.extend_from_slice(ENTER);
    }

    /// Appends what gives the terminal back as it was.
    pub fn leave(&self, out: &mut Vec<u8>) {
        modes::write(self.modes.unwrap_or_default(), Modes::empty(), out);
        out.extend_from_slice(LEAVE);
    }

    /// The terminal has another size, or shows something else: the next time all is drawn anew.
    pub fn forget(&mut self, cols: u16, rows: u16, out: &mut Vec<u8>) {
        let (title, modes) = (self.title.take(), self.modes);
        *self = Self { title, modes, ..Self::new(cols, rows) };
        out.extend_from_slice(b"\x1b[0m\x1b[2J");
    }

    /// The grid's cell under a cell of the terminal, if there is one.
    pub fn grid_cell(&self, col: u16, row: u16) -> Option<(u16, u16)> {
        let (col, row) = (col.checked_add(self.corner.0)?, row.checked_add(self.corner.1)?);
        (col < self.grid_size.0 && row < self.grid_size.1).then_some((col, row))
    }

    /// Appends the title, if it is another than before.
    pub fn title(&mut self, title: &str, out: &mut Vec<u8>) {
        if self.title.as_deref() != Some(title) {
            let clean: String = title.chars().filter(|c| !c.is_control()).collect();
            push(out, format_args!("\x1b]2;{clean}\x1b\\"));
            self.title = Some(title.to_owned());
        }
    }

    /// Appends what brings the terminal up to the grid. A notice takes the bottom row for as long as it is given.
    pub fn paint(&mut self, grid: &Grid, notice: Option<&str>, out: &mut Vec<u8>) {
        let corner = self.corner_for(grid);
        let size = (grid.cols(), grid.rows());
        let anew = self.frame == 0
            || self.frame > grid.frame
            || (corner, size, grid.palette.version) != (self.corner, self.grid_size, self.palette);
        let notice_changed = self.notice.as_deref() != notice;
        (self.corner, self.grid_size, self.palette) = (corner, size, grid.palette.version);
        self.notice = notice.map(str::to_owned);

        let start = out.len();
        out.extend_from_slice(UPDATE[0]);
        let body = out.len();
        let height = self.screen.len() as u16;
        for row in 0..height {
            let bottom = row + 1 == height;
            let of_grid = row.checked_add(corner.1).filter(|row| *row < grid.rows());
            let changed = of_grid.is_some_and(|row| grid.row_frame(row) > self.frame);
            if anew || changed || (bottom && notice_changed) {
                let target = match notice {
                    Some(notice) if bottom => Row::of_notice(notice, self.cols),
                    _ => Row::of_grid(grid, of_grid, corner.0, self.cols),
                };
                self.paint_row(row, target, out);
            }
        }
        self.pen.reset(out);
        let mode_changes = grid.modes;
        modes::write(self.modes.unwrap_or_default(), mode_changes, out);
        self.modes = Some(mode_changes);
        self.frame = grid.frame;
        let painted = out.len() > body;
        self.paint_cursor(grid, painted, out);
        if out.len() == body {
            out.truncate(start);
        } else {
            out.extend_from_slice(UPDATE[1]);
        }
    }

    /// The corner that keeps the cursor in view, moved no further than needed.
    fn corner_for(&self, grid: &Grid) -> (u16, u16) {
        let along = |old: u16, cursor: u16, grid: u16, view: u16| {
            let most = grid.saturating_sub(view);
            let least = (cursor + 1).saturating_sub(view);
            old.max(least).min(cursor).min(most)
        };
        let height = self.screen.len() as u16;
        (
            along(self.corner.0, grid.cursor.col, grid.cols(), self.cols),
            along(self.corner.1, grid.cursor.row, grid.rows(), height),
        )
    }

    fn paint_row(&mut self, row: u16, target: Row, out: &mut Vec<u8>) {
        let Some(shown) = self.screen.get(usize::from(row)) else { return };
        let Some((first, last)) = difference(shown, &target) else { return };
        let blank_from = target.cells.iter().rposition(|cell| !is_blank(*cell)).map_or(0, |at| at + 1);
        let mut col = first;
        while col <= last {
            if col >= blank_from && last - col >= MIN_ERASED {
                self.go(col as u16, row, out);
                self.pen.reset(out);
                out.extend_from_slice(b"\x1b[K");
                break;
            }
            col += self.paint_cell(col as u16, row, &target, out);
        }
        self.screen[usize::from(row)] = target;
    }

    /// Draws one cell, with its spacer if it is wide; gives back how many columns that were.
    fn paint_cell(&mut self, col: u16, row: u16, target: &Row, out: &mut Vec<u8>) -> usize {
        let cell = target.cells[usize::from(col)];
        let extra = target.extra(col);
        let width = if cell.attrs().contains(Attrs::WIDE) { 2 } else { 1 };
        self.go(col, row, out);
        self.pen.set(Style::of(cell, extra), out);
        let base = shown(cell.character());
        out.extend_from_slice(base.encode_utf8(&mut [0; 4]).as_bytes());
        let marks = extra.map_or("", |extra| extra.marks.as_str());
        for mark in marks.chars().filter(|mark| !mark.is_control()) {
            out.extend_from_slice(mark.encode_utf8(&mut [0; 4]).as_bytes());
        }
        // Terminals differ in how far other characters move the cursor, and at the right edge it stays where it is.
        let certain = base.is_ascii() && marks.is_empty() && col + 1 < self.cols;
        self.at = certain.then_some((col + 1, row));
        width
    }

    fn go(&mut self, col: u16, row: u16, out: &mut Vec<u8>) {
        if self.at != Some((col, row)) {
            push(out, format_args!("\x1b[{};{}H", u32::from(row) + 1, u32::from(col) + 1));
            self.at = Some((col, row));
        }
    }

    /// Puts the cursor where the grid has it, in its shape.
    fn paint_cursor(&mut self, grid: &Grid, painted: bool, out: &mut Vec<u8>) {
        let cursor = grid.cursor;
        let (col, row) = (cursor.col.wrapping_sub(self.corner.0), cursor.row.wrapping_sub(self.corner.1));
        let inside = col < self.cols && usize::from(row) < self.screen.len();
        if !painted && self.cursor == Some(cursor) {
            return;
        }
        if self.cursor.map(|old| (old.shape, old.blinking)) != Some((cursor.shape, cursor.blinking)) {
            let steady = match cursor.shape {
                CursorShape::Block | CursorShape::HollowBlock => 2,
                CursorShape::Underline => 4,
                CursorShape::Beam => 6,
                // As the terminal has it when nobody asks for one.
                CursorShape::Unset => u8::from(cursor.blinking),
            };
            push(out, format_args!("\x1b[{} q", steady - u8::from(cursor.blinking)));
        }
        if inside {
            self.go(col, row, out);
        }
        let visible = cursor.visible && inside;
        if self.cursor.map(|old| old.visible) != Some(visible) {
            out.extend_from_slice(if visible { b"\x1b[?25h" } else { b"\x1b[?25l" });
        }
        self.cursor = Some(Cursor { visible, ..cursor });
    }
}

/// The least number of blank cells at a row's end that are erased and not written.
const MIN_ERASED: usize = 4;

impl Row {
    fn blank(cols: u16) -> Self {
        Self { cells: vec![Cell::BLANK; usize::from(cols)], extras: Vec::new() }
    }

    /// The part of a grid's row that is in view; blank where the grid has none.
    fn of_grid(grid: &Grid, row: Option<u16>, left: u16, cols: u16) -> Self {
        let Some(row) = row else { return Self::blank(cols) };
        let mut target = Self::blank(cols);
        let source = grid.row(row).get(usize::from(left)..).unwrap_or(&[]);
        for (to, from) in target.cells.iter_mut().zip(source) {
            *to = resolved(*from, &grid.palette);
        }
        target.extras = view_of(grid.row_extras(row), left, cols);
        target.mend();
        target
    }

    fn of_notice(notice: &str, cols: u16) -> Self {
        let mut target = Self::blank(cols);
        let blank = Cell::new(' ', Attrs::INVERSE, Color::Default, Color::Default);
        target.cells.fill(blank);
        for (to, character) in target.cells.iter_mut().zip(notice.chars()) {
            *to = Cell::new(
                if character.is_ascii() { shown(character) } else { '?' },
                Attrs::INVERSE,
                Color::Default,
                Color::Default,
            );
        }
        target
    }

    /// Makes sure that wide characters and spacers come in pairs, which a peer need not have done and a cut at the view's
    /// edge undoes, and that only cells with an extra say that they have one.
    fn mend(&mut self) {
        let plain = |cell: Cell, character| Cell::new(character, cell.attrs() - PLACE, cell.fg(), cell.bg());
        let wide_at = |cells: &[Cell], col: usize| {
            cells.get(col).is_some_and(|cell| cell.attrs().contains(Attrs::WIDE))
                && cells.get(col + 1).is_some_and(|cell| cell.attrs().contains(Attrs::WIDE_SPACER))
        };
        let mut col = 0;
        while col < self.cells.len() {
            let cell = self.cells[col];
            let marked = u32::from(self.extra(col as u16).is_some());
            if wide_at(&self.cells, col) {
                let wide = plain(cell, shown(cell.character()));
                let attrs = wide.attrs() | Attrs::WIDE;
                self.cells[col] = Cell::new(wide.character(), attrs, cell.fg(), cell.bg()).with_extra_index(marked);
                self.cells[col + 1] = Cell::new(' ', Attrs::WIDE_SPACER, cell.fg(), cell.bg());
                col += 2;
            } else {
                let halved = cell.attrs().intersects(Attrs::WIDE | Attrs::WIDE_SPACER);
                let (character, marked) = if halved { (' ', 0) } else { (shown(cell.character()), marked) };
                self.cells[col] = plain(cell, character).with_extra_index(marked);
                col += 1;
            }
        }
        // A spacer has none of its own, and half a character has no use for one.
        let cells = &self.cells;
        self.extras.retain(|(col, _)| cells.get(usize::from(*col)).is_some_and(|cell| cell.extra_index() != 0));
    }

    fn extra(&self, col: u16) -> Option<&Extra> {
        let at = self.extras.binary_search_by_key(&col, |(col, _)| *col).ok()?;
        Some(&self.extras[at].1)
    }
}

/// The attributes that tell of a cell's place in a line and not of its look.
const PLACE: Attrs = Attrs::WIDE.union(Attrs::WIDE_SPACER).union(Attrs::LEADING_SPACER).union(Attrs::WRAPPED);

fn view_of(extras: &[(u16, Arc<Extra>)], left: u16, cols: u16) -> RowExtras {
    let inside = extras.iter().filter_map(|(col, extra)| Some((col.checked_sub(left)?, extra.clone())));
    inside.take_while(|(col, _)| *col < cols).collect()
}

/// The cell in colours that mean the same without the session's palette, because the outer terminal's is not changed.
fn resolved(cell: Cell, palette: &Palette) -> Cell {
    if palette.version == 0 {
        return cell;
    }
    let color = |color, default| {
        let place = match color {
            Color::Default => default,
            Color::Indexed(index) => usize::from(index),
            Color::Rgb(..) => return color,
        };
        palette.get(place).map_or(color, |[r, g, b]| Color::Rgb(r, g, b))
    };
    let (fg, bg) = (color(cell.fg(), Palette::FOREGROUND), color(cell.bg(), Palette::BACKGROUND));
    Cell::new(cell.character(), cell.attrs(), fg, bg).with_extra_index(cell.extra_index())
}

/// The first and the last column that differ, widened so that no wide character is drawn or overwritten by half.
fn difference(old: &Row, new: &Row) -> Option<(usize, usize)> {
    let differs =
        |&col: &usize| old.cells.get(col) != new.cells.get(col) || old.extra(col as u16) != new.extra(col as u16);
    let mut first = (0..new.cells.len()).find(differs)?;
    let mut last = (first..new.cells.len()).rfind(differs).unwrap_or(first);
    let is = |row: &Row, col: usize, attr| row.cells.get(col).is_some_and(|cell| cell.attrs().contains(attr));
    if is(old, first, Attrs::WIDE_SPACER) || is(new, first, Attrs::WIDE_SPACER) {
        first = first.saturating_sub(1);
    }
    while last + 1 < new.cells.len() && (is(new, last, Attrs::WIDE) || is(old, last, Attrs::WIDE)) {
        last += 1;
    }
    Some((first, last))
}

#[cfg(test)]
mod tests;
