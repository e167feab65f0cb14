//! What holds of every grid, whoever filled it.

use scarab_protocol::surface::{Cell, Extra, Grid, MAX_COLS, MAX_ROWS, MIN_COLS, MIN_ROWS};

/// Looks at everything that can be asked of a grid.
pub fn check_grid(grid: &Grid) {
    let (cols, rows) = (grid.cols(), grid.rows());
    assert!((MIN_COLS..=MAX_COLS).contains(&cols) && (MIN_ROWS..=MAX_ROWS).contains(&rows), "{cols}x{rows}");
    assert_eq!(grid.cells().len(), usize::from(cols) * usize::from(rows));
    assert!(grid.cursor.col < cols && grid.cursor.row < rows, "{:?} in {cols}x{rows}", grid.cursor);
    for row in 0..rows {
        assert_eq!(grid.row(row).len(), usize::from(cols));
        let extras = grid.row_extras(row);
        assert!(extras.iter().all(|(col, _)| *col < cols));
        assert!(extras.windows(2).all(|pair| pair[0].0 < pair[1].0), "a column is there twice");
        let marked = grid.row(row).iter().filter(|cell| cell.extra_index() != 0).count();
        assert_eq!(marked, extras.len(), "row {row}: cells and extras do not agree");
        grid.row_text(row);
        for cell in grid.row(row) {
            check_cell(*cell);
        }
    }
    assert!(grid.row(rows).is_empty() && grid.row_extras(rows).is_empty());
}

/// An extra as a surface can hold it.
pub fn check_extra(extra: &Extra) {
    assert!(extra.marks.chars().count() <= Extra::MAX_MARKS);
    if let Some(link) = &extra.link {
        assert!(link.id.len() <= 250 && link.uri.len() <= 2083, "a link of {} bytes", link.uri.len());
    }
}

fn check_cell(cell: Cell) {
    // Whatever the words are, each part of them has a meaning.
    let (_, _) = (cell.fg(), cell.bg());
    let (_, _) = (cell.character(), cell.attrs());
}
