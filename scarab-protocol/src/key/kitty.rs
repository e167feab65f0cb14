//! The kitty keyboard protocol: `CSI code : shifted : base ; mods : event ; text u`, and its kin for function keys.
//!
//! The five flags are those of "Progressive enhancement" in kitty's page, "Comprehensive keyboard handling in
//! terminals". Keys that type keep doing so until all keys are asked for as escape codes; without the flag that
//! disambiguates, presses are encoded as xterm's, and only what xterm cannot say is sent in this form.

use super::legacy::{self, Form, backspace, push_number};
use super::{KeyKind, KeyPress, Logical, Mods, Named, Numpad, Physical, layout};
use crate::surface::Modes;

/// The protocol's flags. If one is set, the protocol is in use.
pub(super) const FLAGS: Modes = Modes::KITTY_DISAMBIGUATE
    .union(Modes::KITTY_EVENTS)
    .union(Modes::KITTY_ALTERNATES)
    .union(Modes::KITTY_ALL)
    .union(Modes::KITTY_TEXT);

/// What a key is called in a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Code {
    number: u32,
    last: u8,
}

/// Appends what the protocol says for a key.
pub(super) fn encode(key: &KeyPress, modes: Modes, out: &mut Vec<u8>) {
    let events = modes.contains(Modes::KITTY_EVENTS);
    let all = modes.contains(Modes::KITTY_ALL);
    if key.kind == KeyKind::Release && !events {
        return;
    }
    let kind = if events { key.kind } else { KeyKind::Press };
    let text = key.plain_text().filter(|_| kind != KeyKind::Release);
    if !all {
        if let Some(text) = &text {
            out.extend_from_slice(text.as_bytes());
            return;
        }
        if types_control(key) && key.mods.held().is_empty() {
            plain_control(key, kind, modes, out);
            return;
        }
        if kind == KeyKind::Press && !modes.contains(Modes::KITTY_DISAMBIGUATE) {
            legacy::encode(key, modes - (Modes::MODIFY_OTHER_KEYS_1 | Modes::MODIFY_OTHER_KEYS_2), out);
            return;
        }
        if is_modifier(key) {
            return;
        }
    }
    let reported = if !all && types(key) { key.mods.held() } else { key.mods };
    let text = text.filter(|_| modes.contains(Modes::KITTY_TEXT));
    match code(key) {
        Some(code) => {
            let alternates = Alternates::of(key, code).filter(|_| modes.contains(Modes::KITTY_ALTERNATES));
            push(code, alternates, reported, kind, text.as_deref(), out);
        }
        // Text that no key is known for, such as what a compose sequence ended in.
        None => match (text, key.plain_text()) {
            (Some(text), _) => push(Code { number: 0, last: b'u' }, None, reported, kind, Some(&text), out),
            (None, Some(text)) if kind != KeyKind::Release => out.extend_from_slice(text.as_bytes()),
            _ => {}
        },
    }
}

/// Enter, Tab and Backspace stay as they were, so that a shell is usable after a program forgot to end the protocol
/// ("Disambiguate escape codes"). The keypad's Enter is another key, and has a code.
fn types_control(key: &KeyPress) -> bool {
    let keypad = matches!(key.physical, Physical::Numpad(_));
    !keypad && matches!(key.logical, Logical::Named(Named::Enter | Named::Tab | Named::Backspace))
}

/// Sends such a key without modifiers. Its release is not told, for the same reason ("Report event types").
fn plain_control(key: &KeyPress, kind: KeyKind, modes: Modes, out: &mut Vec<u8>) {
    if kind == KeyKind::Release {
        return;
    }
    match key.logical {
        Logical::Named(Named::Enter) if modes.contains(Modes::NEW_LINE) => out.extend_from_slice(b"\r\n"),
        Logical::Named(Named::Enter) => out.push(b'\r'),
        Logical::Named(Named::Tab) => out.push(b'\t'),
        _ => out.push(backspace(false, modes)),
    }
}

/// Whether the key types something: then the locks, whose work is in the text, are not told.
fn types(key: &KeyPress) -> bool {
    types_control(key) || key.typed().is_some()
}

/// Whether the key only changes what others do. Such keys are told with all keys as escape codes and not before.
fn is_modifier(key: &KeyPress) -> bool {
    use Named::{AltGraph, CapsLock, Level5Shift, NumLock, ScrollLock};
    let Logical::Named(named) = key.logical else { return false };
    !named.modifier().is_empty() || matches!(named, CapsLock | ScrollLock | NumLock | AltGraph | Level5Shift)
}

/// The key's number and its sequence's last byte, from "Key codes" and "Functional key definitions" of kitty's page.
fn code(key: &KeyPress) -> Option<Code> {
    let u = |number| Some(Code { number, last: b'u' });
    match (key.physical, key.logical) {
        (Physical::Numpad(_), Logical::Named(Named::Begin)) => Some(Code { number: 1, last: b'E' }),
        (Physical::Numpad(place), Logical::Named(named)) => u(keypad_number(named).unwrap_or(place_number(place))),
        (Physical::Numpad(place), Logical::Char(_)) => u(place_number(place)),
        (_, Logical::Named(named)) => named_code(named),
        (_, Logical::Char(c)) => u(u32::from(unshifted(key, c)?)),
        // A key that the window system has no name for, under Ctrl say, still has its place.
        (Physical::Key(place), Logical::Unidentified) if key.typed().is_none() => {
            u(u32::from(layout::on_us_keyboard(place, false)?))
        }
        _ => None,
    }
}

