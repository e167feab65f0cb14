//! How often a plugin may do what costs others something.

use std::{num::NonZeroU32, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::DefaultClock,
    state::{InMemoryState, NotKeyed},
};

/// Something that reaches outside of the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// A notification.
    Notify,
    /// A status item.
    Status,
    /// An event of its own.
    Emit,
    /// Typing.
    Send,
    /// A new session.
    Create,
    /// Another name for a session.
    Rename,
    /// A look at sessions or at a screen.
    Look,
    /// A line in the log.
    Log,
}

impl Action {
    const ALL: [Self; 8] =
        [Self::Notify, Self::Status, Self::Emit, Self::Send, Self::Create, Self::Rename, Self::Look, Self::Log];

    /// How many may come at once, and how long it takes until there may be one more.
    pub(super) fn allowed(self) -> (u32, Duration) {
        match self {
            // For people: who gets more than one a second reads none.
            Self::Notify => (10, Duration::from_secs(1)),
            Self::Status => (32, Duration::from_millis(50)),
            Self::Emit => (64, Duration::from_millis(20)),
            Self::Send => (64, Duration::from_millis(20)),
            // A session is a process.
            Self::Create => (5, Duration::from_secs(10)),
            Self::Rename => (32, Duration::from_millis(200)),
            Self::Look => (64, Duration::from_millis(10)),
            Self::Log => (64, Duration::from_millis(100)),
        }
    }
}

/// A token bucket for each kind of action.
pub(super) struct Pace([RateLimiter<NotKeyed, InMemoryState, DefaultClock>; 8]);

impl Pace {
    pub(super) fn new() -> Self {
        Self(Action::ALL.map(|action| {
            let (burst, period) = action.allowed();
            let quota = Quota::with_period(period).expect("no period is zero");
            RateLimiter::direct(quota.allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN)))
        }))
    }

    /// Counts an action.
    ///
    /// # Errors
    /// If it is one too many, what is allowed.
    pub(super) fn count(&self, action: Action) -> Result<(), String> {
        self.0[action as usize].check().map_err(|_| {
            let (burst, period) = action.allowed();
            format!("too often: {burst} at once are allowed, then one each {} ms", period.as_millis())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_bucket_of_its_own() {
        let pace = Pace::new();
        for action in Action::ALL {
            let (burst, _) = action.allowed();
            // Some may have come back meanwhile, but not as many again.
            let counted = (0..2 * burst + 1000).take_while(|_| pace.count(action).is_ok()).count();
            assert!(counted >= burst as usize && counted < (2 * burst + 1000) as usize, "{action:?}: {counted}");
        }
    }
}
