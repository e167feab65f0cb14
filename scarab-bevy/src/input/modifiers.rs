//! Which modifiers are down, as the windowing system tells it: also those that went down where another window had the keyboard, and those
//! that stick.
//!
//! Bevy hands on keys but not this. What it has from winit it hands on unseen as well, in the same order, so that keys and clicks are counted
//! in both to know between which of them the modifiers have changed.

use std::{iter::Peekable, slice};

use bevy::{prelude::*, window::WindowEvent};
use scarab_protocol::key::Mods;

/// What was told of the modifiers in this update, in order. Where nobody tells, such as without a window, it stays empty.
#[derive(Resource, Default)]
pub(super) struct ModifiersTold(Vec<Change>);

/// The modifiers that are down from here on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "winit"), allow(dead_code, reason = "only winit tells of modifiers"))]
struct Change {
    /// How many keys of the update came before it.
    keys: usize,
    /// How many presses and releases of mouse buttons and turns of the wheel.
    clicks: usize,
    mods: Mods,
}

/// The changes of an update, for somebody who goes through all that happened to the window in it.
pub(super) struct Changes<'a> {
    changes: Peekable<slice::Iter<'a, Change>>,
    keys: usize,
    clicks: usize,
}

impl ModifiersTold {
    /// All changes of the update.
    pub(super) fn changes(&self) -> Changes<'_> {
        Changes { changes: self.0.iter().peekable(), keys: 0, clicks: 0 }
    }
}

impl Changes<'_> {
    /// The modifiers that are down since before this event, the next one of the update; `None` if that is as it was.
    pub(super) fn before(&mut self, event: &WindowEvent) -> Option<Mods> {
        let mut mods = None;
        while let Some(change) = self.changes.next_if(|change| change.keys <= self.keys && change.clicks <= self.clicks)
        {
            mods = Some(change.mods);
        }
        match event {
            WindowEvent::KeyboardInput(_) => self.keys += 1,
            WindowEvent::MouseButtonInput(_) | WindowEvent::MouseWheel(_) => self.clicks += 1,
            _ => {}
        }
        mods
    }

    /// The modifiers that are down behind all events; `None` if that is as it was.
    pub(super) fn at_last(self) -> Option<Mods> {
        self.changes.last().map(|change| change.mods)
    }
}

#[cfg(feature = "winit")]
pub(super) use winit::hear;

#[cfg(feature = "winit")]
mod winit {
    use bevy::winit::RawWinitWindowEvent;
    use winit_itself::{event::WindowEvent as Raw, keyboard::ModifiersState};

    use super::*;

    /// Writes down what winit tells of the modifiers.
    pub(in crate::input) fn hear(
        mut events: MessageReader<WindowEvent>,
        mut raw: MessageReader<RawWinitWindowEvent>,
        mut told: ResMut<ModifiersTold>,
        mut last: Local<Option<Mods>>,
    ) {
        let changes = &mut told.bypass_change_detection().0;
        changes.clear();
        let all = events.read().filter(|event| matches!(event, WindowEvent::KeyboardInput(_))).count();
        let (mut keys, mut clicks) = (0, 0);
        for RawWinitWindowEvent { event, .. } in raw.read() {
            match event {
                Raw::KeyboardInput { is_synthetic: false, .. } => keys += 1,
                Raw::MouseInput { .. } | Raw::MouseWheel { .. } => clicks += 1,
                Raw::ModifiersChanged(modifiers) => {
                    let mods = mods(modifiers.state());
                    if last.replace(mods) != Some(mods) {
                        changes.push(Change { keys, clicks, mods });
                    }
                }
                _ => {}
            }
        }
        // Bevy lets keys come up by itself when the window has lost the keyboard: behind the last update, and so before all that winit tells.
        let before = all.saturating_sub(keys);
        changes.iter_mut().for_each(|change| change.keys += before);
    }

    fn mods(state: ModifiersState) -> Mods {
        let mut mods = Mods::empty();
        mods.set(Mods::SHIFT, state.shift_key());
        mods.set(Mods::CTRL, state.control_key());
        mods.set(Mods::ALT, state.alt_key());
        mods.set(Mods::SUPER, state.super_key());
        mods
    }
}

#[cfg(test)]
mod tests {
    use bevy::{
        input::{
            ButtonState,
            keyboard::{Key, KeyboardInput},
            mouse::{MouseButton, MouseButtonInput},
        },
        window::CursorLeft,
    };

    use super::*;

    #[test]
    fn changes_are_told_between_the_keys_and_clicks_between_which_they_came() {
        let (state, window) = (ButtonState::Pressed, Entity::PLACEHOLDER);
        let (key_code, logical_key) = (KeyCode::KeyA, Key::Character("a".into()));
        let key = WindowEvent::from(KeyboardInput { key_code, logical_key, state, text: None, repeat: false, window });
        let click = WindowEvent::from(MouseButtonInput { button: MouseButton::Left, state, window });
        let other = WindowEvent::from(CursorLeft { window });
        let change = |keys, clicks, mods| Change { keys, clicks, mods };
        let told = ModifiersTold(vec![
            change(0, 0, Mods::ALT),
            change(0, 0, Mods::CTRL),
            change(1, 1, Mods::SHIFT),
            change(2, 1, Mods::empty()),
        ]);
        let mut changes = told.changes();
        let before = [&key, &other, &click, &other, &key].map(|event| changes.before(event));
        assert_eq!(before, [Some(Mods::CTRL), None, None, Some(Mods::SHIFT), None]);
        assert_eq!(changes.at_last(), Some(Mods::empty()));
        assert_eq!(ModifiersTold::default().changes().at_last(), None);
    }
}
