//! What xterm sends with modifyOtherKeys.

use super::*;

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
            ("C-[", "\x1b"),
            ("C-2", "\0"),
            ("C-/", "\x1f"),
            ("C-Space", "\0"),
            ("S-Space", " "),
            ("S-Tab", "\x1b[Z"),
            ("M-Enter", "\x1b\r"),
            ("Backspace", "\x7f"),
            ("C-Backspace", "\x08"),
            ("Escape", "\x1b"),
            ("C-Escape", "\x1b"),
            ("C-Up", "\x1b[1;5A"),
            ("C-KP1", "1"),
        ],
    );
}

#[test]
fn level_1_tells_what_was_lost() {
    check(
        Modes::MODIFY_OTHER_KEYS_1,
        &[
            ("C-1", "\x1b[27;5;49~"),
            ("C-,", "\x1b[27;5;44~"),
            ("C-M-1", "\x1b[27;7;49~"),
            ("C-S-a", "\x1b[27;6;65~"),
            ("C-?", "\x1b[27;6;63~"),
            ("C-Tab", "\x1b[27;5;9~"),
            ("C-S-Tab", "\x1b[27;6;9~"),
            ("C-Enter", "\x1b[27;5;13~"),
            ("S-Enter", "\x1b[27;2;13~"),
        ],
    );
}

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
            ("C-Tab", "\x1b[27;5;9~"),
            ("S-Enter", "\x1b[27;2;13~"),
            ("M-Backspace", "\x1b[27;3;127~"),
            ("C-Escape", "\x1b[27;5;27~"),
            // Text, and keys that have another encoding.
            ("a", "a"),
            ("A", "A"),
            ("S-1", "!"),
            ("Enter", "\r"),
            ("Backspace", "\x7f"),
            ("C-Backspace", "\x08"),
            ("S-Tab", "\x1b[Z"),
            ("Escape", "\x1b"),
            ("S-Escape", "\x1b"),
            ("C-Left", "\x1b[1;5D"),
            ("C-F1", "\x1b[1;5P"),
        ],
    );
    let russian = on_layout('c', 'с', 'с', Mods::CTRL);
    assert_eq!(sent(&russian, Modes::MODIFY_OTHER_KEYS_2), "\x1b[27;5;99~");
}
