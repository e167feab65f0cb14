//! The VT core with its counters: what it does not keep itself is kept here.

use std::{
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use alacritty_terminal::{
    Term,
    event::{Event, EventListener},
    grid::{Cursor as CoreCursor, Dimensions, Row},
    index::Line,
    term::{
        ClipboardType, Config, Osc52, TermDamage, TermMode,
        cell::{Cell as CoreCell, Flags},
    },
    vte::ansi::{CursorShape as CoreShape, CursorStyle, ModifyOtherKeys, Rgb},
};
use scarab_protocol::{
    ids::TermSize,
    surface::{Cursor, CursorShape, Modes, Palette},
};

use super::{Effects, HISTORY, colors::Colors, key_modes::KeyModes, links::LinkBudget, update::Update};

/// The core may hold this many lines more than it is to have. Were it held to exactly that, a full history would
/// not grow when a line scrolls off, and the line could not be counted. No single step scrolls off
/// more lines than a screen has, so that from the limit and [`TRIM`] on there is always room for one.
const SLACK: usize = 2 * TermSize::MAX_ROWS as usize;
/// With more than so many lines over the limit the history is cut back to it. The core makes a thousand rows at a time and keeps a
/// thousand that were cut off for use again; with more than that it frees all of them. Half of it leaves room for a step that
/// scrolls off a whole screen, and costs no memory allocation: that was a quarter of the time of a flood.
const TRIM: usize = 500;

/// The most characters of a title.
const MAX_TITLE: usize = 256;
/// The most bytes of text for the clipboard.
const MAX_CLIPBOARD: usize = 1024 * 1024;

/// Text that a program wants on the clipboard (OSC 52).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clipboard {
    /// Whether the primary selection is meant.
    pub(crate) primary: bool,
    /// The text, without control characters but tab and newline.
    pub(crate) text: String,
}

/// The VT core, and what is counted beside it. It is fed through its `Handler` implementation.
pub(super) struct Core {
    pub(super) term: Term<Listener>,
    pub(super) effects: Arc<Mutex<Effects>>,
    pub(super) size: TermSize,
    scrolled: u64,
    reflow: u64,
    /// The most lines of history that can be reached.
    limit: usize,
    /// The primary screen's history when it was last looked at, in lines.
    history: usize,
    /// The primary screen was resized while the alternate one was shown: its history is to be looked at afresh.
    history_unknown: bool,
    pub(super) palette_changed: bool,
    /// What the program is told of colours that it has not changed.
    pub(super) colors: Colors,
    /// How many keyboard modes are on the stacks of the primary and of the alternate screen.
    pub(super) keyboard_depths: [usize; 2],
    /// What was saved on the primary screen (DECSC) when mode 47 or 1047 left it; the core forgets it.
    pub(super) saved_cursor: Option<CoreCursor<CoreCell>>,
    /// Whether origin mode was saved with the cursors of the primary and of the alternate screen.
    pub(super) saved_origins: [bool; 2],
    /// Modes that the core does not know: DECBKM, DECSCNM, modifyOtherKeys, mouse modes 9 and 1016.
    pub(super) own_modes: Modes,
    pub(super) key_modes: KeyModes,
    pub(super) links: LinkBudget,
    /// The rows from the top margin on, to the one behind the bottom margin. The core has them, too, and tells nobody.
    pub(super) margins: Range<usize>,
    /// Whether the program draws what is not to be shown yet.
    pub(super) update: Update,
    /// What programs have in TERM; empty if that is not known.
    pub(super) terminal_name: String,
}

/// Where the core's events go: they are collected, and looked at when a piece of output is interpreted.
pub(super) struct Listener(Arc<Mutex<Effects>>);

