//! What keys are in a line in which one writes, beside what they write.

use bevy::{ecs::system::SystemParam, input::keyboard::KeyboardInput, prelude::*};
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

    /// Whether a key that was pressed is no concern of the line: the input method composes with it, or it pastes as it does on
    /// terminals, which is asked for. What is pasted comes as a [`LineInput`](super::LineInput).
    pub(crate) fn take(&mut self, line: Entity, pressed: &KeyboardInput) -> bool {
        if self.is_composing() {
            return true;
        }
        let modifier = convert::modifier(pressed.key_code, &pressed.logical_key);
        let press = key_press(pressed, modifier, self.mods(), Modes::empty());
        let primary = match self.keys.action(&press, Modes::empty()) {
            Some(Action::Paste) => false,
            Some(Action::PasteSelection) => true,
            _ => return false,
        };
        if !pressed.repeat {
            self.pastes.write(PasteRequest { terminal: line, primary });
        }
        true
    }
}
