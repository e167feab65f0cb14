//! Lines above a terminal's screen: fetched page by page when they are wanted, and kept for the next look.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    ops::Range,
    sync::Arc,
    time::{Duration, Instant},
};

use bevy::prelude::*;
use scarab_protocol::{
    client::{Attachment, Pending, RequestError},
    message::ScrollbackRows,
    surface::{Attrs, Cell, Extra, Grid, RowExtras},
};

/// How many lines a page has that is asked for: a few screens, so that scrolling on finds them there.
const PAGE: u64 = 256;
/// The most pages that are on their way. Their answers come in one update or two, so that a search through all lines does not take an
/// update for each page; the daemon makes none larger than 256 KiB. What is wanted beyond is asked for when one has arrived.
const MOST_ASKED: usize = 8;
/// How many lines who goes through all of them does well to want ahead.
pub(crate) const AHEAD: u64 = PAGE * (MOST_ASKED as u64 - 1);
/// The most cells that are kept, 16 bytes each: ten thousand lines of 200 cells. With more, the lines farthest from what is wanted go,
/// until there is room for some more pages.
const MAX_CELLS: usize = 2_000_000;
const CELLS_LEFT: usize = MAX_CELLS / 8 * 7;

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
    /// The pages that were asked for; at most [`MOST_ASKED`].
    asked: Vec<Asked>,
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
        for Asked { reflow, lines, answer } in std::mem::take(&mut self.asked) {
            match answer.try_take() {
                Some(answer) => changed |= self.keep_page(reflow, lines, answer),
                None => self.asked.push(Asked { reflow, lines, answer }),
            }
        }
        self.evict();
        changed
    }

    /// Keeps the lines of a page that was asked for; whether it has some.
    fn keep_page(&mut self, reflow: u64, lines: Range<u64>, answer: Result<ScrollbackRows, RequestError>) -> bool {
        match answer {
            // Numbers of another epoch are other lines.
            Ok(page) if page.reflow == self.reflow && reflow == self.reflow => {
                // A daemon may send what nobody has asked for.
                let numbered = (page.first..lines.end).zip(&page.lines).filter(|(number, _)| lines.contains(number));
                let before = self.lines.len();
                for (number, line) in numbered {
                    self.keep(number, Line::new(line.cells(), line.extras()));
                }
                // One that brings nothing is not asked again at once.
                if self.lines.len() == before {
                    self.failed = Some(Instant::now());
                }
                return !page.lines.is_empty();
            }
            Ok(_) => self.failed = Some(Instant::now()),
            // The connection is gone, or too much was asked.
            Err(error) => {
                tracing::debug!("no scrollback from line {}: {error}", lines.start);
                self.failed = Some(Instant::now());
            }
        }
        false
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

    /// Asks for the first pages of what is wanted and missing. Gives back when it is to be tried again, if that was refused just now.
    pub(crate) fn ask(&mut self, attachment: &Attachment, screen: &Grid) -> Option<Instant> {
        self.last = std::mem::take(&mut self.wanted);
        self.failed.take_if(|failed| failed.elapsed() >= RETRY);
        self.ask_now(attachment, screen);
        self.failed.filter(|_| !self.last.is_empty()).map(|failed| failed + RETRY)
    }

    fn ask_now(&mut self, attachment: &Attachment, screen: &Grid) {
        if self.failed.is_some() || self.reflow != screen.reflow {
            return;
        }
        let held = held(screen);
        let mut coming: Vec<_> = self.asked.iter().map(|asked| asked.lines.clone()).collect();
        while coming.len() < MOST_ASKED
            && let Some(lines) = self.next_page(&held, &coming)
        {
            let count = u32::try_from(lines.end - lines.start).unwrap_or(u32::MAX);
            coming.push(lines.clone());
            let answer = attachment.scrollback(lines.start, count);
            self.asked.push(Asked { reflow: self.reflow, lines, answer });
        }
    }

    /// The first page of what is wanted, and neither known nor coming.
    fn next_page(&self, held: &Range<u64>, coming: &[Range<u64>]) -> Option<Range<u64>> {
        let is_had =
            |number: &u64| self.lines.contains_key(number) || coming.iter().any(|lines| lines.contains(number));
        let is_missing = |number: &u64| !is_had(number);
        let within = |lines: &Range<u64>| lines.start.max(held.start)..lines.end.min(held.end);
        let (first, wanted) =
            self.last.iter().map(within).find_map(|lines| Some((lines.clone().find(is_missing)?, lines)))?;
        let last = wanted.rev().find(is_missing).unwrap_or(first);
        // Who scrolls up goes on up: what lies before the gap is fetched with it.
        let end = (last + 1).min(first.saturating_add(PAGE));
        let end = (first..end).find(is_had).unwrap_or(end);
        let start = end.saturating_sub(PAGE).max(held.start);
        let start = (start..first).rev().find(is_had).map_or(start, |known| known + 1);
        Some(start..end)
    }

    fn keep(&mut self, number: u64, line: Line) {
        self.cells += line.cost();
        if let Some(old) = self.lines.insert(number, line) {
            self.cells -= old.cost();
        }
    }

    fn evict(&mut self) {
        if self.cells <= MAX_CELLS {
            return;
        }
        let distance = |number: u64, lines: &Range<u64>| {
            lines.start.saturating_sub(number).max(number.saturating_sub(lines.end.saturating_sub(1)))
        };
        // Where nothing is wanted the newest are the nearest.
        let nearest = |number| self.last.iter().map(|lines| distance(number, lines)).min().unwrap_or(u64::MAX - number);
        let mut numbers: Vec<u64> = self.lines.keys().copied().collect();
        numbers.sort_by_cached_key(|number| Reverse(nearest(*number)));
        for number in numbers {
            if self.cells <= CELLS_LEFT {
                break;
            }
            self.cells -= self.lines.remove(&number).map_or(0, |line| line.cost());
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
        // Room for sixteen, and with more of them, for fourteen.
        let width = MAX_CELLS / 16 - 4;
        let left = |wanted: &[Range<u64>]| {
            let mut scrollback = Scrollback { last: wanted.to_vec(), ..Scrollback::default() };
            for number in 0..20 {
                scrollback.keep(number, line(width));
            }
            scrollback.evict();
            assert_eq!(scrollback.cells, 14 * (width + 4));
            scrollback.lines.keys().copied().collect::<Vec<_>>()
        };
        assert_eq!(left(&[2..4]), (0..14).collect::<Vec<_>>());
        assert_eq!(left(&[]), (6..20).collect::<Vec<_>>());
        // Who looks at the newest and searches the oldest has both.
        let both = left(&[18..20, 0..2]);
        assert!([0, 1, 2, 3, 4, 5, 14, 15, 16, 17, 18, 19].iter().all(|number| both.contains(number)), "{both:?}");
    }

    #[test]
    fn pages_are_asked_for_side_by_side_and_none_twice() {
        let mut scrollback = Scrollback { last: vec![100..1000], ..Scrollback::default() };
        scrollback.keep(600, line(1));
        let (held, mut pages) = (0..5000, Vec::new());
        while let Some(lines) = scrollback.next_page(&held, &pages) {
            pages.push(lines);
        }
        assert_eq!(pages, [100..356, 356..600, 601..857, 857..1000]);
        // What lies before a gap at the beginning is fetched with it.
        scrollback.last = vec![1200..1210];
        assert_eq!(scrollback.next_page(&held, &pages), Some(1000..1210));
        scrollback.last = vec![3000..3010];
        assert_eq!(scrollback.next_page(&held, &pages), Some(2754..3010));
    }
}
