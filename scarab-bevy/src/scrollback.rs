//! Lines above a terminal's screen: fetched page by page when they are wanted, and kept for the next look.

use std::{
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

/// The most lines of a page that is asked for: a few screens.
const PAGE: u64 = 256;
/// How much the daemon sends in one page, in bytes, if that is more than a line (docs/PROTOCOL.md, "Versions and limits"), and what of
/// it a line takes beside its cells.
const PAGE_BYTES: u64 = 256 * 1024;
const LINE_BYTES: u64 = 32;
/// The most pages that are on their way: their answers come in one update or two, so that a search through all lines does not take an
/// update for each. What is wanted beyond is asked for when one has arrived. A daemon carries out 500 commands a second.
const MOST_ASKED: usize = 4;
/// How many lines beyond what is wanted it does well to want ahead: who scrolls or searches goes on.
pub(crate) const AHEAD: u64 = PAGE * (MOST_ASKED as u64 - 1);
/// The most cells that are kept, 16 bytes each: ten thousand lines of 200 cells. With more, the lines farthest from what is wanted go,
/// until there is room for some more pages. What is wanted itself stays in any case: no more than some screens.
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
    /// What may be wanted next. It is asked for after that, and goes first.
    ahead: Vec<Range<u64>>,
    /// No more lines can be had, as far as is known.
    is_out_of_reach: bool,
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

    /// Says which lines are seen; what is missing of them is fetched before all else. To be said in each update.
    pub(crate) fn want_seen(&mut self, lines: Range<u64>) {
        self.want_ahead(lines.start.saturating_sub(AHEAD)..lines.start);
        self.wanted.insert(0, lines);
    }

    /// Says which lines are looked at; what is missing of them is fetched. To be said in each update.
    pub(crate) fn want(&mut self, lines: Range<u64>) {
        self.wanted.push(lines);
    }

    /// Says which lines may be looked at next.
    pub(crate) fn want_ahead(&mut self, lines: Range<u64>) {
        self.ahead.push(lines);
    }

    /// Forgets what was wanted: there is nobody to ask at the moment. Who wants it still says so again.
    pub(crate) fn wait(&mut self) {
        self.wanted.clear();
        self.ahead.clear();
    }

    /// Whether lines that are not known cannot be had, so that nobody need wait for them.
    pub(crate) fn is_out_of_reach(&self) -> bool {
        self.is_out_of_reach
    }

    /// Says whether there is nobody to ask for good. Whether it was known otherwise before.
    pub(crate) fn put_out_of_reach(&mut self, is_out_of_reach: bool) -> bool {
        std::mem::replace(&mut self.is_out_of_reach, is_out_of_reach) != is_out_of_reach
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
            // Those are other lines; and that the connection is there again wakes the App, which then asks again.
            Ok(_) | Err(RequestError::Lost) => {}
            // Too much was asked.
            Err(RequestError::Refused { retry, .. }) if !retry.is_zero() => self.failed = Some(Instant::now()),
            Err(error) => {
                tracing::debug!("no scrollback from line {}: {error}", lines.start);
                self.is_out_of_reach = true;
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
        let all = [self.last.as_slice(), &std::mem::take(&mut self.ahead)].concat();
        self.failed.take_if(|failed| failed.elapsed() >= RETRY);
        if self.failed.is_none() && !self.is_out_of_reach && self.reflow == screen.reflow {
            let mut coming: Vec<_> = self.asked.iter().map(|asked| asked.lines.clone()).collect();
            while coming.len() < MOST_ASKED
                && let Some(lines) = self.next_page(&all, &coming, screen)
            {
                let count = u32::try_from(lines.end - lines.start).unwrap_or(u32::MAX);
                coming.push(lines.clone());
                let answer = attachment.scrollback(lines.start, count);
                self.asked.push(Asked { reflow: self.reflow, lines, answer });
            }
        }
        self.failed.filter(|_| !self.last.is_empty()).map(|failed| failed + RETRY)
    }

    /// The first page of what is wanted, and neither known nor coming.
    fn next_page(&self, wanted: &[Range<u64>], coming: &[Range<u64>], screen: &Grid) -> Option<Range<u64>> {
        let is_missing =
            |number: &u64| !self.lines.contains_key(number) && !coming.iter().any(|lines| lines.contains(number));
        let held = held(screen);
        let line = size_of::<Cell>() as u64 * u64::from(screen.cols()) + LINE_BYTES;
        let page = (PAGE_BYTES / line).clamp(1, PAGE);
        wanted.iter().find_map(|lines| {
            let lines = lines.start.max(held.start)..lines.end.min(held.end);
            let first = lines.clone().find(is_missing)?;
            let count = (first..lines.end.min(first + page)).take_while(is_missing).count() as u64;
            Some(first..first + count)
        })
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
        let far = |number: &u64| Some((nearest(*number), *number)).filter(|(distance, _)| *distance > 0);
        let mut numbers: Vec<(u64, u64)> = self.lines.keys().filter_map(far).collect();
        numbers.sort_unstable_by(|one, other| other.cmp(one));
        for (_, number) in numbers {
            if self.cells <= CELLS_LEFT {
                break;
            }
            self.cells -= self.lines.remove(&number).map_or(0, |line| line.cost());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

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
        assert_eq!(left(from_ref(&(2..4))), (0..14).collect::<Vec<_>>());
        assert_eq!(left(&[]), (6..20).collect::<Vec<_>>());
        // Who looks at the newest and searches the oldest has both.
        let both = left(&[18..20, 0..2]);
        assert!([0, 1, 2, 3, 4, 5, 14, 15, 16, 17, 18, 19].iter().all(|number| both.contains(number)), "{both:?}");
    }

    #[test]
    fn what_is_wanted_stays_even_if_it_is_too_much() {
        let mut scrollback = Scrollback { last: vec![0..5, 7..9], ..Scrollback::default() };
        for number in 0..20 {
            scrollback.keep(number, line(MAX_CELLS / 4));
        }
        scrollback.evict();
        assert_eq!(scrollback.lines.keys().copied().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 7, 8]);
    }

    #[test]
    fn pages_are_asked_for_side_by_side_and_none_twice() {
        let mut scrollback = Scrollback::default();
        scrollback.keep(600, line(1));
        let pages = |wanted: &[Range<u64>], screen: &Grid| {
            let mut pages = Vec::new();
            while let Some(lines) = scrollback.next_page(wanted, &pages, screen) {
                pages.push(lines);
            }
            pages
        };
        let mut small = screen(5000, 4950, 0);
        assert_eq!(pages(from_ref(&(100..1000)), &small), [100..356, 356..600, 601..857, 857..1000]);
        // What is wanted first comes first; what the daemon does not hold is not asked for.
        assert_eq!(pages(&[4990..5010, 0..60], &small), [4990..5000, 50..60]);
        // As much as the daemon sends at once.
        small.reset(200, 2, 1);
        assert_eq!(pages(from_ref(&(1000..1100)), &small), [1000..1081, 1081..1100]);
    }
}