impl EventListener for Listener {
    fn send_event(&self, event: Event) {
        let mut effects = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::PtyWrite(text) => {
                effects.answer(&text);
            }
            Event::Title(title) => effects.title = Some(sanitized_title(&title)),
            Event::ResetTitle => effects.title = Some(String::new()),
            Event::ClipboardStore(kind, text) => {
                let text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\t' | '\n')).collect();
                if text.len() <= MAX_CLIPBOARD {
                    let primary = matches!(kind, ClipboardType::Selection);
                    effects.clipboard = Some(Clipboard { primary, text });
                }
            }
            // Colours, sizes and the bell are answered and counted before they reach the core; the rest
            // speaks to a window that the daemon does not have.
            _ => {}
        }
    }
}

/// A title as it may be shown anywhere: no control characters, at most [`MAX_TITLE`] characters.
pub(super) fn sanitized_title(title: &str) -> String {
    title.chars().filter(|c| !c.is_control()).take(MAX_TITLE).collect()
}

/// The shape that the core has until a program chooses one: it can choose any other (DECSCUSR, OSC 50), but not this one.
const UNSET_SHAPE: CoreShape = CoreShape::HollowBlock;

/// How the core is to be, with so many lines of history.
fn config(history: usize) -> Config {
    Config {
        scrolling_history: history + SLACK,
        kitty_keyboard: true,
        // A program may put text on the clipboard; reading it would let any output steal it.
        osc52: Osc52::OnlyCopy,
        default_cursor_style: CursorStyle { shape: UNSET_SHAPE, blinking: false },
        ..Config::default()
    }
}

/// A size as the core wants it told.
struct CoreSize(TermSize);

impl Dimensions for CoreSize {
    fn total_lines(&self) -> usize {
        self.screen_lines()
    }

    fn screen_lines(&self) -> usize {
        usize::from(self.0.rows)
    }

    fn columns(&self) -> usize {
        usize::from(self.0.cols)
    }
}

impl Core {
    pub(super) fn new(size: TermSize) -> Self {
        let effects = Arc::<Mutex<Effects>>::default();
        Self {
            term: Term::new(config(HISTORY), &CoreSize(size), Listener(effects.clone())),
            effects,
            size,
            scrolled: 0,
            reflow: 0,
            limit: HISTORY,
            history: 0,
            history_unknown: false,
            palette_changed: false,
            colors: Colors::default(),
            keyboard_depths: [0; 2],
            saved_cursor: None,
            saved_origins: [false; 2],
            own_modes: Modes::empty(),
            key_modes: KeyModes::default(),
            links: LinkBudget::default(),
            margins: 0..usize::from(size.rows),
            update: Update::default(),
            terminal_name: String::new(),
        }
    }

