//! The client's end of one session: the newest of everything in one slot, and the input on its way.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use super::{
    ClientEvent, Shared, WeakShared,
    outbox::{InputRejected, Item, Outbox, Row},
    request::printable,
};
use crate::{
    frame::Frame,
    ids::{SessionId, TermSize},
    message::{
        Arm, AskCredit, Attach, Attached, CancelInput, Detach, ErrorCode, Exit, FetchRows, InputCredit, Mouse, Resize,
        Rows, SessionInfo, Target,
    },
    mouse::MouseEvent,
    surface::{Grid, Mapping, ReadOutcome, RowsUpdate, SurfaceError, SurfaceId, SurfaceReader},
    transport::Descriptor,
};

/// How to join a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachOptions {
    /// Which session.
    pub target: Target,
    /// The size it should have here; `None` to show it at whatever size it has.
    pub size: Option<TermSize>,
    /// Only look: never counts for the size, sends no input.
    pub observe: bool,
}

/// How it stands with an attachment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Phase {
    /// Not joined yet.
    #[default]
    Pending,
    /// Joined.
    Attached,
    /// The connection is lost; if it comes back and the daemon is the same, the session is joined again.
    Lost,
    /// The session is no more: the daemon is another one now, or the session was ended. Input for it was discarded.
    Gone {
        /// Why, in one line.
        why: String,
    },
    /// The daemon refused.
    Failed {
        /// For programs.
        code: ErrorCode,
        /// For people.
        why: String,
    },
}

/// The newest of everything about a session.
#[derive(Debug, Clone, Default)]
pub struct AttachState {
    /// How it stands.
    pub phase: Phase,
    /// What the daemon told on joining, with name, title, size and exit kept up to date.
    pub info: Option<SessionInfo>,
    /// How often the bell has rung in the session's life.
    pub bells: u64,
    /// The working directory that the shell told; empty if it never did.
    pub cwd: String,
    /// The screen.
    pub grid: Grid,
}

impl AttachState {
    /// How the session's program ended, if it has.
    pub fn exit(&self) -> Option<&Exit> {
        self.info.as_ref()?.exit.as_ref()
    }

    /// The session's id, once it was joined.
    pub fn id(&self) -> Option<SessionId> {
        self.info.as_ref().map(|info| info.id)
    }
}

/// The client's end of one session. All attachments of a client to one session are the same end, with the same screen and
/// one row of input; the last one dropped leaves the session.
#[derive(Clone)]
pub struct Attachment {
    handle: Arc<Handle>,
}

struct Handle {
    inner: Arc<AttachInner>,
    shared: WeakShared,
    /// Others may type into the session from this client; through this handle nobody does.
    observe: bool,
}

/// What the connection's thread and the handles share. None of its locks is held while the link's is taken for longer
/// than a look; of two of them, `surface` is taken before `state`.
pub(crate) struct AttachInner {
    options: Mutex<AttachOptions>,
    state: Mutex<AttachState>,
    outbox: Mutex<Outbox>,
    /// Only the connection's thread uses it.
    surface: Mutex<Surface>,
    /// The session's number while joined, else 0.
    session: AtomicU32,
    /// The request that joins, while it is unanswered.
    joining: AtomicU32,
    /// The request that cancels input, while it is unanswered.
    cancelling: AtomicU32,
    /// How many handles there are. Changed only under the link's lock.
    handles: AtomicU32,
    /// Tells who waits in Tokio that something has changed. It holds nothing, so that it needs no room.
    #[cfg(feature = "tokio")]
    changes: tokio::sync::watch::Sender<()>,
}

#[derive(Default)]
struct Surface {
    reader: Option<SurfaceReader>,
    /// Rows that came over the connection before the last of their frame.
    rows: Vec<RowsUpdate>,
    /// About how many bytes they take.
    rows_bytes: usize,
}

/// The most bytes of rows that wait for the last of their frame: what a screen of the largest size has, and as much beside
/// its cells. More are shown as they come, so that a frame without an end is not held.
const MAX_WAITING_ROWS: usize = 32 * 1024 * 1024;
/// What a part of a frame takes here beside what came: a palette that came with few colours.
const PART_BYTES: usize = 2048;
/// The same of a row.
const ROW_BYTES: usize = 256;

