//! What a terminal tells its program about the mouse and about focus.
//!
//! Source: "Mouse Tracking" and "FocusIn/FocusOut" in xterm's `ctlseqs`. Which events are told and in which format are two
//! sets of modes there, and one of each is in force: so X10 tracking (9) comes in every format, too.

use crate::ids::TermSize;
use crate::key::{self, KeyPress, Mods, Named};
use crate::surface::Modes;

/// How many cursor keys one notch of the wheel sends under alternate scroll (1007), as most terminals do.
pub const LINES_PER_NOTCH: usize = 3;

/// What the mouse did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MouseAction {
    /// A button went down, or the wheel turned by one notch.
    Press,
    /// A button came up.
    Release,
    /// The pointer came into another cell or, for programs that want pixels (1016), to another place in it.
    Motion,
}

/// A button, or a direction of a wheel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MouseButton {
    /// The left button (1).
    Left,
    /// The middle button (2).
    Middle,
    /// The right button (3).
    Right,
    /// The wheel, away from the user (4).
    WheelUp,
    /// The wheel, towards the user (5).
    WheelDown,
    /// The wheel, to the left (6).
    WheelLeft,
    /// The wheel, to the right (7).
    WheelRight,
    /// The side button that goes back (8).
    Back,
    /// The side button that goes forward (9).
    Forward,
}

impl MouseButton {
    /// Whether this is a wheel, which is pressed but never held or released.
    pub fn is_wheel(self) -> bool {
        matches!(self, Self::WheelUp | Self::WheelDown | Self::WheelLeft | Self::WheelRight)
    }

    /// The button's part of a report.
    fn code(self) -> u8 {
        match self {
            Self::Left => 0,
            Self::Middle => 1,
            Self::Right => 2,
            Self::WheelUp => 64,
            Self::WheelDown => 65,
            Self::WheelLeft => 66,
            Self::WheelRight => 67,
            Self::Back => 128,
            Self::Forward => 129,
        }
    }
}

/// One thing that the mouse did over a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MouseEvent {
    /// What it did.
    pub action: MouseAction,
    /// The button that changed; in a motion one that is held, if any.
    pub button: Option<MouseButton>,
    /// The cell's column, from 0.
    pub col: u16,
    /// The cell's row, from 0.
    pub row: u16,
    /// Where in the cell, in 256ths of its width from its left; 0 if that is not known.
    pub x: u8,
    /// Where in the cell, in 256ths of its height from its top; 0 if that is not known.
    pub y: u8,
    /// The modifiers in force. Reports know Shift, Alt and Ctrl.
    pub mods: Mods,
}

impl MouseEvent {
    /// The middle of a cell, as `x` and `y` count: for who knows the cell and no more.
    pub const MIDDLE: u8 = 128;
}

/// Appends what a terminal in these modes and of this size sends for what the mouse did, and tells whether that is anything.
///
/// Motion is reported as often as it is given: a caller gives one for each place entered ([`reported_place`]). Cells that the format in
/// force cannot name are not reported: from column or row 223 on in the default one, from 2015 on in the UTF-8 one (1005). Without tracking the
/// wheel sends cursor keys on the alternate screen, if the program has left alternate scroll (1007) on: [`LINES_PER_NOTCH`] for a notch.
///
/// Of the size only pixels (1016) need anything. They count from 1, from the first cell's corner. xterm always knows how many there
/// are; where a size does not tell, a cell is one pixel, so that the report has the numbers that it would have in SGR form (1006).
pub fn encode_mouse(event: &MouseEvent, modes: Modes, size: TermSize, out: &mut Vec<u8>) -> bool {
    if !modes.intersects(Modes::MOUSE) {
        return alternate_scroll(event, modes, out);
    }
    if !is_tracked(event, modes) {
        return false;
    }
    report(event, modes, size, out)
}

/// The place that a report of an event names, column and row from 0: of a cell, or of a pixel where those are wanted (1016) and
/// known, as for [`encode_mouse`]. xterm reports motion only where it has changed since the report before.
pub fn reported_place(event: &MouseEvent, modes: Modes, size: TermSize) -> (u64, u64) {
    if modes.contains(Modes::MOUSE_PIXELS) { pixel(event, size) } else { (event.col.into(), event.row.into()) }
}

/// Appends the focus report, `CSI I` or `CSI O`, if the program asked for it (1004), and tells whether it did.
pub fn encode_focus(gained: bool, modes: Modes, out: &mut Vec<u8>) -> bool {
    let wanted = modes.contains(Modes::FOCUS);
    if wanted {
        out.extend_from_slice(if gained { b"\x1b[I" } else { b"\x1b[O" });
    }
    wanted
}

