//! The encoding of xterm for a PC keyboard, with Alt as an ESC before the key (its resource `metaSendsEscape`) until a
//! program wants it otherwise.
//!
//! Sources: `ctlseqs`, "PC-Style Function Keys" and "Non-Function Keys", and where those are silent `input.c` of
//! xterm 410; of keys with Alt, and of Enter, Tab, Backspace, Escape and Space with modifiers, the kitty protocol's
//! "Legacy key event encoding", whose table "C0 controls" says what terminals have in common.

use super::{KeyKind, KeyPress, Logical, Mods, Named, Numpad, Physical, layout, other};
use crate::surface::Modes;

/// The shape of a function key's sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `CSI letter`, `SS3 letter` under DECCKM, `CSI 1 ; mods letter` with modifiers.
    Cursor(u8),
    /// `SS3 letter`, `CSI 1 ; mods letter` with modifiers.
    Pf(u8),
    /// `CSI number ~`, `CSI number ; mods ~` with modifiers.
    Tilde(u8),
}

impl Form {
    /// The form of a named key; `None` if it is no function key.
    ///
    /// The tables are those of `ctlseqs`: cursor keys and F1 to F12 of "PC-Style Function Keys", editing keypad and F13
    /// to F20 of "VT220-Style Function Keys", the rest of "Non-Function Keys". F21 and on are in `decfuncvalue` of
    /// `input.c` only, and so is Begin, in `curfinal`.
    pub(super) fn of(named: Named) -> Option<Self> {
        Some(match named {
            Named::Up => Self::Cursor(b'A'),
            Named::Down => Self::Cursor(b'B'),
            Named::Right => Self::Cursor(b'C'),
            Named::Left => Self::Cursor(b'D'),
            Named::Begin => Self::Cursor(b'E'),
            Named::End => Self::Cursor(b'F'),
            Named::Home => Self::Cursor(b'H'),
            Named::Find => Self::Tilde(1),
            Named::Insert => Self::Tilde(2),
            Named::Delete => Self::Tilde(3),
            Named::Select => Self::Tilde(4),
            Named::PageUp => Self::Tilde(5),
            Named::PageDown => Self::Tilde(6),
            Named::Help => Self::Tilde(28),
            Named::Menu => Self::Tilde(29),
            Named::F(n @ 1..=4) => Self::Pf(b'P' + n - 1),
            // The numbers are those of the VT220, which left gaps where its keyboard had them; from F21 on xterm's.
            Named::F(5) => Self::Tilde(15),
            Named::F(n @ 6..=10) => Self::Tilde(n + 11),
            Named::F(n @ 11..=14) => Self::Tilde(n + 12),
            Named::F(n @ 15..=16) => Self::Tilde(n + 13),
            Named::F(n @ 17..=20) => Self::Tilde(n + 14),
            Named::F(n @ 21..=35) => Self::Tilde(n + 21),
            _ => return None,
        })
    }
}

/// Appends what xterm sends for a key. A release sends nothing.
pub(super) fn encode(key: &KeyPress, modes: Modes, out: &mut Vec<u8>) {
    if key.kind == KeyKind::Release || application_keypad(key, modes, out) || other::encode(key, modes, out) {
        return;
    }
    match key.logical {
        Logical::Named(Named::Space) => text(key, modes, out),
        Logical::Named(Named::Delete) if delete_is_del(key, modes) => out.push(0x7f),
        Logical::Named(named) => match Form::of(named) {
            Some(form) => function(form, key.mods.held(), modes, out),
            None => control_key(named, key.mods.held(), modes, out),
        },
        Logical::Char(_) | Logical::Dead | Logical::Unidentified => text(key, modes, out),
    }
}

/// What Backspace sends: DEL, or BS under DECBKM; Ctrl swaps the two (`IsBackarrowToggle` of xterm's `input.c`).
pub(super) fn backspace(ctrl: bool, modes: Modes) -> u8 {
    if modes.contains(Modes::BACKSPACE_BS) != ctrl { 0x08 } else { 0x7f }
}

/// Whether Delete sends DEL (`ctlseqs`, mode 1037): without modifiers, and not the keypad's (`Input` and
/// `IsEditFunctionKey` of `input.c`).
fn delete_is_del(key: &KeyPress, modes: Modes) -> bool {
    modes.contains(Modes::DELETE_DEL) && key.mods.held().is_empty() && !matches!(key.physical, Physical::Numpad(_))
}

