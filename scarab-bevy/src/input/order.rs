//! The order of keys and of what they ask for.
//!
//! Bevy hands all keys of an update to whoever has the keyboard at its begin. One of them may ask for something that gives the keyboard
//! to another, as a new tab does, or that comes before the next key, as a paste does. So keys behind such a one wait until it is done.

use std::mem;

use bevy::{
    input::keyboard::KeyboardInput,
    input_focus::{FocusedInput, InputFocus},
    prelude::*,
    window::PrimaryWindow,
};

use crate::wake::Waker;

/// An entity of the suite that takes keys, such as a line in which one writes.
#[derive(Component, Default)]
pub(crate) struct TakesKeys;

/// The keys that wait, of one update as a rule; one more for each that asks for something else. Beyond [`MOST_WAITING`] they are dropped.
#[derive(Resource, Default)]
pub(crate) struct KeyOrder {
    stopped: bool,
    waiting: Vec<FocusedInput<KeyboardInput>>,
}

/// More than is typed while an App stands still for a while.
const MOST_WAITING: usize = 1024;

impl KeyOrder {
    /// Something was asked for: keys that come now wait until this update has done it.
    pub(crate) fn stop(&mut self) {
        self.stopped = true;
    }

    /// Whether a key has to wait, and then it does.
    pub(super) fn holds(&mut self, key: &FocusedInput<KeyboardInput>) -> bool {
        if self.stopped && self.waiting.len() < MOST_WAITING {
            self.waiting.push(key.clone());
        } else if self.stopped {
            tracing::warn!("a key is dropped: too many wait");
        }
        self.stopped
    }

    /// Whether what comes now has to wait.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }
}

/// Hands on the keys that have waited, to whoever has the keyboard now.
pub(crate) fn go_on(mut order: ResMut<KeyOrder>, waker: Res<Waker>, mut commands: Commands) {
    if !order.stopped {
        return;
    }
    order.stopped = false;
    // What an input method has written waits for the next update, and what these keys ask for is done in it.
    waker.wake();
    let waiting = mem::take(&mut order.waiting);
    if !waiting.is_empty() {
        commands.queue(move |world: &mut World| hand_on(world, waiting));
    }
}

fn hand_on(world: &mut World, keys: Vec<FocusedInput<KeyboardInput>>) {
    let window = world.query_filtered::<Entity, With<PrimaryWindow>>().single(world).ok();
    for mut key in keys {
        // The focus may go to another with each of them.
        let focused = world.get_resource::<InputFocus>().and_then(InputFocus::get);
        if let Some(focused) = focused.or(window) {
            key.focused_entity = focused;
            world.trigger(key);
        }
    }
}
