//! A session's screen: the VT core behind a small face, and its publication on the session's surface.
//!
//! Nothing outside this module knows which VT core it is.

mod asked;
mod colors;
mod convert;
mod core;
mod filter;
mod handler;
mod heard;
mod key_modes;
mod lines;
mod links;
mod mouse_modes;
mod movement;
mod private_modes;
mod publication;
mod saved_cursor;
mod soft_reset;
mod text;
mod update;
mod utf8;

use std::time::Instant;

use alacritty_terminal::vte::ansi::Processor;
use scarab_protocol::{
    ids::TermSize,
    message::LineData,
    surface::{Modes, SurfaceError, SurfaceId, SurfaceWriter},
};

pub(crate) use self::{
    colors::Colors,
    core::Clipboard,
    heard::{Cwd, Mark, Notification},
    lines::Lines,
    publication::Published,
};
use self::{
    core::Core,
    filter::{Filter, Step},
    heard::Heard,
    publication::Publication,
    update::AtOnce,
    utf8::Whole,
};

/// How many lines of scrollback a screen holds if nobody says: the default of `daemon.scrollback`.
pub(crate) const HISTORY: usize = 10_000;
/// The parser is fed so many bytes at once. After each byte that is no text it looks for the next escape in all that it
/// was fed, so that the time for a piece of nothing else grows with the square of its length.
const SLICE: usize = 1024;

/// What a piece of output asked for beside changing the screen.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    /// Answers to the program's queries, in order. At most [`Effects::MAX_ANSWERS`]; what comes beyond is dropped.
    pub(crate) answers: Vec<u8>,
    /// The newest title, without control characters; empty if it was taken back.
    pub(crate) title: Option<String>,
    /// How often the bell was rung.
    pub(crate) bells: u64,
    /// The newest text for the clipboard.
    pub(crate) clipboard: Option<Clipboard>,
    /// The newest working directory that was told (OSC 7).
    pub(crate) cwd: Option<Cwd>,
    /// The shell's marks (OSC 133), in order. At most [`Effects::MAX_MARKS`]; what comes beyond is dropped.
    pub(crate) marks: Vec<Mark>,
    /// What the user is to be told (OSC 9, 777), in order. At most [`Effects::MAX_NOTIFICATIONS`]; what comes beyond is dropped.
    pub(crate) notifications: Vec<Notification>,
}

impl Effects {
    /// The most bytes of answers to one piece of output: a program that asks more than that without reading
    /// the answers is not after them.
    const MAX_ANSWERS: usize = 64 * 1024;
    /// The most marks in one piece of output: a shell marks each command once, and programs must not make events of every byte.
    const MAX_MARKS: usize = 64;
    /// The most notifications in one piece of output: more than a session may tell at once.
    const MAX_NOTIFICATIONS: usize = 16;

    /// Adds an answer, if there is room for it. False if there is none.
    fn answer(&mut self, text: &str) -> bool {
        let has_room = self.answers.len() + text.len() <= Self::MAX_ANSWERS;
        if has_room {
            self.answers.extend_from_slice(text.as_bytes());
        }
        has_room
    }
}

/// The screen of one session.
pub(crate) struct Screen {
    whole: Whole,
    filter: Filter,
    parser: Processor<AtOnce>,
    core: Core,
    publication: Publication,
}

impl Screen {
    /// A blank screen of this size, which must be one that a session can have, with a surface of its own.
    ///
    /// # Errors
    /// If there is no shared memory for the surface.
    pub(crate) fn new(id: SurfaceId, size: TermSize) -> Result<Self, SurfaceError> {
        Ok(Self {
            whole: Whole::default(),
            filter: Filter::default(),
            parser: Processor::new(),
            core: Core::new(size),
            publication: Publication::new(id, size)?,
        })
    }

