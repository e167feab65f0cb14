//! Lines above a terminal's screen: fetched page by page when they are wanted, and kept for the next look.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::Arc,
    time::{Duration, Instant},
};

use bevy::prelude::*;
use scarab_protocol::{
    client::{Attachment, Pending},
    message::ScrollbackRows,
    surface::{Attrs, Cell, Extra, Grid, RowExtras},
};

/// How many lines are asked for at once: a few screens, so that scrolling on finds them there.
const PAGE: u64 = 256;
/// The most cells that are kept, 16 bytes each: ten thousand lines of 200 cells. With more, the lines farthest from what is wanted go.
const MAX_CELLS: usize = 2_000_000;

/// The widest line that is kept, in cells: no screen is wider.
const MAX_WIDTH: usize = 4096;

/// How long after an error it is asked again: when the connection is there again, or the daemon not asked too much any more.
const RETRY: Duration = Duration::from_millis(250);

/// What is known of a terminal's scrollback. Lines have the numbers that [`Grid::scrolled`] counts.
#[derive(Component, Default)]
pub(crate) struct Scrollback {
    lines: BTreeMap<u64, Line>,
    cells: usize,
    /// The reflow epoch that the numbers belong to.
    reflow: u64,
    /// What was wanted since it was asked for last, of which the first is what is seen.
    wanted: Vec<Range<u64>>,
    /// When an answer was an error: it is not asked again at once.
    failed: Option<Instant>,
    /// What was wanted when it was asked for last.
    last: Vec<Range<u64>>,
    /// The page that was asked for last. At most one is on its way.
    asked: Option<Asked>,
}

struct Asked {
    reflow: u64,
    lines: Range<u64>,
    answer: Pending<ScrollbackRows>,
}

/// A line of scrollback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) cells: Vec<Cell>,
    pub(crate) extras: RowExtras,
}

impl Line {
    /// A line as a daemon has sent it: no wider than any screen, and with extras in rising order within it.
    fn new(mut cells: Vec<Cell>, mut extras: RowExtras) -> Self {
        cells.truncate(MAX_WIDTH);
        let mut next = 0;
        extras.retain(|(col, _)| {
            let is_sound = usize::from(*col) >= next && usize::from(*col) < cells.len();
            next = if is_sound { usize::from(*col) + 1 } else { next };
            is_sound
        });
        Self { cells, extras }
    }

    /// What it takes of [`MAX_CELLS`]: its cells, and in the same measure what it has beside.
    fn cost(&self) -> usize {
        let extra = |extra: &Extra| {
            4 + (extra.marks.len() + extra.link.as_ref().map_or(0, |link| link.uri.len() + link.id.len()))
                / size_of::<Cell>()
        };
        4 + self.cells.len() + self.extras.iter().map(|(_, it)| extra(it)).sum::<usize>()
    }
}

/// All lines of a terminal that are known: of its scrollback and of its screen.
#[derive(Clone, Copy)]
pub(crate) struct Lines<'a> {
    pub(crate) screen: &'a Grid,
    pub(crate) scrollback: &'a Scrollback,
}

impl<'a> Lines<'a> {
    /// A line's cells and what they have beside; nothing of a line that is not known.
    pub(crate) fn get(self, number: u64) -> (&'a [Cell], &'a [(u16, Arc<Extra>)]) {
        match number.checked_sub(self.screen.scrolled).map(u16::try_from) {
            Some(Ok(row)) => (self.screen.row(row), self.screen.row_extras(row)),
            Some(Err(_)) => (&[], &[]),
            None => self.scrollback.lines.get(&number).map_or((&[], &[]), |line| (&line.cells, &line.extras)),
        }
    }

    /// The numbers of all lines that there are, known or not.
    pub(crate) fn all(self) -> Range<u64> {
        held(self.screen).start..self.screen.scrolled.saturating_add(self.screen.rows().into())
    }

    /// Whether a line goes on in the next.
    pub(crate) fn is_wrapped(self, number: u64) -> bool {
        self.get(number).0.last().is_some_and(|cell| cell.attrs().contains(Attrs::WRAPPED))
    }
}

/// The lines of scrollback that the daemon holds.
pub(crate) fn held(screen: &Grid) -> Range<u64> {
    screen.scrolled.saturating_sub(screen.scrollback.into())..screen.scrolled
}

impl Scrollback {
    /// Whether these lines are known, as far as the daemon holds them.
    pub(crate) fn has(&self, lines: Range<u64>, screen: &Grid) -> bool {
        let held = held(screen);
        let wanted = lines.start.max(held.start)..lines.end.min(held.end);
        wanted.is_empty() || self.lines.range(wanted.clone()).count() as u64 == wanted.end - wanted.start
    }

    /// Says which lines are looked at; what is missing of them is fetched. To be said in each update.
    pub(crate) fn want(&mut self, lines: Range<u64>) {
        self.wanted.push(lines);
    }

    /// Forgets what was wanted: there is nobody to ask. Who wants it still says so again.
    pub(crate) fn give_up(&mut self) {
        self.wanted.clear();
    }