/// The number of a keypad key that types: `KP_0` to `KP_SEPARATOR` of "Functional key definitions".
fn place_number(place: Numpad) -> u32 {
    57399 + u32::from(place as u8)
}

/// The number of a keypad key without Num Lock: `KP_ENTER` and `KP_LEFT` to `KP_DELETE` of the same table.
fn keypad_number(named: Named) -> Option<u32> {
    Some(match named {
        Named::Enter => 57414,
        Named::Left => 57417,
        Named::Right => 57418,
        Named::Up => 57419,
        Named::Down => 57420,
        Named::PageUp => 57421,
        Named::PageDown => 57422,
        Named::Home => 57423,
        Named::End => 57424,
        Named::Insert => 57425,
        Named::Delete => 57426,
        _ => return None,
    })
}

/// The rest of the table. What it has no number for is called as xterm calls it.
fn named_code(named: Named) -> Option<Code> {
    let number = match named {
        Named::Enter => 13,
        Named::Tab => 9,
        Named::Backspace => 127,
        Named::Escape => 27,
        Named::Space => 32,
        Named::CapsLock => 57358,
        Named::ScrollLock => 57359,
        Named::NumLock => 57360,
        Named::PrintScreen => 57361,
        Named::Pause => 57362,
        Named::Menu => 57363,
        // `CSI 1 ; mods R` would be a cursor position report.
        Named::F(3) => return Some(Code { number: 13, last: b'~' }),
        Named::F(n @ 13..=35) => 57363 + u32::from(n),
        Named::MediaPlay => 57428,
        Named::MediaPause => 57429,
        Named::MediaPlayPause => 57430,
        Named::MediaReverse => 57431,
        Named::MediaStop => 57432,
        Named::MediaFastForward => 57433,
        Named::MediaRewind => 57434,
        Named::MediaTrackNext => 57435,
        Named::MediaTrackPrevious => 57436,
        Named::MediaRecord => 57437,
        Named::VolumeDown => 57438,
        Named::VolumeUp => 57439,
        Named::VolumeMute => 57440,
        Named::ShiftLeft => 57441,
        Named::ControlLeft => 57442,
        Named::AltLeft => 57443,
        Named::SuperLeft => 57444,
        Named::HyperLeft => 57445,
        Named::MetaLeft => 57446,
        Named::ShiftRight => 57447,
        Named::ControlRight => 57448,
        Named::AltRight => 57449,
        Named::SuperRight => 57450,
        Named::HyperRight => 57451,
        Named::MetaRight => 57452,
        // What kitty calls ISO_LEVEL3_SHIFT and ISO_LEVEL5_SHIFT.
        Named::AltGraph => 57453,
        Named::Level5Shift => 57454,
        _ => {
            return Some(match Form::of(named)? {
                Form::Cursor(last) | Form::Pf(last) => Code { number: 1, last },
                Form::Tilde(number) => Code { number: u32::from(number), last: b'~' },
            });
        }
    };
    Some(Code { number, last: b'u' })
}

/// The character of a key without Shift, which names it. Told by the caller, else guessed: a capital's small letter, or
/// the key's place if Shift makes this character there on a US keyboard.
fn unshifted(key: &KeyPress, c: char) -> Option<char> {
    let guess = || match key.physical {
        Physical::Key(place) if key.mods.contains(Mods::SHIFT) && layout::on_us_keyboard(place, true) == Some(c) => {
            place
        }
        _ => layout::lowercase(c),
    };
    Some(key.unshifted.map_or_else(guess, layout::lowercase)).filter(|c| !c.is_control())
}

/// The other names of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Alternates {
    shifted: Option<char>,
    base: Option<char>,
}

impl Alternates {
    /// What the key is with Shift, if Shift is held, and on a US keyboard, where these are other than its code.
    fn of(key: &KeyPress, code: Code) -> Option<Self> {
        let (Logical::Char(c), Physical::Key(_) | Physical::Other) = (key.logical, key.physical) else { return None };
        let other = |c: &char| u32::from(*c) != code.number && !c.is_control();
        let shifted = Some(c).filter(|_| key.mods.contains(Mods::SHIFT)).filter(other);
        let base = match key.physical {
            Physical::Key(place) => layout::on_us_keyboard(place, false).filter(other),
            _ => None,
        };
        (shifted.is_some() || base.is_some()).then_some(Self { shifted, base })
    }
}

/// Appends one sequence. Fields at their defaults are left out, as far as those after them allow; the number 1 is a
/// default before a letter, but not before `~`.
fn push(code: Code, alternates: Option<Alternates>, mods: Mods, kind: KeyKind, text: Option<&str>, out: &mut Vec<u8>) {
    let event = match kind {
        KeyKind::Press => None,
        KeyKind::Repeat => Some(2),
        KeyKind::Release => Some(3),
    };
    let second = !mods.is_empty() || event.is_some();
    out.extend_from_slice(b"\x1b[");
    if code.number != 1 || code.last == b'~' || second || alternates.is_some() || text.is_some() {
        push_number(code.number, out);
    }
    if let Some(Alternates { shifted, base }) = alternates {
        for alternate in [shifted, base].into_iter().take(if base.is_some() { 2 } else { 1 }) {
            out.push(b':');
            if let Some(c) = alternate {
                push_number(u32::from(c), out);
            }
        }
    }
    if second || text.is_some() {
        out.push(b';');
    }
    if second {
        push_number(mods.param(), out);
    }
    if let Some(event) = event {
        out.push(b':');
        push_number(event, out);
    }
    for (i, c) in text.unwrap_or_default().chars().enumerate() {
        out.push(if i == 0 { b';' } else { b':' });
        push_number(u32::from(c), out);
    }
    out.push(code.last);
}