pub(super) fn attach(shared: &Arc<Shared>, options: AttachOptions) -> Attachment {
    let observe = options.observe;
    let handle = |inner| Attachment { handle: Arc::new(Handle { inner, shared: Arc::downgrade(shared), observe }) };
    let others = shared.lock().attachments.clone();
    if let Some(inner) = others.into_iter().find(|other| other.is_for(&options.target)) {
        // Under the link's lock the last handle cannot go at the same time.
        let link = shared.lock();
        if inner.handles.load(Ordering::Acquire) > 0 {
            inner.handles.fetch_add(1, Ordering::AcqRel);
            drop(link);
            let attachment = handle(inner.clone());
            if inner.options().observe && !observe {
                // So far all only looked. Nothing was typed, so joining anew loses nothing.
                *inner.options() = options;
                inner.join(shared);
            } else if let (Some(size), false) = (options.size, observe) {
                attachment.resize(size);
            }
            // There may be a screen to look at already.
            inner.changed(shared);
            return attachment;
        }
    }
    let inner = Arc::new(AttachInner {
        options: Mutex::new(options),
        state: Mutex::default(),
        outbox: Mutex::default(),
        surface: Mutex::default(),
        session: AtomicU32::new(0),
        joining: AtomicU32::new(0),
        cancelling: AtomicU32::new(0),
        handles: AtomicU32::new(1),
        #[cfg(feature = "tokio")]
        changes: tokio::sync::watch::Sender::new(()),
    });
    shared.lock().attachments.push(inner.clone());
    inner.join(shared);
    handle(inner)
}

impl Attachment {
    /// Looks at the newest state. Keep it short: the connection's thread waits meanwhile.
    pub fn look<T>(&self, look: impl FnOnce(&AttachState) -> T) -> T {
        look(&self.handle.inner.state())
    }

    /// Brings a grid up to the newest frame, copying only what changed; whether anything had.
    pub fn update(&self, grid: &mut Grid) -> bool {
        grid.update_from(&self.handle.inner.state().grid)
    }

    /// The session's number, for requests about it; 0 while it is not joined.
    pub fn session(&self) -> u32 {
        self.handle.inner.session.load(Ordering::Acquire)
    }

    /// The connection, as long as there is a client.
    pub(super) fn shared(&self) -> Option<Arc<Shared>> {
        self.handle.shared.upgrade()
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// If they cannot be sent, now or later; then none of them are.
    pub fn input(&self, bytes: &[u8]) -> Result<(), InputRejected> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.push(|outbox| outbox.push_bytes(bytes.into()))
    }

    /// Pastes a text: bracketed if the program wants that, a unit among others' input.
    ///
    /// # Errors
    /// As [`Attachment::input`].
    pub fn paste(&self, text: impl Into<Arc<[u8]>>) -> Result<(), InputRejected> {
        let text = text.into();
        if text.is_empty() {
            return Ok(());
        }
        self.push(|outbox| outbox.push_paste(text))
    }

    /// Sends a mouse event, for the daemon to encode as the program asked.
    ///
    /// # Errors
    /// As [`Attachment::input`].
    pub fn mouse(&self, event: &MouseEvent) -> Result<(), InputRejected> {
        let mouse = Mouse::from(event);
        self.push(|outbox| outbox.push_event(Item::Mouse(mouse)))
    }

    /// Tells that the terminal gained or lost the keyboard's focus.
    ///
    /// # Errors
    /// As [`Attachment::input`].
    pub fn focus(&self, gained: bool) -> Result<(), InputRejected> {
        self.push(|outbox| outbox.push_event(Item::Focus(gained)))
    }

    /// Throws away the input that the program has not been given yet.
    pub fn cancel_input(&self) {
        self.handle.inner.outbox().clear();
        if let Some(shared) = self.handle.shared.upgrade() {
            self.handle.inner.cancel(&shared);
        }
    }

    /// The position up to which the session has taken this client's input, as far as is known. The daemon tells it when it has
    /// moved by much, and in answer to [`Attachment::ask_credit`].
    pub fn taken(&self) -> u64 {
        self.handle.inner.outbox().taken()
    }

    /// Asks the daemon how far the input was taken; [`Attachment::held`] and [`Attachment::taken`] know when it has answered.
    pub fn ask_credit(&self) {
        self.tell(&AskCredit {});
    }

    /// How many bytes of input the session has not taken yet.
    pub fn held(&self) -> u64 {
        self.handle.inner.outbox().held()
    }

    /// How many bytes of input wait here for the daemon to have room. Once it is 0, the answer to a request sent
    /// after it means that the session has taken everything: the daemon reads a connection in order.
    pub fn unsent(&self) -> u64 {
        self.handle.inner.outbox().unsent()
    }

    /// Tells the size of this client's view.
    pub fn resize(&self, size: TermSize) {
        if self.handle.observe {
            return;
        }
        {
            let mut options = self.handle.inner.options();
            if options.size == Some(size) {
                return;
            }
            options.size = Some(size);
        }
        self.tell(&Resize { size });
    }

