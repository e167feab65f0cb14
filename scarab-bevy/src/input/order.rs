//! The order of keys, of what they ask for, of clicks, and of what input methods say.
//!
//! Bevy hands all keys of an update to whoever has the keyboard at its begin. One of them may ask for something that gives the keyboard
//! to another, as a new tab does, or that comes before the next key, as a paste does. So keys behind such a one wait until it is done.
//! A click may give the keyboard to another, too, and is read after the keys, as the wheel is. So keys behind one wait, and each goes to
//! whoever had the keyboard behind the clicks that it came behind.
//! What an input method says is read after the keys, too, and decides whether those behind it are the program's at all: a key that ends what is
//! composed comes right behind it. So keys behind it wait as well, and both go on in the order in which they came.
//!
//! Clicks on what is no terminal, such as the bar of tabs or what an App has of its own, give the keyboard away later in the update, by
//! whatever they are on, and it is not known here that they did. Keys behind such a click go where they should; those between a
//! click on a terminal and such a one go to the latter, too.

use std::mem;

use bevy::{
    ecs::change_detection::Tick,
    input::keyboard::KeyboardInput,
    input_focus::{FocusedInput, InputFocus},
    prelude::*,
    window::{Ime, PrimaryWindow, WindowEvent},
};
use scarab_protocol::key::Mods;

use super::{ime::Composed, keyboard::Held, modifiers::ModifiersTold};
use crate::wake::Waker;

/// An entity of the suite that takes keys, such as a line in which one writes.
#[derive(Component, Default)]
pub(crate) struct TakesKeys;

/// The keys to terminals that wait: for what a key before them has asked for, for the mouse before them, or for what an input method has
/// said before them. Brought by [`ScarabInputPlugin`](crate::ScarabInputPlugin).
///
/// They are those of one update as a rule; one more for each that asks for something else. More than 1024 do not wait: they are dropped.
#[derive(Resource, Default)]
pub struct KeyOrder {
    stopped: bool,
    paused: bool,
    waiting: Vec<Waiting>,
    /// How many keys of this update were handed out.
    keys: usize,
    /// For each press of a mouse button and each turn of the wheel in this update, how many of its keys came before it.
    presses: Vec<usize>,
    /// What else has happened in this update, as far as no key came behind it yet.
    said: Vec<Said>,
    moves: Vec<Move>,
    /// When the focus was set last, as of when the update's clicks had been read.
    read: Option<Tick>,
}

/// What has its place among the keys and clicks of an update.
struct Said {
    input: Input,
    /// How many keys of the update it came behind.
    keys: usize,
    /// How many presses and turns of the update it came behind.
    behind: usize,
}

/// What keeps its order.
pub(super) enum Input {
    /// A key.
    Key(FocusedInput<KeyboardInput>),
    /// What an input method has said.
    Ime(Ime),
    /// The modifiers that are down from here on.
    Modifiers(Mods),
}

/// What waits.
struct Waiting {
    input: Input,
    /// How many presses and turns of this update it came behind.
    behind: usize,
    /// What had given the keyboard away when it was to be handed on, and came behind it.
    too_early: Option<Move>,
}

/// The keyboard, given to another by a press of a mouse button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Move {
    /// Which of the presses and turns of the update, from 1.
    press: usize,
    /// Who had it; `None`: the window.
    from: Option<Entity>,
}

/// More than is typed while an App stands still for a while.
const MOST_WAITING: usize = 1024;

impl KeyOrder {
    /// Whether the key that is handed to a terminal at the moment waits, because all do that come behind one that does. Nothing is done
    /// with it yet: it is dispatched once more, to whoever it is for, and does not wait then.
    ///
    /// For observers of keys on a terminal's own entity, which run when this is known; those of all entities may run before.
    ///
    /// ```
    /// # use bevy::{input::keyboard::KeyboardInput, input_focus::FocusedInput, prelude::*};
    /// # use scarab_bevy::KeyOrder;
    /// fn click_like_a_typewriter(key: On<FocusedInput<KeyboardInput>>, order: Res<KeyOrder>) {
    ///     if key.input.state.is_pressed() && !order.is_waiting() {
    ///         println!("click");
    ///     }
    /// }
    /// ```
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Something was asked for: keys that come now wait until this update has done it.
    pub(crate) fn stop(&mut self) {
        self.stopped = true;
    }