fn alternate_scroll(event: &MouseEvent, modes: Modes, out: &mut Vec<u8>) -> bool {
    if event.action != MouseAction::Press || !modes.contains(Modes::ALTERNATE_SCREEN | Modes::ALTERNATE_SCROLL) {
        return false;
    }
    let key = match event.button {
        Some(MouseButton::WheelUp) => Named::Up,
        Some(MouseButton::WheelDown) => Named::Down,
        _ => return false,
    };
    for _ in 0..LINES_PER_NOTCH {
        key::encode(&KeyPress::named(key, Mods::empty()), modes, out);
    }
    true
}

/// Whether the tracking in force is X10's (9). It knows presses of three buttons and nothing else, no modifiers either.
fn is_x10(modes: Modes) -> bool {
    !modes.intersects(Modes::MOUSE - Modes::MOUSE_X10)
}

/// Whether the tracking in force tells such an event at all.
fn is_tracked(event: &MouseEvent, modes: Modes) -> bool {
    if is_x10(modes) {
        let is_first_three = matches!(event.button, Some(MouseButton::Left | MouseButton::Middle | MouseButton::Right));
        return event.action == MouseAction::Press && is_first_three;
    }
    let wheel = event.button.is_some_and(MouseButton::is_wheel);
    match event.action {
        MouseAction::Press => event.button.is_some(),
        MouseAction::Release => event.button.is_some() && !wheel,
        MouseAction::Motion if wheel => false,
        MouseAction::Motion if event.button.is_some() => modes.intersects(Modes::MOUSE_DRAG | Modes::MOUSE_MOTION),
        MouseAction::Motion => modes.contains(Modes::MOUSE_MOTION),
    }
}

fn report(event: &MouseEvent, modes: Modes, size: TermSize, out: &mut Vec<u8>) -> bool {
    const NO_BUTTON: u8 = 3;
    let sgr = modes.intersects(Modes::MOUSE_PIXELS | Modes::MOUSE_SGR);
    let mut code = match event.button {
        // Only SGR reports tell which button came up.
        Some(_) if event.action == MouseAction::Release && !sgr => NO_BUTTON,
        Some(button) => button.code(),
        None => NO_BUTTON,
    };
    for (modifier, bit) in [(Mods::SHIFT, 4), (Mods::ALT, 8), (Mods::CTRL, 16)] {
        if event.mods.contains(modifier) && !is_x10(modes) {
            code |= bit;
        }
    }
    if event.action == MouseAction::Motion {
        code |= 32;
    }
    if sgr {
        let (x, y) = reported_place(event, modes, size);
        let last = if event.action == MouseAction::Release { 'm' } else { 'M' };
        out.extend_from_slice(format!("\x1b[<{code};{};{}{last}", x + 1, y + 1).as_bytes());
        return true;
    }
    let (col, row) = (u32::from(event.col) + 1, u32::from(event.row) + 1);
    let utf8 = modes.contains(Modes::MOUSE_UTF8);
    // 32 is added to everything; a byte ends at 255, and the UTF-8 format at two bytes.
    let largest = if utf8 { 0x7ff } else { 0xff } - 32;
    if col.max(row) > largest {
        return false;
    }
    out.extend_from_slice(b"\x1b[M");
    for value in [u32::from(code), col, row] {
        push(value + 32, utf8, out);
    }
    true
}

/// The pixel of the text area that an event is on, from 0; the cell if the area's pixels are not known.
fn pixel(event: &MouseEvent, size: TermSize) -> (u64, u64) {
    if size.pixel_width == 0 || size.pixel_height == 0 {
        return (event.col.into(), event.row.into());
    }
    let along = |cell: u16, part: u8, cells: u16, pixels: u16| {
        let parts = 256 * u64::from(cell) + u64::from(part);
        parts * u64::from(pixels) / (256 * u64::from(cells.max(1)))
    };
    (along(event.col, event.x, size.cols, size.pixel_width), along(event.row, event.y, size.rows, size.pixel_height))
}

/// Appends one value of the default or of the UTF-8 format.
fn push(value: u32, utf8: bool, out: &mut Vec<u8>) {
    match (u8::try_from(value), char::from_u32(value)) {
        (_, Some(c)) if utf8 => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        (Ok(byte), _) => out.push(byte),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
