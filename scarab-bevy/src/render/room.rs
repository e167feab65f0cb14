//! Places in a stretch of memory: taken from the front, given back, and all begun anew.

use std::ops::Range;

use super::material::GridHeader;

/// A terminal's part of the buffer, counted in cells: their 16 bytes are more than what writes have to be aligned to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Where the header begins.
    pub(super) first: u32,
    pub(super) len: u32,
    /// Of which [`Room::generation`] it is.
    generation: u32,
}

impl Place {
    /// Where the cells begin.
    pub(super) fn cells(self) -> u32 {
        self.first + GridHeader::CELLS
    }
}

/// What of the buffer is free.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// In cells.
    pub(super) capacity: u32,
    /// Rises when all places are given anew. Those of before are none any more.
    generation: u32,
    /// In rising order; between any two is something that is taken.
    free: Vec<Range<u32>>,
}

impl Room {
    /// The first place that is large enough.
    pub(super) fn take(&mut self, len: u32) -> Option<Place> {
        let at = self.free.iter().position(|range| range.end - range.start >= len)?;
        let first = self.free[at].start;
        self.free[at].start += len;
        if self.free[at].is_empty() {
            self.free.remove(at);
        }
        Some(Place { first, len, generation: self.generation })
    }

    /// Takes a place back, unless all were given anew since.
    pub(super) fn free(&mut self, place: Place) {
        if place.generation != self.generation {
            return;
        }
        let at = self.free.partition_point(|range| range.start < place.first);
        self.free.insert(at, place.first..place.first + place.len);
        self.free.dedup_by(|next, range| {
            let touch = range.end == next.start;
            if touch {
                range.end = next.end;
            }
            touch
        });
    }

    /// Begins anew with so many cells, all of them free.
    pub(super) fn restart(&mut self, capacity: u32) {
        self.capacity = capacity;
        self.generation = self.generation.wrapping_add(1);
        self.free.clear();
        self.free.push(0..capacity);
    }

    /// Whether this still is a place, and of this size.
    pub(super) fn holds(&self, place: Place, len: u32) -> bool {
        place.generation == self.generation && place.len == len
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every cell is free once or taken once.
    pub(in crate::render) fn assert_whole(room: &Room, taken: &[Place]) {
        let taken = taken.iter().map(|place| (place.first..place.first + place.len, false));
        let mut all: Vec<_> = room.free.iter().map(|range| (range.clone(), true)).chain(taken).collect();
        all.sort_by_key(|(range, _)| range.start);
        assert_eq!(all.first().map(|(range, _)| range.start), Some(0));
        assert_eq!(all.last().map(|(range, _)| range.end), Some(room.capacity));
        for pair in all.windows(2) {
            assert_eq!(pair[0].0.end, pair[1].0.start, "{all:?}");
            assert!(!(pair[0].1 && pair[1].1), "two free ranges that touch: {all:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_taken_and_freed_every_cell_is_one_terminals_or_free(
            steps in prop::collection::vec((1_u32..400, any::<prop::sample::Index>(), any::<bool>()), 0..60),
        ) {
            let mut room = Room::default();
            room.restart(2000);
            let mut taken = Vec::new();
            for (len, at, take) in steps {
                if take || taken.is_empty() {
                    let largest = room.free.iter().map(|range| range.end - range.start).max().unwrap_or(0);
                    let place = room.take(len);
                    prop_assert_eq!(place.is_some(), len <= largest);
                    taken.extend(place);
                } else {
                    room.free(taken.swap_remove(at.index(taken.len())));
                }
                assert_whole(&room, &taken);
            }
            taken.drain(..).for_each(|place| room.free(place));
            prop_assert_eq!((room.free.len(), room.free[0].clone()), (1, 0..2000));
        }
    }
}
