//! Looking for a text in a terminal's lines, the scrollback included.

use std::ops::Range;

use bevy::prelude::*;
use regex::{Regex, RegexBuilder};

use crate::{
    line_text::{LineText, Span, extent},
    scrollback::{AHEAD, Lines, Scrollback},
    select::ScarabSelectSystems,
    terminal::TerminalGrid,
    viewport::{ScrollRequest, ScrollTo, TerminalViewport},
    wake::Waker,
};

/// How many lines are looked at in one update, so that a picture is never late for it.
const LINES_AN_UPDATE: usize = 2000;
/// How large a compiled pattern may be, in bytes: what somebody types is far below it.
const MAX_PATTERN: usize = 1 << 20;

/// What is looked for in a terminal. Comes with [`Terminal`](crate::Terminal); changed by [`SearchRequest`].
///
/// What is seen of what was found stands out; the one where the search has stopped more than the others.
#[derive(Component, Debug, Default)]
#[require(Scrollback)]
pub struct TerminalSearch {
    wanted: Option<Regex>,
    /// The line from which a text is looked for upwards: the last one that was seen when the search began, and since somebody went on, the
    /// one where that stopped. As long as one writes, what was found for less of the text does not count.
    origin: Option<u64>,
    /// Where it has stopped.
    here: Option<Span>,
    /// The search that is under way.
    going: Option<Going>,
    outcome: SearchOutcome,
    /// The epoch of the line numbers.
    reflow: u64,
}

/// How it stands with a search.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SearchOutcome {
    /// Nothing is looked for.
    #[default]
    Idle,
    /// It is looked for.
    Looking,
    /// It was found, and is seen.
    Found,
    /// It is nowhere.
    NotFound,
    /// What was written is no regular expression.
    Wrong(String),
}

/// A search on its way through the lines.
#[derive(Debug, Clone, Copy)]
struct Going {
    up: bool,
    /// The line that is looked at next.
    next: u64,
    /// Only what lies beyond this counts in the first line.
    beyond: Option<Span>,
    /// How many lines are left to be looked at.
    left: u64,
    /// Whether it begins the next one where it stops: somebody has gone on.
    moves_origin: bool,
}

/// Asks to look for something.
#[derive(Message, Debug, Clone, PartialEq, Eq)]
pub struct SearchRequest {
    /// The terminal.
    pub terminal: Entity,
    /// What is to be done.
    pub what: Search,
}

/// What a [`SearchRequest`] does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    /// Looks for a text, from the last line that is seen upwards. Without capitals in it, capitals do not matter. Until [`Search::End`]
    /// another text is looked for from where the first one was, or from where one has gone to since.
    For {
        /// The text.
        text: String,
        /// Whether it is a regular expression, as the crate `regex` has them.
        regex: bool,
    },
    /// Goes on to the next above; from the oldest line to the newest.
    Up,
    /// Goes on to the next below.
    Down,
    /// Looks for nothing any more.
    End,
}

impl TerminalSearch {
    /// Whether anything is looked for.
    pub(crate) fn is_looking(&self) -> bool {
        self.wanted.is_some()
    }

    /// How it stands.
    pub fn outcome(&self) -> &SearchOutcome {
        &self.outcome
    }

    /// The lines of where it has stopped.
    #[cfg(feature = "app")]
    pub(crate) fn here(&self) -> Option<Range<u64>> {
        self.here.map(|here| here.start.line..here.end.line + 1)
    }

    /// What was found in some lines, each part with its line, and whether the search has stopped there.
    pub(crate) fn found(&self, seen: Range<u64>, lines: Lines<'_>) -> Vec<(u64, Range<u16>, bool)> {
        let (Some(wanted), mut next) = (&self.wanted, seen.start) else { return Vec::new() };
        let mut all = Vec::new();
        while next < seen.end {
            // Lines of one text are looked at together, and once.
            let extent = extent(next, lines);
            for found in find(wanted, extent.clone(), lines) {
                for line in found.start.line.max(next)..(found.end.line + 1).min(seen.end) {
                    let columns = found.columns(line, lines.get(line).0.len() as u16);
                    all.push((line, columns, self.here == Some(found)));
                }
            }
            next = extent.end.max(next + 1);
        }
        all
    }

    fn obey(&mut self, what: &Search, bottom: u64, lines: Lines<'_>) {
        if self.reflow != lines.screen.reflow {
            (self.here, self.origin, self.reflow) = (None, None, lines.screen.reflow);
        }
        match what {
            Search::For { text, regex } => self.look_for(text, *regex, bottom, lines),
            Search::Up => self.go(true, true, bottom, lines),
            Search::Down => self.go(false, true, bottom, lines),
            Search::End => *self = Self::default(),
        }
    }

    fn look_for(&mut self, text: &str, regex: bool, bottom: u64, lines: Lines<'_>) {
        let origin = *self.origin.get_or_insert(bottom);
        *self = Self { reflow: self.reflow, origin: Some(origin), ..Self::default() };
        if text.is_empty() {
            return;
        }
        let pattern = if regex { text.to_owned() } else { regex::escape(text) };
        let capitals = text.chars().any(char::is_uppercase);
        match RegexBuilder::new(&pattern).case_insensitive(!capitals).size_limit(MAX_PATTERN).build() {
            Ok(wanted) => {
                self.wanted = Some(wanted);
                self.go(true, false, origin, lines);
            }
            Err(error) => {
                // The last line says what is wrong, those before it draw where.
                let text = error.to_string();
                let why = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
                self.outcome = SearchOutcome::Wrong(why.to_owned());
            }
        }
    }

