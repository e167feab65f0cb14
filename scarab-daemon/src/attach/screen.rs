//! The loop that shows a session in the terminal: draws what has changed, hands on what is typed.

use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

use crossbeam_channel::{at, never, select};
use scarab_protocol::{
    client::{Attachment, Bell, Client, ClientEvent, InputRejected},
    ids::TermSize,
    mouse::MouseEvent,
    surface::Grid,
};

use super::{
    AttachEnd, AttachError, AttachTtyOptions, Standing, clipboard,
    paint::Painter,
    session_name,
    splitter::{Splitter, Typed},
    standing,
    tty::{Event, Events, RawMode, tty_size},
};

/// How long a notice stays, if nothing is typed.
const NOTICE_TIME: Duration = Duration::from_secs(3);

/// Takes the terminal and shows the session until it is left or ends.
pub fn show(
    client: &Client,
    bell: &Bell,
    attachment: &Attachment,
    options: &AttachTtyOptions,
) -> Result<AttachEnd, AttachError> {
    // Dropped in the opposite order: first the screen is given back, then the line discipline.
    let raw = RawMode::enter()?;
    let events = Events::start()?;
    let mut screen = Screen::enter(attachment, options)?;
    loop {
        if let Standing::Gone(why) = standing(client, attachment)? {
            return Ok(AttachEnd::Gone(why));
        }
        let drawn = screen.take_events(client).and_then(|()| screen.draw());
        if drawn.is_err() {
            return Ok(AttachEnd::HungUp);
        }
        if let Some(exit) = attachment.look(|state| state.exit().cloned()) {
            return Ok(AttachEnd::Ended(exit));
        }
        let timer = screen.deadline().map_or_else(never, at);
        let end = select! {
            recv(bell.receiver()) -> _ => None,
            recv(timer) -> _ => screen.time_is_up(events.receiver().is_empty()),
            recv(events.receiver()) -> event => match event {
                Ok(Event::Bytes(bytes)) => screen.typed(&bytes),
                Ok(Event::Resized) => screen.resized(),
                Ok(Event::Continued) => {
                    raw.renew()?;
                    screen.again();
                    None
                }
                Ok(Event::Ending(signal)) => Some(AttachEnd::Signal(signal)),
                Ok(Event::Gone) | Err(_) => Some(AttachEnd::HungUp),
            },
        };
        if let Some(end) = end {
            return Ok(end);
        }
    }
}

/// The outer terminal, ours until this is dropped.
struct Screen<'a> {
    attachment: &'a Attachment,
    options: &'a AttachTtyOptions,
    painter: Painter,
    splitter: Splitter,
    /// When what the splitter keeps is to be taken for what it looks like.
    flush_at: Option<Instant>,
    notice: Option<(String, Instant)>,
    grid: Grid,
    bells: u64,
    /// What is to be written, kept for its memory.
    out: Vec<u8>,
}

impl<'a> Screen<'a> {
    fn enter(attachment: &'a Attachment, options: &'a AttachTtyOptions) -> io::Result<Self> {
        let TermSize { cols, rows, .. } = tty_size().unwrap_or_default();
        let mut screen = Self {
            attachment,
            options,
            painter: Painter::new(cols, rows),
            splitter: Splitter::new(options.detach_key.clone()),
            flush_at: None,
            notice: None,
            grid: Grid::default(),
            bells: attachment.look(|state| state.bells),
            out: Vec::new(),
        };
        let verb = if options.observe { "observing" } else { "attached to" };
        screen.notice(format!("{verb} {}: {} leaves it running", session_name(attachment), options.detach_key));
        Painter::enter(&mut screen.out);
        screen.write()?;
        Ok(screen)
    }

    fn notice(&mut self, text: String) {
        self.notice = Some((format!(" {text} "), Instant::now() + NOTICE_TIME));
    }

