//! What of a terminal is looked at: its screen, or lines of its scrollback. Every client has its own.

use std::ops::Range;

use bevy::prelude::*;
use scarab_protocol::surface::{Cell, Grid};

use crate::{
    alarm::Alarm,
    ipc::ScarabIpcSystems,
    link::TerminalLink,
    scrollback::{Lines, Scrollback, held},
    terminal::{TerminalGrid, TerminalStatus},
    wake::Waker,
};

/// Where a terminal is looked at. Comes with [`Terminal`](crate::Terminal); moved by [`ScrollRequest`].
///
/// At the bottom the screen itself is seen, and output moves it. Scrolled back, the lines that are seen stay where they are, whatever
/// is written below them, until they leave the scrollback or are reflowed.
#[derive(Component, Debug, Default)]
#[require(Scrollback)]
pub struct TerminalViewport {
    /// The number of the line at the top, and with its fraction how much of it is above; none at the bottom.
    top: Option<f64>,
    /// What is seen while scrolled back. It has one row more than the screen if a part of the first is above.
    picture: Grid,
    /// The screen's lines and epoch when it was looked at last.
    scrolled: u64,
    reflow: u64,
}

/// Asks to look at other lines of a terminal.
#[derive(Message, Debug, Clone, Copy, PartialEq)]
pub struct ScrollRequest {
    /// The terminal.
    pub terminal: Entity,
    /// Where to.
    pub to: ScrollTo,
}

/// Where a [`ScrollRequest`] goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ScrollTo {
    /// So many lines up; down if negative. A fraction of a line moves by so many pixels.
    Lines(f32),
    /// So many screens up; down if negative.
    Pages(f32),
    /// To the oldest line.
    Top,
    /// To the screen.
    Bottom,
    /// To the line of this number, counted like [`Grid::scrolled`]: not at all if it is seen, else so that it is in the middle.
    Line(u64),
}

impl TerminalViewport {
    /// Whether lines of the scrollback are seen.
    pub fn is_scrolled_back(&self) -> bool {
        self.top.is_some()
    }

    /// What is seen. Row `r` is line [`first_line`](Self::first_line)` + r`.
    pub fn grid<'a>(&'a self, screen: &'a TerminalGrid) -> &'a Grid {
        if self.is_scrolled_back() { &self.picture } else { &screen.grid }
    }

    /// The number of the first line that is seen, if only a part of it.
    pub fn first_line(&self, screen: &TerminalGrid) -> u64 {
        self.top.map_or(screen.grid.scrolled, |top| top as u64)
    }

    /// How much of the first line is above what is seen, from 0 to less than 1.
    pub fn hidden_part(&self) -> f32 {
        self.top.map_or(0.0, |top| top.fract() as f32)
    }

    /// Whether there is more above what is seen.
    #[cfg(feature = "input")]
    pub(crate) fn can_go_up(&self, screen: &TerminalGrid) -> bool {
        let held = held(&screen.grid);
        !held.is_empty() && self.top.is_none_or(|top| top > held.start as f64)
    }

    fn go(&mut self, to: ScrollTo, screen: &Grid) {
        let rows = f64::from(screen.rows());
        let top = self.top.unwrap_or(screen.scrolled as f64);
        self.top = match to {
            ScrollTo::Lines(lines) => Some(top - f64::from(lines)),
            ScrollTo::Pages(pages) => Some(top - f64::from(pages) * rows),
            ScrollTo::Top => Some(held(screen).start as f64),
            ScrollTo::Bottom => None,
            ScrollTo::Line(line) if (line as f64) < top || line as f64 + 1.0 > top + rows => {
                Some(line as f64 - (rows / 2.0).floor())
            }
            ScrollTo::Line(_) => self.top,
        };
        self.keep_within(screen);
    }

    /// Goes along with the screen: lines that were reflowed keep their distance from the bottom.
    fn follow(&mut self, screen: &Grid) {
        if self.reflow != screen.reflow
            && let Some(top) = &mut self.top
        {
            *top += screen.scrolled as f64 - self.scrolled as f64;
        }
        (self.scrolled, self.reflow) = (screen.scrolled, screen.reflow);
        self.keep_within(screen);
    }

    fn keep_within(&mut self, screen: &Grid) {
        let held = held(screen);
        self.top = self.top.map(|top| top.max(held.start as f64)).filter(|top| *top < held.end as f64);
        if self.top.is_none() && self.picture.rows() > 0 {
            self.picture = Grid::default();
        }
    }

    /// The lines that are seen.
    fn lines(&self, screen: &Grid) -> Range<u64> {
        let first = self.top.map_or(screen.scrolled, |top| top as u64);
        let partly = u64::from(self.hidden_part() > 0.0);
        first..first.saturating_add(u64::from(screen.rows()) + partly)
    }

