//! Keys and composed text.

use bevy::{
    input::{
        ButtonState,
        keyboard::{Key, KeyCode, KeyboardFocusLost, KeyboardInput},
    },
    input_focus::{FocusedInput, InputFocus},
    prelude::*,
};
use scarab_protocol::{
    config::Action,
    key::{self, KeyPress, Mods, Physical},
};

use super::{ActionTriggered, KeyOrder, TakesKeys, TerminalKeys, convert, ime::Composing};
use crate::{
    messages::{InputKind, TerminalInput},
    terminal::{Terminal, TerminalModes},
    viewport::{ScrollRequest, ScrollTo},
};

/// Asks the clipboard plugin for its text.
#[derive(Message, Debug, Clone, Copy)]
#[cfg_attr(not(feature = "clipboard"), allow(dead_code, reason = "only the clipboard plugin reads it"))]
pub(crate) struct PasteRequest {
    /// Who it is for: a terminal, or a line in which one writes.
    pub(crate) terminal: Entity,
    /// Whether the primary selection is wanted.
    pub(crate) primary: bool,
}

/// Text for a line in which one writes that was not typed key by key: composed or pasted.
#[derive(Message, Debug, Clone)]
#[cfg_attr(not(feature = "app"), allow(dead_code, reason = "only the program has such lines"))]
pub(crate) struct LineInput {
    /// An entity with [`TakesKeys`].
    pub(crate) line: Entity,
    pub(crate) kind: InputKind,
}

/// The modifier keys that are down, followed event by event: the state after a frame is wrong for keys within it.
#[derive(Resource, Default)]
pub(crate) struct Held {
    shift: [bool; 2],
    ctrl: [bool; 2],
    alt: [bool; 2],
    meta: [bool; 2],
    /// The right Alt key is AltGr on this layout.
    alt_graph: bool,
}

impl Held {
    pub(super) fn follow(&mut self, input: &KeyboardInput) {
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

    pub(crate) fn mods(&self) -> Mods {
        let any = |keys: [bool; 2], mods: Mods| if keys[0] || keys[1] { mods } else { Mods::empty() };
        any(self.shift, Mods::SHIFT)
            | any(self.ctrl, Mods::CTRL)
            | any(self.alt, Mods::ALT)
            | any(self.meta, Mods::SUPER)
    }
}

/// A key for the terminal that has the keyboard. An event to the terminal itself goes no further.
pub(super) fn type_key(
    mut event: On<FocusedInput<KeyboardInput>>,
    takers: Query<Option<&TerminalModes>, Or<(With<Terminal>, With<TakesKeys>)>>,
    keys: Res<TerminalKeys>,
    mut order: ResMut<KeyOrder>,
    composing: Res<Composing>,
    mut held: ResMut<Held>,
    mut focus: ResMut<InputFocus>,
    mut input: MessageWriter<TerminalInput>,
    mut actions: MessageWriter<ActionTriggered>,
    mut scrolls: MessageWriter<ScrollRequest>,
) {
    let terminal = event.focused_entity;
    let pressed = event.input.clone();
    let taker = takers.get(terminal);
    if taker.is_ok() && order.holds(event.event()) {
        return event.propagate(false);
    }
    // Whoever has the keyboard: a modifier may come up elsewhere than it went down.
    held.follow(&pressed);
    let Ok(Some(modes)) = taker else { return };
    event.propagate(false);
    if composing.0 {
        return;
    }
    let mods = held.mods();
    let down = pressed.state == ButtonState::Pressed;
    let modifier = convert::modifier(pressed.key_code, &pressed.logical_key);
    let press = key_press(&pressed, modifier, mods);
    if let Some(action) = keys.action(&press, modes.0) {
        if down && (!pressed.repeat || repeats(action)) {
            actions.write(ActionTriggered { terminal, action });
            if !repeats(action) {
                order.stop();
            }
        }
        return;
    }
    if keys.release.iter().any(|chord| press.is(chord)) {
        if down {
            focus.clear();
            order.stop();
        }
        return;
    }
    let mut bytes = Vec::new();
    key::encode(&press, modes.0, &mut bytes);
    if !bytes.is_empty() {
        // Whoever types wants to see what comes of it. Programs may be told of more than that.
        let types = press.logical != key::Logical::Unidentified || press.text.is_some();
        if down && types && modifier.is_none() {
            scrolls.write(ScrollRequest { terminal, to: ScrollTo::Bottom });
        }
        input.write(TerminalInput { terminal, kind: InputKind::Bytes(bytes) });
    }
}

/// Whether holding a key does its action again and again. None of these moves the focus or types.
fn repeats(action: Action) -> bool {
    matches!(
        action,
        Action::ScrollLineUp
            | Action::ScrollLineDown
            | Action::ScrollPageUp
            | Action::ScrollPageDown
            | Action::FontLarger
            | Action::FontSmaller
            | Action::ResizeLeft
            | Action::ResizeRight
            | Action::ResizeUp
            | Action::ResizeDown
    )
}

/// The key as the encoder wants it.
pub(super) fn key_press(input: &KeyboardInput, modifier: Option<key::Named>, mut mods: Mods) -> KeyPress {
    let physical = convert::physical(input.key_code);
    let logical = modifier.map_or_else(|| convert::logical(&input.logical_key), key::Logical::Named);
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