    /// Takes in what has arrived; whether lines have come or gone.
    pub(crate) fn receive(&mut self, screen: &Grid) -> bool {
        let mut changed = self.follow(screen);
        let Some(answer) = self.asked.as_ref().and_then(|asked| asked.answer.try_take()) else { return changed };
        let Some(Asked { reflow, lines, .. }) = self.asked.take() else { return changed };
        match answer {
            // Numbers of another epoch are other lines.
            Ok(page) if page.reflow == self.reflow && reflow == self.reflow => {
                changed |= !page.lines.is_empty();
                // A daemon may send what nobody has asked for.
                let numbered = (page.first..lines.end).zip(&page.lines).filter(|(number, _)| lines.contains(number));
                let before = self.lines.len();
                for (number, line) in numbered {
                    self.keep(number, Line::new(line.cells(), line.extras()));
                }
                // One that brings nothing is not asked again at once.
                self.failed = (self.lines.len() == before).then(Instant::now);
                self.evict();
            }
            Ok(_) => self.failed = Some(Instant::now()),
            // The connection is gone, or too much was asked.
            Err(error) => {
                tracing::debug!("no scrollback from line {}: {error}", lines.start);
                self.failed = Some(Instant::now());
            }
        }
        changed
    }

    /// Forgets what is no longer so: lines that were reflowed, and those that the daemon has dropped.
    fn follow(&mut self, screen: &Grid) -> bool {
        let known = self.lines.len();
        if self.reflow != screen.reflow {
            self.lines.clear();
            self.cells = 0;
            self.reflow = screen.reflow;
        }
        let first = held(screen).start;
        while let Some(oldest) = self.lines.first_entry().filter(|oldest| *oldest.key() < first) {
            self.cells -= oldest.remove().cost();
        }
        self.lines.len() != known
    }

    /// Asks for the first page of what is wanted and missing.
    /// Gives back when it is to be tried again, if that was refused just now.
    pub(crate) fn ask(&mut self, attachment: &Attachment, screen: &Grid) -> Option<Instant> {
        self.last = std::mem::take(&mut self.wanted);
        self.failed.take_if(|failed| failed.elapsed() >= RETRY);
        self.ask_now(attachment, screen);
        self.failed.filter(|_| !self.last.is_empty()).map(|failed| failed + RETRY)
    }

    fn ask_now(&mut self, attachment: &Attachment, screen: &Grid) {
        if self.last.is_empty() || self.asked.is_some() || self.failed.is_some() || self.reflow != screen.reflow {
            return;
        }
        let held = held(screen);
        let missing = |number: &u64| !self.lines.contains_key(number);
        let within = |lines: &Range<u64>| lines.start.max(held.start)..lines.end.min(held.end);
        let gaps = self.last.iter().map(within).find_map(|lines| Some((lines.clone().find(missing)?, lines)));
        let Some((first, wanted)) = gaps else { return };
        let last = wanted.rev().find(missing).unwrap_or(first);
        // Who scrolls up goes on up: what lies before the gap is fetched with it.
        let end = (last + 1).min(first.saturating_add(PAGE));
        let start = end.saturating_sub(PAGE).max(held.start);
        let start =
            (start..first).rev().find(|number| self.lines.contains_key(number)).map_or(start, |known| known + 1);
        let count = u32::try_from(end - start).unwrap_or(u32::MAX);
        self.asked =
            Some(Asked { reflow: self.reflow, lines: start..end, answer: attachment.scrollback(start, count) });
    }

    fn keep(&mut self, number: u64, line: Line) {
        self.cells += line.cost();
        if let Some(old) = self.lines.insert(number, line) {
            self.cells -= old.cost();
        }
    }

    fn evict(&mut self) {
        while self.cells > MAX_CELLS {
            let (Some((&first, _)), Some((&last, _))) = (self.lines.first_key_value(), self.lines.last_key_value())
            else {
                return;
            };
            let seen = self.last.first().cloned().unwrap_or(last..last + 1);
            let (before, after) = (seen.start.saturating_sub(first), last.saturating_sub(seen.end));
            let farthest = if before >= after { self.lines.pop_first() } else { self.lines.pop_last() };
            self.cells -= farthest.map_or(0, |(_, line)| line.cost());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(width: usize) -> Line {
        Line { cells: vec![Cell::BLANK; width], extras: Vec::new() }
    }

    fn screen(scrolled: u64, scrollback: u32, reflow: u64) -> Grid {
        let mut screen = Grid::new(10, 2);
        (screen.scrolled, screen.scrollback, screen.reflow) = (scrolled, scrollback, reflow);
        screen
    }

    #[test]
    fn lines_leave_with_the_daemons_and_with_a_reflow() {
        let mut scrollback = Scrollback::default();
        for number in 0..10 {
            scrollback.keep(number, line(10));
        }
        assert!(!scrollback.receive(&screen(10, 10, 0)));
        assert!(scrollback.receive(&screen(14, 10, 0)));
        assert_eq!((scrollback.lines.len(), scrollback.cells), (6, 6 * 14));
        assert!(scrollback.has(0..10, &screen(14, 10, 0)) && !scrollback.lines.contains_key(&3));
        assert!(scrollback.receive(&screen(14, 10, 1)));
        assert_eq!((scrollback.lines.len(), scrollback.cells), (0, 0));
    }

    #[test]
    fn the_lines_farthest_from_what_is_wanted_go_first() {
        let mut scrollback = Scrollback::default();
        let width = MAX_CELLS / 10 - 4;
        scrollback.last.push(2..4);
        for number in 0..13 {
            scrollback.keep(number, line(width));
        }
        scrollback.evict();
        let left: Vec<u64> = scrollback.lines.keys().copied().collect();
        assert_eq!(left, (0..10).collect::<Vec<_>>());
        assert_eq!(scrollback.cells, 10 * (width + 4));
    }
}
