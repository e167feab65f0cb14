//! The screen thread: one loop that reads a session's output, interprets it, publishes the screen and rings.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use scarab_protocol::{
    event::EventKind,
    ids::TermSize,
    message::{EventField, Exit, Exited, Resized},
};

use super::{
    Session,
    cadence::{Output, Published},
    inbox::Mail,
    stage::Stage,
};
use crate::{
    daemon::Daemon,
    platform::{
        poll::{Interest, Ready, Wakeful},
        pty::{DRAIN, Master},
    },
    plugin::SessionRef,
    screen::Lines,
};

/// The program hears of a new size so often at most.
const RESIZE_GAP: Duration = Duration::from_millis(30);
/// How much output is interpreted before the inbox is looked at again.
const BATCH: usize = 64 * 1024;
/// How much is read at once. Linux gives 4095 bytes at most.
const PIECE: usize = 16 * 1024;
/// A read of less than this has most likely emptied the PTY: one more system call would only delay an echo.
const SHORT_READ: usize = 1024;

/// The state of the loop.
pub(super) struct ScreenThread {
    session: Arc<Session>,
    daemon: Arc<Daemon>,
    stage: Stage,
    wakeful: Wakeful,
    /// The PTY, until it has nothing more to say.
    master: Option<Arc<Master>>,
    /// How the program ended, once it has.
    exit: Option<Exit>,
    /// When the wait for last output ends.
    drained_by: Option<Instant>,
    /// Something was interpreted and not published yet.
    unpublished: bool,
    last_publish: Option<Published>,
    /// What was read since then, or since there was nothing to publish.
    output: Output,
    /// A size that the program has not been told yet.
    wanted: Option<TermSize>,
    last_resize: Option<Instant>,
    buffer: Box<[u8]>,
    /// The output as lines, while anybody looks for some.
    lines: Option<Lines>,
}

impl ScreenThread {
    pub(super) fn new(
        session: Arc<Session>,
        daemon: Arc<Daemon>,
        stage: Stage,
        wakeful: Wakeful,
        master: Arc<Master>,
    ) -> Self {
        Self {
            session,
            daemon,
            stage,
            wakeful,
            master: Some(master),
            exit: None,
            drained_by: None,
            // The blank screen is the first frame.
            unpublished: true,
            last_publish: None,
            output: Output { bytes: 0, drained: Some(Instant::now()) },
            wanted: None,
            last_resize: None,
            buffer: vec![0; PIECE].into(),
            lines: None,
        }
    }

    /// Runs until the program has ended and its last output is on the surface.
    pub(super) fn run(mut self) {
        while !self.is_done() {
            // The core is not ours, and what it is fed is the program's: a panic ends this session and no other.
            match catch_unwind(AssertUnwindSafe(|| self.turn())) {
                Ok(Ok(())) => {}
                Ok(Err(error)) => self.fail(&format!("cannot wait for output: {error}")),
                Err(_) => self.fail("the screen failed at the program's output"),
            }
        }
        self.finish();
    }

    /// One turn: wait, look at the inbox, read, interpret, publish.
    fn turn(&mut self) -> io::Result<()> {
        let now = Instant::now();
        self.meet_deadlines(now);
        if self.is_done() {
            return Ok(());
        }
        let deadline = self.next_deadline();
        let ready = match &self.master {
            Some(master) => self.wakeful.wait(master, Interest::Input, deadline)?,
            None => Ready { woken: self.wakeful.wait_for_waker(deadline)?, pty: false },
        };
        if ready.woken {
            let mail = self.session.inbox.take();
            self.open(mail);
        }
        if ready.pty {
            self.read();
        }
        Ok(())
    }

    /// Whether the program has ended and nothing more is to be read.
    fn is_done(&self) -> bool {
        self.exit.is_some() && self.master.is_none()
    }

    /// When something is to be done even if nothing happens; `None` when all is quiet.
    fn next_deadline(&self) -> Option<Instant> {
        let publish = self.unpublished.then(|| self.publish_at()).flatten();
        let resize = self.wanted.and(self.last_resize).map(|last| last + RESIZE_GAP);
        let update = if self.stage.broken { None } else { self.stage.screen.update_deadline() };
        [publish, resize, update, self.drained_by].into_iter().flatten().min()
    }

    /// When the screen may be published again; `None` for at once.
    fn publish_at(&self) -> Option<Instant> {
        self.last_publish.map(|published| published.next(self.output))
    }

    fn meet_deadlines(&mut self, now: Instant) {
        if let Some(size) = self.wanted
            && self.last_resize.is_none_or(|last| now >= last + RESIZE_GAP)
        {
            self.wanted = None;
            self.last_resize = Some(now);
            self.resize(size);
        }
        if !self.stage.broken && self.stage.screen.update_deadline().is_some_and(|deadline| now >= deadline) {
            self.stage.screen.end_update();
            self.unpublished = true;
        }
        if self.unpublished && self.publish_at().is_none_or(|at| now >= at) {
            self.publish(now);
        }
        if self.drained_by.is_some_and(|deadline| now >= deadline) {
            self.drained_by = None;
            self.master = None;
        }
    }

