//! What is on the surface is what the VT core holds: recordings of real programs, played through a session.

use std::fs;

use crate::support::{
    daemon::{Daemon, recording},
    oracle::{Core, screen_of},
};

/// The size that recordings are made at, in cells.
pub const COLS: u16 = 80;
/// See [`COLS`].
pub const ROWS: u16 = 24;

/// What tells that all was played: a title is no part of the grid.
const END: &[u8] = b"\x1b]2;played\x07";

/// Plays a recording whole and in parts, and compares the surface with the core after each.
fn plays_the_same(name: &str) {
    let bytes = fs::read(recording(name)).unwrap_or_else(|error| panic!("{name}: {error}: see tests/e2e/recorder.rs"));
    let daemon = Daemon::start();
    // In the middle of a program's life there is more to see than at its end.
    for (part, end) in [bytes.len() / 3, bytes.len() / 2, bytes.len() * 4 / 5, bytes.len()].into_iter().enumerate() {
        let played = [&bytes[..end], END].concat();
        let file = daemon.home.path(&format!("part{part}"));
        fs::write(&file, &played).expect("the home can be written");
        let session = format!("s{part}");
        // Raw, so that the terminal's line discipline adds nothing to what was recorded behind one.
        let script = format!("stty raw -echo; cat {}; exec sleep 1000", file.display());
        daemon.ok(&["new", &session, "--size", &format!("{COLS}x{ROWS}"), "--", "sh", "-c", &script]);
        let client = daemon.watch(&session, None, true);
        let by_wire = daemon.watch(&session, None, false);
        let mut core = Core::new(COLS, ROWS);
        core.feed(&played);
        for client in [&client, &by_wire] {
            client.until("the end of the recording", |state| {
                state.info.as_ref().is_some_and(|info| info.title == "played")
            });
            // The title may come before the frame: the core's screen is what is waited for, and compared in words.
            let expected = core.screen();
            let same = |grid: &scarab_protocol::surface::Grid| screen_of(grid) == expected;
            let seen =
                crate::support::wait::within(std::time::Duration::from_secs(5), || same(&client.grid()).then_some(()));
            if seen.is_none() {
                screen_of(&client.grid()).assert_same(&expected, &format!("{name}, first {end} bytes"));
            }
        }
    }
}

#[test]
fn vim_is_on_the_surface_as_in_the_core() {
    plays_the_same("vim.raw");
}

#[test]
fn less_is_on_the_surface_as_in_the_core() {
    plays_the_same("less.raw");
}

#[test]
fn htop_is_on_the_surface_as_in_the_core() {
    plays_the_same("htop.raw");
}

#[test]
fn a_coloured_ls_is_on_the_surface_as_in_the_core() {
    plays_the_same("ls.raw");
}

#[test]
fn a_unicode_table_is_on_the_surface_as_in_the_core() {
    plays_the_same("unicode.raw");
}

#[test]
fn every_attribute_is_on_the_surface_as_in_the_core() {
    plays_the_same("attributes.raw");
}

#[test]
fn the_comparison_notices_every_kind_of_difference() {
    let screen = |bytes: &str| {
        let mut core = Core::new(COLS, ROWS);
        core.feed(bytes.as_bytes());
        core.screen()
    };
    let plain = screen("x");
    for other in [
        "y",
        "x\u{301}",
        "\x1b[1mx",
        "\x1b[4mx",
        "\x1b[31mx",
        "\x1b[41mx",
        "\x1b[4;58;5;1mx",
        "\x1b]8;;a:b\x1b\\x\x1b]8;;\x1b\\",
        "x\x1b[D",
        "x\x1b[?25l",
        "x\x1b[4 q",
    ] {
        assert_ne!(screen(other), plain, "{other:?}");
    }
}
