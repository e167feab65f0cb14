//! How often a plugin may do what costs others something, and how much it may compute.

use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

use governor::{
    Quota, RateLimiter,
    clock::DefaultClock,
    state::{InMemoryState, NotKeyed},
};

use super::{
    Report,
    limits::{FAILURE_PERIOD, MANY_FAILURES, REPORT_PERIOD, REPORTS, REST_AFTER},
};

type Bucket = RateLimiter<NotKeyed, InMemoryState, DefaultClock>;

/// So many at once, then one each period.
fn bucket(burst: u32, period: Duration) -> Bucket {
    let quota = Quota::with_period(period).expect("no period is zero");
    RateLimiter::direct(quota.allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN)))
}

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
pub(super) struct Pace([Bucket; 8]);

impl Pace {
    pub(super) fn new() -> Self {
        Self(Action::ALL.map(|action| {
            let (burst, period) = action.allowed();
            bucket(burst, period)
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

/// What a plugin has computed since it last rested.
#[derive(Default)]
pub(super) struct Effort(Duration);

impl Effort {
    pub(super) fn add(&mut self, computed: Duration) {
        self.0 += computed;
    }

    /// The rest that is due: as long as was computed, once that is more than [`REST_AFTER`].
    pub(super) fn take_rest(&mut self) -> Option<Duration> {
        (self.0 > REST_AFTER).then(|| std::mem::take(&mut self.0))
    }
}

/// Failures and losses that clients are told of: [`REPORTS`] at once, then one each [`REPORT_PERIOD`] of either kind. What comes in
/// between is added to the next, so that nothing is lost but the texts of failures.
pub(super) struct Reports {
    failures: u64,
    last_failure: String,
    events: u64,
    lines: u64,
    failure_bucket: Bucket,
    loss_bucket: Bucket,
    /// When what was held back is to be tried again.
    due: Option<Instant>,
}

impl Reports {
    pub(super) fn new() -> Self {
        Self {
            failures: 0,
            last_failure: String::new(),
            events: 0,
            lines: 0,
            failure_bucket: bucket(REPORTS, REPORT_PERIOD),
            loss_bucket: bucket(REPORTS, REPORT_PERIOD),
            due: None,
        }
    }

    pub(super) fn add_failure(&mut self, message: &str) {
        self.failures += 1;
        message.clone_into(&mut self.last_failure);
    }

    pub(super) fn add_loss(&mut self, events: u64, lines: u64) {
        self.events += events;
        self.lines += lines;
    }

    /// When there may be more to tell, if something is held back.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// What may be told now.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Report> + use<> {
        let failed = if self.failures > 0 && self.failure_bucket.check().is_ok() { self.take_failures() } else { None };
        let lagged =
            if self.events + self.lines > 0 && self.loss_bucket.check().is_ok() { self.take_losses() } else { None };
        let held = self.failures > 0 || self.events + self.lines > 0;
        self.due = held.then(|| Instant::now() + REPORT_PERIOD);
        failed.into_iter().chain(lagged)
    }

    /// All that is left to tell, at the end.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = Report> + use<> {
        self.due = None;
        self.take_failures().into_iter().chain(self.take_losses())
    }

    fn take_failures(&mut self) -> Option<Report> {
        let more = std::mem::take(&mut self.failures).checked_sub(1)?;
        let mut message = std::mem::take(&mut self.last_failure);
        if more > 0 {
            message.push_str(&format!(" (and {more} more failures since the last report)"));
        }
        Some(Report::Failed { message })
    }

    fn take_losses(&mut self) -> Option<Report> {
        let (events, lines) = (std::mem::take(&mut self.events), std::mem::take(&mut self.lines));
        (events + lines > 0).then_some(Report::Lagged { events, lines })
    }
}

/// Whether a plugin fails so often that it does no good, also if some of its callbacks do well.
pub(super) struct Failings(Bucket);

impl Failings {
    pub(super) fn new() -> Self {
        Self(bucket(MANY_FAILURES, FAILURE_PERIOD))
    }

    /// Counts a failure; whether it is one too many.
    pub(super) fn are_too_many(&self) -> bool {
        self.0.check().is_err()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn as_much_is_rested_as_was_computed(times in proptest::collection::vec(0u64..200_000, 0..100)) {
            let (mut effort, mut computed, mut rested) = (Effort::default(), Duration::ZERO, Duration::ZERO);
            for time in times.into_iter().map(Duration::from_micros) {
                effort.add(time);
                computed += time;
                rested += effort.take_rest().unwrap_or_default();
                prop_assert!(rested <= computed && computed - rested <= REST_AFTER);
            }
        }

        #[test]
        fn reports_are_few_and_add_up(steps in proptest::collection::vec((0u64..3, 0u64..3), 0..300)) {
            let mut reports = Reports::new();
            let (mut told, mut events, mut lines) = (0, 0, 0);
            let mut tell = |report: Report| {
                told += 1;
                match report {
                    Report::Lagged { events: more_events, lines: more_lines } => {
                        events += more_events;
                        lines += more_lines;
                    }
                    other => unreachable!("{other:?}"),
                }
            };
            let began = Instant::now();
            for (more_events, more_lines) in &steps {
                reports.add_loss(*more_events, *more_lines);
                reports.take().for_each(&mut tell);
            }
            reports.take_all().for_each(&mut tell);
            prop_assert_eq!((events, lines), steps.iter().fold((0, 0), |sum, step| (sum.0 + step.0, sum.1 + step.1)));
            prop_assert!(told <= u64::from(REPORTS) + began.elapsed().as_secs() + 2, "{} reports", told);
        }
    }

    #[test]
    fn failures_that_were_held_back_are_counted_with_the_next() {
        let mut reports = Reports::new();
        let mut failures = 0;
        let mut told = 0;
        let mut tell = |report: Report| {
            let Report::Failed { message } = report else { unreachable!("nothing else has happened") };
            let more = message.strip_prefix("x (and ").and_then(|rest| rest.split(' ').next());
            failures += 1 + more.map_or(0, |more| more.parse::<u64>().expect("a number"));
            told += 1;
        };
        let began = Instant::now();
        for _ in 0..1000 {
            reports.add_failure("x");
            reports.take().for_each(&mut tell);
        }
        assert!(reports.due().is_some());
        reports.take_all().for_each(&mut tell);
        assert_eq!(failures, 1000);
        assert!(told <= u64::from(REPORTS) + began.elapsed().as_secs() + 2, "{told} reports");
        assert!(reports.due().is_none() && reports.take_all().next().is_none());
    }

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