    /// What tells of changes to who waits in Tokio.
    #[cfg(feature = "tokio")]
    pub(super) fn changes(&self) -> &tokio::sync::watch::Sender<()> {
        &self.handle.inner.changes
    }

    /// What the connection is doing, as long as there is a client.
    #[cfg(feature = "tokio")]
    pub(super) fn status(&self) -> Option<super::Status> {
        Some(self.handle.shared.upgrade()?.lock().status.clone())
    }

    fn push(&self, push: impl FnOnce(&mut Outbox) -> Result<(), InputRejected>) -> Result<(), InputRejected> {
        let inner = &self.handle.inner;
        if self.handle.observe {
            return Err(InputRejected::Observer);
        }
        let ended = || matches!(inner.state().phase, Phase::Gone { .. } | Phase::Failed { .. });
        if ended() {
            return Err(InputRejected::Gone);
        }
        push(&mut inner.outbox())?;
        if let Some(shared) = self.handle.shared.upgrade() {
            inner.pump(&shared);
            // It may have ended after the first look, and what was held then was reported without this.
            if ended() {
                inner.discard(&shared);
            }
        }
        Ok(())
    }

    fn tell<M: crate::message::Message>(&self, message: &M) {
        if let Some(shared) = self.handle.shared.upgrade() {
            self.handle.inner.tell(&shared, message);
        }
    }
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.handle.inner.state();
        f.debug_struct("Attachment").field("id", &state.id()).field("phase", &state.phase).finish_non_exhaustive()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let Some(shared) = self.shared.upgrade() else { return };
        let mut link = shared.lock();
        if self.inner.handles.fetch_sub(1, Ordering::AcqRel) > 1 {
            return;
        }
        link.attachments.retain(|other| !Arc::ptr_eq(other, &self.inner));
        drop(link);
        self.inner.tell(&shared, &Detach {});
    }
}