    /// Something was asked for that takes several updates: keys that come now wait until it is said that it is done, or not to be done.
    #[cfg(feature = "app")]
    pub(crate) fn pause(&mut self, pauses: bool) {
        // What waits for the end of the pause is looked at in the update behind it.
        self.stopped |= self.paused && !pauses;
        self.paused = pauses;
    }

    /// Whether keys wait for what takes several updates.
    #[cfg(feature = "app")]
    pub(crate) fn is_paused(&self) -> bool {
        self.paused
    }

    /// Whether a key has to wait, and then it does. If not, the modifiers are those that are down with it.
    pub(super) fn holds(&mut self, key: &FocusedInput<KeyboardInput>, held: &mut Held) -> bool {
        let behind = self.presses.partition_point(|keys| *keys <= self.keys);
        let said = self.said.partition_point(|said| said.keys <= self.keys);
        self.keys += 1;
        let is_behind_ime = self.said[..said].iter().any(|said| matches!(said.input, Input::Ime(_)));
        if self.is_stopped() || behind > 0 || is_behind_ime || self.is_waiting() {
            self.line_up(said);
            wait(&mut self.waiting, Input::Key(key.clone()), behind);
            return true;
        }
        for Said { input, .. } in self.said.drain(..said) {
            if let Input::Modifiers(mods) = input {
                held.tell(mods);
            }
        }
        false
    }

    /// What no key is and has nothing before it that waits, when the keys of this update were handed out and the mouse was not read. The rest
    /// waits.
    pub(super) fn take_said(&mut self) -> Vec<Input> {
        self.line_up(self.said.len());
        if self.is_stopped() {
            return Vec::new();
        }
        let is_first = |waiting: &&Waiting| match waiting.input {
            Input::Key(_) => false,
            Input::Ime(_) => waiting.behind == 0,
            // Clicks have modifiers of their own.
            Input::Modifiers(_) => true,
        };
        let first = self.waiting.iter().take_while(is_first).count();
        self.waiting.drain(..first).map(|waiting| waiting.input).collect()
    }

    /// So much of what else has happened gets its place among the keys that wait.
    fn line_up(&mut self, count: usize) {
        for Said { input, behind, .. } in self.said.drain(..count) {
            wait(&mut self.waiting, input, behind);
        }
    }

    /// Whether what comes now has to wait, because of what a key has asked for.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped || self.paused
    }

    /// A press of this update, counted from 1 with the turns of the wheel, takes the keyboard from whoever has it.
    pub(super) fn moved(&mut self, press: usize, from: Option<Entity>) {
        self.moves.push(Move { press, from });
    }

    /// All clicks of this update have been read. Whoever sets the focus from now on does so behind them.
    pub(super) fn clicks_are_read(&mut self, focus_set: Option<Tick>) {
        self.read = focus_set;
    }
}

fn wait(waiting: &mut Vec<Waiting>, input: Input, behind: usize) {
    if waiting.len() < MOST_WAITING {
        waiting.push(Waiting { input, behind, too_early: None });
    } else {
        tracing::warn!("a key or a composed text is dropped: too many wait");
    }
}

