//! Selecting parts of a terminal's lines, and copying them.

mod selection;
mod text;
mod words;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use bevy::prelude::*;
use scarab_protocol::{
    config::WORD_SEPARATORS,
    surface::{Cell, Grid, Modes},
};

pub use selection::{Place, SelectionKind};

use self::selection::Selection;
use crate::{
    highlight::{self, TerminalHighlights},
    messages::SelectionCopied,
    scrollback::{AHEAD, Lines, Scrollback},
    terminal::TerminalGrid,
    viewport::ScarabScrollSystems,
    wake::Waker,
};

/// The characters that end a word when one is selected, beside blanks. Such characters side by side are a word of their own.
#[derive(Resource, Reflect, Debug, Clone, PartialEq, Eq)]
#[reflect(Resource, Default)]
pub struct WordSeparators(pub String);

impl Default for WordSeparators {
    fn default() -> Self {
        Self(WORD_SEPARATORS.into())
    }
}

/// What is selected of a terminal. Comes with [`Terminal`](crate::Terminal); changed by [`SelectRequest`].
///
/// It is a part of the session's lines and not of the screen: it stays with its text when that scrolls. When its text changes, or lines
/// are reflowed, nothing is selected any more.
#[derive(Component, Debug, Default)]
#[require(TerminalHighlights, Scrollback)]
pub struct TerminalSelection {
    selection: Option<Selection>,
    /// What its lines on the screen looked like when it was made.
    looks: Vec<(u64, u64)>,
    /// The epoch of its line numbers.
    reflow: u64,
    alternate: bool,
    /// Copies under way: to the clipboard, and to the primary selection.
    copying: [Option<Copying>; 2],
}

/// A copy under way, line by line as they are fetched. What is selected meanwhile does not matter to it.
#[derive(Debug)]
struct Copying {
    selection: Selection,
    primary: bool,
    reflow: u64,
    alternate: bool,
    next: u64,
    text: String,
}

/// The most bytes of a copy: more than programs take from a clipboard.
const MAX_COPY: usize = 64 * 1024 * 1024;
/// How many lines are copied in one update at most, so that a picture is never late for it.
const LINES_AN_UPDATE: u64 = 2000;
/// How many lines are waited for at once: some screens.
const LINES_WANTED: u64 = 256;

/// Asks to select something else of a terminal.
#[derive(Message, Debug, Clone, Copy, PartialEq, Eq)]
pub struct SelectRequest {
    /// The terminal.
    pub terminal: Entity,
    /// What.
    pub what: Select,
}

/// What a [`SelectRequest`] does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Select {
    /// Begins a selection at a place.
    Begin(SelectionKind, Place),
    /// Goes on with it to a place.
    Extend(Place),
    /// Selects all lines, of the scrollback too.
    All,
    /// Selects nothing.
    Nothing,
    /// The pointer is done: what it has selected goes to the primary selection. If that is nothing, nothing is selected any more.
    End,
    /// Copies what is selected; to the primary selection if so. When that is done it is told by [`SelectionCopied`]. Of nothing but
    /// blanks there is no text, and nothing is copied.
    Copy {
        /// Whether the primary selection is meant and not the clipboard.
        primary: bool,
    },
}

impl TerminalSelection {
    /// Whether nothing is selected.
    pub fn is_empty(&self) -> bool {
        self.selection.is_none_or(|selection| selection.is_empty())
    }

    /// The columns of a line that are selected, of a line with these cells: of a wide character both or none.
    pub fn columns(&self, line: u64, cells: &[Cell]) -> Range<u16> {
        self.selection.map_or(0..0, |selection| selection.columns(line, cells))
    }

    fn obey(&mut self, what: Select, lines: Lines<'_>, words: &WordSeparators) {
        match what {
            Select::Begin(kind, place) => self.selection = Some(Selection::begin(kind, place, lines, &words.0)),
            Select::Extend(place) => {
                if let Some(selection) = &mut self.selection {
                    selection.extend(place, lines, &words.0);
                }
            }
            Select::All => self.selection = Some(Selection::all(lines)),
            Select::Nothing => self.selection = None,
            Select::Copy { primary } => {
                if let Some(selection) = self.selection.filter(|selection| !selection.is_empty()) {
                    let (next, reflow) = (selection.lines().start, lines.screen.reflow);
                    let alternate = lines.screen.modes.contains(Modes::ALTERNATE_SCREEN);
                    self.copying[usize::from(primary)] =
                        Some(Copying { selection, primary, reflow, alternate, next, text: String::new() });
                }
                return;
            }
            Select::End => {
                let what = if self.is_empty() { Select::Nothing } else { Select::Copy { primary: true } };
                return self.obey(what, lines, words);
            }
        }
        self.note_looks(lines.screen);
    }

    fn note_looks(&mut self, screen: &Grid) {
        self.reflow = screen.reflow;
        self.alternate = screen.modes.contains(Modes::ALTERNATE_SCREEN);
        self.looks = self.selection.map_or_else(Vec::new, |selection| {
            let on_screen = screen.scrolled..screen.scrolled + u64::from(screen.rows());
            let lines = selection.lines();
            let seen = lines.start.max(on_screen.start)..lines.end.min(on_screen.end);
            seen.map(|line| (line, look(&selection, line, screen))).collect()
        });
    }

