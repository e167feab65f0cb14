//! Looks for a text in what a session shows and has shown, so that nothing that rushes by is missed.

use std::ops::Range;

use regex::Regex;
use scarab_protocol::surface::{Grid, Modes};

use super::super::position::Position;
use crate::attach::lines::{Line, screen_lines};

/// How many rows of one wrapped line are kept together across two looks, at most.
const MAX_WRAPPED_ROWS: usize = 1000;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The whole line that the text is in, or lines if it spans some.
    pub line: String,
    /// Where the text ends.
    pub end: Position,
}

/// Looks at one screen after the other, and in between at the lines that have scrolled by.
#[derive(Debug)]
pub struct Matcher {
    pattern: Regex,
    /// What is before this place does not count.
    since: Position,
    /// The first line that has not been looked at in its final form; `None` before the first look.
    next: Option<u64>,
    reflow: Option<u64>,
}

impl Matcher {
    /// Looks for a pattern on the screen and in what comes after it; with `since` in all that was shown from there on.
    pub fn new(pattern: Regex, since: Option<Position>) -> Self {
        Self { pattern, since: since.unwrap_or_default(), next: since.map(|since| since.line), reflow: None }
    }

    /// The lines that have scrolled off unseen: fetch them and give them to [`Matcher::look`] together with this screen.
    pub fn missing(&mut self, grid: &Grid) -> Range<u64> {
        // After a reflow the same number is another line: what is on the screen now is all that is sure.
        if self.reflow.is_some_and(|reflow| reflow != grid.reflow) {
            self.next = None;
        }
        self.reflow = Some(grid.reflow);
        if grid.modes.contains(Modes::ALTERNATE_SCREEN) {
            // None are to be had now: they are fetched when it has ended.
            return grid.scrolled..grid.scrolled;
        }
        self.first_missing(grid)..grid.scrolled
    }

    /// Looks at lines that have scrolled off, and at the screen that follows them.
    pub fn look(&mut self, scrolled_off: Vec<Line>, grid: &Grid) -> Option<Seen> {
        let held_back = held_back(&scrolled_off, grid);
        let mut lines = scrolled_off;
        lines.extend(screen_lines(grid));
        self.next = Some(if held_back { self.first_missing(grid) } else { first_unfinished(&lines, grid.scrolled) });
        let since = self.since_on(grid);
        Text::of(lines.iter().filter(|line| line.number >= since.line), since).find(&self.pattern)
    }

    /// The first line that is still to be looked at; what the screen begins with, if that is all.
    fn first_missing(&self, grid: &Grid) -> u64 {
        self.next.unwrap_or(grid.scrolled).min(grid.scrolled)
    }

    /// Where to begin. On the alternate screen programs write anywhere, so all of it counts. If the cursor is now above the
    /// place that was given, the screen has been cleared since, and all of it counts from then on.
    fn since_on(&mut self, grid: &Grid) -> Position {
        let top = Position { line: grid.scrolled, col: 0 };
        if grid.modes.contains(Modes::ALTERNATE_SCREEN) {
            return self.since.min(top);
        }
        if Position::of_cursor(grid).line < self.since.line {
            self.since = top;
        }
        self.since
    }
}

/// Whether lines that have scrolled off are not to be had now and may be later: none are while the alternate screen is shown, which
/// may also have come since this screen, whose lines above it are held.
pub fn held_back(scrolled_off: &[Line], grid: &Grid) -> bool {
    scrolled_off.is_empty() && (grid.modes.contains(Modes::ALTERNATE_SCREEN) || grid.scrollback > 0)
}

/// The line that the screen begins with, or the beginning of the wrapped line that it goes on with.
fn first_unfinished(lines: &[Line], screen: u64) -> u64 {
    let above = lines.iter().rev().skip_while(|line| line.number >= screen).take(MAX_WRAPPED_ROWS);
    screen - above.take_while(|line| line.wraps()).count() as u64
}

/// Lines as one text, wrapped ones joined, and for each piece of it where it stands.
#[derive(Debug, Default)]
struct Text {
    text: String,
    /// The offset after each character, and the place after it.
    ends: Vec<(usize, Position)>,
}

