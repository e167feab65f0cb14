//! Parts of what is seen of a terminal that stand out: what is selected, what was found.

use std::ops::Range;

use bevy::prelude::*;

use crate::{
    links::HoveredLink,
    scrollback::{Lines, Scrollback},
    search::TerminalSearch,
    select::TerminalSelection,
    terminal::TerminalGrid,
    viewport::TerminalViewport,
};

/// Why a part of a terminal stands out. Of two in the same place the later one here is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Highlight {
    /// It is the link that the pointer is on: underlined.
    Link,
    /// It is selected.
    Selected,
    /// It is what was looked for.
    Found,
    /// It is what was looked for, and where the search has stopped.
    FoundHere,
}

/// The columns of a row that stand out, in rising order and without overlaps.
pub type RowHighlights = Vec<(Range<u16>, Highlight)>;

/// What stands out of what is seen of a terminal, row by row. Comes with [`Terminal`](crate::Terminal).
#[derive(Component, Debug, Clone, PartialEq, Eq, Default)]
pub struct TerminalHighlights {
    rows: Vec<RowHighlights>,
}

impl TerminalHighlights {
    /// What stands out in a row.
    pub fn row(&self, row: u16) -> &[(Range<u16>, Highlight)] {
        self.rows.get(usize::from(row)).map_or(&[], Vec::as_slice)
    }
}

/// What stands out of a terminal, and in what.
type Standing<'a> = (
    Ref<'a, TerminalGrid>,
    Ref<'a, TerminalViewport>,
    Ref<'a, Scrollback>,
    Ref<'a, TerminalSelection>,
    Ref<'a, TerminalSearch>,
    Ref<'a, HoveredLink>,
    &'a mut TerminalHighlights,
);

/// Writes down what is seen of the selection and of what was found.
pub(crate) fn show(mut terminals: Query<Standing>) {
    for (screen, viewport, scrollback, selection, search, link, mut highlights) in &mut terminals {
        if selection.is_empty() && !search.is_looking() && link.0.is_none() && highlights.rows.is_empty() {
            continue;
        }
        let changed = [screen.is_changed(), viewport.is_changed(), scrollback.is_changed(), selection.is_changed()];
        if !search.is_changed() && !link.is_changed() && !changed.contains(&true) {
            continue;
        }
        let seen = viewport.grid(&screen);
        let first = viewport.first_line(&screen);
        let lines = Lines { screen: &screen.grid, scrollback: &scrollback };
        let found = search.found(first..first.saturating_add(seen.rows().into()), lines);
        let mut rows: Vec<RowHighlights> = (0..seen.rows())
            .map(|row| {
                let line = first.saturating_add(row.into());
                let mut columns = vec![None; seen.cols().into()];
                let mut paint = |range: Range<u16>, highlight| {
                    let end = range.end.min(seen.cols());
                    columns[usize::from(range.start.min(end))..usize::from(end)].fill(Some(highlight));
                };
                let linked = link.0.iter().flat_map(|link| &link.parts).filter(|(own, _)| *own == line);
                linked.for_each(|(_, columns)| paint(columns.clone(), Highlight::Link));
                paint(selection.columns(line, seen.row(row)), Highlight::Selected);
                for (_, range, here) in found.iter().filter(|(own, ..)| *own == line) {
                    paint(range.clone(), if *here { Highlight::FoundHere } else { Highlight::Found });
                }
                ranges(&columns)
            })
            .collect();
        let used = rows.iter().rposition(|row| !row.is_empty()).map_or(0, |last| last + 1);
        rows.truncate(used);
        highlights.set_if_neq(TerminalHighlights { rows });
    }
}

/// The columns side by side that stand out for the same reason.
fn ranges(columns: &[Option<Highlight>]) -> RowHighlights {
    let mut col = 0;
    let mut ranges = Vec::new();
    for run in columns.chunk_by(|one, other| one == other) {
        let end = col + run.len() as u16;
        ranges.extend(run[0].map(|highlight| (col..end, highlight)));
        col = end;
    }
    ranges
}
