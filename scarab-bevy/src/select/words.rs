//! Where words and lines begin and end.

use scarab_protocol::surface::{Attrs, Cell};

use super::selection::Place;
use crate::{line_text::extent_within, scrollback::Lines};

/// The most lines that one word or line is followed through: a program can wrap without end.
const MAX_LINES: u64 = 1000;

/// What a cell is to words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Blank,
    Separator,
    Word,
}

/// What a cell of a line is. The right half of a wide character is what the left one is, and what is left free at the end of a line
/// because a wide character did not fit belongs to what goes on in the next.
fn class(cells: &[Cell], col: usize, separators: &str) -> Class {
    let attrs = cells[col].attrs();
    let cell = if attrs.contains(Attrs::WIDE_SPACER) && col > 0 { cells[col - 1] } else { cells[col] };
    match cell.character() {
        _ if attrs.contains(Attrs::LEADING_SPACER) => Class::Word,
        c if c <= ' ' || c.is_whitespace() => Class::Blank,
        c if separators.contains(c) => Class::Separator,
        _ => Class::Word,
    }
}

/// The beginning and the end of the word that the cell after a place is in.
pub(super) fn word_around(place: Place, lines: Lines<'_>, separators: &str) -> (Place, Place) {
    let class = |cells: &[Cell], col| class(cells, col, separators);
    let (cells, _) = lines.get(place.line);
    // After the last cell, the last one is meant.
    let col = usize::from(place.col).min(cells.len().saturating_sub(1));
    let Some(wanted) = (col < cells.len()).then(|| class(cells, col)) else { return (place, place) };
    let (mut start, mut end) = (Place { col: col as u16, ..place }, Place { col: col as u16 + 1, ..place });
    loop {
        let (cells, _) = lines.get(start.line);
        let length = (0..usize::from(start.col)).rev().take_while(|col| class(cells, *col) == wanted).count();
        start.col -= length as u16;
        let before = start.line.checked_sub(1).filter(|line| start.col == 0 && lines.is_wrapped(*line));
        let Some(before) = before.filter(|line| place.line - line < MAX_LINES) else { break };
        let (cells, _) = lines.get(before);
        if cells.is_empty() || class(cells, cells.len() - 1) != wanted {
            break;
        }
        start = Place { line: before, col: cells.len() as u16 };
    }
    loop {
        let (cells, _) = lines.get(end.line);
        let length = (usize::from(end.col)..cells.len()).take_while(|col| class(cells, *col) == wanted).count();
        end.col += length as u16;
        let goes_on = usize::from(end.col) == cells.len() && lines.is_wrapped(end.line);
        let (next, _) = lines.get(end.line + 1);
        let same = !next.is_empty() && class(next, 0) == wanted;
        if !goes_on || !same || end.line - place.line >= MAX_LINES {
            break;
        }
        end = Place { line: end.line + 1, col: 0 };
    }
    (start, end)
}

/// The beginning and the end of the line that this one is a part of.
pub(super) fn line_around(line: u64, lines: Lines<'_>) -> (Place, Place) {
    let extent = extent_within(MAX_LINES, line, lines);
    let (first, last) = (extent.start, extent.end - 1);
    (Place { line: first, col: 0 }, Place { line: last, col: lines.get(last).0.len() as u16 })
}
