//! Bevy's keys as the encoder's.

use bevy::input::keyboard::{Key, KeyCode, NativeKey};
use scarab_protocol::key::{Logical, Named, Numpad, Physical};

/// X's numbers of keys that winit tells by number only: `keysymdef.h`.
mod keysym {
    /// The middle of the keypad without Num Lock.
    pub(super) const KP_BEGIN: u32 = 0xff9d;
    pub(super) const ISO_LEVEL5_SHIFT: u32 = 0xfe11;
}

/// Where a key is. Both sides follow the W3C's `code` names.
pub(crate) fn physical(code: KeyCode) -> Physical {
    if let Some(numpad) = numpad(code) {
        return Physical::Numpad(numpad);
    }
    let name = format!("{code:?}");
    let letter = name.strip_prefix("Key").filter(|rest| rest.len() == 1).and_then(|rest| rest.chars().next());
    if let Some(letter) = letter.filter(char::is_ascii_uppercase) {
        return Physical::Key(letter.to_ascii_lowercase());
    }
    let digit = name.strip_prefix("Digit").filter(|rest| rest.len() == 1).and_then(|rest| rest.chars().next());
    if let Some(digit) = digit {
        return Physical::Key(digit);
    }
    let sign = match code {
        KeyCode::Backquote => '`',
        KeyCode::Minus => '-',
        KeyCode::Equal => '=',
        KeyCode::BracketLeft => '[',
        KeyCode::BracketRight => ']',
        KeyCode::Backslash => '\\',
        KeyCode::Semicolon => ';',
        KeyCode::Quote => '\'',
        KeyCode::Comma => ',',
        KeyCode::Period => '.',
        KeyCode::Slash => '/',
        _ => return Physical::Other,
    };
    Physical::Key(sign)
}

/// The modifier that a key is, told apart by its side.
///
/// What it means decides: many people have made Caps Lock a Control. Where it is decides only if nobody knows what it
/// means: X calls Alt another key while Shift is held, for which winit has no name.
pub(super) fn modifier(code: KeyCode, key: &Key) -> Option<Named> {
    use KeyCode::{AltLeft, AltRight, ControlLeft, ControlRight, ShiftLeft, ShiftRight, SuperLeft, SuperRight};
    let [left, right] = match (key, code) {
        (Key::Unidentified(NativeKey::Xkb(keysym::ISO_LEVEL5_SHIFT)), _) => return None,
        (Key::Shift, _) | (Key::Unidentified(_), ShiftLeft | ShiftRight) => [Named::ShiftLeft, Named::ShiftRight],
        (Key::Control, _) | (Key::Unidentified(_), ControlLeft | ControlRight) => {
            [Named::ControlLeft, Named::ControlRight]
        }
        (Key::Alt, _) | (Key::Unidentified(_), AltLeft | AltRight) => [Named::AltLeft, Named::AltRight],
        (Key::Super, _) | (Key::Unidentified(_), SuperLeft | SuperRight) => [Named::SuperLeft, Named::SuperRight],
        (Key::Hyper, _) => [Named::HyperLeft, Named::HyperRight],
        (Key::Meta, _) => [Named::MetaLeft, Named::MetaRight],
        _ => return None,
    };
    Some(if matches!(code, ShiftRight | ControlRight | AltRight | SuperRight) { right } else { left })
}

/// What a key means.
pub(super) fn logical(key: &Key) -> Logical {
    let named = match key {
        Key::Character(text) => {
            let mut chars = text.chars();
            return match (chars.next(), chars.next()) {
                (Some(c), None) => Logical::Char(c),
                _ => Logical::Unidentified,
            };
        }
        Key::Dead(_) => return Logical::Dead,
        Key::Enter => Named::Enter,
        Key::Tab => Named::Tab,
        Key::Space => Named::Space,
        Key::Backspace => Named::Backspace,
        Key::Escape => Named::Escape,
        Key::ArrowUp => Named::Up,
        Key::ArrowDown => Named::Down,
        Key::ArrowLeft => Named::Left,
        Key::ArrowRight => Named::Right,
        Key::Home => Named::Home,
        Key::End => Named::End,
        Key::PageUp => Named::PageUp,
        Key::PageDown => Named::PageDown,
        Key::Insert => Named::Insert,
        Key::Delete => Named::Delete,
        Key::Clear | Key::Unidentified(NativeKey::Xkb(keysym::KP_BEGIN)) => Named::Begin,
        Key::Find => Named::Find,
        Key::Select => Named::Select,
        Key::Help => Named::Help,
        Key::ContextMenu => Named::Menu,
        Key::PrintScreen => Named::PrintScreen,
        Key::Pause => Named::Pause,
        Key::CapsLock => Named::CapsLock,
        Key::ScrollLock => Named::ScrollLock,
        Key::NumLock => Named::NumLock,
        Key::AltGraph => Named::AltGraph,
        Key::Unidentified(NativeKey::Xkb(keysym::ISO_LEVEL5_SHIFT)) => Named::Level5Shift,
        Key::MediaPlay => Named::MediaPlay,
        Key::MediaPause => Named::MediaPause,
        Key::MediaPlayPause => Named::MediaPlayPause,
        Key::MediaStop => Named::MediaStop,
        Key::MediaFastForward => Named::MediaFastForward,
        Key::MediaRewind => Named::MediaRewind,
        Key::MediaTrackNext => Named::MediaTrackNext,
        Key::MediaTrackPrevious => Named::MediaTrackPrevious,
        Key::MediaRecord => Named::MediaRecord,
        Key::AudioVolumeDown => Named::VolumeDown,
        Key::AudioVolumeUp => Named::VolumeUp,
        Key::AudioVolumeMute => Named::VolumeMute,
        _ => return function(key).map_or(Logical::Unidentified, |number| Logical::Named(Named::F(number))),
    };
    Logical::Named(named)
}