    fn open(&mut self, mail: Mail) {
        let Mail { requests, size, scrollback, exit } = mail;
        if let Some(size) = size {
            self.wanted = Some(size);
        }
        if let Some(lines) = scrollback {
            self.stage.set_scrollback(&self.session, lines);
        }
        // Before the requests, because one at which the screen fails would take it along.
        if exit.is_some() {
            self.exit = exit;
            if let Some(master) = &self.master {
                master.program_ended();
            }
            self.drained_by = Some(Instant::now() + DRAIN);
        }
        for request in requests {
            self.stage.serve(&self.session, request);
        }
    }

    /// Reads what there is, up to a batch, and interprets it. Each piece as it comes: a PTY holds a few of them, and what writes to
    /// it stands still when it is full.
    fn read(&mut self) {
        let Some(master) = self.master.clone() else { return };
        let (mut length, mut ended) = (0, false);
        self.output.drained = None;
        while length < BATCH {
            match master.read(&mut self.buffer) {
                Ok(0) => {
                    ended = true;
                    break;
                }
                Ok(count) => {
                    length += count;
                    self.interpret(count);
                    if count < SHORT_READ {
                        self.output.drained = Some(Instant::now());
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.output.drained = Some(Instant::now());
                    break;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    tracing::warn!(session = self.session.id.number, %error, "a PTY cannot be read any more");
                    ended = true;
                    break;
                }
            }
        }
        if ended {
            // Nobody has the other side open any more: polling it further would find that out again and again.
            self.master = None;
            self.drained_by = None;
        }
    }

    /// Interprets what was read.
    fn interpret(&mut self, length: usize) {
        if self.stage.broken {
            return;
        }
        self.output.bytes += length;
        self.look_for_lines(length);
        let effects = self.stage.screen.feed(&self.buffer[..length]);
        self.stage.carry_out(&self.session, effects);
        self.unpublished = true;
    }

    /// Hands lines of output over to plugins that look for some. They begin with what comes after the first has asked for them.
    fn look_for_lines(&mut self, length: usize) {
        let Some(feed) = self.daemon.plugins.feed() else { return };
        if !feed.is_wanted() {
            self.lines = None;
            return;
        }
        let lines = self.lines.get_or_insert_default().feed(&self.buffer[..length]);
        if !lines.is_empty() {
            let session = SessionRef { number: self.session.id.number, name: self.session.name() };
            feed.feed(&session, lines);
        }
    }

    fn publish(&mut self, now: Instant) {
        self.unpublished = false;
        self.output.bytes = 0;
        // Where there is nothing to publish, as while the program draws, what comes next need not wait.
        if !self.stage.broken
            && let Some(rung) = self.stage.publish(&self.session)
        {
            self.last_publish = Some(Published { at: now, rung });
        }
    }

    fn resize(&mut self, size: TermSize) {
        if self.stage.broken {
            return;
        }
        // The screen first: what the program draws for its new size is to find it.
        self.stage.screen.resize(size);
        self.session.input.set_size(size);
        if let Some(master) = &self.master {
            master.resize(size);
        }
        self.publish(Instant::now());
        let fields = vec![EventField::new("cols", i64::from(size.cols)), EventField::new("rows", i64::from(size.rows))];
        self.session.happened(EventKind::Resized, fields);
        self.session.announce(true, &Resized { size });
    }

    /// Something that cannot be mended: the program ends.
    fn fail(&mut self, why: &str) {
        tracing::error!(session = self.session.id.number, "{why}: the session ends");
        self.stage.broken = true;
        self.session.kill();
        self.master = None;
        self.drained_by = None;
    }

    /// Publishes the last of it, tells everybody, and leaves the screen to be looked at.
    fn finish(self) {
        let Self { session, daemon, mut stage, exit, .. } = self;
        session.input.close();
        let exit = exit.unwrap_or(Exit { code: 255, signal: None });
        let failed = catch_unwind(AssertUnwindSafe(|| {
            if !stage.broken {
                stage.screen.end_update();
                stage.publish(&session);
            }
        }));
        stage.broken |= failed.is_err();
        let mut state = session.lock();
        state.exit = Some(exit.clone());
        // Its last reference: the kernel hangs up whoever still has the other side open.
        state.master = None;
        drop(state);
        let mut fields = vec![
            EventField::new("code", i64::from(exit.code)),
            EventField::new("seconds", session.age().as_secs().try_into().unwrap_or(i64::MAX)),
        ];
        fields.extend(exit.signal.clone().map(|signal| EventField::new("signal", signal)));
        session.happened(EventKind::Exited, fields);
        session.announce(false, &Exited { exit });
        *session.parked.lock().unwrap_or_else(PoisonError::into_inner) = Some(stage);
        let last = session.inbox.close();
        if let Some(lines) = last.scrollback {
            session.set_scrollback(lines);
        }
        for request in last.requests {
            // The inbox is closed: it is served here and now.
            let _ = session.request(request);
        }
        drop(daemon);
        session.ended();
    }
}