/// Looks, before keys are handed out, between which of them buttons of the mouse were pressed, the wheel turned, input methods said
/// something and modifiers changed.
pub(super) fn look_ahead(
    mut events: MessageReader<WindowEvent>,
    told: Res<ModifiersTold>,
    focus: Option<Res<InputFocus>>,
    mut order: ResMut<KeyOrder>,
) {
    let order = order.bypass_change_detection();
    (order.keys, order.presses, order.said, order.moves) = Default::default();
    if focus.map(|focus| focus.last_changed()) != order.read {
        // What still waits is for whoever was given the keyboard since.
        order.waiting.iter_mut().for_each(|waiting| waiting.too_early = None);
    }
    let mut keys = 0;
    let mut changes = told.changes();
    for event in events.read() {
        let behind = order.presses.len();
        order.said.extend(changes.before(event).map(|mods| Said { input: Input::Modifiers(mods), keys, behind }));
        match event {
            WindowEvent::KeyboardInput(_) => keys += 1,
            WindowEvent::MouseButtonInput(pressed) if pressed.state.is_pressed() => order.presses.push(keys),
            WindowEvent::MouseWheel(_) => order.presses.push(keys),
            WindowEvent::Ime(ime) => order.said.push(Said { input: Input::Ime(ime.clone()), keys, behind }),
            _ => {}
        }
    }
    let behind = order.presses.len();
    order.said.extend(changes.at_last().map(|mods| Said { input: Input::Modifiers(mods), keys, behind }));
}

/// Hands on what has waited, to whoever has the keyboard now or had it when it came.
pub(crate) fn go_on(mut order: ResMut<KeyOrder>, waker: Res<Waker>, mut commands: Commands) {
    let order = order.bypass_change_detection();
    // A key that is handed on is behind no press any more.
    order.presses.clear();
    for Waiting { behind, too_early, .. } in &mut order.waiting {
        *too_early = too_early.or_else(|| first_behind(*behind, &order.moves));
        *behind = 0;
    }
    // Whoever ends a pause does so in an update.
    if order.paused || !mem::take(&mut order.stopped) && order.waiting.is_empty() {
        return;
    }
    // What these keys ask for is done in the next update.
    waker.wake();
    let waiting = mem::take(&mut order.waiting);
    if !waiting.is_empty() {
        commands.queue(move |world: &mut World| hand_on(world, waiting));
    }
}

/// The first press behind a key that has given the keyboard to another. The key came behind so many presses.
fn first_behind(behind: usize, moves: &[Move]) -> Option<Move> {
    moves.iter().find(|later| later.press > behind).copied()
}

fn hand_on(world: &mut World, waiting: Vec<Waiting>) {
    let window = world.query_filtered::<Entity, With<PrimaryWindow>>().single(world).ok();
    let mut waiting = waiting.into_iter();
    // One of them may ask for something itself: then the others wait for that.
    while !world.resource::<KeyOrder>().stopped
        && let Some(Waiting { input, too_early, .. }) = waiting.next()
    {
        let receiver = receiver(world, too_early);
        match input {
            Input::Key(mut key) => {
                if let Some(receiver) = receiver.or(window) {
                    key.focused_entity = receiver;
                    world.trigger(key);
                }
            }
            Input::Modifiers(mods) => world.resource_mut::<Held>().tell(mods),
            Input::Ime(ime) => {
                world.trigger(Composed { to: receiver, ime });
                // A line reads it in the next update, and keys behind it are for the line as it is then.
                if receiver.is_some_and(|receiver| world.get::<TakesKeys>(receiver).is_some()) {
                    world.resource_mut::<KeyOrder>().stopped = true;
                }
            }
        }
    }
    world.resource_mut::<KeyOrder>().waiting.extend(waiting);
}

/// Who gets what has waited: whoever has the keyboard now, which may go to another with each of them. But where only a press behind it has
/// given it to them, whoever had it before. `None`: the window.
fn receiver(world: &World, too_early: Option<Move>) -> Option<Entity> {
    let focus = world.get_resource_ref::<InputFocus>()?;
    let was_set_since = Some(focus.last_changed()) != world.resource::<KeyOrder>().read;
    let receiver = match too_early {
        Some(press) if !was_set_since => press.from,
        _ => focus.get(),
    };
    receiver.filter(|entity| world.entities().contains_spawned(*entity))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_came_before_the_first_press_behind_it_that_gave_the_keyboard_away() {
        let [first, left] = [1, 2].map(Entity::from_raw_u32);
        let moves = [Move { press: 1, from: first }, Move { press: 3, from: left }];
        let from = |behind| first_behind(behind, &moves).map(|press| press.from);
        assert_eq!([0, 1, 2, 3].map(from), [Some(first), Some(left), Some(left), None]);
        assert_eq!(first_behind(0, &[]), None);
    }
}
