//! Input: complete, in order, in nobody's way.

use std::{fs, hash::Hasher};

use scarab_protocol::ids::TermSize;

use crate::support::{daemon::Daemon, proc, process::is_running, wait::until};

/// A text of this many bytes in lines of 80 or so, which is told from itself with any byte missing.
fn lines_of_text(bytes: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes + 100);
    let mut number = 0u64;
    while text.len() < bytes {
        number += 1;
        text.extend_from_slice(
            format!("{number:010} {:064b}\n", number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).as_bytes(),
        );
    }
    text.truncate(bytes);
    text
}

fn checksum(bytes: &[u8]) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

#[test]
fn ctrl_c_stops_a_flood_of_output() {
    let daemon = Daemon::start();
    daemon.shell("s");
    let client = daemon.watch("s", Some(TermSize::default()), true);
    client.sees("$");
    daemon.type_line("s", "yes");
    client.sees("y\ny\ny\ny");
    client.attachment().input(b"\x03").expect("there is room");
    client.attachment().input(b"echo stopped\r").expect("there is room");
    // What was typed ahead is echoed before the prompt or behind it.
    let answers = |row: String| row.ends_with("stopped") && !row.contains("echo");
    client.until("the answer", |state| (0..state.grid.rows()).any(|row| answers(state.grid.row_text(row))));
}

#[test]
fn twenty_megabytes_pasted_arrive_complete_while_other_sessions_answer() {
    let daemon = Daemon::start();
    daemon.shell("other");
    // It reads as many bytes as will be sent: a raw terminal knows no end of file.
    let text = lines_of_text(20_000_000);
    daemon.sh("s", &format!("stty raw -echo; echo ready; head -c {} > pasted; echo all; exec sleep 1000", text.len()));
    daemon.sees("s", "ready");
    let client = daemon.watch("s", Some(TermSize::default()), true);
    client.attachment().paste(text.clone()).expect("20 MB may be held");
    // Meanwhile.
    daemon.type_line("other", "echo responsive");
    daemon.sees("other", "^responsive$");
    client.sees("all");
    // Credit is told when it has grown by much, or when it is asked for.
    client.attachment().ask_credit();
    client.until("all taken", |_| client.attachment().held() == 0);
    let arrived = fs::read(daemon.home.path("home/pasted")).expect("the file is there");
    // Outside brackets a newline is sent as the Enter key sends it.
    let sent: Vec<u8> = text.iter().map(|byte| if *byte == b'\n' { b'\r' } else { *byte }).collect();
    assert_eq!((arrived.len(), checksum(&arrived)), (sent.len(), checksum(&sent)));
}

#[test]
fn input_that_no_program_reads_blocks_its_session_alone() {
    let daemon = Daemon::start();
    daemon.shell("other");
    daemon.sh("s", "stty raw -echo; echo ready; exec sleep 1000");
    daemon.sees("s", "ready");
    let client = daemon.watch("s", Some(TermSize::default()), true);
    client.attachment().paste(lines_of_text(20_000_000)).expect("20 MB may be held");
    daemon.type_line("other", "echo responsive");
    daemon.sees("other", "^responsive$");
    assert!(client.attachment().held() > 10_000_000, "nobody reads it, so where is it?");
    client.attachment().resize(TermSize::cells(90, 30));
    client.until("another size", |state| state.grid.cols() == 90);
    daemon.ok(&["resize", "s", "70x20"]);
    let pid = daemon.pid_of("s");
    let memory = proc::resident_kib(daemon.pid());
    assert!(memory < 300 * 1024, "the daemon holds {memory} KiB for one blocked session");
    // Leaving works.
    drop(client);
    until("the client is gone", || daemon.listed("s").is_some_and(|session| session["clients"] == 0));
    daemon.ok(&["kill", "s"]);
    until("the program is gone", || !is_running(pid));
    daemon.command("other", "echo still here");
    daemon.sees("other", "^still here$");
}

#[test]
fn a_paste_is_bracketed_if_and_only_if_the_program_wants_it() {
    let daemon = Daemon::start();
    let show = |name: &str, mode: &str| {
        daemon.sh(
            name,
            &format!(r"stty raw -echo; printf '\033[?2004{mode}ready\r\n'; head -c 6 | od -An -c; exec sleep 1000"),
        );
        daemon.sees(name, "ready");
        daemon.ok_with(&["send", name, "--file", "-", "--paste"], b"hello\nworld");
    };
    show("brackets", "h");
    daemon.sees("brackets", r"033\s+\[\s+2\s+0\s+0\s+~");
    show("none", "l");
    daemon.sees("none", r"h\s+e\s+l\s+l\s+o\s+\\r");
}

#[test]
fn a_half_typed_command_is_not_carried_out_when_the_daemon_ends() {
    let daemon = Daemon::start();
    daemon.shell("s");
    daemon.ok(&["send", "s", "touch x"]);
    daemon.sees("s", "touch x");
    let shell = daemon.pid_of("s");
    daemon.ok(&["stop"]);
    until("the shell is gone", || !is_running(shell));
    assert!(!daemon.home.path("home/x").exists(), "x was made");
}

#[test]
fn keys_follow_the_modes_that_the_program_asked_for() {
    let daemon = Daemon::start();
    daemon.sh("s", r"stty raw -echo; printf '\033[?1hready\r\n'; head -c 3 | od -An -c; printf '\033[?1lreset\r\n'; head -c 3 | od -An -c; exec sleep 1000");
    daemon.sees("s", "ready");
    daemon.ok(&["send", "s", "--key", "Up"]);
    daemon.sees("s", r"033\s+O\s+A");
    daemon.sees("s", "reset");
    daemon.ok(&["send", "s", "--key", "Up"]);
    daemon.sees("s", r"033\s+\[\s+A");
}

#[test]
fn queries_of_a_program_are_answered() {
    let daemon = Daemon::start();
    // Device attributes, a status report, the cursor's place, the background's colour, the terminal's name, how text is written: what
    // is asked, and how the answer begins.
    for (name, query, answer) in [
        ("da", r"\033[c", "\x1b[?62;"),
        ("status", r"\033[5n", "\x1b[0n"),
        ("place", r"\033[6n", "\x1b[1;1R"),
        ("colour", r"\033]11;?\007", "\x1b]11;rgb:"),
        ("version", r"\033[>q", "\x1bP>|Scarab("),
        ("rendition", r"\033P$qm\033\\", "\x1bP1$r0m\x1b"),
    ] {
        let length = answer.len();
        daemon.sh(
            name,
            &format!("stty raw -echo min 1 time 20; printf '{query}'; head -c {length} | od -An -tx1; exec sleep 1000"),
        );
        // An answer is no longer than a line of od's.
        let bytes: Vec<String> = answer.bytes().map(|byte| format!("{byte:02x}")).collect();
        daemon.sees(name, &bytes.join(r"\s+"));
    }
}
