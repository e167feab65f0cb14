//! Moving input from the queue to the PTY.

use std::{
    io,
    sync::{Arc, Weak},
};

use scarab_protocol::{
    mouse::{MouseAction, encode_focus, encode_mouse, reported_place},
    paste::PasteEncoder,
    surface::Modes,
};

use super::{InputQueue, Item, OpenPaste, PASTE_PATIENCE, State, What, Whereabouts, item::Bytes};

/// After so many bytes the lock is let go, so that a program that reads fast keeps nobody waiting for it.
const TURN: usize = 64 * 1024;
/// What is left of an item is cut off by a cancel only if it is longer than this: it may be an escape
/// sequence, and half of one would swallow what is typed next.
const SEQUENCE: usize = 64;

/// What is being written.
pub(super) struct Current {
    bytes: Bytes,
    written: usize,
    /// Whose it is, and how far it moved the position on. Answers and marks are nobody's.
    owner: Option<(u64, u64)>,
}

impl Current {
    fn of_daemon(bytes: Vec<u8>) -> Self {
        Self { bytes: Bytes::Own(bytes), written: 0, owner: None }
    }

    fn rest(&self) -> &[u8] {
        &self.bytes.as_slice()[self.written..]
    }

    /// Drops what is not written yet, if it is this lane's and can be cut.
    pub(super) fn cut_short(&mut self, lane: u64) {
        if self.owner.is_some_and(|(owner, _)| owner == lane) && self.rest().len() > SEQUENCE {
            self.written = self.bytes.as_slice().len();
        }
    }
}

impl InputQueue {
    /// Writes what the PTY takes now, at most a turn's worth. If something is left that only the PTY keeps back, the
    /// writer thread sees to it.
    pub(super) fn pump(self: &Arc<Self>, state: &mut State) {
        let mut turn = TURN;
        let Some(master) = state.master.clone() else { return };
        loop {
            if state.current.is_none() && !self.load(state) {
                break;
            }
            let Some(current) = &mut state.current else { break };
            let rest = current.rest();
            if !rest.is_empty() && turn == 0 {
                self.ensure_writer(state, &master);
                break;
            }
            match if rest.is_empty() { Ok(0) } else { master.write(&rest[..rest.len().min(turn)]) } {
                Ok(count) => {
                    turn -= count;
                    current.written += count;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.ensure_writer(state, &master);
                    break;
                }
                Err(error) => {
                    // Nobody has the other side open: what is typed then goes where the kernel would have put it.
                    tracing::debug!(session = self.session, %error, "input was not written");
                    current.written = current.bytes.as_slice().len();
                }
            }
            if current.rest().is_empty()
                && let Some(Current { owner: Some((lane, cost)), .. }) = state.current.take()
            {
                state.freed(lane, cost);
            }
        }
        state.grant();
    }

    /// Whether nothing is left that the PTY could be given now.
    pub(super) fn is_idle(self: &Arc<Self>, state: &mut State) -> bool {
        state.current.is_none() && !self.load(state)
    }

    /// Makes the next thing current, encoded for the modes of this moment. False if there is nothing, or if everything
    /// waits for the next piece of a paste.
    fn load(self: &Arc<Self>, state: &mut State) -> bool {
        let in_brackets = state.paste.as_ref().is_some_and(|open| open.bracketed);
        if !state.answers.is_empty() && !in_brackets {
            state.current = Some(Current::of_daemon(std::mem::take(&mut state.answers)));
            return true;
        }
        let Some(open) = &mut state.paste else {
            let Some(item) = state.items.pop_front() else { return false };
            self.encode(state, item);
            return true;
        };
        let lane = open.lane;
        let is_own_paste = |item: &Item| item.lane == lane && matches!(item.what, What::Paste { .. });
        match state.items.iter().position(is_own_paste) {
            Some(at) if matches!(state.items[at].what, What::Paste { first: false, .. }) => {
                if let Some(ticket) = open.expiry.take() {
                    self.deadlines.cancel(ticket);
                }
                if let Some(item) = state.items.remove(at) {
                    self.encode(state, item);
                }
                true
            }
            // A new paste without an end of the old one, or nobody who could end it.
            Some(_) => self.end_paste(state),
            None if state.lanes.get(&lane).is_none_or(|seat| seat.client == Whereabouts::Gone) => self.end_paste(state),
            None => {
                if open.expiry.is_none() {
                    let (queue, number) = (Arc::downgrade(self), open.number);
                    open.expiry = Some(self.deadlines.after(PASTE_PATIENCE, move || expire(&queue, number)));
                }
                false
            }
        }
    }

    /// Ends the open paste with what belongs after it. True, because there is something to write then.
    pub(super) fn end_paste(&self, state: &mut State) -> bool {
        let Some(open) = state.paste.take() else { return false };
        if let Some(ticket) = open.expiry {
            self.deadlines.cancel(ticket);
        }
        let mut bytes = Vec::new();
        open.encoder.end(&mut bytes);
        match &mut state.current {
            // A cancel comes while a piece is being written: the mark follows what is left of that.
            Some(current) => {
                let mut rest = current.rest().to_vec();
                rest.extend_from_slice(&bytes);
                (current.bytes, current.written) = (Bytes::Own(rest), 0);
            }
            None => state.current = Some(Current::of_daemon(bytes)),
        }
        true
    }

    fn encode(&self, state: &mut State, item: Item) {
        let Item { lane, cost, what } = item;
        let modes = self.modes();
        let mut out = Vec::new();
        let bytes = match what {
            What::Bytes(bytes) => bytes,
            What::Mouse(event) => {
                // A client's pixels may be finer than the session's, and another client may have been there.
                let place = reported_place(&event, modes, state.size);
                let rests = event.action == MouseAction::Motion && state.pointed_at == Some(place);
                if !rests && encode_mouse(&event, modes, state.size, &mut out) {
                    state.pointed_at = Some(place);
                }
                Bytes::Own(out)
            }
            What::Focus(gained) => {
                encode_focus(gained, modes, &mut out);
                Bytes::Own(out)
            }
            What::Paste { text, last, .. } => {
                let mut open = match state.paste.take() {
                    Some(open) => open,
                    None => {
                        let bracketed = modes.contains(Modes::BRACKETED_PASTE);
                        let encoder = PasteEncoder::new(bracketed);
                        encoder.start(&mut out);
                        let number = state.next_paste;
                        state.next_paste += 1;
                        OpenPaste { number, lane, bracketed, encoder, expiry: None }
                    }
                };
                open.encoder.chunk(text.as_slice(), &mut out);
                if last {
                    open.encoder.end(&mut out);
                } else {
                    state.paste = Some(open);
                }
                Bytes::Own(out)
            }
        };
        state.current = Some(Current { bytes, written: 0, owner: Some((lane, cost)) });
    }
}

/// No piece of a paste has come for too long: it ends here, and others go on.
fn expire(queue: &Weak<InputQueue>, number: u64) {
    let Some(queue) = queue.upgrade() else { return };
    let mut state = queue.lock();
    // A piece that came while this waited for the lock has taken the expiry back.
    if state.paste.as_ref().is_some_and(|open| open.number == number && open.expiry.is_some()) {
        queue.end_paste(&mut state);
        queue.pump(&mut state);
    }
}
