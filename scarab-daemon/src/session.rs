//! A session: a program on a PTY, its screen, and the clients that look at it.
//!
//! [`Session`] is what everybody shares. What only one thread may touch is the screen thread's, and after that has
//! ended lies in [`Session::parked`], to be looked at until the session is forgotten.

pub(crate) mod attachment;
mod cadence;
mod clients;
mod command;
mod directory;
pub(crate) mod inbox;
pub(crate) mod input_queue;
mod look;
mod make;
mod notifier;
mod program;
mod screen_thread;
pub(crate) mod size;
pub(crate) mod spawn;
mod stage;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use scarab_protocol::{
    event::EventKind,
    ids::{SessionId, TermSize},
    message::{self, EventField, Exit, SessionInfo},
    surface::{Published, SurfaceId},
};

use self::{
    attachment::Attachment,
    inbox::{Inbox, Join, Refused, Request},
    input_queue::InputQueue,
    screen_thread::ScreenThread,
    size::Sizes,
    spawn::{Command, SpawnError},
    stage::Stage,
};
use crate::{
    daemon::Daemon,
    deadline::Ticket,
    platform::{
        poll::waker,
        process::Process,
        pty::{self, Master},
        surface::Handle,
    },
    screen::{Cwd, Screen},
};

/// How long a program has to end after it was told that its terminal is gone.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

/// What a new session is to be.
pub(crate) struct Plan {
    pub(crate) number: u32,
    pub(crate) name: String,
    pub(crate) command: Command,
    /// Whether nobody has named that, so that it is a shell.
    pub(crate) has_shell: bool,
    pub(crate) size: TermSize,
    pub(crate) policy: message::SizePolicy,
    /// How many lines of scrollback it holds.
    pub(crate) scrollback: usize,
    pub(crate) linger: bool,
    pub(crate) made_by: String,
}

/// A session, as everybody sees it.
pub(crate) struct Session {
    pub(crate) id: SessionId,
    /// The newest frame on its surface.
    pub(crate) published: Published,
    /// Its program's input.
    pub(crate) input: Arc<InputQueue>,
    daemon: Weak<Daemon>,
    inbox: Inbox,
    process: Process,
    command: String,
    made_by: String,
    /// It was made without a command: its first program is a shell, whatever it is called.
    has_shell: bool,
    linger: bool,
    created: u64,
    /// When a client last attached, left or typed, in milliseconds since the Unix epoch.
    used: AtomicU64,
    /// The lane that has typed last, so that typing on costs no look at the size policy.
    active: AtomicU64,
    state: Mutex<State>,
    /// The screen after the program's end.
    parked: Mutex<Option<Stage>>,
}

struct State {
    name: String,
    title: String,
    /// As the shell told it; an empty path if it never did.
    cwd: Cwd,
    bells: u64,
    exit: Option<Exit>,
    sizes: Sizes,
    /// Replaced as a whole, so that whoever tells all of them something holds no lock meanwhile.
    attachments: Arc<Vec<Arc<Attachment>>>,
    /// To be forgotten when the program has ended, with what its clients are told.
    forget: Option<&'static str>,
    /// Nobody can join any more: the session is forgotten.
    dismissed: bool,
    /// Ends the session when its last client has been gone for too long.
    abandoned: Option<Ticket>,
    master: Option<Arc<Master>>,
    surface: Option<Handle>,
}

