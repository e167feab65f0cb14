//! When a screen is published: after an echo at once, under a flood of output at intervals, and at the flood's end soon after it.

use std::time::{Duration, Instant};

/// While a flood of output goes on the screen is published so often at most: 125 times a second, and less often with more than some fifty
/// clients, down to ten times a second. They all take their time to look.
const PUBLISH_GAP: Duration = Duration::from_millis(8);
const WIDEST_GAP: Duration = Duration::from_millis(100);
/// How long between two pictures of a flood, for each client that was rung.
const GAP_A_CLIENT: Duration = Duration::from_micros(160);
/// When nothing has come for this part of the gap between two pictures, a flood is over, or rests, and is shown as it is: after a
/// millisecond, with a few clients. What a program writes in one go comes faster than that.
const LULL: u32 = 8;
/// But not before this part of the gap: a flood of short bursts, with rests between, is to be no more costly than four times a whole one.
const SHORTEST: u32 = 4;
/// What is no longer than this, in bytes, and has nothing behind it is an echo or a prompt and no flood: it is shown at once. A program
/// that floods writes as much within [`REST`].
const ECHO: usize = 512;
/// How long the screen thread rests after an echo, for each client that was rung and for the surface. Both take some microseconds each,
/// so that a program that writes line by line has most of this thread's time, however many clients there are.
const REST: Duration = Duration::from_micros(40);

/// When the screen was published last, and how many clients were rung.
#[derive(Debug, Clone, Copy)]
pub(super) struct Published {
    pub(super) at: Instant,
    pub(super) rung: u32,
}

/// What was read since the screen was published last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    /// How much was interpreted, in bytes.
    pub(super) bytes: usize,
    /// When a read has left nothing; `None` while there may be more.
    pub(super) drained: Option<Instant>,
}

impl Published {
    /// When the screen may be published again, after this output.
    pub(super) fn next(self, output: Output) -> Instant {
        let gap = (GAP_A_CLIENT * self.rung).clamp(PUBLISH_GAP, WIDEST_GAP);
        match output.drained {
            Some(_) if output.bytes <= ECHO => self.at + PUBLISH_GAP.min(REST * (self.rung + 1)),
            Some(drained) => (self.at + gap).min((drained + gap / LULL).max(self.at + gap / SHORTEST)),
            None => self.at + gap,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// How long after it was published last, and after it has rung so many clients, the screen is published again.
    fn after(rung: u32, bytes: usize, drained: Option<Duration>) -> Duration {
        let at = Instant::now();
        Published { at, rung }.next(Output { bytes, drained: drained.map(|after| at + after) }) - at
    }

    #[test]
    fn an_echo_waits_for_the_clients_that_were_rung_and_no_longer() {
        assert_eq!(after(1, 1, Some(2 * MS)), 2 * REST);
        assert_eq!(after(1, ECHO, Some(2 * MS)), 2 * REST);
        assert_eq!(after(100_000, 1, Some(2 * MS)), PUBLISH_GAP);
    }

    #[test]
    fn a_flood_waits_for_the_gap_and_its_end_for_a_lull() {
        assert_eq!(after(1, ECHO + 1, None), PUBLISH_GAP);
        assert_eq!(after(1, ECHO + 1, Some(2 * MS)), 3 * MS);
        // Nor are bursts shown as fast as they come.
        assert_eq!(after(1, ECHO + 1, Some(Duration::ZERO)), 2 * MS);
        // A lull at the end of the gap does not make it longer.
        assert_eq!(after(1, ECHO + 1, Some(8 * MS)), PUBLISH_GAP);
    }

    #[test]
    fn with_many_clients_gap_and_lull_are_longer() {
        assert_eq!(after(100, ECHO + 1, None), 16 * MS);
        assert_eq!(after(100, ECHO + 1, Some(2 * MS)), 4 * MS);
        assert_eq!(after(100_000, ECHO + 1, None), WIDEST_GAP);
    }

    #[test]
    fn what_may_have_more_behind_it_is_no_echo() {
        assert_eq!(after(1, 1, None), PUBLISH_GAP);
    }
}