/// Why a session is gone whose daemon is another one now, or none.
const DAEMON_ENDED: &str = "its daemon has ended, and the session with it";

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl AttachInner {
    pub(crate) fn state(&self) -> MutexGuard<'_, AttachState> {
        locked(&self.state)
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        locked(&self.outbox)
    }

    fn options(&self) -> MutexGuard<'_, AttachOptions> {
        locked(&self.options)
    }

    /// Tells whoever waits that something has changed which can be seen here.
    pub(super) fn changed(&self, shared: &Shared) {
        #[cfg(feature = "tokio")]
        self.changes.send_replace(());
        shared.wake();
    }

    pub(super) fn is_joining(&self, request: u32) -> bool {
        request != 0 && self.joining.load(Ordering::Acquire) == request
    }

    pub(super) fn is_cancelling(&self, request: u32) -> bool {
        request != 0 && self.cancelling.load(Ordering::Acquire) == request
    }

    /// The daemon has dropped what it had of the input.
    pub(super) fn cancelled(&self) {
        self.cancelling.store(0, Ordering::Release);
    }

    /// Has the daemon drop what it has of the input, now or when the session is joined again.
    fn cancel(&self, shared: &Arc<Shared>) {
        let (request, sender) = {
            let mut link = shared.lock();
            (link.next_request(), link.sender.clone())
        };
        self.cancelling.store(request, Ordering::Release);
        let session = self.session.load(Ordering::Acquire);
        if let (Some(sender), Ok(frame)) = (sender, Frame::new(session, request, &CancelInput {}))
            && session != 0
        {
            // A refusal to send means that the connection is about to fall, and it is said again after the next join.
            let _ = sender.send(frame);
        }
    }

    pub(super) fn is_of(&self, session: u32) -> bool {
        session != 0 && self.session.load(Ordering::Acquire) == session
    }

    /// Whether this is the end of the session that a target names, and may still show it.
    fn is_for(&self, target: &Target) -> bool {
        let state = self.state();
        if matches!(state.phase, Phase::Gone { .. } | Phase::Failed { .. }) {
            return false;
        }
        let joined = match (target, &state.info) {
            (Target::Name(name), Some(info)) => *name == info.name,
            (Target::Id(id), Some(info)) => *id == info.id,
            (_, None) => false,
        };
        drop(state);
        joined || self.options().target == *target
    }

    /// Asks to join, if the connection stands.
    pub(super) fn join(&self, shared: &Arc<Shared>) {
        let Some(epoch) = shared.lock().epoch() else { return };
        let options = self.options().clone();
        if let Target::Id(id) = &options.target
            && id.epoch != epoch
        {
            return self.end(shared, DAEMON_ENDED);
        }
        let attach = Attach {
            target: options.target,
            size: options.size,
            observe: options.observe,
            can_map: shared.options.map,
        };
        let mut link = shared.lock();
        let Some(sender) = link.sender.clone().filter(|_| link.resuming == 0) else { return };
        let request = link.next_request();
        match Frame::new(0, request, &attach) {
            Ok(frame) => {
                self.joining.store(request, Ordering::Release);
                {
                    // Until the answer tells where the row of positions is, nothing is sent in it: what crossed with the
                    // answer would be sent again from the middle of an item. Under the outbox's lock nothing is being sent.
                    let _outbox = self.outbox();
                    self.session.store(0, Ordering::Release);
                }
                // Under the link's lock, so that of two threads that ask the later number is sent later, too: the last
                // request is the one that counts here and there. A refusal to send means that the connection is about
                // to fall, which starts all this again.
                let _ = sender.send(frame);
            }
            Err(error) => {
                drop(link);
                self.fail(shared, ErrorCode::BadRequest, &error.to_string());
                self.changed(shared);
            }
        }
    }

    /// The session was joined.
    pub(super) fn joined(
        &self,
        shared: &Arc<Shared>,
        attached: Attached,
        descriptor: Option<Descriptor>,
    ) -> Result<(), SurfaceError> {
        let Attached { mut info, generation: _, mapping, lane, taken, may_send_through, bells, cwd, .. } = attached;
        for text in [&mut info.name, &mut info.title, &mut info.command, &mut info.made_by] {
            *text = printable(text);
        }
        let cwd = printable(&cwd);
        let id = info.id;
        let others = shared.lock().attachments.clone();
        if others.iter().any(|other| !std::ptr::eq(&raw const **other, self) && other.is_of(id.number)) {
            // Joined under its name and its id at once, before either was known to be the other.
            self.fail(
                shared,
                ErrorCode::BadRequest,
                &format!("this client has joined {} already: try again", info.name),
            );
            return Ok(());
        }
        // From now on the session is known by its id, which no other daemon's session has.
        self.options().target = Target::Id(id);
        let wanted = self.options().size;
        {
            let mut state = self.state();
            state.phase = Phase::Attached;
            (state.info, state.bells, state.cwd) = (Some(info), bells, cwd);
            state.grid = Grid::default();
        }
        let uncertain = self.outbox().joined(Row { session: id, lane }, InputCredit { taken, may_send_through });
        if uncertain > 0 {
            let session = self.name();
            shared.lock().push_event(ClientEvent::InputDiscarded { session, bytes: uncertain });
        }
        self.joining.store(0, Ordering::Release);
        self.session.store(id.number, Ordering::Release);
        let opened = self.open(shared, id, &mapping, descriptor);
        // The size may have changed while the request was on its way.
        if let Some(size) = wanted
            && self.options().size != wanted
        {
            let size = self.options().size.unwrap_or(size);
            self.tell(shared, &Resize { size });
        }
        if self.cancelling.load(Ordering::Acquire) != 0 {
            self.cancel(shared);
        }
        self.pump(shared);
        opened
    }

    /// Maps a surface, the first or the next generation, and shows what is on it.
    pub(super) fn open(
        &self,
        shared: &Arc<Shared>,
        id: SessionId,
        mapping: &str,
        descriptor: Option<Descriptor>,
    ) -> Result<(), SurfaceError> {
        if shared.options.map {
            let id = SurfaceId { epoch: id.epoch, session: id.number };
            let reader = SurfaceReader::new(map(mapping, descriptor)?, id)?;
            locked(&self.surface).reader = Some(reader);
        }
        self.refresh(shared);
        Ok(())
    }

    /// Takes what is new on the surface and arms the doorbell again.
    pub(super) fn refresh(&self, shared: &Arc<Shared>) {
        let mut surface = locked(&self.surface);
        let Some(reader) = surface.reader.as_mut() else {
            drop(surface);
            let since = self.state().grid.frame;
            return self.tell(shared, &FetchRows { since });
        };
        let (outcome, frame) = {
            let mut state = self.state();
            // A reader that found the daemon writing is rung again: the writer rings after every frame.
            let before = state.grid.frame;
            let outcome = reader.read(&mut state.grid);
            (outcome, if outcome == ReadOutcome::Busy { before } else { state.grid.frame })
        };
        drop(surface);
        self.tell(shared, &Arm { frame });
        if outcome == ReadOutcome::Updated {
            self.changed(shared);
        }
    }

    /// Takes rows that came over the connection, in a payload of so many bytes; the last of a frame shows it.
    pub(super) fn rows(&self, shared: &Arc<Shared>, rows: Rows, bytes: usize) {
        let update = RowsUpdate::from(rows);
        let more = update.more;
        let mut surface = locked(&self.surface);
        surface.rows_bytes += bytes + PART_BYTES + update.rows.len() * ROW_BYTES;
        surface.rows.push(update);
        if more && surface.rows_bytes <= MAX_WAITING_ROWS {
            return;
        }
        surface.rows_bytes = 0;
        let updates = std::mem::take(&mut surface.rows);
        drop(surface);
        let frame = {
            let mut state = self.state();
            for update in &updates {
                state.grid.apply(update);
            }
            state.grid.frame
        };
        if more {
            return;
        }
        self.tell(shared, &Arm { frame });
        self.changed(shared);
    }

    /// The daemon has taken so much.
    pub(super) fn acknowledged(&self, taken: u64) {
        self.outbox().settle(taken);
    }

    pub(super) fn credit(&self, shared: &Arc<Shared>, credit: InputCredit) {
        self.outbox().credit(credit);
        self.pump(shared);
        self.changed(shared);
    }

    /// Sends the input that may be sent.
    pub(super) fn pump(&self, shared: &Arc<Shared>) {
        let Some(sender) = shared.lock().sender.clone() else { return };
        let mut outbox = self.outbox();
        // After the sender, or a new connection might be given what belongs after its `Attached`; and under the outbox's
        // lock, as in `join`.
        let session = self.session.load(Ordering::Acquire);
        if session != 0 {
            outbox.pump(session, &*sender);
        }
    }

    /// The connection is lost.
    pub(super) fn lose(&self, shared: &Shared, why: &str) {
        self.session.store(0, Ordering::Release);
        self.joining.store(0, Ordering::Release);
        *locked(&self.surface) = Surface::default();
        let mut state = self.state();
        if state.phase == Phase::Attached {
            state.phase = Phase::Lost;
        }
        drop(state);
        if !shared.options.reconnect {
            self.end(shared, why);
        }
        self.changed(shared);
    }

    /// The daemon is dead. What was to be joined by name may still be had from the next one.
    pub(super) fn bury(&self, shared: &Shared) {
        let known = matches!(self.options().target, Target::Id(_));
        if known {
            self.end(shared, DAEMON_ENDED);
        }
    }

    /// The session is no more.
    pub(super) fn end(&self, shared: &Shared, why: &str) {
        self.session.store(0, Ordering::Release);
        {
            let mut state = self.state();
            if matches!(state.phase, Phase::Gone { .. } | Phase::Failed { .. }) {
                return;
            }
            state.phase = Phase::Gone { why: printable(why) };
        }
        self.discard(shared);
        self.changed(shared);
    }

    /// The daemon refused to let this client in.
    pub(super) fn fail(&self, shared: &Shared, code: ErrorCode, why: &str) {
        self.joining.store(0, Ordering::Release);
        self.state().phase = Phase::Failed { code, why: printable(why) };
        self.discard(shared);
    }

    /// Throws away input that can go nowhere any more, and says so.
    fn discard(&self, shared: &Shared) {
        let bytes = self.outbox().clear();
        if bytes > 0 {
            let session = self.name();
            shared.lock().push_event(ClientEvent::InputDiscarded { session, bytes });
        }
    }

    /// What the session is called: by the daemon, or as it was to be joined.
    fn name(&self) -> String {
        if let Some(info) = &self.state().info {
            return info.name.clone();
        }
        match &self.options().target {
            Target::Name(name) => name.clone(),
            Target::Id(id) => id.to_string(),
        }
    }

    fn tell<M: crate::message::Message>(&self, shared: &Arc<Shared>, message: &M) {
        let session = self.session.load(Ordering::Acquire);
        if session == 0 {
            return;
        }
        let sender = shared.lock().sender.clone();
        if let (Some(sender), Ok(frame)) = (sender, Frame::new(session, 0, message)) {
            // A refusal to send means that the connection is about to fall, and all is told again after the next join.
            let _ = sender.send(frame);
        }
    }
}

#[cfg(unix)]
fn map(_name: &str, descriptor: Option<Descriptor>) -> Result<Mapping, SurfaceError> {
    match descriptor {
        Some(descriptor) => Mapping::from_fd(descriptor),
        None => Err(SurfaceError::NoDescriptor),
    }
}

#[cfg(windows)]
fn map(name: &str, _descriptor: Option<Descriptor>) -> Result<Mapping, SurfaceError> {
    Mapping::open(name)
}
