//! The way of output lines from sessions to plugins.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::{SessionRef, limits::LINE_BYTES, slots::Slots, text};

/// Takes a session's lines. Clones are the same one, and each screen thread has one.
#[derive(Clone)]
pub(crate) struct LineFeed {
    slots: Arc<Slots>,
    wanted: Arc<Wanted>,
}

impl LineFeed {
    pub(super) fn new(slots: Arc<Slots>, wanted: Arc<Wanted>) -> Self {
        Self { slots, wanted }
    }

    /// Whether any plugin looks for lines now: one relaxed load, for each batch of output.
    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted.0.load(Ordering::Relaxed)
    }

    /// Hands lines over to who looks for lines. They are complete, without line ends or escapes, in order; of each, plugins see the
    /// first 4 KiB. Never blocks: a plugin whose inbox is full loses them, and is told how many.
    pub(crate) fn feed(&self, session: &SessionRef, mut lines: Vec<String>) {
        if lines.is_empty() || !self.is_wanted() {
            return;
        }
        for line in &mut lines {
            line.truncate(text::cut(line, LINE_BYTES).len());
            // Its room counts in the inbox.
            line.shrink_to_fit();
        }
        let lines: Arc<[String]> = lines.into();
        let mut heard = false;
        self.slots.each(|slot| heard |= slot.instance.inbox.lines(session, &lines));
        // Who looked for them was disabled meanwhile.
        if !heard {
            self.wanted.review(&self.slots);
        }
    }
}

/// Whether any plugin looks for lines.
#[derive(Default)]
pub(super) struct Wanted(AtomicBool);

impl Wanted {
    /// One does now. Called after its inbox lets lines in.
    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Looks again whether one does. A plugin that begins to at the same time either is seen here, or sets it after us.
    pub(super) fn review(&self, slots: &Slots) {
        self.0.store(false, Ordering::SeqCst);
        let mut wanted = false;
        slots.each(|slot| wanted |= slot.instance.inbox.wants_lines());
        if wanted {
            self.set();
        }
    }
}
