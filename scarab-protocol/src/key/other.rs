//! xterm's modifyOtherKeys: `CSI 27 ; mods ; code ~` for modified keys that have no sequence of their own.

use super::{KeyPress, Logical, Mods, Named, Physical, layout, legacy};
use crate::surface::Modes;

/// Appends the sequence if modifyOtherKeys is on and covers this key; tells whether it did.
///
/// Level 1 leaves what has a well-known encoding: Ctrl with a character that has a control character, Alt as ESC,
/// Backspace, Escape. Level 2 leaves text that only Shift is held with. One difference from xterm: it also reports
/// Shift with a letter at level 2, which programs take for the letter anyway.
pub(super) fn encode(key: &KeyPress, modes: Modes, out: &mut Vec<u8>) -> bool {
    let mods = key.mods.held();
    // The keypad's characters are never other ones, whatever is held with them.
    let keypad = matches!((key.physical, key.logical), (Physical::Numpad(_), Logical::Char(_)));
    if mods.is_empty() || mods.contains(Mods::SUPER) || keypad {
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
        Logical::Named(Named::Space) | Logical::Dead => None,
        _ => {
            let c = key.ascii().filter(|_| mods.contains(Mods::CTRL))?;
            let shifted_letter = mods == Mods::CTRL | Mods::SHIFT && ('@'..='~').contains(&c);
            (shifted_letter || c == '?' || layout::control(c).is_none()).then_some(u32::from(c))
        }
    }
}

/// Whether Alt is held without Shift: such a key is the one without Alt, after an ESC.
fn is_alt(mods: Mods) -> bool {
    mods.contains(Mods::ALT) && !mods.contains(Mods::SHIFT)
}

fn level_2(key: &KeyPress, mods: Mods, modes: Modes) -> Option<u32> {
    match key.logical {
        Logical::Named(Named::Enter) => Some(13),
        Logical::Named(Named::Tab) if mods != Mods::SHIFT => Some(9),
        Logical::Named(Named::Space) => Some(32),
        Logical::Named(Named::Backspace) if mods != Mods::CTRL => Some(u32::from(legacy::backspace(false, modes))),
        Logical::Named(Named::Escape) if mods != Mods::SHIFT => Some(27),
        Logical::Char(_) | Logical::Unidentified if mods != Mods::SHIFT => {
            let own = key.character().filter(|c| !c.is_control());
            let c = if mods.contains(Mods::CTRL) { key.ascii().or(own) } else { own };
            c.map(u32::from)
        }
        _ => None,
    }
}
