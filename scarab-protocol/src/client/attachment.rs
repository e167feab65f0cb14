//! The client's end of one session: the newest of everything in one slot, and the input on its way.
//!
//! Here is what its owner has and calls. What the connection does with it is apart: how it joins (`join`), what comes (`screen`)
//! and what goes (`input`), on what both share (`inner`).

mod inner;
mod input;
mod join;
mod screen;

use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
};

pub(crate) use self::inner::AttachInner;
use super::{
    Pending, Shared, WeakShared,
    outbox::{InputRejected, Item, Outbox},
    request,
};
use crate::{
    ids::{SessionId, TermSize},
    message::{AskBusy, AskCredit, Busy, Detach, ErrorCode, Exit, Message, Mouse, Resize, SessionInfo, Target},
    mouse::MouseEvent,
    surface::Grid,
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
    let inner = Arc::new(AttachInner::new(options));
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

    /// Throws away the input that the program has not been given yet. Through a handle that only looks nothing is.
    pub fn cancel_input(&self) {
        if self.handle.observe {
            return;
        }
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

    /// Asks who would miss the session if it was ended now: how many others look at it, and what runs in it.
    pub fn busy(&self) -> Pending<Busy> {
        self.ask(|target| AskBusy { target })
    }

    /// A request about the session; lost while it is not joined.
    pub(super) fn ask<Q: Message, A: Message>(&self, about: impl FnOnce(Target) -> Q) -> Pending<A> {
        let id = self.look(AttachState::id);
        match self.shared().zip(id) {
            Some((shared, id)) => request::send(&shared, 0, &about(Target::Id(id))),
            None => Pending::lost(),
        }
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

    fn tell<M: Message>(&self, message: &M) {
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
