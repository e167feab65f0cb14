//! Keys and composed text.

use bevy::{
    input::{
        ButtonState,
        keyboard::{KeyCode, KeyboardFocusLost, KeyboardInput},
    },
    input_focus::{FocusedInput, InputFocus},
    prelude::*,
};
use scarab_protocol::{
    config::Action,
    key::{self, KeyPress, Mods, Physical},
    surface::Modes,
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

/// The modifiers that are down. Followed event by event: the state after a frame is wrong for keys within it.
#[derive(Resource, Default)]
pub(crate) struct Held {
    /// The keys, each with what it meant when it went down: another modifier may give it another meaning before it comes up.
    keys: Vec<(KeyCode, key::Named)>,
    /// What the windowing system has told last. It knows of keys that went down elsewhere, and of what sticks.
    told: Option<Mods>,
}

/// The modifiers of which windowing systems tell.
const TOLD: Mods = Mods::SHIFT.union(Mods::CTRL).union(Mods::ALT).union(Mods::SUPER);

impl Held {
    pub(crate) fn follow(&mut self, input: &KeyboardInput) {
        self.keys.retain(|(code, _)| *code != input.key_code);
        if input.state == ButtonState::Pressed
            && let Some(modifier) = convert::modifier(input.key_code, &input.logical_key)
        {
            self.keys.push((input.key_code, modifier));
        }
    }

    /// The windowing system tells which modifiers are down.
    pub(super) fn tell(&mut self, mods: Mods) {
        self.told = Some(mods);
    }

    pub(crate) fn mods(&self) -> Mods {
        let keys = self.by_keys();
        // A key that the layout has made Hyper or Meta is told as Super by the system.
        let is_other = keys.intersects(Mods::HYPER | Mods::META) && !keys.contains(Mods::SUPER);
        let mistaken = if is_other { Mods::SUPER } else { Mods::empty() };
        self.told.map_or(keys, |told| told.difference(mistaken) | keys.difference(TOLD))
    }

    fn by_keys(&self) -> Mods {
        self.keys.iter().fold(Mods::empty(), |mods, (_, named)| mods | named.modifier())
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
    if taker.is_ok() && order.holds(event.event(), &mut held) {
        return event.propagate(false);
    }
    // Whoever has the keyboard: a modifier may come up elsewhere than it went down.
    held.follow(&pressed);
    let Ok(Some(modes)) = taker else { return };
    event.propagate(false);
    if composing.0 {
        return;
    }
    let mut mods = held.mods();
    let down = pressed.state == ButtonState::Pressed;
    let modifier = convert::modifier(pressed.key_code, &pressed.logical_key);
    if let Some(own) = modifier.map(key::Named::modifier) {
        // What a modifier's own key does to it is told behind the key: Wayland and X have it so.
        mods.set(own, held.by_keys().contains(own));
    }
    let press = key_press(&pressed, modifier, mods, modes.0);
    if let Some(action) = keys.action(&press, modes.0) {
        if down && (!pressed.repeat || repeats(action)) {
            actions.write(ActionTriggered { terminal, action });
            if !repeats(action) {
                order.stop();
            }
        }
        return;
    }
    if let Some(text) = keys.text(&press) {
        if down {
            scrolls.write(ScrollRequest { terminal, to: ScrollTo::Bottom });
            input.write(TerminalInput::text(terminal, text));
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

/// The key as the encoder wants it, for a terminal in these modes.
pub(super) fn key_press(input: &KeyboardInput, modifier: Option<key::Named>, mut mods: Mods, modes: Modes) -> KeyPress {
    let physical = convert::physical(input.key_code);
    let logical = modifier.map_or_else(|| convert::logical(&input.logical_key), key::Logical::Named);
    let text = input.text.as_ref().map(ToString::to_string);
    // Num Lock's state is not told. A keypad key that types a character has it on. Enter is to type in any state, too, but
    // a program of the kitty protocol would be told of a lock that nobody knows of.
    let enter = logical == key::Logical::Named(key::Named::Enter) && !key::speaks_kitty(modes);
    if matches!(physical, Physical::Numpad(_)) && (matches!(logical, key::Logical::Char(_)) || enter) {
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

#[cfg(test)]
mod tests {
    use bevy::input::keyboard::{Key, NativeKey};

    use super::*;

    fn event(key_code: KeyCode, logical_key: Key, state: ButtonState) -> KeyboardInput {
        KeyboardInput { key_code, logical_key, state, text: None, repeat: false, window: Entity::PLACEHOLDER }
    }

    #[test]
    fn a_caps_lock_that_the_layout_made_a_control_is_one() {
        let mut held = Held::default();
        held.follow(&event(KeyCode::CapsLock, Key::Control, ButtonState::Pressed));
        assert_eq!(held.mods(), Mods::CTRL);
        held.follow(&event(KeyCode::ControlRight, Key::Control, ButtonState::Pressed));
        held.follow(&event(KeyCode::CapsLock, Key::Control, ButtonState::Released));
        assert_eq!(held.mods(), Mods::CTRL, "the other one is still down");
        held.follow(&event(KeyCode::ControlRight, Key::Control, ButtonState::Released));
        assert_eq!(held.mods(), Mods::empty());
    }

    #[test]
    fn alt_that_went_down_with_shift_comes_up_without() {
        let mut held = Held::default();
        let meta_left = Key::Unidentified(NativeKey::Xkb(0xffe7));
        held.follow(&event(KeyCode::ShiftLeft, Key::Shift, ButtonState::Pressed));
        held.follow(&event(KeyCode::AltLeft, meta_left, ButtonState::Pressed));
        assert_eq!(held.mods(), Mods::SHIFT | Mods::ALT);
        held.follow(&event(KeyCode::ShiftLeft, Key::Shift, ButtonState::Released));
        held.follow(&event(KeyCode::AltLeft, Key::Alt, ButtonState::Released));
        assert_eq!(held.mods(), Mods::empty());
    }

    #[test]
    fn what_the_windowing_system_tells_counts_more_than_keys() {
        let mut held = Held::default();
        held.follow(&event(KeyCode::ControlLeft, Key::Control, ButtonState::Pressed));
        held.follow(&event(KeyCode::CapsLock, Key::Hyper, ButtonState::Pressed));
        assert_eq!(held.mods(), Mods::CTRL | Mods::HYPER);
        // Ctrl came up unseen, and Shift went down so. Of Hyper nobody tells.
        held.tell(Mods::SHIFT);
        assert_eq!(held.mods(), Mods::SHIFT | Mods::HYPER);
        held.tell(Mods::empty());
        assert_eq!(held.mods(), Mods::HYPER);
    }

    #[test]
    fn a_program_of_the_kitty_protocol_is_not_told_of_a_num_lock_by_the_keypads_enter() {
        let sent = |modes: Modes| {
            let input = event(KeyCode::NumpadEnter, Key::Enter, ButtonState::Pressed);
            let mut bytes = Vec::new();
            key::encode(&key_press(&input, None, Mods::empty(), modes), modes, &mut bytes);
            bytes
        };
        assert_eq!(sent(Modes::KITTY_DISAMBIGUATE), b"\x1b[57414u");
        assert_eq!(sent(Modes::APP_KEYPAD), b"\r");
    }
}