/// Why a session could not be begun.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    #[error("no memory for the screen: {0}")]
    Surface(#[from] scarab_protocol::surface::SurfaceError),
    #[error("no descriptors or threads are left: {0}")]
    System(#[from] std::io::Error),
}

impl Session {
    /// Starts a program and the threads that serve it. `begin` makes the session known, before anything is heard of it.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running then, and the session is not known any more.
    pub(crate) fn start(
        daemon: &Arc<Daemon>,
        plan: Plan,
        begin: impl FnOnce(&Arc<Self>),
    ) -> Result<Arc<Self>, StartError> {
        let Plan { number, name, command, has_shell, size, policy, scrollback, linger, made_by } = plan;
        let size = size.clamped();
        let id = SessionId { epoch: daemon.epoch, number };
        let mut screen = Screen::new(SurfaceId { epoch: id.epoch, session: id.number }, size)?;
        screen.set_history(scrollback);
        screen.set_colors(daemon.colors.clone());
        screen.set_terminal_name(command.term());
        let stage = Stage::new(screen)?;
        let (waker, wakeful) = waker()?;
        let (master, process) = pty::spawn(&command, size, daemon.old_limit)?;
        let master = Arc::new(master);
        let now = now();
        let session = Arc::new(Self {
            id,
            published: Published::new(0),
            input: InputQueue::new(number, daemon.deadlines.clone(), master.clone(), size),
            daemon: Arc::downgrade(daemon),
            inbox: Inbox::new(waker),
            process,
            command: command.shown(),
            made_by,
            has_shell,
            linger,
            created: now,
            used: AtomicU64::new(now),
            active: AtomicU64::new(0),
            state: Mutex::new(State {
                name,
                title: String::new(),
                cwd: Cwd::default(),
                bells: 0,
                exit: None,
                sizes: Sizes::new(size, policy),
                attachments: Arc::default(),
                forget: None,
                dismissed: false,
                abandoned: None,
                master: Some(master.clone()),
                surface: Some(stage.surface()),
            }),
            parked: Mutex::new(None),
        });
        begin(&session);
        let (command, made_by) = (session.command.clone(), session.made_by.clone());
        session.happened(
            EventKind::Created,
            vec![EventField::new("command", command), EventField::new("made_by", made_by)],
        );
        let waiting = session.clone();
        let waiter = thread::Builder::new().name(format!("wait-{number}")).spawn(move || {
            let exit = waiting.process.wait();
            waiting.inbox.exited(exit);
        });
        let thread = ScreenThread::new(session.clone(), daemon.clone(), stage, wakeful, master);
        let started =
            waiter.and_then(|_| thread::Builder::new().name(format!("session-{number}")).spawn(move || thread.run()));
        if let Err(error) = started {
            session.process.kill(None);
            session.input.close();
            session.lock().master = None;
            daemon.forget(&session, "it could not be started");
            // No thread is there to serve who has found it meanwhile.
            for request in session.inbox.close().requests {
                let _ = session.request(request);
            }
            return Err(error.into());
        }
        Ok(session)
    }

    /// What is known of the session.
    pub(crate) fn info(&self) -> SessionInfo {
        let state = self.lock();
        SessionInfo {
            id: self.id,
            name: state.name.clone(),
            command: self.command.clone(),
            pid: self.process.pid(),
            size: state.sizes.size(),
            policy: state.sizes.policy(),
            clients: u32::try_from(state.attachments.len()).unwrap_or(u32::MAX),
            created: self.created,
            used: self.used.load(Ordering::Relaxed),
            title: state.title.clone(),
            linger: self.linger,
            made_by: self.made_by.clone(),
            exit: state.exit.clone(),
        }
    }

    /// Its name.
    pub(crate) fn name(&self) -> String {
        self.lock().name.clone()
    }

    /// Tells whoever has subscribed to events. Called with no lock held.
    pub(crate) fn happened(&self, kind: EventKind, fields: Vec<EventField>) {
        if let Some(daemon) = self.daemon.upgrade() {
            daemon.events.publish(kind, Some((self.id, self.name())), fields);
        }
    }

    /// Gives it another name, and tells its clients. That nobody else has the name is the caller's to see to; gives back
    /// the name before.
    pub(crate) fn rename(&self, name: String) -> String {
        let before = std::mem::replace(&mut self.lock().name, name.clone());
        if let Err(Refused::Ended(Request::Renamed(name))) = self.inbox.request(Request::Renamed(name)) {
            self.announce(true, &message::Renamed { name });
        }
        before
    }

    /// How long ago it was made.
    pub(crate) fn age(&self) -> Duration {
        Duration::from_millis(now().saturating_sub(self.created))
    }

    /// Whether the program has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.lock().exit.is_some()
    }

    /// What the surface is mapped with, as it is now.
    pub(crate) fn surface(&self) -> Option<Handle> {
        self.lock().surface.clone()
    }

    /// Asks the screen thread for something; after its end it is done here.
    ///
    /// # Errors
    /// If too much is asked of it already.
    pub(crate) fn request(self: &Arc<Self>, request: Request) -> Result<(), TooBusy> {
        match self.inbox.request(request) {
            Ok(()) => Ok(()),
            Err(Refused::Full) => Err(TooBusy),
            Err(Refused::Ended(request)) => {
                self.serve_here(request);
                Ok(())
            }
        }
    }

    /// Has the screen thread let somebody join; after its end it is done here.
    pub(crate) fn join(self: &Arc<Self>, join: Join) {
        match self.inbox.join(join) {
            Ok(before) => before.iter().for_each(Join::refuse),
            Err(join) => self.serve_here(Request::Attach(join)),
        }
    }

    fn serve_here(self: &Arc<Self>, request: Request) {
        let mut parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        match parked.as_mut() {
            Some(stage) => stage.serve(self, request),
            // It was forgotten since whoever asks has found it.
            None => request.refuse(self.id.number),
        }
    }

    /// A client has typed: it decides the size from now on.
    pub(crate) fn touch(&self, lane: u64) {
        self.used.store(now(), Ordering::Relaxed);
        if self.active.swap(lane, Ordering::Relaxed) != lane {
            self.change_size(|sizes| sizes.touch(lane));
        }
    }

    /// A client has been resized: it decides the size from now on.
    pub(crate) fn resize(&self, lane: u64, size: TermSize) {
        self.active.store(lane, Ordering::Relaxed);
        self.change_size(|sizes| sizes.claim(lane, size));
    }

    /// Sets the size by hand.
    pub(crate) fn set_size(&self, size: TermSize) {
        self.change_size(|sizes| sizes.set(size));
    }

    /// Gives it so many lines of scrollback.
    pub(crate) fn set_scrollback(&self, lines: usize) {
        if !self.inbox.set_scrollback(lines)
            && let Some(stage) = self.parked.lock().unwrap_or_else(PoisonError::into_inner).as_mut()
        {
            stage.set_scrollback(self, lines);
        }
    }

    /// Says whose size counts from now on.
    pub(crate) fn set_size_policy(&self, policy: message::SizePolicy) {
        self.change_size(|sizes| sizes.follow(policy));
    }

    /// Changes who decides the size, and has the screen follow.
    fn change_size(&self, change: impl FnOnce(&mut Sizes) -> Option<TermSize>) {
        let mut state = self.lock();
        // The screen of a program that has ended stays as it is.
        let size = if state.exit.is_some() { None } else { change(&mut state.sizes) };
        drop(state);
        if let Some(size) = size {
            self.inbox.resize(size);
        }
    }

    /// The program has ended, the screen is parked: what the screen thread does last.
    fn ended(self: &Arc<Self>) {
        let forget = self.lock().forget;
        if let Some(daemon) = self.daemon.upgrade() {
            if let Some(why) = forget {
                daemon.forget(self, why);
            }
            daemon.session_ended();
        }
    }

    fn cancel(&self, ticket: Option<Ticket>) {
        if let (Some(ticket), Some(daemon)) = (ticket, self.daemon.upgrade()) {
            daemon.deadlines.cancel(ticket);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Too much is asked of a session at once.
#[derive(Debug)]
pub(crate) struct TooBusy;

/// Now, in milliseconds since the Unix epoch.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
