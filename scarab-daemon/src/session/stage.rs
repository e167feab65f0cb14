//! A session's screen with what serves requests about it. The screen thread has it while the program runs; after that
//! it is parked, and whoever asks serves himself.

use std::{
    io,
    sync::{Arc, PoisonError},
    time::Duration,
};

use scarab_protocol::{
    event::EventKind,
    frame::Frame,
    message::{
        Attached, Bell, Clipboard, Cwd, Done, ErrorCode, EventField, Renamed, ScrollbackRows, SurfaceMoved, Title,
    },
    transport::Outgoing,
};

use super::{
    Session,
    command::Command,
    inbox::{Join, Request},
    notifier::Notifier,
};
use crate::{
    client::MAX_QUEUED,
    platform::surface::Handle,
    screen::{Effects, Screen},
};

/// The most bytes of a page of scrollback, about. Whoever wants more asks again.
const MAX_PAGE: usize = 256 * 1024;
/// When to ask for a page again, if too much waits to be read.
const PAGE_PAUSE: Duration = Duration::from_millis(100);

/// A session's screen with what serves requests about it.
pub(super) struct Stage {
    pub(super) screen: Screen,
    /// What clients map the surface with.
    surface: Handle,
    /// What the shell is running, as far as it tells.
    command: Command,
    notifier: Notifier,
    /// The screen failed: it is not to be asked any more, but its surface is still good to look at.
    pub(super) broken: bool,
}

impl Stage {
    /// A stage for a new screen.
    ///
    /// # Errors
    /// If no descriptors are left.
    pub(super) fn new(screen: Screen) -> io::Result<Self> {
        let surface = Handle::of(screen.surface())?;
        Ok(Self { screen, surface, command: Command::default(), notifier: Notifier::new(), broken: false })
    }

    /// What clients map the surface with.
    pub(super) fn surface(&self) -> Handle {
        self.surface.clone()
    }

    /// Holds so many lines of scrollback from now on, and tells how many there are.
    pub(super) fn set_scrollback(&mut self, session: &Session, lines: usize) {
        if !self.broken {
            self.screen.set_history(lines);
            self.publish(session);
        }
    }

    /// Carries a request out.
    pub(super) fn serve(&mut self, session: &Arc<Session>, request: Request) {
        match request {
            Request::Attach(join) => self.attach(session, &join),
            Request::Scrollback { client, request, first, count } => {
                if self.broken {
                    client.refuse(request, ErrorCode::Internal, "the session's screen has failed");
                    return;
                }
                // Who reads nothing does not go for what it has asked.
                if client.queued_bytes() + MAX_PAGE > MAX_QUEUED {
                    client.refuse_for_now(request, "what was asked before is not read yet", PAGE_PAUSE);
                    return;
                }
                let (scrolled, reflow) = self.screen.scrolled();
                let (first, lines) = self.screen.scrollback(first, count, MAX_PAGE);
                client.tell(session.id.number, request, &ScrollbackRows { first, scrolled, reflow, lines });
            }
            Request::Clear { client, request } => {
                if self.broken {
                    client.refuse(request, ErrorCode::Internal, "the session's screen has failed");
                    return;
                }
                // It is done when it is seen, also while the program draws.
                self.screen.end_update();
                self.screen.clear_history();
                self.publish(session);
                client.tell(session.id.number, request, &Done {});
            }
            Request::Renamed(name) => session.announce(true, &Renamed { name }),
            Request::Show(done) => {
                if !self.broken {
                    self.publish(session);
                }
                drop(done);
            }
        }
    }

    fn attach(&self, session: &Arc<Session>, join: &Join) {
        let &Join { ref attachment, request, size } = join;
        let client = &attachment.client;
        // The client may be gone since it asked, or have asked again. One that is gone may hear yet what is said to it, and would
        // take a refusal for the end of the session: it comes back and asks again.
        if !client.holds(session.id.number, attachment) {
            if !client.is_gone() {
                join.refuse();
            }
            return;
        }
        // Before it is told, so that whoever hears of it finds it done. What it is told of the session comes from
        // the thread that this is, and so after.
        let Some(is_new) = session.add(attachment) else {
            client.refuse(request, ErrorCode::NoSuchSession, "the session is gone");
            return;
        };
        let info = session.info();
        let credit = session.input.credit(attachment.lane);
        let state = session.lock();
        let attached = Attached {
            info,
            generation: self.screen.surface().generation(),
            mapping: self.surface.name(),
            observe: attachment.observe,
            lane: attachment.lane.number,
            taken: credit.taken,
            may_send_through: credit.may_send_through,
            bells: state.bells,
            cwd: state.cwd.path.clone(),
        };
        drop(state);
        let number = session.id.number;
        // Events come before what is told of the same, here and elsewhere: what somebody then does has a later number.
        if is_new {
            let fields = vec![
                EventField::new("client", i64::from(client.number)),
                EventField::new("program", client.program.as_str()),
                EventField::new("observe", attachment.observe),
            ];
            session.happened(EventKind::Attached, fields);
        }
        // Before the client hears of it, too: a size that it then tells is newer than this.
        if let Some(size) = size.filter(|_| !attachment.observe) {
            session.resize(attachment.lane.number, size);
        }
        let outgoing = match attachment.can_map {
            true => self.surface.with(number, request, &attached),
            false => Frame::new(number, request, &attached).map(Outgoing::from),
        };
        match outgoing {
            Ok(outgoing) => client.send(outgoing),
            Err(error) => tracing::error!(%error, "an Attached was not sent"),
        }
        if attachment.bell.arm(0, &session.published) {
            client.tell(number, 0, &session.doorbell(attachment, session.published.frame()));
        }
        // It may have gone while it was tied; then nobody else unties it. (One that has asked again keeps its lane.)
        let renewed = client.attachment(number).is_some_and(|newer| newer.lane == attachment.lane);
        if !renewed {
            session.untie(attachment);
        }
    }