/// The number of a function key, by its name `F1` to `F35`.
fn function(key: &Key) -> Option<u8> {
    format!("{key:?}").strip_prefix('F')?.parse().ok().filter(|number| (1..=35).contains(number))
}

fn numpad(code: KeyCode) -> Option<Numpad> {
    Some(match code {
        KeyCode::Numpad0 => Numpad::Digit0,
        KeyCode::Numpad1 => Numpad::Digit1,
        KeyCode::Numpad2 => Numpad::Digit2,
        KeyCode::Numpad3 => Numpad::Digit3,
        KeyCode::Numpad4 => Numpad::Digit4,
        KeyCode::Numpad5 => Numpad::Digit5,
        KeyCode::Numpad6 => Numpad::Digit6,
        KeyCode::Numpad7 => Numpad::Digit7,
        KeyCode::Numpad8 => Numpad::Digit8,
        KeyCode::Numpad9 => Numpad::Digit9,
        KeyCode::NumpadDecimal => Numpad::Decimal,
        KeyCode::NumpadDivide => Numpad::Divide,
        KeyCode::NumpadMultiply => Numpad::Multiply,
        KeyCode::NumpadSubtract => Numpad::Subtract,
        KeyCode::NumpadAdd => Numpad::Add,
        KeyCode::NumpadEnter => Numpad::Enter,
        KeyCode::NumpadEqual => Numpad::Equal,
        KeyCode::NumpadComma => Numpad::Separator,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_follow_a_us_keyboard() {
        assert_eq!(physical(KeyCode::KeyC), Physical::Key('c'));
        assert_eq!(physical(KeyCode::Digit2), Physical::Key('2'));
        assert_eq!(physical(KeyCode::Slash), Physical::Key('/'));
        assert_eq!(physical(KeyCode::Numpad7), Physical::Numpad(Numpad::Digit7));
        assert_eq!(physical(KeyCode::F1), Physical::Other);
    }

    #[test]
    fn modifiers_are_told_apart_by_their_side() {
        assert_eq!(modifier(KeyCode::ShiftRight, &Key::Shift), Some(Named::ShiftRight));
        assert_eq!(modifier(KeyCode::AltRight, &Key::Alt), Some(Named::AltRight));
        assert_eq!(modifier(KeyCode::AltRight, &Key::AltGraph), None);
        assert_eq!(modifier(KeyCode::AltRight, &Key::Compose), None);
        assert_eq!(modifier(KeyCode::KeyA, &Key::Character("a".into())), None);
    }

    #[test]
    fn a_modifier_is_what_the_layout_makes_it() {
        assert_eq!(modifier(KeyCode::CapsLock, &Key::Control), Some(Named::ControlLeft));
        assert_eq!(modifier(KeyCode::ControlLeft, &Key::CapsLock), None);
        assert_eq!(modifier(KeyCode::CapsLock, &Key::Hyper), Some(Named::HyperLeft));
        // X's Meta_L: what a left Alt key is while Shift is held.
        let meta_left = Key::Unidentified(NativeKey::Xkb(0xffe7));
        assert_eq!(modifier(KeyCode::AltLeft, &meta_left), Some(Named::AltLeft));
        let level_5 = Key::Unidentified(NativeKey::Xkb(keysym::ISO_LEVEL5_SHIFT));
        assert_eq!(modifier(KeyCode::AltRight, &level_5), None);
        assert_eq!(logical(&level_5), Logical::Named(Named::Level5Shift));
    }

    #[test]
    fn meanings_keep_their_names() {
        assert_eq!(logical(&Key::Character("é".into())), Logical::Char('é'));
        assert_eq!(logical(&Key::F5), Logical::Named(Named::F(5)));
        assert_eq!(logical(&Key::F24), Logical::Named(Named::F(24)));
        assert_eq!(logical(&Key::ArrowUp), Logical::Named(Named::Up));
        assert_eq!(logical(&Key::Dead(Some('´'))), Logical::Dead);
        assert_eq!(logical(&Key::F35), Logical::Named(Named::F(35)));
        assert_eq!(logical(&Key::MediaPlay), Logical::Named(Named::MediaPlay));
        assert_eq!(logical(&Key::Unidentified(NativeKey::Xkb(0xff9d))), Logical::Named(Named::Begin));
        assert_eq!(logical(&Key::Unidentified(NativeKey::Xkb(0xffe7))), Logical::Unidentified);
        assert_eq!(logical(&Key::BrowserBack), Logical::Unidentified);
        assert_eq!(logical(&Key::FavoriteStore0), Logical::Unidentified);
    }
}
