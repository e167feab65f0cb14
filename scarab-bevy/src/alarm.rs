//! Waking an App at a time.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Instant,
};

use bevy::prelude::*;

use crate::wake::Waker;

/// Wakes a sleeping App at a time: where nothing happens, nothing else does. Of several wishes the earliest counts; whoever is woken
/// says again what it waits for.
///
/// One thread waits, begun with the first wish; without one there is none.
#[derive(Resource, Default)]
pub(crate) struct Alarm {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    next: Option<Instant>,
    is_running: bool,
    has_ended: bool,
}

impl Alarm {
    /// Wakes the App at this time, if nothing has before.
    pub(crate) fn wake_at(&self, at: Instant, waker: &Waker) {
        let mut state = self.shared.lock();
        if state.next.is_some_and(|next| next <= at) {
            return;
        }
        state.next = Some(at);
        if state.is_running {
            self.shared.changed.notify_one();
            return;
        }
        let (shared, waker) = (self.shared.clone(), waker.clone());
        match thread::Builder::new().name("alarm".into()).spawn(move || shared.run(&waker)) {
            Ok(_) => state.is_running = true,
            Err(error) => {
                state.next = None;
                tracing::warn!("no thread to wake the App in time, it goes on when something happens: {error}");
            }
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.shared.lock().has_ended = true;
        self.shared.changed.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, waker: &Waker) {
        let mut state = self.lock();
        while !state.has_ended {
            let now = Instant::now();
            state = match state.next {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(next) if next > now => {
                    self.changed.wait_timeout(state, next - now).unwrap_or_else(PoisonError::into_inner).0
                }
                Some(_) => {
                    state.next = None;
                    drop(state);
                    waker.wake();
                    self.lock()
                }
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Long enough for a busy machine.
    const PATIENCE: Duration = Duration::from_secs(20);

    #[test]
    fn the_earliest_wish_wakes_and_a_later_one_again() {
        let (alarm, waker) = (Alarm::default(), Waker::default());
        waker.take_arrived();
        let start = Instant::now();
        alarm.wake_at(start + Duration::from_secs(3600), &waker);
        alarm.wake_at(start + Duration::from_millis(20), &waker);
        assert!(waker.wait(PATIENCE));
        assert!(start.elapsed() >= Duration::from_millis(20));
        waker.take_arrived();
        alarm.wake_at(Instant::now(), &waker);
        assert!(waker.wait(PATIENCE));
    }

    #[test]
    fn its_thread_ends_with_it() {
        let (alarm, waker) = (Alarm::default(), Waker::default());
        alarm.wake_at(Instant::now() + Duration::from_secs(3600), &waker);
        let shared = Arc::downgrade(&alarm.shared);
        drop(alarm);
        let deadline = Instant::now() + PATIENCE;
        while shared.strong_count() > 0 {
            assert!(Instant::now() < deadline, "the thread goes on");
            thread::yield_now();
        }
    }
}