    /// Interprets output of the program.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Effects {
        let Self { whole, filter, parser, core, publication } = self;
        let (mut cwd, mut marks, mut notifications) = (None, Vec::new(), Vec::new());
        for slice in bytes.chunks(SLICE) {
            whole.feed(slice, |piece| {
                filter.feed(piece, |step| match step {
                    Step::Pass(passed) => core.take(publication, |runs| parser.advance(runs, passed)),
                    Step::Asked(asked) => core.answer_question(asked),
                    Step::Heard(Heard::Cwd(told)) => cwd = Some(told),
                    Step::Heard(Heard::Mark(mark)) if marks.len() < Effects::MAX_MARKS => marks.push(mark),
                    Step::Heard(Heard::Notification(told)) if notifications.len() < Effects::MAX_NOTIFICATIONS => {
                        notifications.push(told);
                    }
                    Step::Heard(Heard::Mark(_) | Heard::Notification(_)) => {}
                });
            });
        }
        Effects { cwd, marks, notifications, ..core.take_effects() }
    }

    /// When the synchronized update (mode 2026) that goes on is to be given up; `None` if there is none.
    pub(crate) fn update_deadline(&self) -> Option<Instant> {
        self.core.update.deadline()
    }

    /// Gives up a synchronized update: what was drawn in it may be published.
    pub(crate) fn end_update(&mut self) {
        self.core.update.end();
    }

    /// Changes the size, to one that a session can have. A synchronized update is given up: what was drawn for the old size is not what
    /// its program wants to be seen.
    pub(crate) fn resize(&mut self, size: TermSize) {
        self.core.update.end();
        self.core.resize(size);
    }

    /// Holds so many lines of scrollback from now on. With fewer than there are, the oldest leave.
    pub(crate) fn set_history(&mut self, lines: usize) {
        self.core.set_history(lines);
    }

    /// Drops the scrollback. What is on the screen stays, and keeps its numbers.
    pub(crate) fn clear_history(&mut self) {
        self.core.clear_history();
    }

    /// Tells programs that ask these colours.
    pub(crate) fn set_colors(&mut self, colors: Colors) {
        self.core.colors = colors;
    }

    /// Tells programs that ask this name of the terminal: what they have in TERM.
    pub(crate) fn set_terminal_name(&mut self, name: String) {
        self.core.terminal_name = name;
    }

    /// The modes that input encoding needs.
    pub(crate) fn modes(&self) -> Modes {
        self.core.modes()
    }

    /// The surface, for its descriptor and generation.
    pub(crate) fn surface(&self) -> &SurfaceWriter {
        &self.publication.surface
    }

    /// Puts what has changed on the surface, as one frame. While a synchronized update goes on that is what had changed before it.
    ///
    /// # Errors
    /// If the screen has outgrown its surface and there is no memory for a larger one. The old one is still good.
    pub(crate) fn publish(&mut self) -> Result<Published, SurfaceError> {
        self.publication.publish(&mut self.core)
    }

    /// Lines ever scrolled off the top, and the reflow epoch.
    pub(crate) fn scrolled(&self) -> (u64, u64) {
        (self.core.scrolled(), self.core.reflow())
    }

    /// Lines of scrollback from line number `first` on, at most `count`, as many as fit into `max_bytes` (but one at
    /// least), and the number of the first. On the alternate screen, which has no scrollback, there are none.
    pub(crate) fn scrollback(&self, first: u64, count: u32, max_bytes: usize) -> (u64, Vec<LineData>) {
        let end = self.core.scrolled();
        let start = end.saturating_sub(self.core.history() as u64).max(first);
        let mut lines = Vec::new();
        let mut room = max_bytes;
        let (mut cells, mut extras) = (Vec::new(), Vec::new());
        for number in start..end.min(start.saturating_add(u64::from(count))) {
            // Line -1 is the one scrolled off last.
            let Ok(above) = i32::try_from(end - number) else { break };
            convert::line(self.core.line(-above), &mut cells, &mut extras);
            let row = u16::try_from(number - start).unwrap_or(u16::MAX);
            let line = convert::wire(row, &cells, &extras);
            let bytes = convert::wire_bytes(&line);
            if (bytes > room && !lines.is_empty()) || lines.len() == usize::from(u16::MAX) {
                break;
            }
            room = room.saturating_sub(bytes);
            lines.push(line);
        }
        (start.min(end), lines)
    }
}

#[cfg(test)]
mod tests;
