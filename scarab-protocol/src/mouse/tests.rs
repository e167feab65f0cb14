//! Tables of mouse events, modes and bytes.

use proptest::prelude::*;

use super::MouseAction::{Motion, Press, Release};
use super::MouseButton::*;
use super::*;
use crate::message::{Input, Mouse};

const X10: Modes = Modes::MOUSE_X10;
const CLICK: Modes = Modes::MOUSE_CLICK;
const DRAG: Modes = Modes::MOUSE_DRAG;
const ANY: Modes = Modes::MOUSE_MOTION;
const SGR: Modes = Modes::MOUSE_SGR;
const UTF8: Modes = Modes::MOUSE_UTF8;
const PIXELS: Modes = Modes::MOUSE_PIXELS;

/// Cells of 8 by 16 pixels.
const SIZE: TermSize = TermSize { cols: 80, rows: 24, pixel_width: 640, pixel_height: 384 };

fn event(action: MouseAction, button: impl Into<Option<MouseButton>>, col: u16, row: u16) -> MouseEvent {
    MouseEvent { action, button: button.into(), col, row, x: 0, y: 0, mods: Mods::empty() }
}

fn sent(event: MouseEvent, modes: Modes) -> Vec<u8> {
    sent_by(event, modes, SIZE)
}

fn sent_by(event: MouseEvent, modes: Modes, size: TermSize) -> Vec<u8> {
    let mut out = Vec::new();
    assert_eq!(encode_mouse(&event, modes, size, &mut out), !out.is_empty());
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
fn x10_tracking_tells_presses_of_three_buttons_and_nothing_else() {
    // "X10 compatibility mode": the button less one, and no modifiers.
    for (button, code) in [(Left, b' '), (Middle, b'!'), (Right, b'"')] {
        assert_eq!(sent(event(Press, button, 9, 4), X10), [0x1b, b'[', b'M', code, b'*', b'%']);
        let with_all = MouseEvent { mods: Mods::all(), ..event(Press, button, 9, 4) };
        assert_eq!(sent(with_all, X10), [0x1b, b'[', b'M', code, b'*', b'%']);
        assert!(sent(event(Release, button, 9, 4), X10).is_empty());
        assert!(sent(event(Motion, button, 9, 4), X10).is_empty());
    }
    assert!(sent(event(Motion, None, 9, 4), X10).is_empty());
    for button in [WheelUp, WheelDown, WheelLeft, WheelRight, Back, Forward] {
        assert!(sent(event(Press, button, 9, 4), X10).is_empty(), "{button:?}");
    }
    // The formats are a set of modes of their own.
    assert_eq!(sent(event(Press, Right, 300, 4), X10 | SGR), b"\x1b[<2;301;5M");
    assert_eq!(sent(event(Press, Right, 300, 4), X10 | UTF8), "\x1b[M\"\u{14d}%".as_bytes());
    assert_eq!(sent(event(Press, Right, 9, 4), X10 | PIXELS), b"\x1b[<2;73;65M");
}

#[test]
fn pixels_are_told_in_place_of_cells() {
    // "SGR-Pixels (1016)": the form of 1006. The first pixel of the first cell is 1, 1.
    let at = |col, row, x, y| MouseEvent { x, y, ..event(Press, Left, col, row) };
    assert_eq!(sent(at(0, 0, 0, 0), CLICK | PIXELS), b"\x1b[<0;1;1M");
    assert_eq!(sent(at(9, 4, MouseEvent::MIDDLE, MouseEvent::MIDDLE), CLICK | PIXELS), b"\x1b[<0;77;73M");
    assert_eq!(sent(at(79, 23, 255, 255), CLICK | PIXELS), b"\x1b[<0;640;384M");
    assert_eq!(sent(at(9, 4, 31, 15), CLICK | PIXELS), b"\x1b[<0;73;65M", "a pixel is 32 and 16 parts of its cell");
    assert_eq!(sent(at(9, 4, 32, 16), CLICK | PIXELS), b"\x1b[<0;74;66M");
    assert_eq!(sent(at(9, 4, 32, 16), CLICK | SGR), b"\x1b[<0;10;5M");
    assert_eq!(sent(event(Release, Right, 1, 1), CLICK | PIXELS), b"\x1b[<2;9;17m");
    assert_eq!(sent(event(Motion, None, 1, 1), ANY | PIXELS), b"\x1b[<35;9;17M");
    let ctrl = MouseEvent { mods: Mods::CTRL, ..event(Press, WheelUp, 1, 1) };
    assert_eq!(sent(ctrl, DRAG | PIXELS), b"\x1b[<80;9;17M");
}

#[test]
fn without_a_size_in_pixels_a_cell_is_one() {
    let event = MouseEvent { x: 255, y: 255, ..event(Press, Left, 9, 4) };
    let only_wide = TermSize { pixel_height: 0, ..SIZE };
    for size in [TermSize::cells(80, 24), only_wide] {
        assert_eq!(sent_by(event, CLICK | PIXELS, size), b"\x1b[<0;10;5M");
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
    for modes in [Modes::empty(), SGR, UTF8, PIXELS, Modes::ALTERNATE_SCREEN, Modes::ALTERNATE_SCROLL] {
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

fn any_event() -> impl Strategy<Value = MouseEvent> {
    let what = (0u8..3, 0u8..10, 0u8..8);
    (what, any::<(u16, u16, u8, u8)>()).prop_map(|((action, button, mods), (col, row, x, y))| {
        let wire = Mouse { position: 0, action, button, mods, col, row, x, y };
        wire.event().expect("all numbers mean something")
    })
}

fn any_size() -> impl Strategy<Value = TermSize> {
    any::<[u16; 4]>().prop_map(|[cols, rows, pixel_width, pixel_height]| TermSize {
        cols,
        rows,
        pixel_width,
        pixel_height,
    })
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
        let modes = (Modes::from_bits_retain(modes) | CLICK) - SGR - UTF8 - PIXELS;
        let length = sent(event(Press, Left, col, row), modes).len();
        prop_assert_eq!(length, if col.max(row) < 223 { 6 } else { 0 });
    }

    #[test]
    fn no_value_of_an_older_format_is_out_of_its_range(event in any_event(), modes: u64) {
        let modes = (Modes::from_bits_retain(modes) | X10) - SGR - PIXELS;
        let report = sent(event, modes);
        let Some(values) = report.strip_prefix(b"\x1b[M") else {
            prop_assert!(report.is_empty());
            return Ok(());
        };
        if modes.contains(UTF8) {
            let values: Vec<u32> = str::from_utf8(values).expect("it is UTF-8").chars().map(u32::from).collect();
            prop_assert!(values.len() == 3 && values.iter().all(|value| (32..0x800).contains(value)), "{values:?}");
        } else {
            prop_assert!(values.len() == 3 && values.iter().all(|value| *value >= 32), "{values:?}");
        }
    }

    #[test]
    fn a_report_is_no_longer_than_what_it_counts(event in any_event(), modes: u64, size in any_size()) {
        let report = sent_by(event, Modes::from_bits_retain(modes), size);
        prop_assert!(report.len() as u64 <= Input::EVENT_COST, "{}", report.escape_ascii());
    }

    #[test]
    fn a_pixel_is_of_the_cell_that_it_was_in(col in 0u16..80, row in 0u16..24, x: u8, y: u8) {
        let report = sent(MouseEvent { x, y, ..event(Press, Left, col, row) }, CLICK | PIXELS);
        let text = String::from_utf8(report).expect("a report is ASCII");
        let numbers: Vec<u16> = text[3..text.len() - 1].split(';').map(|number| number.parse().expect("one")).collect();
        prop_assert_eq!(((numbers[1] - 1) / 8, (numbers[2] - 1) / 16), (col, row));
    }
}
