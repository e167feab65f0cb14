//! The clients of a session: tied, told, untied, and the time it has without any.

use std::sync::{Arc, PoisonError, atomic::Ordering};

use scarab_protocol::{
    event::EventKind,
    frame::Frame,
    message::{Detached, EventField, FrameReady, Message},
    transport::Outgoing,
};

use super::{Session, attachment::Attachment, now};

impl Session {
    /// Ties a client to the session; called by whoever has the screen. Gives back whether it was not tied before, or nothing if the
    /// session is forgotten.
    pub(super) fn add(&self, attachment: &Arc<Attachment>) -> Option<bool> {
        self.used.store(now(), Ordering::Relaxed);
        let mut state = self.lock();
        if state.dismissed {
            drop(state);
            attachment.client.forget_attachment(self.id.number, attachment);
            return None;
        }
        let mut attachments = Vec::clone(&state.attachments);
        let is_new = attachments.iter().all(|other| other.client.number != attachment.client.number);
        attachments.retain(|other| other.lane.number != attachment.lane.number);
        attachments.push(attachment.clone());
        state.attachments = Arc::new(attachments);
        let abandoned = state.abandoned.take();
        drop(state);
        self.cancel(abandoned);
        Some(is_new)
    }

    /// A client has left by its own wish. Nothing of it stays but what it has typed.
    pub(crate) fn leave(self: &Arc<Self>, attachment: &Arc<Attachment>) {
        self.input.leave(attachment.lane);
        self.untie(attachment);
    }

    /// Unties a client that has left or is gone. What becomes of its lane is the caller's to see to.
    pub(crate) fn untie(self: &Arc<Self>, attachment: &Arc<Attachment>) {
        self.used.store(now(), Ordering::Relaxed);
        attachment.bell.disarm();
        let mut state = self.lock();
        let mut attachments = Vec::clone(&state.attachments);
        attachments.retain(|other| !Arc::ptr_eq(other, attachment));
        let client = &attachment.client;
        let has_left = attachments.len() < state.attachments.len()
            && attachments.iter().all(|other| other.client.number != client.number);
        let lane = attachment.lane.number;
        let renewed = attachments.iter().any(|other| other.lane.number == lane);
        state.attachments = Arc::new(attachments);
        drop(state);
        // The size belongs to the lane, and the lane to whoever came after.
        if !renewed {
            let _ = self.active.compare_exchange(lane, 0, Ordering::Relaxed, Ordering::Relaxed);
            self.change_size(|sizes| sizes.leave(lane));
        }
        if has_left {
            let fields = vec![
                EventField::new("client", i64::from(client.number)),
                EventField::new("program", client.program.as_str()),
            ];
            self.happened(EventKind::Detached, fields);
        }
        self.check_abandoned();
    }

    /// Starts the time after which a session ends that has no clients any more, unless it lingers.
    pub(crate) fn check_abandoned(self: &Arc<Self>) {
        let Some(daemon) = self.daemon.upgrade() else { return };
        let mut state = self.lock();
        if self.linger || !state.attachments.is_empty() || state.abandoned.is_some() {
            return;
        }
        let session = Arc::downgrade(self);
        state.abandoned = Some(daemon.deadlines.after(daemon.resume, move || {
            let Some(session) = session.upgrade() else { return };
            if session.lock().attachments.is_empty() {
                tracing::info!(session = session.id.number, "its last client is gone: the session ends");
                session.end("its last client is gone");
            }
        }));
    }

    /// Tells all who are attached that the session is gone. It is to be taken from the registry first.
    pub(crate) fn dismiss(self: &Arc<Self>, why: &str) {
        let mut state = self.lock();
        state.dismissed = true;
        let attachments = std::mem::take(&mut state.attachments);
        let abandoned = state.abandoned.take();
        drop(state);
        // Whoever still holds the session, as what waits for a program that cannot be killed, has no use for its screen.
        let parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(parked);
        self.cancel(abandoned);
        for attachment in attachments.iter() {
            attachment.bell.disarm();
            self.input.leave(attachment.lane);
            attachment.client.forget_attachment(self.id.number, attachment);
            attachment.client.tell(self.id.number, 0, &Detached { reason: why.into() });
        }
    }

    /// How many clients are attached beside this one.
    pub(crate) fn others(&self, client: u32) -> u32 {
        let attachments = self.attachments();
        let others = attachments.iter().filter(|attachment| attachment.client.number != client);
        u32::try_from(others.count()).unwrap_or(u32::MAX)
    }

    /// What a client is rung with.
    pub(crate) fn doorbell(&self, attachment: &Attachment, frame: u64) -> FrameReady {
        FrameReady { frame, taken: self.input.taken(attachment.lane) }
    }

    /// Sends a message to all who are attached. Of `newest` ones only the newest is kept for who is slow.
    pub(super) fn announce<M: Message>(&self, newest: bool, message: &M) {
        let attachments = self.attachments();
        if attachments.is_empty() {
            return;
        }
        match Frame::new(self.id.number, 0, message) {
            Ok(frame) => {
                for attachment in attachments.iter() {
                    let frame = frame.clone();
                    attachment.client.send(if newest { Outgoing::newest(frame) } else { frame.into() });
                }
            }
            Err(error) => tracing::error!(%error, kind = M::KIND.name(), "a message was not sent"),
        }
    }

    pub(super) fn attachments(&self) -> Arc<Vec<Arc<Attachment>>> {
        self.lock().attachments.clone()
    }
}
