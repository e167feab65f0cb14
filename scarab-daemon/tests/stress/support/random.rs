//! Numbers that look random and are the same for the same seed.

use std::ops::Range;

/// SplitMix64, because it is four lines and any seed will do.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The row of numbers that belongs to a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Another row of the same seed.
    pub fn fork(&mut self, what: u64) -> Self {
        Self(mix(self.next() ^ mix(what)))
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number of a range.
    pub fn of(&mut self, range: Range<u64>) -> u64 {
        range.start + self.next() % (range.end - range.start)
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, of_hundred: u64) -> bool {
        self.of(0..100) < of_hundred
    }
}

/// Stirs a number well.
pub fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