    /// What the output since the last call asked for.
    pub(super) fn take_effects(&mut self) -> Effects {
        std::mem::take(&mut *self.effects.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn with_effects<R>(&mut self, change: impl FnOnce(&mut Effects) -> R) -> R {
        change(&mut self.effects.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn is_alternate(&self) -> bool {
        self.term.mode().contains(TermMode::ALT_SCREEN)
    }

    /// Counts the lines that have scrolled off since the last call. To be called after every step that can scroll.
    #[inline]
    pub(super) fn count_scrolled(&mut self) {
        // The alternate screen has no history.
        if self.is_alternate() {
            return;
        }
        let history = self.term.history_size();
        if history != self.history || self.history_unknown {
            self.history_changed(history);
        }
    }

    #[cold]
    fn history_changed(&mut self, history: usize) {
        if self.history_unknown {
            self.history_unknown = false;
        } else if history > self.history {
            self.scrolled += (history - self.history) as u64;
        } else {
            // It was cleared: what was line n before may be another line now.
            self.reflow += 1;
        }
        self.history = history;
        if history > self.limit + TRIM {
            self.trim();
        }
    }

    /// Cuts the primary screen's history back to the limit. The lines that stay keep their numbers.
    fn trim(&mut self) {
        self.term.grid_mut().update_history(self.limit);
        self.term.grid_mut().update_history(self.limit + SLACK);
        self.history = self.history.min(self.limit);
    }

    /// Holds so many lines of history from now on.
    pub(super) fn set_history(&mut self, lines: usize) {
        if lines == self.limit {
            return;
        }
        self.count_scrolled();
        if self.is_alternate() {
            self.history_unknown = true;
        } else {
            // What cannot be reached any more does not come back.
            self.trim();
        }
        self.limit = lines;
        // The primary screen's, whichever is shown.
        self.term.set_options(config(lines));
        if !self.is_alternate() {
            self.trim();
        }
    }

    /// Drops the primary screen's history, whichever screen is shown.
    pub(super) fn clear_history(&mut self) {
        self.count_scrolled();
        if self.is_alternate() {
            // The screen that is not shown cannot be had, but how long its history may be. That the core tells the title again
            // with it does not matter: nobody is told what has not changed.
            self.term.set_options(Config { scrolling_history: 0, ..config(0) });
            self.term.set_options(config(self.limit));
        } else {
            self.term.grid_mut().clear_history();
        }
        (self.history, self.history_unknown) = (0, false);
    }

    pub(super) fn resize(&mut self, size: TermSize) {
        let old = std::mem::replace(&mut self.size, size);
        if (old.cols, old.rows) == (size.cols, size.rows) {
            return;
        }
        self.count_scrolled();
        self.term.resize(CoreSize(size));
        self.reset_margins();
        if self.is_alternate() {
            self.history_unknown = true;
            self.reflow += 1;
            return;
        }
        let history = self.term.history_size();
        if old.cols != size.cols || history < self.history {
            self.reflow += 1;
        }
        self.scrolled += history.saturating_sub(self.history) as u64;
        self.history = history;
        self.count_scrolled();
    }

    /// Lines ever scrolled off the top of the primary screen.
    pub(super) fn scrolled(&self) -> u64 {
        self.scrolled
    }

    /// Rises when line numbers lose their meaning.
    pub(super) fn reflow(&self) -> u64 {
        self.reflow
    }

    /// How many lines of history can be reached, in lines.
    pub(super) fn history(&self) -> usize {
        self.term.history_size().min(self.limit)
    }

    /// A line: from 0 on those of the screen, below 0 those of the history, -1 the newest of them.
    pub(super) fn line(&self, line: i32) -> &Row<CoreCell> {
        &self.term.grid()[Line(line)]
    }

    /// Calls `stage` with every row that may have changed since the last call.
    pub(super) fn stage_rows(&mut self, mut stage: impl FnMut(u16, &Row<CoreCell>)) {
        let rows = self.size.rows;
        let damaged: Option<Vec<usize>> = match self.term.damage() {
            TermDamage::Full => None,
            TermDamage::Partial(lines) => Some(lines.map(|line| line.line).collect()),
        };
        self.term.reset_damage();
        let grid = self.term.grid();
        let mut one = |row: u16| stage(row, &grid[Line(i32::from(row))]);
        match damaged {
            None => (0..rows).for_each(one),
            Some(lines) => {
                let mut next = 0;
                for line in lines {
                    let line = u16::try_from(line).unwrap_or(u16::MAX).min(rows.saturating_sub(1));
                    // The core changes the last cell of the row above (a spacer before a wide character that has
                    // gone) without telling. Staging compares, so a row too many costs little.
                    for row in line.saturating_sub(1).max(next)..=line {
                        one(row);
                    }
                    next = line + 1;
                }
            }
        }
    }

    pub(super) fn cursor(&self) -> Cursor {
        let grid = self.term.grid();
        let point = grid.cursor.point;
        let style = self.term.cursor_style();
        // On the right half of a wide character it is shown on the left one. A half without the other, which
        // deleting characters can leave in the first column, has none.
        let on_right_half = grid[point.line][point.column].flags.contains(Flags::WIDE_CHAR_SPACER);
        let col = point.column.0.saturating_sub(usize::from(on_right_half));
        Cursor {
            col: u16::try_from(col).unwrap_or(u16::MAX),
            row: u16::try_from(point.line.0).unwrap_or(0),
            shape: match style.shape {
                CoreShape::Underline => CursorShape::Underline,
                CoreShape::Beam => CursorShape::Beam,
                UNSET_SHAPE => CursorShape::Unset,
                CoreShape::Block | CoreShape::Hidden => CursorShape::Block,
            },
            visible: self.term.mode().contains(TermMode::SHOW_CURSOR) && style.shape != CoreShape::Hidden,
            blinking: style.blinking,
        }
    }

    pub(super) fn modes(&self) -> Modes {
        const PAIRS: [(TermMode, Modes); 17] = [
            (TermMode::APP_CURSOR, Modes::APP_CURSOR),
            (TermMode::APP_KEYPAD, Modes::APP_KEYPAD),
            (TermMode::LINE_FEED_NEW_LINE, Modes::NEW_LINE),
            (TermMode::BRACKETED_PASTE, Modes::BRACKETED_PASTE),
            (TermMode::FOCUS_IN_OUT, Modes::FOCUS),
            (TermMode::MOUSE_REPORT_CLICK, Modes::MOUSE_CLICK),
            (TermMode::MOUSE_DRAG, Modes::MOUSE_DRAG),
            (TermMode::MOUSE_MOTION, Modes::MOUSE_MOTION),
            (TermMode::SGR_MOUSE, Modes::MOUSE_SGR),
            (TermMode::UTF8_MOUSE, Modes::MOUSE_UTF8),
            (TermMode::ALTERNATE_SCROLL, Modes::ALTERNATE_SCROLL),
            (TermMode::ALT_SCREEN, Modes::ALTERNATE_SCREEN),
            (TermMode::DISAMBIGUATE_ESC_CODES, Modes::KITTY_DISAMBIGUATE),
            (TermMode::REPORT_EVENT_TYPES, Modes::KITTY_EVENTS),
            (TermMode::REPORT_ALTERNATE_KEYS, Modes::KITTY_ALTERNATES),
            (TermMode::REPORT_ALL_KEYS_AS_ESC, Modes::KITTY_ALL),
            (TermMode::REPORT_ASSOCIATED_TEXT, Modes::KITTY_TEXT),
        ];
        let mode = self.term.mode();
        let mut modes = self.own_modes | self.key_modes.modes();
        for (core, ours) in PAIRS {
            modes.set(ours, mode.contains(core));
        }
        modes
    }

    /// The modifyOtherKeys level as modes.
    pub(super) fn set_other_keys(&mut self, level: ModifyOtherKeys) {
        self.own_modes.remove(Modes::MODIFY_OTHER_KEYS_1 | Modes::MODIFY_OTHER_KEYS_2);
        match level {
            ModifyOtherKeys::Reset => {}
            ModifyOtherKeys::EnableExceptWellDefined => self.own_modes.insert(Modes::MODIFY_OTHER_KEYS_1),
            ModifyOtherKeys::EnableAll => self.own_modes.insert(Modes::MODIFY_OTHER_KEYS_2),
        }
    }

    /// The colour that the program is told is in a place of the palette.
    pub(super) fn color(&self, place: usize) -> Rgb {
        self.term.colors()[place].unwrap_or_else(|| self.colors.at(place))
    }

    /// The colours that the program has changed, if any changed since the last call.
    pub(super) fn take_changed_palette(&mut self) -> Option<Palette> {
        if !std::mem::take(&mut self.palette_changed) {
            return None;
        }
        let mut palette = Palette::default();
        // The core counts foreground, background and cursor as the surface does, from 256 on.
        for place in 0..Palette::LEN {
            palette.set(place, self.term.colors()[place].map(|rgb| [rgb.r, rgb.g, rgb.b]));
        }
        Some(palette)
    }
}