    /// Publishes what has changed, and rings. How many clients were rung; `None` if there was nothing to publish.
    pub(super) fn publish(&mut self, session: &Session) -> Option<u32> {
        let published = match self.screen.publish() {
            Ok(published) => published,
            Err(error) => {
                tracing::error!(session = session.id.number, %error, "a screen was not published");
                // It is not tried again at once.
                return Some(0);
            }
        };
        session.input.set_modes(self.screen.modes());
        if published.moved {
            self.moved(session);
        }
        let number = published.frame?;
        session.published.publish(number);
        let mut rung = 0;
        for attachment in session.attachments().iter() {
            if attachment.bell.ring(number) {
                attachment.client.tell(session.id.number, 0, &session.doorbell(attachment, number));
                rung += 1;
            }
        }
        Some(rung)
    }

    /// The surface is a new one: everybody gets its descriptor.
    fn moved(&mut self, session: &Session) {
        match Handle::of(self.screen.surface()) {
            Ok(surface) => self.surface = surface,
            Err(error) => {
                tracing::error!(session = session.id.number, %error, "clients do not get a screen's new surface");
                return;
            }
        }
        session.lock().surface = Some(self.surface.clone());
        let message = SurfaceMoved { generation: self.screen.surface().generation(), mapping: self.surface.name() };
        for attachment in session.attachments().iter() {
            // What the daemon itself reads, for who cannot map, is another surface now.
            *attachment.rows.lock().unwrap_or_else(PoisonError::into_inner) = None;
            if attachment.can_map {
                match self.surface.with(session.id.number, 0, &message) {
                    Ok(outgoing) => attachment.client.send(outgoing),
                    Err(error) => tracing::error!(%error, "a SurfaceMoved was not sent"),
                }
            }
        }
    }

    /// Does what output asked for beside changing the screen.
    pub(super) fn carry_out(&mut self, session: &Session, effects: Effects) {
        let Effects { answers, title, bells, clipboard, cwd, marks, notifications } = effects;
        session.input.set_modes(self.screen.modes());
        session.input.answer(&answers);
        // Before the title: of that only the newest is told, and what comes behind it in the same output is told first in any case.
        for notification in notifications {
            self.notifier.tell(session, notification);
        }
        if let Some(title) = title {
            let changed = std::mem::replace(&mut session.lock().title, title.clone()) != title;
            if changed {
                session.happened(EventKind::Title, vec![EventField::new("title", title.as_str())]);
                session.announce(true, &Title { title });
            }
        }
        if bells > 0 {
            let mut state = session.lock();
            state.bells += bells;
            let count = state.bells;
            drop(state);
            let times = i64::try_from(bells).unwrap_or(i64::MAX);
            session.happened(EventKind::Bell, vec![EventField::new("times", times)]);
            session.announce(true, &Bell { count });
        }
        if let Some(cwd) = cwd {
            let path = cwd.path.clone();
            session.lock().cwd = cwd;
            session.happened(EventKind::Cwd, vec![EventField::new("path", path.as_str())]);
            session.announce(true, &Cwd { path });
        }
        if let Some(clipboard) = clipboard {
            let fields = vec![
                EventField::new("text", clipboard.text.as_str()),
                EventField::new("bytes", i64::try_from(clipboard.text.len()).unwrap_or(i64::MAX)),
                EventField::new("primary", clipboard.primary),
            ];
            session.happened(EventKind::Clipboard, fields);
            session.announce(true, &Clipboard { primary: clipboard.primary, text: clipboard.text });
        }
        for mark in marks {
            self.command.marked(session, mark);
        }
    }
}
