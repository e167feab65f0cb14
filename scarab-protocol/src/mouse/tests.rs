//! Tables of mouse events, modes and bytes.

use proptest::prelude::*;

use super::MouseAction::{Motion, Press, Release};
use super::MouseButton::*;
use super::*;

const CLICK: Modes = Modes::MOUSE_CLICK;
const DRAG: Modes = Modes::MOUSE_DRAG;
const ANY: Modes = Modes::MOUSE_MOTION;
const SGR: Modes = Modes::MOUSE_SGR;
const UTF8: Modes = Modes::MOUSE_UTF8;

fn event(action: MouseAction, button: impl Into<Option<MouseButton>>, col: u16, row: u16) -> MouseEvent {
    MouseEvent { action, button: button.into(), col, row, mods: Mods::empty() }
}

fn sent(event: MouseEvent, modes: Modes) -> Vec<u8> {
    let mut out = Vec::new();
    assert_eq!(encode_mouse(&event, modes, &mut out), !out.is_empty());
    out
}

#[test]
fn presses_and_releases_in_each_format() {
    assert_eq!(sent(event(Press, Left, 0, 0), CLICK), b"\x1b[M !!");
    assert_eq!(sent(event(Press, Right, 9, 4), CLICK), b"\x1b[M\x22*%");
    assert_eq!(sent(event(Release, Right, 9, 4), CLICK), b"\x1b[M#*%", "which button came up is not told");
    assert_eq!(sent(event(Press, Middle, 9, 4), CLICK | SGR), b"\x1b[<1;10;5M");
    assert_eq!(sent(event(Release, Middle, 9, 4), CLICK | SGR), b"\x1b[<1;10;5m");
    assert_eq!(sent(event(Press, Left, 300, 4), CLICK | SGR), b"\x1b[<0;301;5M");
    assert_eq!(sent(event(Press, Left, 300, 4), CLICK | UTF8), "\x1b[M \u{14d}%".as_bytes());
    assert_eq!(sent(event(Press, Left, 1, 1), CLICK | UTF8 | SGR), b"\x1b[<0;2;2M", "SGR wins");
}

#[test]
fn wheels_and_side_buttons_have_numbers_of_their_own() {
    let buttons = [(WheelUp, 64), (WheelDown, 65), (WheelLeft, 66), (WheelRight, 67), (Back, 128), (Forward, 129)];
    for (button, number) in buttons {
        assert_eq!(sent(event(Press, button, 0, 0), CLICK | SGR), format!("\x1b[<{number};1;1M").as_bytes());
        assert_eq!(sent(event(Press, button, 0, 0), CLICK), [0x1b, b'[', b'M', number + 32, b'!', b'!']);
    }
    assert!(sent(event(Release, WheelUp, 0, 0), ANY | SGR).is_empty());
}

#[test]
fn modifiers_are_added() {
    let with = |mods| sent(MouseEvent { mods, ..event(Press, Left, 0, 0) }, CLICK | SGR);
    assert_eq!(with(Mods::SHIFT), b"\x1b[<4;1;1M");
    assert_eq!(with(Mods::ALT), b"\x1b[<8;1;1M");
    assert_eq!(with(Mods::CTRL), b"\x1b[<16;1;1M");
    assert_eq!(with(Mods::all()), b"\x1b[<28;1;1M");
}

#[test]
fn motion_is_told_as_far_as_asked_for() {
    for (modes, dragged, moved) in [(CLICK, false, false), (DRAG, true, false), (ANY, true, true)] {
        let expected = |told: bool, bytes: &[u8]| if told { bytes.to_vec() } else { Vec::new() };
        assert_eq!(sent(event(Motion, Left, 1, 2), modes | SGR), expected(dragged, b"\x1b[<32;2;3M"));
        assert_eq!(sent(event(Motion, None, 1, 2), modes | SGR), expected(moved, b"\x1b[<35;2;3M"));
        assert_eq!(sent(event(Motion, None, 1, 2), modes), expected(moved, b"\x1b[MC\"#"));
    }
}

#[test]
fn cells_that_a_format_cannot_name_are_not_told() {
    assert_eq!(sent(event(Press, Left, 222, 222), CLICK), b"\x1b[M \xff\xff");
    assert!(sent(event(Press, Left, 223, 0), CLICK).is_empty());
    assert!(sent(event(Press, Left, 0, 223), CLICK).is_empty());
    assert_eq!(sent(event(Press, Left, 2014, 0), CLICK | UTF8), "\x1b[M \u{7ff}!".as_bytes());
    assert!(sent(event(Press, Left, 2015, 0), CLICK | UTF8).is_empty());
}

#[test]
fn nothing_is_told_without_tracking() {
    for modes in [Modes::empty(), SGR, UTF8, Modes::ALTERNATE_SCREEN, Modes::ALTERNATE_SCROLL] {
        for action in [Press, Release, Motion] {
            assert!(sent(event(action, Left, 0, 0), modes).is_empty());
            assert!(sent(event(action, WheelUp, 0, 0), modes).is_empty());
        }
    }
}

#[test]
fn the_wheel_moves_the_cursor_on_the_alternate_screen() {
    let modes = Modes::ALTERNATE_SCREEN | Modes::ALTERNATE_SCROLL;
    assert_eq!(sent(event(Press, WheelUp, 0, 0), modes), b"\x1b[A\x1b[A\x1b[A");
    assert_eq!(sent(event(Press, WheelDown, 0, 0), modes | Modes::APP_CURSOR), b"\x1bOB\x1bOB\x1bOB");
    assert!(sent(event(Press, Left, 0, 0), modes).is_empty());
    assert_eq!(sent(event(Press, WheelUp, 0, 0), modes | CLICK | SGR), b"\x1b[<64;1;1M", "tracking wins");
}

#[test]
fn focus_is_told_when_asked_for() {
    for (gained, modes, expected) in
        [(true, Modes::FOCUS, "\x1b[I"), (false, Modes::FOCUS, "\x1b[O"), (true, Modes::empty(), "")]
    {
        let mut out = Vec::new();
        assert_eq!(encode_focus(gained, modes, &mut out), !expected.is_empty());
        assert_eq!(out, expected.as_bytes());
    }
}

proptest! {
    #[test]
    fn a_program_gets_back_the_cell_in_sgr_form(col: u16, row: u16, mods: u8) {
        let event = MouseEvent { mods: Mods::from_bits_retain(mods), ..event(Press, Left, col, row) };
        let text = String::from_utf8(sent(event, CLICK | SGR)).expect("a report is ASCII");
        let suffix = format!(";{};{}M", u32::from(col) + 1, u32::from(row) + 1);
        prop_assert!(text.starts_with("\x1b[<") && text.ends_with(&suffix));
    }

    #[test]
    fn a_report_in_default_form_is_six_bytes(col: u16, row: u16, modes: u64) {
        let modes = (Modes::from_bits_retain(modes) | CLICK) - SGR - UTF8;
        let length = sent(event(Press, Left, col, row), modes).len();
        prop_assert_eq!(length, if col.max(row) < 223 { 6 } else { 0 });
    }
}