impl Text {
    fn of<'a>(lines: impl Iterator<Item = &'a Line>, since: Position) -> Self {
        let mut text = Self::default();
        let mut line_start = 0;
        for line in lines {
            let from = if line.number == since.line { since.col } else { 0 };
            for (cols, base, marks) in line.clusters().filter(|(cols, ..)| cols.start >= from) {
                text.text.push(base);
                text.text.push_str(marks);
                text.ends.push((text.text.len(), Position { line: line.number, col: cols.end }));
            }
            if !line.wraps() {
                text.end_line(line_start);
                line_start = text.text.len();
            }
        }
        text.end_line(line_start);
        text
    }

    /// Ends the line that began at an offset, without its trailing blanks.
    fn end_line(&mut self, start: usize) {
        let kept = start + self.text[start..].trim_end_matches(' ').len();
        self.text.truncate(kept);
        while self.ends.pop_if(|(end, _)| *end > kept).is_some() {}
        self.text.push('\n');
    }

    fn find(&self, pattern: &Regex) -> Option<Seen> {
        let found = pattern.find(&self.text)?;
        let start = self.text[..found.start()].rfind('\n').map_or(0, |at| at + 1);
        let end = self.text[found.end()..].find('\n').map_or(self.text.len(), |at| found.end() + at);
        let after = self.ends.partition_point(|(end, _)| *end < found.end());
        let place = self.ends.get(after).or(self.ends.last()).map_or(Position::default(), |(_, place)| *place);
        Some(Seen { line: self.text[start..end].trim_end_matches('\n').to_owned(), end: place })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::RegexBuilder;
    use scarab_protocol::surface::{Attrs, Cell, Color};

    use super::*;

    const COLS: u16 = 8;

    /// The rows that a terminal of `COLS` columns makes of a text: full ones wrap.
    fn rows(text: &str) -> Vec<(String, bool)> {
        let mut rows = Vec::new();
        for line in text.lines() {
            let chars: Vec<char> = line.chars().collect();
            let pieces: Vec<_> = chars.chunks(COLS.into()).collect();
            for (number, piece) in pieces.iter().enumerate() {
                rows.push((piece.iter().collect(), number + 1 < pieces.len()));
            }
            if pieces.is_empty() {
                rows.push((String::new(), false));
            }
        }
        rows
    }

    fn cells((text, wraps): &(String, bool)) -> Vec<Cell> {
        let mut cells: Vec<Cell> =
            text.chars().map(|c| Cell::new(c, Attrs::empty(), Color::Default, Color::Default)).collect();
        cells.resize(COLS.into(), Cell::BLANK);
        if *wraps {
            let last = cells[usize::from(COLS) - 1];
            cells[usize::from(COLS) - 1] = Cell::new(last.character(), Attrs::WRAPPED, Color::Default, Color::Default);
        }
        cells
    }

    /// The screen of a session that has printed these rows, and its lines above that from `first` on.
    fn session(rows: &[(String, bool)], height: u16, first: u64) -> (Vec<Line>, Grid) {
        let mut grid = Grid::new(COLS, height);
        let scrolled = rows.len().saturating_sub(height.into());
        grid.scrolled = scrolled as u64;
        for (row, content) in (0..).zip(&rows[scrolled..]) {
            grid.cursor.row = row;
            grid.set_row(row, 1, &cells(content), Vec::new());
        }
        let above = (0..).zip(&rows[..scrolled]).filter(|(number, _)| *number >= first);
        let above = above.map(|(number, content)| Line { number, cells: cells(content), extras: Vec::new() });
        (above.collect(), grid)
    }

    fn matcher(pattern: &str, since: Option<Position>) -> Matcher {
        Matcher::new(RegexBuilder::new(pattern).multi_line(true).build().expect("a pattern"), since)
    }

    /// Lets the matcher look after each of these numbers of rows were printed.
    fn look_at(matcher: &mut Matcher, rows: &[(String, bool)], height: u16, looks: &[usize]) -> Option<Seen> {
        looks.iter().find_map(|&printed| {
            let (_, grid) = session(&rows[..printed], height, 0);
            let missing = matcher.missing(&grid);
            let (above, grid) = session(&rows[..printed], height, missing.start);
            matcher.look(above, &grid)
        })
    }

    #[test]
    fn what_scrolled_by_between_two_looks_is_seen() {
        let rows = rows("prompt\none\nNEEDLE\ntwo\nthree\nfour\nfive");
        let seen = look_at(&mut matcher("NEEDLE", None), &rows, 2, &[1, 7]);
        assert_eq!(seen, Some(Seen { line: "NEEDLE".into(), end: Position { line: 2, col: 6 } }));
    }

    #[test]
    fn what_had_scrolled_off_before_is_not_seen() {
        let rows = rows("NEEDLE\none\ntwo\nthree");
        assert_eq!(look_at(&mut matcher("NEEDLE", None), &rows, 2, &[3, 4]), None);
    }

    #[test]
    fn wrapped_rows_are_one_line_even_when_they_scroll_off_in_two_looks() {
        let rows = rows("0123456789abcdefghij\nx\ny");
        let seen = look_at(&mut matcher("^0123456789abcdefghij$", Some(Position::default())), &rows, 1, &[2, 5]);
        assert_eq!(seen.map(|seen| seen.end), Some(Position { line: 2, col: 4 }));
    }

    #[test]
    fn since_a_place_counts_what_is_after_it_and_not_what_is_before() {
        let rows = rows("$ old\n$ abc\nanswer");
        let since = Position { line: 1, col: 2 };
        assert_eq!(look_at(&mut matcher("old", Some(since)), &rows, 3, &[3]), None);
        assert_eq!(look_at(&mut matcher(r"\$", Some(since)), &rows, 3, &[3]), None);
        assert!(look_at(&mut matcher("^abc$", Some(since)), &rows, 1, &[3]).is_some());
        assert!(look_at(&mut matcher("abc\nanswer", Some(since)), &rows, 1, &[3]).is_some());
    }

    #[test]
    fn the_end_of_one_match_is_where_the_next_wait_goes_on() {
        let rows = rows("tick tick");
        let first = look_at(&mut matcher("tick", None), &rows, 2, &[2]).expect("there");
        let second = look_at(&mut matcher("tick", Some(first.end)), &rows, 2, &[2]).expect("there again");
        assert!(first.end < second.end);
        assert_eq!(look_at(&mut matcher("tick", Some(second.end)), &rows, 2, &[2]), None);
    }

    #[test]
    fn after_a_clear_all_that_is_on_the_screen_counts() {
        let since = Some(Position { line: 3, col: 2 });
        let mut matcher = matcher("new", since);
        assert_eq!(look_at(&mut matcher, &rows("a\nb\nnew\n$ x"), 4, &[4]), None);
        assert!(look_at(&mut matcher, &rows("$\nnew"), 4, &[1, 2]).is_some());
    }

    #[test]
    fn all_of_an_alternate_screen_counts() {
        let (_, mut grid) = session(&rows("top\n\n\n"), 3, 0);
        grid.cursor.row = 2;
        let mut matcher = matcher("top", Some(Position { line: 1, col: 0 }));
        assert_eq!(matcher.look(Vec::new(), &grid), None);
        grid.modes |= Modes::ALTERNATE_SCREEN;
        assert!(matcher.look(Vec::new(), &grid).is_some());
    }

    #[test]
    fn what_scrolled_by_before_an_alternate_screen_is_looked_at_behind_it() {
        let rows = rows("prompt\none\nNEEDLE\ntwo\nthree\nfour\nfive");
        let mut matcher = matcher("NEEDLE", None);
        assert_eq!(look_at(&mut matcher, &rows, 2, &[1]), None);
        let (_, mut alternate) = session(&rows, 2, 0);
        alternate.modes |= Modes::ALTERNATE_SCREEN;
        alternate.set_row(0, 1, &cells(&("a page".into(), false)), Vec::new());
        alternate.set_row(1, 1, &cells(&(":".into(), false)), Vec::new());
        let missing = matcher.missing(&alternate);
        assert!(missing.is_empty(), "{missing:?}");
        assert_eq!(matcher.look(Vec::new(), &alternate), None);
        assert!(look_at(&mut matcher, &rows, 2, &[7]).is_some());
    }

    #[test]
    fn what_an_alternate_screen_hides_that_came_after_the_look_is_asked_for_again() {
        let rows = rows("prompt\none\nNEEDLE\ntwo\nthree\nfour\nfive");
        let mut matcher = matcher("NEEDLE", None);
        assert_eq!(look_at(&mut matcher, &rows, 2, &[1]), None);
        // The screen is the primary one and has lines above it, and what is asked for is answered on the alternate one.
        let (_, mut grid) = session(&rows, 2, 0);
        grid.scrollback = 5;
        assert_eq!(matcher.missing(&grid), 0..5);
        assert_eq!(matcher.look(Vec::new(), &grid), None);
        assert!(look_at(&mut matcher, &rows, 2, &[7]).is_some());
    }

    #[test]
    fn what_is_printed_after_an_alternate_screen_that_a_wait_began_with_is_seen() {
        let rows = rows("prompt\none\nNEEDLE\ntwo\nthree\nfour\nfive");
        let mut matcher = matcher("NEEDLE", None);
        let (_, mut alternate) = session(&rows[..2], 2, 0);
        alternate.modes |= Modes::ALTERNATE_SCREEN;
        assert!(matcher.missing(&alternate).is_empty());
        assert_eq!(matcher.look(Vec::new(), &alternate), None);
        assert!(look_at(&mut matcher, &rows, 2, &[7]).is_some());
    }

    proptest! {
        #[test]
        fn a_line_is_seen_however_the_looks_fall(
            lines in proptest::collection::vec("[a-c ]{0,20}", 0..20),
            place in 0usize..20, height in 1u16..6, steps in proptest::collection::vec(1usize..30, 0..8),
        ) {
            let mut lines = lines;
            lines.insert(place.min(lines.len()), "the NEEDLE in the hay".into());
            let rows = rows(&lines.join("\n"));
            let mut looks = vec![0];
            for step in steps {
                looks.push((looks[looks.len() - 1] + step).min(rows.len()));
            }
            looks.push(rows.len());
            let seen = look_at(&mut matcher("^the NEEDLE in the hay$", None), &rows, height, &looks);
            prop_assert!(seen.is_some());
        }
    }
}
