//! The session's modes, told to the outer terminal, so that it encodes keys and reports the mouse as the session's program wants.

use scarab_protocol::surface::Modes;

use super::style::push;

/// Modes that the outer terminal has by the same name, with what sets and what resets them. Of X10 tracking (9) few terminals know;
/// where a program wants that, presses and releases are told here, and the daemon drops what is too much.
const SAME: [(Modes, &[u8], &[u8]); 7] = [
    (Modes::APP_CURSOR, b"\x1b[?1h", b"\x1b[?1l"),
    (Modes::APP_KEYPAD, b"\x1b=", b"\x1b>"),
    (Modes::MOUSE_X10, b"\x1b[?1000h", b"\x1b[?1000l"),
    (Modes::MOUSE_CLICK, b"\x1b[?1000h", b"\x1b[?1000l"),
    (Modes::MOUSE_DRAG, b"\x1b[?1002h", b"\x1b[?1002l"),
    (Modes::MOUSE_MOTION, b"\x1b[?1003h", b"\x1b[?1003l"),
    (Modes::REVERSE_SCREEN, b"\x1b[?5h", b"\x1b[?5l"),
];

/// The kitty keyboard flags among the modes, in the protocol's own numbers.
const KITTY: [(Modes, u8); 5] = [
    (Modes::KITTY_DISAMBIGUATE, 1),
    (Modes::KITTY_EVENTS, 2),
    (Modes::KITTY_ALTERNATES, 4),
    (Modes::KITTY_ALL, 8),
    (Modes::KITTY_TEXT, 16),
];

/// Appends what makes a terminal that has been told the modes `old` have the modes `new`. Bracketed paste and focus are not
/// among them: they are always on outside, and the daemon knows whether the program wants them.
pub fn write(old: Modes, new: Modes, out: &mut Vec<u8>) {
    // One kind of tracking replaces another, so the old ones go before the new ones come.
    for (mode, _, reset) in SAME {
        if old.contains(mode) && !new.contains(mode) {
            out.extend_from_slice(reset);
        }
    }
    let mouse_changed = (old ^ new).intersects(Modes::MOUSE);
    for (mode, set, _) in SAME {
        let again = mouse_changed && Modes::MOUSE.contains(mode);
        if new.contains(mode) && (!old.contains(mode) || again) {
            out.extend_from_slice(set);
        }
    }
    if old.intersects(Modes::MOUSE) != new.intersects(Modes::MOUSE) {
        // Reports are read here in one form, whichever the program has asked for.
        out.extend_from_slice(if new.intersects(Modes::MOUSE) { b"\x1b[?1006h" } else { b"\x1b[?1006l" });
    }
    if scrolls(old) != scrolls(new) {
        out.extend_from_slice(if scrolls(new) { b"\x1b[?1007h" } else { b"\x1b[?1007l" });
    }
    if kitty(old) != kitty(new) {
        push(out, format_args!("\x1b[={};1u", kitty(new)));
    }
    if other_keys(old) != other_keys(new) {
        push(out, format_args!("\x1b[>4;{}m", other_keys(new)));
    }
}

/// Whether the wheel sends cursor keys. The outer terminal is always on its alternate screen, so it has to be told.
fn scrolls(modes: Modes) -> bool {
    modes.contains(Modes::ALTERNATE_SCREEN | Modes::ALTERNATE_SCROLL)
}

fn kitty(modes: Modes) -> u8 {
    KITTY.iter().filter(|(mode, _)| modes.contains(*mode)).map(|(_, flag)| flag).sum()
}

fn other_keys(modes: Modes) -> u8 {
    if modes.contains(Modes::MODIFY_OTHER_KEYS_2) { 2 } else { u8::from(modes.contains(Modes::MODIFY_OTHER_KEYS_1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(old: Modes, new: Modes) -> String {
        let mut out = Vec::new();
        write(old, new, &mut out);
        out.escape_ascii().to_string()
    }

    #[test]
    fn modes_are_told_once_and_taken_back() {
        let vim = Modes::APP_CURSOR | Modes::MOUSE_DRAG | Modes::ALTERNATE_SCREEN;
        assert_eq!(written(vim, vim), "");
        let set = written(Modes::ALTERNATE_SCREEN, vim);
        assert_eq!(set, r"\x1b[?1h\x1b[?1002h\x1b[?1006h");
        assert_eq!(written(vim, Modes::ALTERNATE_SCREEN), r"\x1b[?1l\x1b[?1002l\x1b[?1006l");
    }

    #[test]
    fn another_kind_of_tracking_takes_the_ones_place_before() {
        assert_eq!(written(Modes::empty(), Modes::MOUSE_X10), r"\x1b[?1000h\x1b[?1006h");
        assert_eq!(written(Modes::MOUSE_X10, Modes::MOUSE_CLICK), r"\x1b[?1000l\x1b[?1000h");
        assert_eq!(written(Modes::MOUSE_MOTION, Modes::MOUSE_X10), r"\x1b[?1003l\x1b[?1000h");
        // Places within cells are not the outer terminal's to tell.
        assert_eq!(written(Modes::MOUSE_CLICK, Modes::MOUSE_CLICK | Modes::MOUSE_PIXELS), "");
    }

    #[test]
    fn the_kitty_flags_are_set_as_one_number() {
        let flags = Modes::KITTY_DISAMBIGUATE | Modes::KITTY_ALL | Modes::ALTERNATE_SCREEN;
        assert_eq!(written(Modes::ALTERNATE_SCREEN, flags), r"\x1b[=9;1u");
    }
}
