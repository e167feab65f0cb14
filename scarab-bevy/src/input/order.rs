//! The order of keys, of what they ask for, and of clicks.
//!
//! Bevy hands all keys of an update to whoever has the keyboard at its begin. One of them may ask for something that gives the keyboard
//! to another, as a new tab does, or that comes before the next key, as a paste does. So keys behind such a one wait until it is done.
//! A click may give the keyboard to another, too, and is read after the keys. So keys behind one wait, and each goes to whoever had
//! the keyboard behind the clicks that it came behind.

use std::mem;

use bevy::{
    input::keyboard::KeyboardInput,
    input_focus::{FocusedInput, InputFocus},
    prelude::*,
    window::{PrimaryWindow, WindowEvent},
};

use crate::wake::Waker;

/// An entity of the suite that takes keys, such as a line in which one writes.
#[derive(Component, Default)]
pub(crate) struct TakesKeys;

/// The keys that wait, of one update as a rule; one more for each that asks for something else. Beyond [`MOST_WAITING`] they are dropped.
#[derive(Resource, Default)]
pub(crate) struct KeyOrder {
    stopped: bool,
    waiting: Vec<Waiting>,
    /// How many keys of this update were handed out.
    keys: usize,
    /// For each press of a mouse button in this update, how many of its keys came before it.
    presses: Vec<usize>,
    moves: Vec<Move>,
}

/// A key that waits.
struct Waiting {
    key: FocusedInput<KeyboardInput>,
    /// How many presses of its update it came behind.
    behind: usize,
}

/// The keyboard, given to another by a press of a mouse button.
#[derive(Debug, Clone, Copy)]
struct Move {
    /// Which press of the update, from 1.
    press: usize,
    to: Entity,
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
        let behind = self.presses.partition_point(|keys| *keys <= self.keys);
        self.keys += 1;
        let waits = self.stopped || behind > 0;
        if waits && self.waiting.len() < MOST_WAITING {
            self.waiting.push(Waiting { key: key.clone(), behind });
        } else if waits {
            tracing::warn!("a key is dropped: too many wait");
        }
        waits
    }

    /// Whether the key that is handed out at the moment waits, because all do that come behind one that does.
    #[cfg_attr(not(feature = "app"), allow(dead_code, reason = "only the program has observers of its own"))]
    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether what comes now has to wait, because of what a key has asked for.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// A press of this update, counted from 1, has given the keyboard to another.
    pub(super) fn moved(&mut self, press: usize, to: Entity) {
        self.moves.push(Move { press, to });
    }
}

/// Looks, before keys are handed out, between which of them buttons of the mouse were pressed.
pub(super) fn look_ahead(mut events: MessageReader<WindowEvent>, mut order: ResMut<KeyOrder>) {
    let order = order.bypass_change_detection();
    (order.keys, order.presses, order.moves) = Default::default();
    let mut keys = 0;
    for event in events.read() {
        match event {
            WindowEvent::KeyboardInput(_) => keys += 1,
            WindowEvent::MouseButtonInput(pressed) if pressed.state.is_pressed() => order.presses.push(keys),
            _ => {}
        }
    }
}

/// Hands on the keys that have waited, to whoever has the keyboard now or had it when they came.
pub(crate) fn go_on(mut order: ResMut<KeyOrder>, waker: Res<Waker>, mut commands: Commands) {
    // A key that is handed on is behind no press any more.
    order.presses.clear();
    let (waiting, moves) = (mem::take(&mut order.waiting), mem::take(&mut order.moves));
    if !mem::take(&mut order.stopped) && waiting.is_empty() {
        return;
    }
    // What an input method has written waits for the next update, and what these keys ask for is done in it.
    waker.wake();
    if !waiting.is_empty() {
        commands.queue(move |world: &mut World| hand_on(world, waiting, &moves));
    }
}

fn hand_on(world: &mut World, keys: Vec<Waiting>, moves: &[Move]) {
    let window = world.query_filtered::<Entity, With<PrimaryWindow>>().single(world).ok();
    for Waiting { mut key, behind } in keys {
        // The focus may go to another with each of them.
        let now = world.get_resource::<InputFocus>().and_then(InputFocus::get).or(window);
        if let Some(receiver) = receiver(key.focused_entity, behind, moves, now) {
            key.focused_entity = receiver;
            world.trigger(key);
        }
    }
}

/// Who gets a key that came behind so many presses: whoever has the keyboard now, but if that is by a press behind the key whoever had
/// it before, which was `first` when the update began.
fn receiver(first: Entity, behind: usize, moves: &[Move], now: Option<Entity>) -> Option<Entity> {
    let too_late = moves.last().is_some_and(|last| last.press > behind && now == Some(last.to));
    if !too_late {
        return now;
    }
    let before = moves.iter().rfind(|earlier| earlier.press <= behind);
    Some(before.map_or(first, |earlier| earlier.to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_goes_to_whoever_the_clicks_before_it_gave_the_keyboard() {
        let entity = |number| Entity::from_raw_u32(number).expect("a number");
        let [first, left, right, other] = [1, 2, 3, 4].map(entity);
        let moves = [Move { press: 1, to: left }, Move { press: 3, to: right }];
        let of = |behind, now| receiver(first, behind, &moves, Some(now));
        assert_eq!([0, 1, 2, 3].map(|behind| of(behind, right)), [first, left, left, right].map(Some));
        // What a key asked for has given it to another since.
        assert_eq!([0, 1, 2, 3].map(|behind| of(behind, other)), [Some(other); 4]);
        assert_eq!(receiver(first, 2, &[], Some(other)), Some(other));
        assert_eq!(receiver(first, 0, &[], None), None);
    }
}
