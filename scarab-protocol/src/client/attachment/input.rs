//! The input of an attachment: sent as far as the daemon has room, cancelled, or discarded once it can go nowhere any more.

use std::sync::{Arc, atomic::Ordering};

use super::AttachInner;
use crate::{
    client::{ClientEvent, Shared},
    frame::Frame,
    message::{CancelInput, InputCredit},
};

impl AttachInner {
    /// Sends the input that may be sent.
    pub(in super::super) fn pump(&self, shared: &Arc<Shared>) {
        let Some(sender) = shared.lock().sender.clone() else { return };
        let mut outbox = self.outbox();
        // After the sender, or a new connection might be given what belongs after its `Attached`; and under the outbox's
        // lock, as in `join`.
        let session = self.session.load(Ordering::Acquire);
        if session != 0 {
            outbox.pump(session, &*sender);
        }
    }

    /// The daemon has taken so much.
    pub(in super::super) fn acknowledged(&self, taken: u64) {
        self.outbox().settle(taken);
    }

    pub(in super::super) fn credit(&self, shared: &Arc<Shared>, credit: InputCredit) {
        self.outbox().credit(credit);
        self.pump(shared);
        self.changed(shared);
    }

    pub(in super::super) fn is_cancelling(&self, request: u32) -> bool {
        request != 0 && self.cancelling.load(Ordering::Acquire) == request
    }

    /// The daemon has dropped what it had of the input.
    pub(in super::super) fn cancelled(&self) {
        self.cancelling.store(0, Ordering::Release);
    }

    /// Has the daemon drop what it has of the input, now or when the session is joined again.
    pub(super) fn cancel(&self, shared: &Arc<Shared>) {
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

    /// Throws away input that can go nowhere any more, and says so.
    pub(super) fn discard(&self, shared: &Shared) {
        let bytes = self.outbox().clear();
        if bytes > 0 {
            let session = self.name();
            shared.lock().push_event(ClientEvent::InputDiscarded { session, bytes });
        }
    }
}
