//! A grid that is written to as on paper.

use std::sync::Arc;

use scarab_protocol::surface::{Attrs, Cell, Color, Cursor, CursorShape, Extra, Grid, RowExtras};

/// A grid, and how the next text is written to it.
pub struct Page {
    pub grid: Grid,
    fg: Color,
    bg: Color,
    attrs: Attrs,
}

impl Page {
    pub fn new(cols: u16, rows: u16) -> Self {
        Self { grid: Grid::new(cols, rows), fg: Color::Default, bg: Color::Default, attrs: Attrs::empty() }
    }

    /// Writes text into a row with the current colours and attributes. Ideographs and emoji take two cells,
    /// combining marks and what joins emoji none.
    pub fn write(&mut self, row: u16, col: u16, text: &str) -> &mut Self {
        let mut cells = self.grid.row(row).to_vec();
        let mut extras: RowExtras = self.grid.row_extras(row).to_vec();
        let mut col = usize::from(col);
        for character in text.chars() {
            match character {
                '\u{300}'..='\u{36f}' | '\u{200d}' | '\u{fe0f}' => {
                    let is_right_half = cells[col - 1].attrs().contains(Attrs::WIDE_SPACER);
                    let at = (col - 1 - usize::from(is_right_half)) as u16;
                    let marks = match extras.pop_if(|(last, _)| *last == at) {
                        Some((_, extra)) => format!("{}{character}", extra.marks),
                        None => character.to_string(),
                    };
                    extras.push((at, Arc::new(Extra { marks, ..Extra::default() })));
                }
                '\u{3000}'..='\u{9fff}' | '\u{1f300}'..='\u{1faff}' => {
                    cells[col] = Cell::new(character, self.attrs | Attrs::WIDE, self.fg, self.bg);
                    cells[col + 1] = Cell::new(' ', self.attrs | Attrs::WIDE_SPACER, self.fg, self.bg);
                    col += 2;
                }
                _ => {
                    cells[col] = Cell::new(character, self.attrs, self.fg, self.bg);
                    col += 1;
                }
            }
        }
        extras.sort_by_key(|(col, _)| *col);
        self.grid.frame += 1;
        let frame = self.grid.frame;
        self.grid.set_row(row, frame, &cells, extras);
        self
    }

    /// Gives the underlines of a row a colour.
    pub fn underline_color(&mut self, row: u16, color: Color) {
        let cells = self.grid.row(row).to_vec();
        let extra = Arc::new(Extra { underline_color: color, ..Extra::default() });
        let extras = (0..cells.len() as u16).map(|col| (col, extra.clone())).collect();
        self.grid.frame += 1;
        let frame = self.grid.frame;
        self.grid.set_row(row, frame, &cells, extras);
    }

    pub fn style(&mut self, attrs: Attrs) -> &mut Self {
        self.attrs = attrs;
        self
    }

    pub fn color(&mut self, fg: Color, bg: Color) -> &mut Self {
        (self.fg, self.bg) = (fg, bg);
        self
    }

    pub fn cursor(&mut self, row: u16, col: u16, shape: CursorShape) -> &mut Self {
        self.grid.cursor = Cursor { row, col, shape, visible: true, blinking: false };
        self
    }
}