    fn go(&mut self, up: bool, moves_origin: bool, from: u64, lines: Lines<'_>) {
        if self.wanted.is_none() {
            return;
        }
        let all = lines.all();
        let next = self.here.map_or(from, |here| here.start.line).clamp(all.start, all.end.saturating_sub(1));
        // The first line is looked at twice: what lies before and what lies behind.
        self.going = Some(Going { up, next, beyond: self.here, left: all.end - all.start + 1, moves_origin });
        self.outcome = SearchOutcome::Looking;
    }

    /// Goes on with the search; whether there is more to do at once. Where lines are missing they are wanted.
    fn step(&mut self, screen: &TerminalGrid, scrollback: &mut Scrollback) -> bool {
        let (Some(wanted), Some(mut going)) = (&self.wanted, self.going) else { return false };
        for _ in 0..LINES_AN_UPDATE {
            if going.left == 0 {
                return self.end();
            }
            let extent = extent(going.next, Lines { screen: &screen.grid, scrollback });
            // With its neighbours, which tell whether it goes on there.
            let needed = extent.start.saturating_sub(1)..extent.end.saturating_add(1);
            if !scrollback.has(needed.clone(), &screen.grid) {
                if scrollback.is_out_of_reach() {
                    return self.end();
                }
                scrollback.want(needed.clone());
                scrollback.want_ahead(match going.up {
                    true => needed.start.saturating_sub(AHEAD)..needed.start,
                    false => needed.end..needed.end.saturating_add(AHEAD),
                });
                self.going = Some(going);
                return false;
            }
            let lines = Lines { screen: &screen.grid, scrollback };
            let found = find(wanted, extent.clone(), lines);
            let counts = |found: &&Span| match going.beyond {
                Some(beyond) if going.up => found.start < beyond.start,
                Some(beyond) => found.start > beyond.start,
                // Of a text that is wrapped over very many lines, a part was looked at before.
                None if going.up => found.start.line <= going.next,
                None => found.end.line >= going.next,
            };
            let hit = if going.up { found.iter().rev().find(counts) } else { found.iter().find(counts) };
            if let Some(hit) = hit {
                self.here = Some(*hit);
                if going.moves_origin {
                    self.origin = Some(hit.start.line);
                }
                self.going = None;
                self.outcome = SearchOutcome::Found;
                return false;
            }
            let all = lines.all();
            going.beyond = None;
            let passed = if going.up { going.next + 1 - extent.start } else { extent.end - going.next };
            going.left = going.left.saturating_sub(passed);
            going.next = match going.up {
                true if extent.start > all.start => extent.start - 1,
                true => all.end.saturating_sub(1),
                false if extent.end < all.end => extent.end,
                false => all.start,
            };
        }
        self.going = Some(going);
        true
    }

    /// There is nothing else to be found.
    fn end(&mut self) -> bool {
        self.going = None;
        self.outcome = if self.here.is_some() { SearchOutcome::Found } else { SearchOutcome::NotFound };
        false
    }
}

/// All that is found in these lines, which make up one line of text, in order.
fn find(wanted: &Regex, extent: Range<u64>, lines: Lines<'_>) -> Vec<Span> {
    let text = LineText::of(extent, lines);
    wanted.find_iter(&text.text).filter_map(|found| text.span(found.range())).collect()
}

/// Adds the systems; called by the plugin of connections.
pub(crate) fn plugin(app: &mut App) {
    app.add_message::<SearchRequest>().add_systems(PostUpdate, search.in_set(ScarabSelectSystems::Select));
}

fn search(
    mut requests: MessageReader<SearchRequest>,
    mut terminals: Query<(Entity, &TerminalGrid, &TerminalViewport, &mut Scrollback, &mut TerminalSearch)>,
    mut scrolls: MessageWriter<ScrollRequest>,
    waker: Res<Waker>,
) {
    for SearchRequest { terminal, what } in requests.read() {
        let Ok((_, screen, viewport, scrollback, mut search)) = terminals.get_mut(*terminal) else { continue };
        let bottom = viewport.first_line(screen) + u64::from(screen.grid.rows()).saturating_sub(1);
        search.obey(what, bottom, Lines { screen: &screen.grid, scrollback: &scrollback });
    }
    for (terminal, screen, _, mut scrollback, mut search) in &mut terminals {
        if search.reflow != screen.grid.reflow && search.wanted.is_some() {
            (search.here, search.origin, search.reflow) = (None, None, screen.grid.reflow);
        }
        if search.going.is_none() {
            continue;
        }
        if search.step(screen, scrollback.bypass_change_detection()) {
            waker.wake();
        }
        // Also where it was before: its user may have looked elsewhere since.
        if let Some(here) = search.here.filter(|_| search.going.is_none() && search.outcome == SearchOutcome::Found) {
            scrolls.write(ScrollRequest { terminal, to: ScrollTo::Line(here.start.line) });
        }
    }
}
