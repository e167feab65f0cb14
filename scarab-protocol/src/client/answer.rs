//! The place of one answer, between the thread that reads it and the one that waits for it.
//!
//! A channel would do as well, but whoever waits at one spins and yields before it sleeps, and where processors are few that is time which
//! those who make the answer need.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::request::RequestError;
use crate::frame::Frame;

/// The frame that answers a request, or why there is none.
type Outcome = Result<Frame, RequestError>;

/// Gives the answer, once. Dropped without that, it says that none will come.
pub(super) struct Giver(Arc<Place>);

/// Takes the answer, once.
#[derive(Debug)]
pub(super) struct Taker(Arc<Place>);

/// The two ends of a place for an answer.
pub(super) fn place() -> (Giver, Taker) {
    let place = Arc::<Place>::default();
    (Giver(place.clone()), Taker(place))
}

impl Giver {
    /// Gives the answer; nobody may be waiting any more.
    pub(super) fn give(self, outcome: Outcome) {
        self.0.settle(State::Here(outcome));
    }
}

impl Drop for Giver {
    fn drop(&mut self) {
        self.0.settle(State::Over);
    }
}

impl Taker {
    /// The answer, if it is here. After it was given out, and when none will come, this is [`RequestError::Lost`].
    pub(super) fn try_take(&self) -> Option<Outcome> {
        self.0.lock().take()
    }

    /// Waits for the answer; `None` when `patience` is over.
    pub(super) fn wait(&self, patience: Duration) -> Option<Outcome> {
        let waits = |state: &mut State| matches!(state, State::Waiting);
        let waited = self.0.settled.wait_timeout_while(self.0.lock(), patience, waits);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.take()
    }
}

#[derive(Debug, Default)]
struct Place {
    state: Mutex<State>,
    settled: Condvar,
}

#[derive(Debug, Default)]
enum State {
    /// The answer may come.
    #[default]
    Waiting,
    /// It has come.
    Here(Outcome),
    /// It was given out, or will not come.
    Over,
}

impl Place {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says what became of the answer, unless that is known.
    fn settle(&self, outcome: State) {
        let mut state = self.lock();
        if matches!(*state, State::Waiting) {
            *state = outcome;
            // Free again before it wakes anybody: that thread takes the lock at once.
            drop(state);
            self.settled.notify_one();
        }
    }
}

impl State {
    fn take(&mut self) -> Option<Outcome> {
        match std::mem::replace(self, Self::Over) {
            Self::Here(outcome) => Some(outcome),
            Self::Over => Some(Err(RequestError::Lost)),
            Self::Waiting => {
                *self = Self::Waiting;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Ping;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn frame() -> Frame {
        Frame::new(0, 7, &Ping { payload: vec![7] }).expect("it is small")
    }

    #[test]
    fn an_answer_is_given_out_once() {
        let (giver, taker) = place();
        assert!(taker.try_take().is_none());
        giver.give(Ok(frame()));
        assert_eq!(taker.try_take().expect("it is here").expect("a frame").bytes(), frame().bytes());
        assert!(matches!(taker.try_take(), Some(Err(RequestError::Lost))));
    }

    #[test]
    fn whoever_waits_is_woken_by_the_answer() {
        let (giver, taker) = place();
        let waiting = std::thread::spawn(move || taker.wait(PATIENCE));
        giver.give(Err(RequestError::Unsupported("this")));
        let outcome = waiting.join().expect("it does not panic");
        assert!(matches!(outcome, Some(Err(RequestError::Unsupported("this")))));
    }

    #[test]
    fn whoever_waits_hears_that_none_will_come() {
        let (giver, taker) = place();
        let waiting = std::thread::spawn(move || taker.wait(PATIENCE));
        drop(giver);
        assert!(matches!(waiting.join().expect("it does not panic"), Some(Err(RequestError::Lost))));
    }

    #[test]
    fn patience_ends() {
        let (_giver, taker) = place();
        assert!(taker.wait(Duration::from_millis(1)).is_none());
    }
}
