//! What xterm sends with modifyOtherKeys, patch 410. The manual page says what the levels are for; which keys they cover
//! is in `ModifyOtherKeys` and `allowedCharModifiers` of `input.c`, here with Alt as an ESC (`metaSendsEscape`).

use super::*;

/// The manual page, `modifyOtherKeys` 1: "except for those with well-known behavior, e.g., Tab, Backarrow and some special
/// control character cases which are built into the X11 library"; Alt follows `metaSendsEscape`.
#[test]
fn level_1_leaves_what_is_well_known() {
    check(
        Modes::MODIFY_OTHER_KEYS_1,
        &[
            ("a", "a"),
            ("A", "A"),
            ("C-a", "\x01"),
            ("M-a", "\x1ba"),
            ("C-M-a", "\x1b\x01"),
            // `IsControlAlias`, and so with Shift, too.
            ("C-S-a", "\x01"),
            ("C-M-S-a", "\x1b\x01"),
            ("C-[", "\x1b"),
            ("C-{", "\x1b"),
            ("C-2", "\0"),
            ("C-@", "\0"),
            ("C-8", "\x7f"),
            ("C-/", "\x1f"),
            ("C-_", "\x1f"),
            ("C-~", "\x1e"),
            ("C-Space", "\0"),
            ("S-Space", " "),
            ("S-Tab", "\x1b[Z"),
            ("M-Tab", "\x1b\t"),
            ("M-Enter", "\x1b\r"),
            ("C-M-Enter", "\x1b\r"),
            ("Backspace", "\x7f"),
            ("C-Backspace", "\x08"),
            ("Escape", "\x1b"),
            ("C-Escape", "\x1b"),
            ("C-Up", "\x1b[1;5A"),
            // `IsOrdinaryKey` leaves out the keypad.
            ("C-KP1", "1"),
            ("C-KPEnter", "\r"),
        ],
    );
}

/// As above: what no exception is for. The rows with Ctrl and Alt are those of an xterm whose Alt is a modifier of its own.
/// Tab with Ctrl and Shift is the row of tmux's `regress/input-keys.sh`: X has another key for it, which xterm sends as
/// `CSI Z`.
#[test]
fn level_1_tells_what_was_lost() {
    check(
        Modes::MODIFY_OTHER_KEYS_1,
        &[
            ("C-1", "\x1b[27;5;49~"),
            ("C-,", "\x1b[27;5;44~"),
            ("C-M-1", "\x1b[27;7;49~"),
            ("C-!", "\x1b[27;6;33~"),
            ("C-?", "\x1b[27;6;63~"),
            ("C-é", "\x1b[27;5;233~"),
            ("C-Tab", "\x1b[27;5;9~"),
            ("C-S-Tab", "\x1b[27;6;9~"),
            ("C-Enter", "\x1b[27;5;13~"),
            ("C-S-Enter", "\x1b[27;6;13~"),
            ("S-Enter", "\x1b[27;2;13~"),
        ],
    );
}

/// The manual page, `modifyOtherKeys` 2: "any shifted (modified) ordinary key sends an escape sequence". That of text with
/// Shift only Space and the characters of `IsControlInput` do: `ModifyOtherKeys` in `input.c`. Tab with Shift: `ctlseqs`,
/// "Alt and Meta Keys". The number of Backspace: `function_keys.zig` of Ghostty; xterm's own depends on Ctrl.
#[test]
fn level_2_tells_every_modified_key() {
    check(
        Modes::MODIFY_OTHER_KEYS_2,
        &[
            ("C-a", "\x1b[27;5;97~"),
            ("C-S-a", "\x1b[27;6;65~"),
            ("M-a", "\x1b[27;3;97~"),
            ("M-A", "\x1b[27;4;65~"),
            ("M-é", "\x1b[27;3;233~"),
            ("C-M-a", "\x1b[27;7;97~"),
            ("C-2", "\x1b[27;5;50~"),
            ("C-Space", "\x1b[27;5;32~"),
            ("S-Space", "\x1b[27;2;32~"),
            ("S-a", "\x1b[27;2;65~"),
            ("Z", "\x1b[27;2;90~"),
            ("S-2", "\x1b[27;2;64~"),
            ("_", "\x1b[27;2;95~"),
            ("~", "\x1b[27;2;126~"),
            ("C-Tab", "\x1b[27;5;9~"),
            ("M-Tab", "\x1b[27;3;9~"),
            ("S-Tab", "\x1b[27;2;9~"),
            ("S-Enter", "\x1b[27;2;13~"),
            ("M-Enter", "\x1b[27;3;13~"),
            ("S-Backspace", "\x1b[27;2;127~"),
            ("M-Backspace", "\x1b[27;3;127~"),
            ("C-S-Backspace", "\x1b[27;6;127~"),
            ("S-Escape", "\x1b[27;2;27~"),
            ("M-Escape", "\x1b[27;3;27~"),
            ("C-Escape", "\x1b[27;5;27~"),
            // Text, and keys that have another encoding.
            ("a", "a"),
            ("S-1", "!"),
            ("?", "?"),
            ("É", "É"),
            ("Enter", "\r"),
            ("Tab", "\t"),
            ("Backspace", "\x7f"),
            ("C-Backspace", "\x08"),
            ("Escape", "\x1b"),
            ("C-Left", "\x1b[1;5D"),
            ("C-F1", "\x1b[1;5P"),
            ("C-KP5", "5"),
            ("C-KPEnter", "\r"),
        ],
    );
    check(Modes::MODIFY_OTHER_KEYS_2 | Modes::BACKSPACE_BS, &[("M-Backspace", "\x1b[27;3;8~")]);
    let russian = on_layout('c', 'с', 'с', Mods::CTRL);
    assert_eq!(sent(&russian, Modes::MODIFY_OTHER_KEYS_2), "\x1b[27;5;99~");
}

#[test]
fn a_capital_of_caps_lock_and_what_was_composed_are_text_at_level_2() {
    let capital = KeyPress { mods: Mods::CAPS_LOCK, ..KeyPress::char('A', Mods::empty()) };
    assert_eq!(sent(&capital, Modes::MODIFY_OTHER_KEYS_2), "A");
    let composed = KeyPress { text: Some("Å".into()), ..KeyPress::char('A', Mods::SHIFT) };
    assert_eq!(sent(&composed, Modes::MODIFY_OTHER_KEYS_2), "Å");
}