    /// Whether what is selected is not what was selected any more.
    fn is_stale(&self, screen: &Grid) -> bool {
        let Some(selection) = self.selection else { return false };
        let alternate = screen.modes.contains(Modes::ALTERNATE_SCREEN);
        (self.reflow, self.alternate) != (screen.reflow, alternate)
            || self.looks.iter().any(|&(line, then)| {
                // What has left the screen does not change any more.
                line >= screen.scrolled && look(&selection, line, screen) != then
            })
    }
}

/// A number for how the selected part of a line looks.
fn look(selection: &Selection, line: u64, screen: &Grid) -> u64 {
    let Some(row) = line.checked_sub(screen.scrolled).and_then(|row| u16::try_from(row).ok()) else { return 0 };
    let cells = screen.row(row);
    let columns = selection.columns(line, cells);
    let mut hasher = DefaultHasher::new();
    for cell in &cells[usize::from(columns.start)..usize::from(columns.end)] {
        cell.character().hash(&mut hasher);
    }
    hasher.finish()
}

/// The sets of the systems that select, in `PostUpdate`.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScarabSelectSystems {
    /// [`SelectRequest`]s are obeyed, before what is seen is put together.
    Select,
    /// [`TerminalHighlights`] are written, after it. What draws terminals runs after this.
    Highlight,
}

/// Adds the systems; called by the plugin of connections.
pub(crate) fn plugin(app: &mut App) {
    app.register_type::<WordSeparators>()
        .init_resource::<WordSeparators>()
        .add_message::<SelectRequest>()
        .add_message::<SelectionCopied>()
        .configure_sets(
            PostUpdate,
            (ScarabSelectSystems::Select, ScarabScrollSystems::Scroll, ScarabSelectSystems::Highlight).chain(),
        )
        .add_systems(
            PostUpdate,
            (
                (select, copy).chain().in_set(ScarabSelectSystems::Select),
                highlight::show.in_set(ScarabSelectSystems::Highlight),
            ),
        );
}

fn select(
    mut requests: MessageReader<SelectRequest>,
    words: Res<WordSeparators>,
    mut terminals: Query<(Ref<TerminalGrid>, &Scrollback, &mut TerminalSelection)>,
) {
    for (screen, _, mut selection) in &mut terminals {
        if screen.is_changed() && selection.is_stale(&screen.grid) {
            let copying = std::mem::take(&mut selection.copying);
            *selection = TerminalSelection { copying, ..default() };
        }
    }
    for SelectRequest { terminal, what } in requests.read() {
        if let Ok((screen, scrollback, mut selection)) = terminals.get_mut(*terminal) {
            selection.obey(*what, Lines { screen: &screen.grid, scrollback }, &words);
        }
    }
}

/// Goes on with copies: as far as lines are known, and asks for the next.
fn copy(
    mut commands: Commands,
    mut terminals: Query<(Entity, &TerminalGrid, &mut Scrollback, &mut TerminalSelection)>,
    mut copied: MessageWriter<SelectionCopied>,
    waker: Res<Waker>,
) {
    for (terminal, TerminalGrid { grid: screen }, mut scrollback, mut selection) in &mut terminals {
        let selection = selection.bypass_change_detection();
        let scrollback = scrollback.bypass_change_detection();
        for slot in &mut selection.copying {
            let Some(copying) = slot else { continue };
            match copying.go_on(screen, scrollback) {
                Progress::Done => {
                    // Where no text is, what was copied before is not to be lost for it.
                    if let Some(Copying { primary, text, .. }) = slot.take().filter(|copying| !copying.text.is_empty())
                    {
                        let fact = SelectionCopied { terminal, primary, text };
                        copied.write(fact.clone());
                        commands.trigger(fact);
                    }
                }
                Progress::More => waker.wake(),
                Progress::Waiting => {}
                Progress::Lost => {
                    tracing::warn!("what was selected could not be copied: its lines have changed, or it is too much");
                    *slot = None;
                }
            }
        }
    }
}

/// How it stands with a copy.
enum Progress {
    Done,
    /// There is more to do at once.
    More,
    /// Lines that are not known were asked for.
    Waiting,
    /// It cannot be had.
    Lost,
}

impl Copying {
    fn go_on(&mut self, screen: &Grid, scrollback: &mut Scrollback) -> Progress {
        let alternate = screen.modes.contains(Modes::ALTERNATE_SCREEN);
        if (self.reflow, self.alternate) != (screen.reflow, alternate) || self.text.len() > MAX_COPY {
            return Progress::Lost;
        }
        // Lines that the daemon holds no longer are left out.
        let all = Lines { screen, scrollback }.all();
        let lines = self.next.max(all.start)..self.selection.lines().end.min(all.end);
        let end = lines.end.min(lines.start.saturating_add(LINES_AN_UPDATE));
        let known = (lines.start..end).take_while(|line| scrollback.has(*line..*line + 1, screen)).count() as u64;
        for line in lines.start..lines.start + known {
            self.selection.push_line(line, Lines { screen, scrollback }, &mut self.text);
        }
        self.next = lines.start + known;
        if self.next >= lines.end {
            return Progress::Done;
        }
        if self.next < end && scrollback.is_out_of_reach() {
            return Progress::Lost;
        }
        if self.next < end {
            let next = lines.end.min(self.next.saturating_add(LINES_WANTED));
            scrollback.want(self.next..next);
            scrollback.want_ahead(next..lines.end.min(next.saturating_add(AHEAD)));
            return Progress::Waiting;
        }
        Progress::More
    }
}
