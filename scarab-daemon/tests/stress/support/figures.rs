//! Times, and how they are told.

use std::{fmt, time::Duration};

/// Times that something took.
#[derive(Debug, Clone, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// Adds one.
    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The time that so much of a hundred do not exceed.
    pub fn percentile(&self, of_hundred: usize) -> Duration {
        let mut times = self.0.clone();
        times.sort_unstable();
        let at = (times.len() * of_hundred).div_ceil(100).saturating_sub(1);
        times.get(at).copied().unwrap_or_default()
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |of_hundred| self.percentile(of_hundred);
        write!(f, "{} times, p50 {:?}, p99 {:?}, longest {:?}", self.count(), of(50), of(99), of(100))
    }
}
