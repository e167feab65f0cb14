//! A line at the bottom of the window in which one writes: what is written, how keys change it, and how it is drawn.

use bevy::{
    input::keyboard::{Key, KeyboardInput},
    prelude::*,
};
use scarab_protocol::surface::{Attrs, Cell, Color as CellColor, Cursor, CursorShape, Grid};

use crate::{
    input::TakesKeys,
    render::{TerminalTheme, TerminalView, ThemeOverride},
    terminal::TerminalGrid,
    view::TerminalMetrics,
};

/// In front of the terminal, behind the banner.
const DEPTH: f32 = 5.0;
/// The most characters: more than one reads in a line.
const MAX_TEXT: usize = 1000;

/// What is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
}

impl Line {
    /// Appends a text.
    pub(super) fn write(&mut self, text: &str) {
        let room = MAX_TEXT.saturating_sub(self.text.chars().count());
        self.text.extend(text.chars().filter(|c| !c.is_control()).take(room));
    }

    /// A key that was pressed; whether it has changed the text.
    pub(super) fn key(&mut self, input: &KeyboardInput, ctrl: bool) -> bool {
        let before = self.text.len();
        match &input.logical_key {
            Key::Backspace if ctrl => self.text.clear(),
            Key::Backspace => drop(self.text.pop()),
            Key::Character(key) if ctrl && key.eq_ignore_ascii_case("u") => self.text.clear(),
            _ if ctrl => {}
            _ => self.write(input.text.as_deref().unwrap_or_default()),
        }
        self.text.len() != before
    }
}

/// What a line is drawn as; hidden at first.
pub(super) fn view() -> impl Bundle {
    (
        TakesKeys,
        TerminalGrid::default(),
        TerminalView { padding: 3.0, ..default() },
        ThemeOverride(TerminalTheme::default()),
        Transform::from_xyz(0.0, 0.0, DEPTH),
        Visibility::Hidden,
    )
}

/// What of a line's entity is read and written when it is drawn.
pub(super) type LineView = (
    &'static mut TerminalGrid,
    &'static mut Visibility,
    &'static mut Transform,
    &'static mut ThemeOverride,
    Ref<'static, TerminalMetrics>,
);

/// The same, of one line.
type LineItem<'w> =
    (Mut<'w, TerminalGrid>, Mut<'w, Visibility>, Mut<'w, Transform>, Mut<'w, ThemeOverride>, Ref<'w, TerminalMetrics>);

/// Draws a line along the lower edge of the window, with what is said about it at the right.
pub(super) fn show(view: &mut LineItem<'_>, window: &Window, theme: &TerminalTheme, text: &str, says: &str) {
    let whole = URect { min: UVec2::ZERO, max: window.physical_size() };
    show_in(view, whole, window, theme, text, says);
}

/// Draws it along the lower edge of a part of the window, in physical pixels from the top left.
pub(super) fn show_in(
    view: &mut LineItem<'_>,
    area: URect,
    window: &Window,
    theme: &TerminalTheme,
    text: &str,
    says: &str,
) {
    let (grid, visibility, transform, own_theme, metrics) = view;
    let Some((cols, _)) = metrics.cells_in(area.size()) else { return };
    visibility.set_if_neq(Visibility::Inherited);
    let (background, foreground) = (theme.ansi[8], theme.ansi[15]);
    own_theme.set_if_neq(ThemeOverride(TerminalTheme { background, foreground, ..theme.clone() }));
    let (min, max, size) = (area.min.as_vec2(), area.max.as_vec2(), window.physical_size().as_vec2());
    let height = metrics.quad(cols, 1).as_vec2().y;
    // Of the middle, from the window's, with y upwards.
    let middle = Vec2::new(min.x + max.x - size.x, size.y + height - 2.0 * max.y) / 2.0;
    let place = (middle / metrics.scale_factor).extend(DEPTH);
    if transform.translation != place {
        transform.translation = place;
    }
    draw(&mut grid.grid, cols, text, says);
}

/// One row: what is written, of which the end is seen if it is long, and at the right what is said about it if there is room.
fn draw(grid: &mut Grid, cols: u16, text: &str, says: &str) {
    let frame = grid.frame + 1;
    grid.reset(cols, 1, frame);
    grid.frame = frame;
    let cols = usize::from(cols);
    let cell = |c, attrs| Cell::new(c, attrs, CellColor::Default, CellColor::Default);
    let text: Vec<char> = text.chars().collect();
    let hidden = (text.len() + 1).saturating_sub(cols);
    let mut row: Vec<Cell> = text[hidden..].iter().map(|&c| cell(c, Attrs::empty())).collect();
    let at = row.len();
    if row.len() + 2 + says.chars().count() <= cols {
        row.resize(cols - says.chars().count(), Cell::BLANK);
        row.extend(says.chars().map(|c| cell(c, Attrs::FAINT)));
    }
    row.resize(cols, Cell::BLANK);
    grid.set_row(0, frame, &row, Vec::new());
    grid.cursor = Cursor { col: at as u16, row: 0, shape: CursorShape::Beam, visible: true, blinking: false };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(cols: u16, text: &str, says: &str) -> (String, u16) {
        let mut grid = Grid::default();
        draw(&mut grid, cols, text, says);
        (grid.row_text(0), grid.cursor.col)
    }

    #[test]
    fn the_end_of_what_is_written_is_always_seen() {
        assert_eq!(drawn(20, "search: ab", "found"), ("search: ab     found".into(), 10));
        assert_eq!(drawn(16, "search: ab", "found"), ("search: ab".into(), 10));
        assert_eq!(drawn(6, "search: abc", "found"), (": abc".into(), 5));
    }

    #[test]
    fn a_line_takes_text_and_no_control_characters() {
        let mut line = Line::default();
        line.write("a\x1b[b\n");
        assert_eq!(line.text, "a[b");
        line.write(&"x".repeat(5000));
        assert_eq!(line.text.len(), MAX_TEXT);
    }
}
