//! Keys and composed text.

use bevy::{
    input::{
        ButtonState,
        keyboard::{Key, KeyCode, KeyboardFocusLost, KeyboardInput},
    },
    input_focus::{FocusedInput, InputFocus},
    prelude::*,
    window::Ime,
};
use scarab_protocol::key::{self, KeyPress, Mods, Physical};

use super::{TerminalKeys, convert};
use crate::{
    messages::{InputKind, TerminalInput},
    terminal::{Terminal, TerminalModes},
};

/// A key with modifiers, all of them and no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyChord {
    /// The key, by its place.
    pub key: KeyCode,
    /// The modifiers.
    pub mods: Mods,
}

impl KeyChord {
    /// A key with Ctrl and Shift.
    pub const fn ctrl_shift(key: KeyCode) -> Self {
        Self { key, mods: Mods::CTRL.union(Mods::SHIFT) }
    }

    /// A key with Shift.
    pub const fn shift(key: KeyCode) -> Self {
        Self { key, mods: Mods::SHIFT }
    }

    fn is(&self, key: KeyCode, mods: Mods) -> bool {
        self.key == key && self.mods == mods.held()
    }
}

/// Asks the clipboard plugin for its text.
#[derive(Message, Debug, Clone, Copy)]
#[cfg_attr(not(feature = "clipboard"), allow(dead_code, reason = "only the clipboard plugin reads it"))]
pub(crate) struct PasteRequest {
    pub(crate) terminal: Entity,
}

/// The modifier keys that are down, followed event by event: the state after a frame is wrong for keys within it.
#[derive(Resource, Default)]
pub(super) struct Held {
    shift: [bool; 2],
    ctrl: [bool; 2],
    alt: [bool; 2],
    meta: [bool; 2],
    /// The right Alt key is AltGr on this layout.
    alt_graph: bool,
}

impl Held {
    fn follow(&mut self, input: &KeyboardInput) {
        let down = input.state == ButtonState::Pressed;
        match input.key_code {
            KeyCode::ShiftLeft => self.shift[0] = down,
            KeyCode::ShiftRight => self.shift[1] = down,
            KeyCode::ControlLeft => self.ctrl[0] = down,
            KeyCode::ControlRight => self.ctrl[1] = down,
            KeyCode::AltLeft => self.alt[0] = down,
            KeyCode::AltRight => {
                self.alt_graph = input.logical_key == Key::AltGraph;
                self.alt[1] = down && !self.alt_graph;
            }
            KeyCode::SuperLeft => self.meta[0] = down,
            KeyCode::SuperRight => self.meta[1] = down,
            _ => {}
        }
    }

    pub(super) fn mods(&self) -> Mods {
        let any = |keys: [bool; 2], mods: Mods| if keys[0] || keys[1] { mods } else { Mods::empty() };
        any(self.shift, Mods::SHIFT)
            | any(self.ctrl, Mods::CTRL)
            | any(self.alt, Mods::ALT)
            | any(self.meta, Mods::SUPER)
    }
}

/// Whether an input method is composing: its keys are not the program's.
#[derive(Resource, Default)]
pub(super) struct Composing(bool);

/// A key for the terminal that has the keyboard. An event to the terminal itself goes no further.
pub(super) fn type_key(
    mut event: On<FocusedInput<KeyboardInput>>,
    terminals: Query<&TerminalModes, With<Terminal>>,
    keys: Res<TerminalKeys>,
    composing: Res<Composing>,
    mut held: ResMut<Held>,
    mut focus: ResMut<InputFocus>,
    mut input: MessageWriter<TerminalInput>,
    mut pastes: MessageWriter<PasteRequest>,
) {
    let terminal = event.focused_entity;
    let Ok(modes) = terminals.get(terminal) else { return };
    let pressed = event.input.clone();
    event.propagate(false);
    held.follow(&pressed);
    if composing.0 {
        return;
    }
    let mods = held.mods();
    let down = pressed.state == ButtonState::Pressed;
    let is_one_of = |chords: &[KeyChord]| chords.iter().any(|chord| chord.is(pressed.key_code, mods));
    if is_one_of(&keys.paste) {
        if down {
            pastes.write(PasteRequest { terminal });
        }
        return;
    }
    if is_one_of(&keys.release) {
        if down {
            focus.clear();
        }
        return;
    }
    let mut bytes = Vec::new();
    key::encode(&key_press(&pressed, mods), modes.0, &mut bytes);
    if !bytes.is_empty() {
        input.write(TerminalInput { terminal, kind: InputKind::Bytes(bytes) });
    }
}

/// The key as the encoder wants it.
fn key_press(input: &KeyboardInput, mut mods: Mods) -> KeyPress {
    let physical = convert::physical(input.key_code);
    let logical = convert::logical(&input.logical_key);
    let text = input.text.as_ref().map(ToString::to_string);
    // Num Lock's state is not told. A keypad key that types a character has it on; Enter types in any state.
    let types = matches!(logical, key::Logical::Char(_)) || logical == key::Logical::Named(key::Named::Enter);
    if matches!(physical, Physical::Numpad(_)) && types {
        mods |= Mods::NUM_LOCK;
    }
    let kind = match (input.state, input.repeat) {
        (ButtonState::Released, _) => key::KeyKind::Release,
        (ButtonState::Pressed, true) => key::KeyKind::Repeat,
        (ButtonState::Pressed, false) => key::KeyKind::Press,
    };
    KeyPress { physical, logical, text, unshifted: None, mods, kind }
}

/// Without the keyboard, keys come up unseen.
pub(super) fn forget_held(mut lost: MessageReader<KeyboardFocusLost>, mut held: ResMut<Held>) {
    if lost.read().count() > 0 {
        *held = Held::default();
    }
}

/// Text that an input method has composed goes to the program as it is.
pub(super) fn commit(
    mut ime: MessageReader<Ime>,
    focus: Option<Res<InputFocus>>,
    terminals: Query<(), With<Terminal>>,
    mut composing: ResMut<Composing>,
    mut input: MessageWriter<TerminalInput>,
) {
    for event in ime.read() {
        match event {
            Ime::Preedit { value, .. } => composing.0 = !value.is_empty(),
            Ime::Commit { value, .. } => {
                composing.0 = false;
                let focused = focus.as_ref().and_then(|focus| focus.get());
                if let Some(terminal) = focused.filter(|entity| terminals.contains(*entity)) {
                    input.write(TerminalInput::text(terminal, value.clone()));
                }
            }
            Ime::Enabled { .. } | Ime::Disabled { .. } => composing.0 = false,
        }
    }
}
