//! The reports that the outer terminal is asked for: mouse (SGR, 1006) and focus (1004).

use scarab_protocol::{
    key::Mods,
    mouse::{MouseAction, MouseButton, MouseEvent},
};

/// The length of the control sequence that the bytes begin with; `None` if they do not begin with a whole one.
pub fn csi_length(bytes: &[u8]) -> Option<usize> {
    let body = bytes.strip_prefix(b"\x1b[")?;
    let last = body.iter().position(|byte| !is_parameter(*byte))?;
    // Parameters and intermediates, then one final byte (ECMA-48).
    matches!(body[last], 0x40..=0x7e).then_some(2 + last + 1)
}

/// Whether more bytes could make these a control sequence.
pub fn may_become_csi(bytes: &[u8]) -> bool {
    match bytes {
        [0x1b] | [0x1b, b'['] => true,
        [0x1b, b'[', body @ ..] => body.iter().copied().all(is_parameter),
        _ => false,
    }
}

fn is_parameter(byte: u8) -> bool {
    matches!(byte, 0x20..=0x3f)
}

/// `CSI I` and `CSI O`.
pub fn focus(sequence: &[u8]) -> Option<bool> {
    match sequence {
        b"\x1b[I" => Some(true),
        b"\x1b[O" => Some(false),
        _ => None,
    }
}

/// `CSI < code ; column ; row M`, or `m` for a release; columns and rows count from 1. Where in the cell it was is not told, and
/// taken to be the middle.
pub fn mouse(sequence: &[u8]) -> Option<MouseEvent> {
    let (last, body) = sequence.strip_prefix(b"\x1b[<")?.split_last()?;
    let mut numbers = str::from_utf8(body).ok()?.split(';').map(|number| number.parse::<u16>().ok());
    let (code, col, row) = (numbers.next()??, numbers.next()??, numbers.next()??);
    if numbers.next().is_some() {
        return None;
    }
    let button = match code & !0b11_1100 {
        0 => Some(MouseButton::Left),
        1 => Some(MouseButton::Middle),
        2 => Some(MouseButton::Right),
        3 => None,
        64 => Some(MouseButton::WheelUp),
        65 => Some(MouseButton::WheelDown),
        66 => Some(MouseButton::WheelLeft),
        67 => Some(MouseButton::WheelRight),
        128 => Some(MouseButton::Back),
        129 => Some(MouseButton::Forward),
        _ => return None,
    };
    let action = match (last, code & 32 != 0) {
        (b'm', _) => MouseAction::Release,
        (b'M', true) => MouseAction::Motion,
        (b'M', false) => MouseAction::Press,
        _ => return None,
    };
    let mods = [(4, Mods::SHIFT), (8, Mods::ALT), (16, Mods::CTRL)];
    let mods = mods.iter().filter(|(bit, _)| code & bit != 0).fold(Mods::empty(), |all, (_, mods)| all | *mods);
    let (col, row) = (col.checked_sub(1)?, row.checked_sub(1)?);
    Some(MouseEvent { action, button, col, row, x: MouseEvent::MIDDLE, y: MouseEvent::MIDDLE, mods })
}
