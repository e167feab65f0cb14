//! The reader's side of the side table: entries are copied in the section that copies the cells which use them,
//! unpacked after it was accepted, and remembered by index and stamp.

use std::ops::Range;
use std::sync::Arc;

use super::Extra;
use super::layout::Layout;
use super::packed;
use super::word::Word;

/// What a reader knows of the side table. Bounded by the table's own size.
#[derive(Debug)]
pub(crate) struct ExtraCache {
    /// Entry `i` of the directory is `slots[i - 1]`; empty until a cell uses the table.
    slots: Vec<Slot>,
    entries: usize,
    /// Counts the tries of all reads, by which a slot knows whether this try has seen it.
    attempt: u64,
    /// The entries that this try copied: index, stamp, and where in `words` they are.
    copied: Vec<(u32, u64, Range<usize>)>,
    words: Vec<u64>,
}

#[derive(Debug, Clone, Default)]
struct Slot {
    attempt: u64,
    /// The frame in which the entry that `extra` came from was filled; `None` before the first.
    stamp: Option<u64>,
    /// `None` too for an entry that could not be unpacked.
    extra: Option<Arc<Extra>>,
}

impl ExtraCache {
    /// Knows nothing of the side table of this layout yet.
    pub(crate) fn new(layout: &Layout) -> Self {
        Self { slots: Vec::new(), entries: layout.entries, attempt: 0, copied: Vec::new(), words: Vec::new() }
    }

    /// Begins a try; what the one before it copied is forgotten.
    pub(crate) fn begin(&mut self) {
        self.attempt += 1;
        self.copied.clear();
        self.words.clear();
    }

    /// Copies the entry that a cell uses, unless it is known. Runs in a read section: the index, and what the directory
    /// says, may be anything.
    pub(crate) fn want<W: Word>(&mut self, index: u32, words: &[W], layout: &Layout) {
        let Some(at) = (index as usize).checked_sub(1).filter(|at| *at < self.entries) else { return };
        if self.slots.is_empty() {
            self.slots.resize(self.entries, Slot::default());
        }
        let slot = &mut self.slots[at];
        if slot.attempt == self.attempt {
            return;
        }
        slot.attempt = self.attempt;
        let entry = layout.entry(index as usize);
        let (stamp, place) = (words[entry].get(), words[entry + 1].get());
        if slot.stamp == Some(stamp) {
            return;
        }
        let (start, length) = ((place >> 32) as usize, (place as u32) as usize);
        let from = self.words.len();
        if length <= packed::MAX_WORDS && start + length <= layout.arena_words {
            self.words.extend(words[layout.arena + start..][..length].iter().map(Word::get));
        }
        self.copied.push((index, stamp, from..self.words.len()));
    }

    /// Unpacks what the accepted try copied.
    pub(crate) fn resolve(&mut self) {
        for (index, stamp, range) in self.copied.drain(..) {
            let slot = &mut self.slots[index as usize - 1];
            slot.stamp = Some(stamp);
            slot.extra = packed::unpack(&self.words[range]).map(Arc::new);
        }
    }

    /// What a cell of an accepted and resolved try uses.
    pub(crate) fn get(&self, index: u32) -> Option<&Arc<Extra>> {
        self.slots.get((index as usize).checked_sub(1)?)?.extra.as_ref()
    }
}
