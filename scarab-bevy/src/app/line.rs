//! A line at the bottom of the window in which one writes: how it is drawn. What is written has a file of its own.

mod edit;

use bevy::prelude::*;
use scarab_protocol::surface::{Attrs, Cursor, CursorShape, Grid};

pub(super) use self::edit::Line;
use crate::{
    input::TakesKeys,
    preedit::TerminalPreedit,
    render::{TerminalTheme, TerminalView, ThemeOverride},
    terminal::TerminalGrid,
    typeset::{Typeset, columns},
    view::{TerminalArea, TerminalMetrics},
};

/// In front of the terminal, behind the banner.
const DEPTH: f32 = 5.0;

/// What a line is drawn as; hidden at first.
pub(super) fn view() -> impl Bundle {
    (
        TakesKeys,
        TerminalGrid::default(),
        TerminalPreedit::default(),
        TerminalArea::default(),
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
    &'static mut TerminalArea,
    &'static mut ThemeOverride,
    Ref<'static, TerminalMetrics>,
);

/// The same, of one line.
type LineItem<'w> = (
    Mut<'w, TerminalGrid>,
    Mut<'w, Visibility>,
    Mut<'w, TerminalArea>,
    Mut<'w, ThemeOverride>,
    Ref<'w, TerminalMetrics>,
);

/// Draws a line along the lower edge of the window: what stands before the caret and what behind it, with what is said about it at the
/// right.
pub(super) fn show(view: &mut LineItem<'_>, window: &Window, theme: &TerminalTheme, written: (&str, &str), says: &str) {
    show_in(view, URect { min: UVec2::ZERO, max: window.physical_size() }, theme, written, says);
}

/// How high a line is in a window, in physical pixels.
pub(super) fn height(view: &LineItem<'_>) -> u32 {
    view.4.quad(1, 1).y
}

/// Draws it along the lower edge of a part of the window, in physical pixels from the top left.
pub(super) fn show_in(
    view: &mut LineItem<'_>,
    part: URect,
    theme: &TerminalTheme,
    (before, behind): (&str, &str),
    says: &str,
) {
    let (grid, visibility, area, own_theme, metrics) = view;
    let Some((cols, _)) = metrics.cells_in(part.size()) else { return };
    visibility.set_if_neq(Visibility::Inherited);
    own_theme.set_if_neq(ThemeOverride(theme.of_bar(2)));
    let top = part.max.y.saturating_sub(metrics.quad(cols, 1).y);
    area.set_if_neq(TerminalArea(URect { min: UVec2::new(part.min.x, top), max: part.max }));
    draw(&mut grid.grid, cols, before, behind, says);
}

/// One row: what is written, of which what is before the caret is seen in any case, and at the right what is said about it if there is
/// room.
fn draw(grid: &mut Grid, cols: u16, before: &str, behind: &str, says: &str) {
    let frame = grid.frame + 1;
    grid.reset(cols, 1, frame);
    grid.frame = frame;
    let cols = usize::from(cols);
    let mut row = Typeset::default();
    row.write(before, Attrs::empty());
    let caret = row.cells.len();
    row.write(behind, Attrs::empty());
    let hidden = row.cut((caret + 1).saturating_sub(cols), cols);
    let said = columns(says);
    if row.cells.len().max(caret + 1 - hidden) + 1 + said <= cols {
        row.fill(cols - said);
        row.write(says, Attrs::FAINT);
    }
    row.fill(cols);
    grid.set_row(0, frame, &row.cells, row.extras);
    let col = (caret - hidden) as u16;
    grid.cursor = Cursor { col, row: 0, shape: CursorShape::Beam, visible: true, blinking: false };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::typeset::tests::{any_text, is_whole};

    fn drawn(cols: u16, before: &str, behind: &str, says: &str) -> (String, u16) {
        let mut grid = Grid::default();
        draw(&mut grid, cols, before, behind, says);
        (grid.row_text(0), grid.cursor.col)
    }

    #[test]
    fn what_is_before_the_caret_is_always_seen() {
        assert_eq!(drawn(20, "search: ab", "", "found"), ("search: ab     found".into(), 10));
        assert_eq!(drawn(17, "search: ab", "", "found"), ("search: ab  found".into(), 10));
        assert_eq!(drawn(16, "search: ab", "", "found"), ("search: ab".into(), 10));
        assert_eq!(drawn(6, "search: abc", "", "found"), (": abc".into(), 5));
        assert_eq!(drawn(20, "search: a", "b", "found"), ("search: ab     found".into(), 9));
        assert_eq!(drawn(6, "search: a", "bcdef", ""), ("ch: ab".into(), 5));
    }

    #[test]
    fn the_caret_stands_behind_both_halves_of_a_wide_character() {
        assert_eq!(drawn(20, "search: 漢e\u{301}", "字", "found"), ("search: 漢e\u{301}字  found".into(), 11));
        assert_eq!(drawn(7, "search: 漢字ab", "", ""), ("漢字ab".into(), 6));
        // Half of one would have been seen.
        assert_eq!(drawn(6, "search: 漢字ab", "", ""), ("字ab".into(), 4));
        assert_eq!(drawn(6, "abcd", "漢字", ""), ("abcd漢".into(), 4));
        assert_eq!(drawn(5, "abcd", "漢字", ""), ("abcd".into(), 4));
    }

    proptest! {
        #[test]
        fn a_line_fits_and_splits_no_wide_character_however_narrow_the_window_is(
            cols in 1..40u16,
            before in any_text(),
            behind in any_text(),
            says in any_text(),
        ) {
            let mut grid = Grid::default();
            draw(&mut grid, cols, &before, &behind, &says);
            prop_assert_eq!(grid.row(0).len(), usize::from(cols));
            prop_assert!(is_whole(grid.row(0)));
            prop_assert!(grid.cursor.col < cols);
        }
    }
}
