//! The doorbell: how a client that holds a frame hears of a newer one, once, without anybody polling.
//!
//! Two threads meet here. The screen thread publishes a frame and then looks whether the client armed its bell; the
//! client's reader thread arms the bell and then looks whether a newer frame is published. Each stores first, passes a
//! sequentially consistent fence, and looks second, so that at least one of them sees the other: no ring is lost. Both
//! ring by taking the arm away with a compare-and-swap, which only one can: no arm rings twice.

use super::sync::{AtomicU64, Ordering, fence};

/// The newest frame of a session that readers can have. One per session, stored by its screen thread after
/// [`SurfaceWriter::commit`](super::SurfaceWriter::commit).
#[derive(Debug)]
pub struct Published(AtomicU64);

impl Published {
    /// Starts at a frame, 0 when nothing is published yet.
    pub fn new(frame: u64) -> Self {
        Self(AtomicU64::new(frame))
    }

    /// The newest frame.
    pub fn frame(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// Announces a frame. Every [`Doorbell`] of the session is to be rung after it, with the same number.
    pub fn publish(&self, frame: u64) {
        self.0.store(frame, Ordering::Release);
        // Pairs with the fence in `Doorbell::arm`; one fence serves all the doorbells looked at after it.
        fence(Ordering::SeqCst);
    }
}

/// One client's doorbell for one session: armed with the frame that the client holds, or not armed.
#[derive(Debug)]
pub struct Doorbell(AtomicU64);

/// What an unarmed bell holds: no published frame is newer than it.
const UNARMED: u64 = u64::MAX;

impl Default for Doorbell {
    fn default() -> Self {
        Self::new()
    }
}

impl Doorbell {
    /// A doorbell that is not armed.
    pub fn new() -> Self {
        Self(AtomicU64::new(UNARMED))
    }

    /// Arms the bell for a client that holds frame `held`, in place of an arm that may still be there.
    /// True when a newer frame is out already: then the arm is spent and the caller is to ring at once.
    #[must_use = "when true, the client is to be rung now; nobody else will"]
    pub fn arm(&self, held: u64, published: &Published) -> bool {
        // The highest number means unarmed, and frames never come near it; a client that names it is not believed.
        // A swap and not a store, so that every change of the arm is a read-modify-write and they have one plain order.
        self.0.swap(held.min(UNARMED - 1), Ordering::AcqRel);
        // Pairs with the fence in `Published::publish`.
        fence(Ordering::SeqCst);
        self.ring(published.frame())
    }

    /// Spends the arm if its client holds less than `frame`, which must be published. True when the caller is to ring.
    #[must_use = "when true, the client is to be rung now; nobody else will"]
    pub fn ring(&self, frame: u64) -> bool {
        let mut held = self.0.load(Ordering::Relaxed);
        // Each further turn means that the client armed anew meanwhile, or that the other side took the arm.
        while held < frame {
            match self.0.compare_exchange_weak(held, UNARMED, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => held = now,
            }
        }
        false
    }

    /// Takes the arm away without ringing, for a client that detaches.
    pub fn disarm(&self) {
        self.0.swap(UNARMED, Ordering::AcqRel);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn an_armed_bell_rings_once_for_any_number_of_frames() {
        let (published, bell) = (Published::new(3), Doorbell::new());
        assert!(!bell.arm(3, &published));
        published.publish(4);
        assert!(bell.ring(4));
        published.publish(5);
        assert!(!bell.ring(5));
    }

    #[test]
    fn arming_with_an_old_frame_rings_at_once_and_spends_the_arm() {
        let (published, bell) = (Published::new(3), Doorbell::new());
        assert!(bell.arm(2, &published));
        published.publish(4);
        assert!(!bell.ring(4));
    }

    #[test]
    fn a_frame_that_the_client_already_copied_does_not_ring() {
        let (published, bell) = (Published::new(4), Doorbell::new());
        assert!(!bell.arm(4, &published));
        assert!(!bell.ring(4));
        assert!(bell.ring(5));
    }

    #[test]
    fn a_disarmed_bell_is_silent() {
        let (published, bell) = (Published::new(0), Doorbell::new());
        assert!(!bell.arm(u64::MAX, &published));
        bell.disarm();
        published.publish(1);
        assert!(!bell.ring(1));
    }
}

#[cfg(all(test, loom))]
mod model {
    use super::*;
    use loom::sync::Arc;

    #[test]
    fn loom_one_arm_rings_exactly_once_when_frames_come_at_the_same_time() {
        loom::model(|| {
            let shared = Arc::new((Published::new(0), Doorbell::new()));
            let screen = {
                let shared = Arc::clone(&shared);
                loom::thread::spawn(move || {
                    let (published, bell) = &*shared;
                    let mut rings = 0;
                    for frame in 1..=2 {
                        published.publish(frame);
                        rings += u32::from(bell.ring(frame));
                    }
                    rings
                })
            };
            let (published, bell) = &*shared;
            let at_once = u32::from(bell.arm(0, published));
            let rings = screen.join().expect("the screen does not panic") + at_once;
            assert_eq!(rings, 1, "0 is a frozen screen, 2 is a queue that grows");
        });
    }

    #[test]
    fn loom_a_client_that_arms_again_ends_with_the_newest_frame_or_a_ring() {
        loom::model(|| {
            let shared = Arc::new((Published::new(0), Doorbell::new()));
            let screen = {
                let shared = Arc::clone(&shared);
                loom::thread::spawn(move || {
                    let (published, bell) = &*shared;
                    let mut rings = 0;
                    for frame in 1..=2 {
                        published.publish(frame);
                        rings += u32::from(bell.ring(frame));
                    }
                    rings
                })
            };
            let (published, bell) = &*shared;
            let mut rings = u32::from(bell.arm(0, published));
            let held = published.frame();
            rings += u32::from(bell.arm(held, published));
            rings += screen.join().expect("the screen does not panic");
            assert!(rings <= 2, "more rings than arms");
            assert!(rings >= 1 || held == 2, "the client holds an old frame and nobody rang");
            if held < 2 {
                // The second arm must have been answered: whatever rang for it took it away.
                assert!(!bell.ring(2), "the newest frame is out and the last arm still stands");
            }
        });
    }
}
