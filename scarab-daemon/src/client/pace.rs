//! How many commands a client may give, so that one that loops keeps no processor from the others.
//!
//! Commands are requests that the daemon has work with. Input, sizes, arming, rows and pings are none: they are bounded by
//! credit, replaced by newer ones, or answered at the pace at which the client reads.

use std::{num::NonZeroU32, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::{InMemoryState, NotKeyed},
};
use scarab_protocol::kind::Kind;

/// How many commands may come at once. An App that comes back with as many terminals as there may be
/// sessions ([`MAX_SESSIONS`](crate::registry::MAX_SESSIONS)) joins them all, and still lists them.
pub(super) const BURST: NonZeroU32 = NonZeroU32::new(2000).expect("not zero");
/// How many a second may come in the long run: more than a script that starts a process for each can.
pub(super) const PER_SECOND: NonZeroU32 = NonZeroU32::new(500).expect("not zero");

/// A client's token bucket.
pub(super) struct Pace(RateLimiter<NotKeyed, InMemoryState, DefaultClock>);

impl Pace {
    pub(super) fn new() -> Self {
        Self(RateLimiter::direct(Quota::per_second(PER_SECOND).allow_burst(BURST)))
    }

    /// Counts a message. If it is a command too many: when to come back.
    pub(super) fn count(&self, kind: Kind) -> Result<(), Duration> {
        if !is_command(kind) {
            return Ok(());
        }
        self.0.check().map_err(|not_until| not_until.wait_time_from(DefaultClock::default().now()))
    }
}

fn is_command(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Input
            | Kind::Paste
            | Kind::Mouse
            | Kind::Focus
            | Kind::CancelInput
            | Kind::AskCredit
            | Kind::Resize
            | Kind::Arm
            | Kind::FetchRows
            | Kind::Detach
            | Kind::Ping
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_bounded_and_typing_is_not() {
        let pace = Pace::new();
        let refused = (0..10 * BURST.get()).find_map(|_| pace.count(Kind::ListSessions).err());
        let wait = refused.expect("it is bounded");
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1), "{wait:?}");
        assert_eq!(pace.count(Kind::Input), Ok(()));
        assert_eq!(pace.count(Kind::Ping), Ok(()));
    }
}
