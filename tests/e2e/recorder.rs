//! Makes the recordings that the fidelity tests play: `cargo test --workspace --test e2e recorder -- --ignored`.
//!
//! They are kept in `tests/recordings`, so that a test does not depend on the versions that a machine has of vim or htop.

use std::{fs, process::Command, time::Duration};

use super::fidelity::{COLS, ROWS};
use crate::support::{
    daemon::{Home, recording},
    tty::Tty,
};

/// How long a program must be silent before the next key.
const QUIET: Duration = Duration::from_secs(1);
/// The most bytes that are kept of a program.
const MOST: usize = 48 * 1024;

/// Runs a program in a terminal, presses keys one after the other, and keeps what it wrote.
fn record(name: &str, command: &Command, keys: &[&str]) {
    let tty = Tty::start(command, COLS, ROWS);
    tty.settle(QUIET);
    for key in keys {
        tty.type_bytes(key.as_bytes());
        tty.settle(QUIET);
    }
    let mut bytes = tty.bytes();
    bytes.truncate(MOST);
    fs::write(recording(name), bytes).expect("the recording can be written");
}

/// A program with the directory of tests to look at.
fn program(home: &Home, line: &str) -> Command {
    let mut command = home.command("sh");
    command.args(["-c", line]).current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

#[test]
#[ignore = "it writes tests/recordings anew; run it by name when a recording is to change"]
fn record_programs() {
    let home = Home::new();
    let run = |line: &str| program(&home, line);
    let vim = "vim -n -u NONE -N --cmd 'syntax on' \
         -c 'set number hlsearch laststatus=2 termguicolors' scarab-protocol/src/kind.rs";
    let keys = [
        "\x06",
        "/Direction\r",
        "n",
        ":split\r",
        "ihello\x1b",
        "\x16jjlll",
        "\x1b",
        ":set list\r",
        "GdG",
        "u",
        ":q!\r",
    ];
    record("vim.raw", &run(vim), &keys);
    record("less.raw", &run("less -N docs/PROTOCOL.md"), &[" ", "/daemon\r", "n", "b", "G", "g", "q"]);
    // Only itself: what else runs on the machine of whoever records is nobody's business.
    record(
        "htop.raw",
        &run("exec htop --delay=100 -p $$"),
        &["t", "\x1bOP", "\x1b[B", "\x1b", "\x1bOQ", "\x1b[B", "\x1b"],
    );
    let tree = "cd \"$HOME\" && mkdir -p tree/sub/'with space' tree/漢字 && cd tree && touch plain run.sh picture.png \
         archive.tar.gz 漢字/ファイル sub/e\u{301} && chmod +x run.sh && ln -s plain link && ln -s nowhere broken && \
         mkfifo pipe && chmod 1777 sub && ls -RF --color=always && ls --color=always -x";
    record("ls.raw", &run(tree), &[]);
    record("unicode.raw", &run("sh tests/recordings/unicode.sh"), &[]);
    record("attributes.raw", &run("sh tests/recordings/attributes.sh"), &[]);
}
