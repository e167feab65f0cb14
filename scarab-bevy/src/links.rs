//! Links in a terminal's lines: those that programs mark (OSC 8), and addresses that are written out.

use std::ops::Range;

use bevy::prelude::*;
use linkify::{LinkFinder, LinkKind};
use scarab_protocol::surface::Link;

use crate::{
    line_text::{LineText, MAX_LINES, extent},
    scrollback::Lines,
    select::Place,
};

/// The link under the pointer. Comes with [`Terminal`](crate::Terminal); it stands out while the pointer is on it.
#[derive(Component, Debug, Clone, PartialEq, Eq, Default)]
pub struct HoveredLink(pub Option<TerminalLinkText>);

/// A link in a terminal's lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminalLinkText {
    /// Its address, as the program has written it: nothing is known of what is behind it.
    pub uri: String,
    /// The lines that it covers and which of their columns, counted like [`Grid::scrolled`](scarab_protocol::surface::Grid::scrolled).
    pub parts: Vec<(u64, Range<u16>)>,
}

/// A link was clicked while Ctrl was held. An App that opens it looks at its address first.
#[derive(Message, Debug, Clone, PartialEq, Eq)]
pub struct LinkActivated {
    /// The terminal.
    pub terminal: Entity,
    /// The link's address, as the program has written it.
    pub uri: String,
}

/// The link that covers the cell after a place, if one does.
pub(crate) fn link_at(place: Place, lines: Lines<'_>) -> Option<TerminalLinkText> {
    marked(place, lines).or_else(|| written(place, lines))
}

/// The link of a cell that a program has marked as one.
fn link_of(lines: Lines<'_>, place: Place) -> Option<&Link> {
    let (_, extras) = lines.get(place.line);
    let at = extras.binary_search_by_key(&place.col, |(col, _)| *col).ok()?;
    extras[at].1.link.as_ref()
}

/// One that a program has marked, with all cells near it that belong to it: the core gives links without an id one of their own.
fn marked(place: Place, lines: Lines<'_>) -> Option<TerminalLinkText> {
    let link = link_of(lines, place)?;
    let parts = |line: u64| -> Vec<(u64, Range<u16>)> {
        let (_, extras) = lines.get(line);
        let own = extras.iter().filter(|(_, extra)| extra.link.as_ref() == Some(link)).map(|(col, _)| *col);
        let mut parts: Vec<(u64, Range<u16>)> = Vec::new();
        for col in own {
            match parts.last_mut().filter(|(_, columns)| columns.end == col) {
                Some((_, columns)) => columns.end = col + 1,
                None => parts.push((line, col..col + 1)),
            }
        }
        parts
    };
    let above =
        (place.line.saturating_sub(MAX_LINES)..place.line).rev().map(parts).take_while(|parts| !parts.is_empty());
    let mut all: Vec<_> = above.collect();
    all.reverse();
    all.extend((place.line..=place.line.saturating_add(MAX_LINES)).map(parts).take_while(|parts| !parts.is_empty()));
    Some(TerminalLinkText { uri: link.uri.to_string(), parts: all.concat() })
}

/// An address that is written out.
fn written(place: Place, lines: Lines<'_>) -> Option<TerminalLinkText> {
    let extent = extent(place.line, lines);
    let text = LineText::of(extent.clone(), lines);
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]);
    let found = finder.links(&text.text).find_map(|found| {
        let span = text.span(found.start()..found.end())?;
        (span.start <= place && place < span.end).then(|| (found.as_str().to_owned(), span))
    });
    let (uri, span) = found?;
    let columns = |line: u64| span.columns(line, lines.get(line).0.len() as u16);
    Some(TerminalLinkText {
        uri,
        parts: extent.map(|line| (line, columns(line))).filter(|(_, part)| !part.is_empty()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use scarab_protocol::surface::{Attrs, Cell, Color, Extra, Grid};

    use super::*;
    use crate::scrollback::Scrollback;

    fn screen(rows: &[&str], wrapped: &[u16]) -> Grid {
        let width = rows.iter().map(|row| row.len()).max().unwrap_or(1);
        let mut grid = Grid::new(width as u16, rows.len() as u16);
        grid.scrolled = 50;
        for (row, text) in (0..).zip(rows) {
            let cell = |c| Cell::new(c, Attrs::empty(), Color::Default, Color::Default);
            let mut cells: Vec<Cell> = text.chars().map(cell).collect();
            cells.resize(width, Cell::BLANK);
            if wrapped.contains(&row) {
                cells[width - 1] =
                    Cell::new(cells[width - 1].character(), Attrs::WRAPPED, Color::Default, Color::Default);
            }
            grid.set_row(row, 1, &cells, Vec::new());
        }
        grid
    }

    fn at(grid: &Grid, line: u64, col: u16) -> Option<TerminalLinkText> {
        let scrollback = Scrollback::default();
        link_at(Place { line, col }, Lines { screen: grid, scrollback: &scrollback })
    }

    #[test]
    fn an_address_is_found_under_each_of_its_cells_and_beside_it_not() {
        let grid = screen(&["see (https://a.example/b). no"], &[]);
        let link = TerminalLinkText { uri: "https://a.example/b".into(), parts: vec![(50, 5..24)] };
        for col in 5..24 {
            assert_eq!(at(&grid, 50, col).as_ref(), Some(&link), "{col}");
        }
        for col in [0, 4, 24, 25, 28] {
            assert_eq!(at(&grid, 50, col), None, "{col}");
        }
    }

    #[test]
    fn an_address_goes_on_where_its_line_was_wrapped() {
        let grid = screen(&["at http://a.ex", "ample/x y     "], &[0]);
        let link = TerminalLinkText { uri: "http://a.example/x".into(), parts: vec![(50, 3..14), (51, 0..7)] };
        assert_eq!((at(&grid, 50, 9), at(&grid, 51, 2)), (Some(link.clone()), Some(link)));
        assert_eq!(at(&screen(&["at http://a.ex", "ample/x y     "], &[]), 51, 2), None);
    }

    #[test]
    fn what_a_program_marks_is_a_link_whatever_it_says() {
        let mut grid = screen(&["one two", "three  "], &[]);
        let extra = |id: &str| {
            Arc::new(Extra { link: Some(Link { id: id.into(), uri: "mailto:a@b.example".into() }), ..Extra::default() })
        };
        let marks = |cols: Range<u16>, id: &str| cols.map(|col| (col, extra(id))).collect::<Vec<_>>();
        let cells: Vec<Vec<Cell>> = (0..2).map(|row| grid.row(row).to_vec()).collect();
        grid.set_row(0, 2, &cells[0], marks(4..7, "x"));
        grid.set_row(1, 2, &cells[1], [marks(0..2, "x"), marks(3..5, "y")].concat());
        let link = at(&grid, 50, 5).expect("a link");
        assert_eq!((link.uri.as_str(), link.parts), ("mailto:a@b.example", vec![(50, 4..7), (51, 0..2)]));
        assert_eq!(at(&grid, 51, 3).expect("a link").parts, [(51, 3..5)]);
        assert_eq!(at(&grid, 50, 0), None);
    }
}