/// Appends what a key sends alone as Alt makes it, if that is held: after an ESC, or with the eighth bit of an ASCII
/// character set, which is then sent in UTF-8 (`Input` of `input.c`).
fn with_alt(bytes: &[u8], mods: Mods, modes: Modes, out: &mut Vec<u8>) {
    let eighth_bit = modes.contains(Modes::ALT_EIGHTH_BIT);
    match bytes {
        &[ascii @ ..=0x7f] if mods.contains(Mods::ALT) && eighth_bit => {
            let c = char::from(ascii | 0x80);
            out.extend_from_slice(c.encode_utf8(&mut [0; 2]).as_bytes());
        }
        _ => {
            if mods.contains(Mods::ALT) && !eighth_bit {
                out.push(0x1b);
            }
            out.extend_from_slice(bytes);
        }
    }
}

/// The keypad under DECKPAM. Without Num Lock its digits arrive as cursor keys and are sent as those, as xterm does;
/// the others have a sequence of their own. Num Lock turns application mode off, unless mode 1035 is reset. The letters are those of `ctlseqs`,
/// "VT220-Style Function Keys", and where the modifiers go is in `input.c`.
fn application_keypad(key: &KeyPress, modes: Modes, out: &mut Vec<u8>) -> bool {
    let Physical::Numpad(place) = key.physical else { return false };
    let types = matches!(key.logical, Logical::Char(_) | Logical::Named(Named::Enter));
    let locked = key.mods.contains(Mods::NUM_LOCK) && !modes.contains(Modes::APP_KEYPAD_ALWAYS);
    if !types || !modes.contains(Modes::APP_KEYPAD) || locked || key.mods.intersects(Mods::DESKTOP) {
        return false;
    }
    let letter = match place {
        Numpad::Decimal => b'n',
        Numpad::Divide => b'o',
        Numpad::Multiply => b'j',
        Numpad::Subtract => b'm',
        Numpad::Add => b'k',
        Numpad::Enter => b'M',
        Numpad::Equal => b'X',
        Numpad::Separator => b'l',
        digit => b'p' + digit as u8,
    };
    out.extend_from_slice(b"\x1bO");
    let mods = key.mods.held();
    if !mods.is_empty() {
        push_number(mods.param(), out);
    }
    out.push(letter);
    true
}

fn function(form: Form, mods: Mods, modes: Modes, out: &mut Vec<u8>) {
    let (number, last) = match form {
        Form::Cursor(letter) | Form::Pf(letter) => (1, letter),
        Form::Tilde(number) => (number, b'~'),
    };
    let ss3 = match form {
        Form::Cursor(_) => modes.contains(Modes::APP_CURSOR),
        Form::Pf(_) => true,
        Form::Tilde(_) => false,
    };
    if mods.is_empty() && ss3 {
        out.extend_from_slice(b"\x1bO");
    } else {
        out.extend_from_slice(b"\x1b[");
        if !mods.is_empty() || last == b'~' {
            push_number(u32::from(number), out);
        }
        if !mods.is_empty() {
            out.push(b';');
            push_number(mods.param(), out);
        }
    }
    out.push(last);
}

/// Enter, Tab, Backspace and Escape: kitty's table "C0 controls". With a modifier of the desktop they send nothing.
fn control_key(named: Named, mods: Mods, modes: Modes, out: &mut Vec<u8>) {
    let bytes: &[u8] = match named {
        _ if mods.intersects(Mods::DESKTOP) => return,
        Named::Enter if modes.contains(Modes::NEW_LINE) => b"\r\n",
        Named::Enter => b"\r",
        Named::Tab if mods.contains(Mods::SHIFT) => b"\x1b[Z",
        Named::Tab => b"\t",
        Named::Backspace => &[backspace(mods.contains(Mods::CTRL), modes)],
        Named::Escape => b"\x1b",
        _ => return,
    };
    with_alt(bytes, mods, modes, out);
}

/// A key that types: its text, or the control character Ctrl makes of it, as Alt makes it if that is held.
fn text(key: &KeyPress, modes: Modes, out: &mut Vec<u8>) {
    if key.mods.intersects(Mods::DESKTOP) {
        return;
    }
    // The keypad's characters have no control characters: Ctrl+8 there is no DEL.
    let ctrl = key.mods.contains(Mods::CTRL) && !matches!(key.physical, Physical::Numpad(_));
    match (ctrl.then(|| key.ascii()).flatten(), key.typed()) {
        (Some(c), _) => with_alt(&[layout::control(c).unwrap_or(c as u8)], key.mods, modes, out),
        (None, Some(text)) => with_alt(text.as_bytes(), key.mods, modes, out),
        // A dead key, say: no lone ESC either.
        (None, None) => {}
    }
}

/// Appends a number in decimal.
pub(super) fn push_number(number: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(number.to_string().as_bytes());
}