    /// Draws what is new.
    fn draw(&mut self) -> io::Result<()> {
        self.attachment.update(&mut self.grid);
        let (title, bells) = self.attachment.look(|state| {
            let title = state.info.as_ref().map_or_else(String::new, |info| {
                if info.title.is_empty() { info.name.clone() } else { info.title.clone() }
            });
            (title, state.bells)
        });
        if bells > self.bells {
            self.bells = bells;
            self.out.push(b'\x07');
        }
        self.painter.title(&title, &mut self.out);
        let notice = self.notice.as_ref().map(|(text, _)| text.as_str());
        self.painter.paint(&self.grid, notice, &mut self.out);
        self.write()
    }

    /// What happened that is not on the grid.
    fn take_events(&mut self, client: &Client) -> io::Result<()> {
        for event in client.take_events().0 {
            match event {
                ClientEvent::Clipboard { session, primary, text } if session == self.attachment.session() => {
                    clipboard::write(primary, &text, &mut self.out);
                }
                ClientEvent::Refused { text } => self.notice(text),
                _ => {}
            }
        }
        Ok(())
    }

    fn write(&mut self) -> io::Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(&self.out).and_then(|()| stdout.flush());
        self.out.clear();
        written
    }

    /// When something is to be done though nothing happens; `None` most of the time.
    fn deadline(&self) -> Option<Instant> {
        let notice = self.notice.as_ref().map(|(_, until)| *until);
        [notice, self.flush_at].into_iter().flatten().min()
    }

    /// A deadline is over; `idle` if nothing that was typed waits.
    fn time_is_up(&mut self, idle: bool) -> Option<AttachEnd> {
        let now = Instant::now();
        if self.notice.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.notice = None;
        }
        // After a long time in drawing, the other half of a sequence may be there already.
        if !idle || self.flush_at.is_none_or(|at| at > now) {
            return None;
        }
        let mut typed = Vec::new();
        self.splitter.flush(&mut typed);
        self.flush_at = None;
        self.hand_on(typed)
    }

    fn typed(&mut self, bytes: &[u8]) -> Option<AttachEnd> {
        let mut typed = Vec::new();
        self.splitter.feed(bytes, &mut typed);
        self.flush_at = self.splitter.patience().map(|patience| Instant::now() + patience);
        self.hand_on(typed)
    }

    fn hand_on(&mut self, typed: Vec<Typed>) -> Option<AttachEnd> {
        for item in typed {
            let is_key = matches!(item, Typed::Bytes(_) | Typed::Paste(_));
            let sent = match item {
                Typed::Detach => return Some(AttachEnd::Detached),
                _ if self.options.observe => Ok(()),
                Typed::Bytes(bytes) => self.attachment.input(&bytes),
                Typed::Paste(text) => self.attachment.paste(text),
                Typed::Focus(gained) => self.attachment.focus(gained),
                Typed::Mouse(event) => match self.painter.grid_cell(event.col, event.row) {
                    Some((col, row)) => self.attachment.mouse(&MouseEvent { col, row, ..event }),
                    None => Ok(()),
                },
            };
            if is_key {
                self.notice = None;
            }
            if let Err(error @ InputRejected::Full { .. }) = sent {
                self.out.push(b'\x07');
                self.notice(error.to_string());
            }
        }
        None
    }

    fn resized(&mut self) -> Option<AttachEnd> {
        let size = tty_size()?;
        self.painter.forget(size.cols, size.rows, &mut self.out);
        if !self.options.observe {
            self.attachment.resize(size.clamped());
        }
        None
    }

    /// The terminal may show anything, and be in any mode: it is taken from the beginning.
    fn again(&mut self) {
        let TermSize { cols, rows, .. } = tty_size().unwrap_or_default();
        self.painter.leave(&mut self.out);
        Painter::enter(&mut self.out);
        self.painter = Painter::new(cols, rows);
        self.resized();
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        self.out.clear();
        self.painter.leave(&mut self.out);
        // If it cannot be written, the terminal is gone.
        let _ = self.write();
    }
}
