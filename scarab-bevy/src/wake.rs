//! Waking an App that sleeps, and a runner that sleeps without winit.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bevy::prelude::*;
use scarab_protocol::client::{Bell, Wake};

/// Wakes the App when something arrives: once for a batch, by whatever its runner listens to.
#[derive(Resource, Clone)]
pub struct Waker {
    arrived: Arc<AtomicBool>,
    bell: Bell,
    ring: Wake,
    #[cfg(feature = "winit")]
    proxy: Option<bevy::winit::EventLoopProxy<bevy::winit::WinitUserEvent>>,
}

impl Default for Waker {
    fn default() -> Self {
        let bell = Bell::default();
        Self {
            // The first look finds what there is without being woken.
            arrived: Arc::new(AtomicBool::new(true)),
            ring: bell.wake(),
            bell,
            #[cfg(feature = "winit")]
            proxy: None,
        }
    }
}

impl Waker {
    /// Says that something is there to be received, and wakes the App unless that was said already.
    pub fn wake(&self) {
        if self.arrived.swap(true, Ordering::AcqRel) {
            return;
        }
        (self.ring)();
        #[cfg(feature = "winit")]
        if let Some(proxy) = &self.proxy {
            // The loop has ended when this fails, and nobody is left to wake.
            let _ = proxy.send_event(bevy::winit::WinitUserEvent::WakeUp);
        }
    }

    /// Waits until something arrives, for a runner of one's own; false when `patience` was over first.
    pub fn wait(&self, patience: Duration) -> bool {
        self.bell.receiver().recv_timeout(patience).is_ok()
    }

    /// Whether something has arrived since the last call. Asked before looking, so that nothing that comes meanwhile is missed.
    pub(crate) fn take_arrived(&self) -> bool {
        self.arrived.swap(false, Ordering::AcqRel)
    }

    /// Wakes winit's loop too, if the App runs one. For `Plugin::finish`, when all plugins are there.
    #[cfg(feature = "winit")]
    pub(crate) fn find_winit(&mut self, world: &World) {
        self.proxy = world.get_resource::<bevy::winit::EventLoopProxyWrapper>().map(|proxy| (**proxy).clone());
    }
}

/// Runs an App without a window: updates when something arrives from a daemon, and sleeps in between.
///
/// It replaces the runner of `ScheduleRunnerPlugin`, which either spins or sleeps by the clock. An App that has
/// things to do of its own wakes itself through the [`Waker`].
#[derive(Debug, Clone, Copy, Default)]
pub struct ScarabHeadlessRunnerPlugin;

impl Plugin for ScarabHeadlessRunnerPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Waker>();
        app.set_runner(|mut app| {
            app.finish();
            app.cleanup();
            let bell = app.world().resource::<Waker>().bell.clone();
            loop {
                app.update();
                if let Some(exit) = app.should_exit() {
                    return exit;
                }
                // The App holds a ringing end, so this cannot end but by being rung.
                if bell.receiver().recv().is_err() {
                    return AppExit::Success;
                }
            }
        });
    }
}
