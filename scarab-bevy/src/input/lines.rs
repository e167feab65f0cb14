//! What keys are in a line in which one writes, beside what they write.

use bevy::{
    ecs::system::SystemParam,
    input::keyboard::{Key, KeyboardInput},
    prelude::*,
};
use scarab_protocol::{config::Action, key::Mods, surface::Modes};

use super::{
    PasteRequest, TerminalKeys, convert,
    ime::Composing,
    keyboard::{Held, key_press},
};

/// What a line looks at when it is given a key.
#[derive(SystemParam)]
pub(crate) struct LineKeys<'w> {
    held: Res<'w, Held>,
    keys: Res<'w, TerminalKeys>,
    composing: Res<'w, Composing>,
    pastes: MessageWriter<'w, PasteRequest>,
}

impl LineKeys<'_> {
    /// The modifier keys that are down.
    pub(crate) fn mods(&self) -> Mods {
        self.held.mods()
    }

    /// Whether an input method composes, to whom keys are then.
    pub(crate) fn is_composing(&self) -> bool {
        self.composing.0
    }

    /// Whether a key that was pressed is no concern of the line: the input method composes with it, it would type but for Alt or Super,
    /// or it pastes as it does on terminals, which is asked for. What is pasted comes as a [`LineInput`](super::LineInput).
    pub(crate) fn take(&mut self, line: Entity, pressed: &KeyboardInput) -> bool {
        if self.is_composing() {
            return true;
        }
        let modifier = convert::modifier(pressed.key_code, &pressed.logical_key);
        let press = key_press(pressed, modifier, self.mods(), Modes::empty());
        let primary = match self.keys.action(&press, Modes::empty()) {
            Some(Action::Paste) => false,
            Some(Action::PasteSelection) => true,
            // With these a key is a shortcut of somebody else's and no text.
            _ => {
                let types = matches!(pressed.logical_key, Key::Character(_) | Key::Space);
                // On a Mac, Alt is what other characters are typed with.
                let shortcut = if cfg!(target_os = "macos") { Mods::SUPER } else { Mods::ALT | Mods::SUPER };
                return types && self.mods().intersects(shortcut);
            }
        };
        if !pressed.repeat {
            self.pastes.write(PasteRequest { terminal: line, primary });
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use bevy::{
        ecs::system::RunSystemOnce,
        input::{ButtonState, keyboard::KeyCode},
    };

    use super::*;

    /// Whether a key is no concern of a line while another is down.
    fn is_taken(held: Option<(KeyCode, Key)>, key_code: KeyCode, logical_key: Key) -> bool {
        let mut world = World::new();
        world.init_resource::<TerminalKeys>();
        world.init_resource::<Composing>();
        world.init_resource::<Messages<PasteRequest>>();
        let line = world.spawn_empty().id();
        let pressed = |key_code, logical_key: Key| {
            let (state, repeat, window) = (ButtonState::Pressed, false, Entity::PLACEHOLDER);
            KeyboardInput { key_code, logical_key, state, text: None, repeat, window }
        };
        let mut down = Held::default();
        if let Some((code, key)) = held {
            down.follow(&pressed(code, key));
        }
        world.insert_resource(down);
        let pressed = pressed(key_code, logical_key);
        world.run_system_once(move |mut keys: LineKeys| keys.take(line, &pressed)).expect("it runs")
    }

    #[test]
    fn with_alt_or_super_a_key_writes_nothing_and_edits_as_without() {
        let letter = || Key::Character("x".into());
        assert!(!is_taken(None, KeyCode::KeyX, letter()));
        assert!(!is_taken(Some((KeyCode::ShiftLeft, Key::Shift)), KeyCode::KeyX, letter()));
        for held in [(KeyCode::AltLeft, Key::Alt), (KeyCode::SuperLeft, Key::Super)] {
            assert!(is_taken(Some(held.clone()), KeyCode::KeyX, letter()));
            assert!(is_taken(Some(held.clone()), KeyCode::Space, Key::Space));
            assert!(!is_taken(Some(held), KeyCode::Backspace, Key::Backspace));
        }
        // What the level-3 shift makes of a key is a text.
        assert!(!is_taken(Some((KeyCode::AltRight, Key::AltGraph)), KeyCode::KeyE, Key::Character("€".into())));
    }
}
