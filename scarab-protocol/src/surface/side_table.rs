//! The writer's side of the side table: every different [`Extra`] once, under an index that cells can hold.
//!
//! An entry keeps its index and its place in the directory as long as any cell uses it, so rows that did not change
//! need not be written again. Entries are not counted; when the table is full, those that no cell uses are swept out.
//! Each directory entry carries the frame it was filled in, by which a reader knows whether what it once
//! resolved under an index is still meant.

use std::collections::HashMap;
use std::sync::Arc;

use super::Extra;
use super::layout::{ENTRY_WORDS, Layout};
use super::packed;
use super::word::Word;

/// The table is full: nothing can be added before something is swept out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// The writer's own copy of the side table.
#[derive(Debug, Clone)]
pub(crate) struct SideTable {
    /// Entry `i` of the directory is `slots[i - 1]`.
    slots: Vec<Slot>,
    /// Indexes of slots without an entry.
    free: Vec<u32>,
    indexes: HashMap<Arc<Extra>, u32>,
    arena: Vec<u64>,
    /// Bounded by the layout: a full table refuses with [`Full`].
    max_entries: usize,
    max_arena: usize,
    /// Whether there are entries that the surface does not have as they are here.
    changed: bool,
    /// From where on the arena on the surface differs from this one.
    arena_published: usize,
}

#[derive(Debug, Clone, Default)]
struct Slot {
    extra: Option<Arc<Extra>>,
    stamp: u64,
    start: usize,
    words: usize,
    /// Whether the surface does not have this entry as it is here.
    changed: bool,
}

impl SideTable {
    /// An empty table of the layout's size.
    pub(crate) fn new(layout: &Layout) -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            indexes: HashMap::new(),
            arena: Vec::new(),
            max_entries: layout.entries,
            max_arena: layout.arena_words,
            changed: false,
            arena_published: 0,
        }
    }

    /// The same entries under the same indexes, for a larger surface on which nothing is published yet.
    pub(crate) fn moved_to(&self, layout: &Layout) -> Self {
        let mut moved = self.clone();
        moved.max_entries = layout.entries.max(moved.slots.len());
        moved.max_arena = layout.arena_words;
        moved.arena_published = 0;
        moved.slots.iter_mut().for_each(|slot| slot.changed = true);
        moved.changed = true;
        moved
    }

    /// The index of an extra, 0 for one that says nothing. A new one is filled in for `frame`, the next to be published.
    pub(crate) fn intern(&mut self, extra: &Extra, frame: u64) -> Result<u32, Full> {
        let fitted = packed::fitted(extra);
        if *fitted == Extra::default() {
            return Ok(0);
        }
        if let Some(index) = self.indexes.get(&*fitted) {
            return Ok(*index);
        }
        if self.free.is_empty() && self.slots.len() == self.max_entries {
            return Err(Full);
        }
        let start = self.arena.len();
        packed::pack(&fitted, &mut self.arena);
        if self.arena.len() > self.max_arena {
            self.arena.truncate(start);
            return Err(Full);
        }
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            self.slots.len() as u32
        });
        let extra = Arc::new(fitted.into_owned());
        self.indexes.insert(Arc::clone(&extra), index);
        self.slots[index as usize - 1] =
            Slot { extra: Some(extra), stamp: frame, start, words: self.arena.len() - start, changed: true };
        self.changed = true;
        Ok(index)
    }

    /// Frees the entries that are not among `used` and moves the others together.
    pub(crate) fn sweep(&mut self, used: impl Iterator<Item = u32>) {
        let mut keep = vec![false; self.slots.len()];
        for index in used {
            if let Some(keep) = (index as usize).checked_sub(1).and_then(|at| keep.get_mut(at)) {
                *keep = true;
            }
        }
        let mut arena = Vec::with_capacity(self.arena.len());
        for (slot, (index, keep)) in self.slots.iter_mut().zip((1..).zip(keep)) {
            let Some(extra) = &slot.extra else { continue };
            if keep {
                let start = arena.len();
                arena.extend_from_slice(&self.arena[slot.start..slot.start + slot.words]);
                if slot.start != start {
                    slot.start = start;
                    slot.changed = true;
                    self.changed = true;
                }
            } else {
                self.indexes.remove(extra);
                *slot = Slot::default();
                self.free.push(index);
            }
        }
        // Whatever lay behind the first gap has moved.
        let same = self.arena.iter().zip(&arena).take_while(|(old, new)| old == new).count();
        self.arena = arena;
        self.arena_published = self.arena_published.min(same);
    }

    /// Writes to the surface what changed since the last time. To be called in a write section.
    pub(crate) fn publish<W: Word>(&mut self, words: &[W], layout: &Layout) {
        if std::mem::take(&mut self.changed) {
            for (index, slot) in (1..).zip(&mut self.slots).filter(|(_, slot)| slot.changed) {
                slot.changed = false;
                let entry = &words[layout.entry(index)..][..ENTRY_WORDS];
                entry[0].set(slot.stamp);
                entry[1].set((slot.start as u64) << 32 | slot.words as u64);
            }
        }
        for (word, value) in words[layout.arena..].iter().zip(&self.arena).skip(self.arena_published) {
            word.set(*value);
        }
        self.arena_published = self.arena.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(number: u32) -> Extra {
        let digits = number.to_string();
        let marks = digits.bytes().filter_map(|digit| char::from_u32(0x300 + u32::from(digit))).collect();
        Extra { marks, ..Extra::default() }
    }

    fn table() -> SideTable {
        SideTable::new(&Layout::new(2, 1).expect("a valid size"))
    }

    #[test]
    fn the_same_extra_has_the_same_index_and_a_plain_one_has_none() {
        let mut table = table();
        assert_eq!(table.intern(&Extra::default(), 1), Ok(0));
        let first = table.intern(&marks(1), 1);
        assert_ne!(first, table.intern(&marks(2), 1));
        assert_eq!(first, table.intern(&marks(1), 2));
    }

    #[test]
    fn a_full_table_refuses_until_it_is_swept_and_keeps_what_is_used() {
        let mut table = table();
        let indexes: Vec<_> = (0..).map_while(|number| table.intern(&marks(number), 1).ok()).collect();
        assert!(indexes.len() == table.max_entries || table.arena.len() + packed::MAX_WORDS > table.max_arena);
        let next = indexes.len() as u32;
        assert_eq!(table.intern(&marks(next), 1), Err(Full));
        table.sweep(indexes.iter().copied().filter(|index| index % 2 == 0));
        for (number, index) in (0..).zip(&indexes).filter(|(_, index)| *index % 2 == 0) {
            assert_eq!(table.intern(&marks(number), 2), Ok(*index), "a used entry has moved");
            let slot = &table.slots[*index as usize - 1];
            assert_eq!(packed::unpack(&table.arena[slot.start..][..slot.words]), Some(marks(number)));
        }
        assert!(table.intern(&marks(next), 2).is_ok(), "the sweep freed nothing");
    }

    #[test]
    fn an_arena_without_room_refuses_though_entries_are_free() {
        let mut table = table();
        let long = |number: u32| Extra {
            link: Some(super::super::Link { id: number.to_string().into(), uri: "u".repeat(packed::MAX_URI).into() }),
            ..Extra::default()
        };
        let held = (0..).take_while(|number| table.intern(&long(*number), 1).is_ok()).count();
        assert!(held < table.max_entries);
        assert!(table.arena.len() <= table.max_arena);
        table.sweep(std::iter::empty());
        assert!(table.intern(&long(0), 1).is_ok());
    }
}
