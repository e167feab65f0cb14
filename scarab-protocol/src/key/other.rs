//! xterm's modifyOtherKeys: `CSI 27 ; mods ; code ~` for modified keys that have no sequence of their own.
//!
//! Sources: xterm's manual page (`modifyOtherKeys`), `ctlseqs` ("Alt and Meta Keys"), and for single keys
//! `ModifyOtherKeys` and `allowedCharModifiers` in `input.c` of xterm 410, with Alt as an ESC (`metaSendsEscape`).

use super::{KeyPress, Logical, Mods, Named, Physical, layout, legacy};
use crate::surface::Modes;

/// Appends the sequence if modifyOtherKeys is on and covers this key; tells whether it did.
///
/// Level 1 leaves what has a well-known encoding: Ctrl with a character that has a control character, Alt as ESC,
/// Backspace, Escape. Level 2 leaves text that only Shift is held with, unless xterm takes its character for one that
/// Ctrl works on. The keypad is never covered: its keys are no "ordinary" ones.
pub(super) fn encode(key: &KeyPress, modes: Modes, out: &mut Vec<u8>) -> bool {
    let mods = key.mods.held();
    if mods.is_empty() || mods.intersects(Mods::DESKTOP) || matches!(key.physical, Physical::Numpad(_)) {
        return false;
    }
    let code = if modes.contains(Modes::MODIFY_OTHER_KEYS_2) {
        level_2(key, mods, modes)
    } else if modes.contains(Modes::MODIFY_OTHER_KEYS_1) {
        level_1(key, mods)
    } else {
        None
    };
    let Some(code) = code else { return false };
    out.extend_from_slice(b"\x1b[27;");
    legacy::push_number(mods.param(), out);
    out.push(b';');
    legacy::push_number(code, out);
    out.push(b'~');
    true
}

fn level_1(key: &KeyPress, mods: Mods) -> Option<u32> {
    match key.logical {
        Logical::Named(Named::Enter) if is_alt(mods) => None,
        Logical::Named(Named::Enter) => Some(13),
        Logical::Named(Named::Tab) if mods == Mods::SHIFT || is_alt(mods) => None,
        Logical::Named(Named::Tab) => Some(9),
        Logical::Char(_) | Logical::Unidentified if mods.contains(Mods::CTRL) => {
            let c = for_ctrl(key)?;
            (c == '?' || layout::control(c).is_none()).then_some(u32::from(c))
        }
        _ => None,
    }
}

/// Whether Alt is held without Shift: such a key is the one without Alt, after an ESC.
fn is_alt(mods: Mods) -> bool {
    mods.contains(Mods::ALT) && !mods.contains(Mods::SHIFT)
}

fn level_2(key: &KeyPress, mods: Mods, modes: Modes) -> Option<u32> {
    match key.logical {
        Logical::Named(Named::Enter) => Some(13),
        Logical::Named(Named::Tab) => Some(9),
        Logical::Named(Named::Space) => Some(32),
        Logical::Named(Named::Backspace) if mods != Mods::CTRL => Some(u32::from(legacy::backspace(false, modes))),
        Logical::Named(Named::Escape) => Some(27),
        // `IsControlInput`: the characters that have control characters, of which capitals are the most common.
        Logical::Char(c @ '@'..='~') if mods == Mods::SHIFT && types_only(key, c) => Some(u32::from(c)),
        Logical::Char(_) | Logical::Unidentified if mods != Mods::SHIFT => {
            let c = if mods.contains(Mods::CTRL) { for_ctrl(key) } else { own(key) };
            c.map(u32::from)
        }
        _ => None,
    }
}

/// Whether the text is the character itself, and not what a compose sequence ended in, say.
fn types_only(key: &KeyPress, c: char) -> bool {
    key.typed().is_some_and(|text| text.chars().eq([c]))
}

/// The character that a key is called by under Ctrl: one that Ctrl can work on, if there is any.
fn for_ctrl(key: &KeyPress) -> Option<char> {
    key.ascii().or(own(key))
}

fn own(key: &KeyPress) -> Option<char> {
    key.character().filter(|c| !c.is_control())
}
