//! Joining a session, again after every lost connection, and how that comes to an end.

use std::sync::{Arc, atomic::Ordering};

use super::{AttachInner, Phase, inner::locked, screen::Surface};
use crate::{
    client::{ClientEvent, Shared, outbox::Row, request::printable},
    frame::Frame,
    message::{Attach, Attached, ErrorCode, InputCredit, Resize, Target},
    surface::{Grid, SurfaceError},
    transport::Descriptor,
};

/// Why a session is gone whose daemon is another one now, or none.
const DAEMON_ENDED: &str = "its daemon has ended, and the session with it";

impl AttachInner {
    pub(in super::super) fn is_joining(&self, request: u32) -> bool {
        request != 0 && self.joining.load(Ordering::Acquire) == request
    }

    /// Asks to join, if the connection stands.
    pub(in super::super) fn join(&self, shared: &Arc<Shared>) {
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
                *locked(&self.told_size) = options.size;
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
    pub(in super::super) fn joined(
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
        // It may have changed while the request was on its way. From now on whoever changes it tells that.
        let (size, told) = (self.options().size, *locked(&self.told_size));
        if let Some(size) = size.filter(|_| size != told) {
            self.tell(shared, &Resize { size });
        }
        if self.cancelling.load(Ordering::Acquire) != 0 {
            self.cancel(shared);
        }
        self.pump(shared);
        opened
    }

    /// The connection is lost.
    pub(in super::super) fn lose(&self, shared: &Shared, why: &str) {
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
    pub(in super::super) fn bury(&self, shared: &Shared) {
        let known = matches!(self.options().target, Target::Id(_));
        if known {
            self.end(shared, DAEMON_ENDED);
        }
    }

    /// The session is no more.
    pub(in super::super) fn end(&self, shared: &Shared, why: &str) {
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
    pub(in super::super) fn fail(&self, shared: &Shared, code: ErrorCode, why: &str) {
        self.joining.store(0, Ordering::Release);
        self.state().phase = Phase::Failed { code, why: printable(why) };
        self.discard(shared);
    }
}