    /// Puts together what is seen. Rows that come out as they were keep the number of the frame in which they changed.
    fn compose(&mut self, screen: &Grid, scrollback: &Scrollback) {
        let lines = self.lines(screen);
        let picture = &mut self.picture;
        let rows = (lines.end - lines.start).min(u16::MAX.into()) as u16;
        let frame = picture.frame + 1;
        if (picture.cols(), picture.rows()) != (screen.cols(), rows) {
            picture.reset(screen.cols(), rows, frame);
        }
        for (row, line) in (0..rows).zip(lines.clone()) {
            let (cells, extras) = Lines { screen, scrollback }.get(line);
            // A line from before a reflow may have another width.
            let width = cells.len().min(screen.cols().into());
            let now = picture.row(row);
            let is_same = now[..width] == cells[..width]
                && now[width..].iter().all(|cell| *cell == Cell::BLANK)
                && picture.row_extras(row) == extras;
            if !is_same {
                let mut whole = cells[..width].to_vec();
                whole.resize(screen.cols().into(), Cell::BLANK);
                picture.set_row(row, frame, &whole, extras.to_vec());
            }
        }
        picture.frame = frame;
        picture.cursor = screen.cursor;
        match screen.scrolled.saturating_add(screen.cursor.row.into()).checked_sub(lines.start) {
            Some(row) if row < rows.into() => picture.cursor.row = row as u16,
            _ => picture.cursor.visible = false,
        }
        picture.modes = screen.modes;
        picture.scrolled = lines.start;
        picture.reflow = screen.reflow;
        picture.scrollback = screen.scrollback;
        if picture.palette != screen.palette {
            picture.palette.clone_from(&screen.palette);
        }
    }
}

/// The sets of the systems that move what is looked at, in `PostUpdate`.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScarabScrollSystems {
    /// [`ScrollRequest`]s are obeyed and what is seen is put together. What draws terminals runs after it.
    Scroll,
}

/// Adds the systems; called by the plugin of connections.
pub(crate) fn plugin(app: &mut App) {
    app.add_message::<ScrollRequest>()
        .add_systems(PreUpdate, receive.in_set(ScarabIpcSystems::Receive).after(crate::link::receive))
        .add_systems(PostUpdate, (scroll, fetch, compose).chain().in_set(ScarabScrollSystems::Scroll));
}

/// Pages that have arrived.
fn receive(mut terminals: Query<(&TerminalGrid, &mut Scrollback)>) {
    for (screen, mut scrollback) in &mut terminals {
        if scrollback.bypass_change_detection().receive(&screen.grid) {
            scrollback.set_changed();
        }
    }
}

fn scroll(
    mut requests: MessageReader<ScrollRequest>,
    mut terminals: Query<(Ref<TerminalGrid>, &mut TerminalViewport)>,
) {
    for (screen, mut viewport) in &mut terminals {
        if !screen.is_changed() {
            continue;
        }
        let before = viewport.top;
        viewport.bypass_change_detection().follow(&screen.grid);
        if viewport.top != before {
            viewport.set_changed();
        }
    }
    for ScrollRequest { terminal, to } in requests.read() {
        let Ok((screen, mut viewport)) = terminals.get_mut(*terminal) else { continue };
        let before = viewport.top;
        viewport.bypass_change_detection().go(*to, &screen.grid);
        if viewport.top != before {
            viewport.set_changed();
        }
    }
}

/// Asks for lines that are seen and not known.
fn fetch(
    mut terminals: Query<(Ref<TerminalStatus>, &TerminalLink, Ref<TerminalGrid>, &TerminalViewport, &mut Scrollback)>,
    alarm: Res<Alarm>,
    waker: Res<Waker>,
) {
    for (status, link, screen, viewport, mut scrollback) in &mut terminals {
        let scrollback = scrollback.bypass_change_detection();
        if status.is_changed() || screen.is_changed() {
            let is_lost = matches!(*status, TerminalStatus::Failed { .. });
            if scrollback.put_out_of_reach(is_lost) && is_lost {
                // Whoever waits for lines looks again.
                waker.wake();
            }
        }
        if viewport.is_scrolled_back() {
            scrollback.want_seen(viewport.lines(&screen.grid));
        }
        match (&*status, link.attachment()) {
            (TerminalStatus::Attached | TerminalStatus::Exited(_), Some(attachment)) => {
                if let Some(again) = scrollback.ask(attachment, &screen.grid) {
                    alarm.wake_at(again, &waker);
                }
            }
            // That the session is there again wakes the App.
            _ => scrollback.wait(),
        }
    }
}

fn compose(mut terminals: Query<(Ref<TerminalGrid>, Ref<Scrollback>, &mut TerminalViewport)>) {
    for (screen, scrollback, mut viewport) in &mut terminals {
        let is_news = screen.is_changed() || scrollback.is_changed() || viewport.is_changed();
        if viewport.is_scrolled_back() && is_news {
            viewport.compose(&screen.grid, &scrollback);
        }
    }
}
