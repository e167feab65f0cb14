//! Programs that have the whole screen, in the window: what they are told of the mouse, and what the window keeps for itself.

use std::fs;

use serde_json::Value;

use crate::{
    living::open,
    support::{
        daemon::Daemon,
        wait::{eventually, until},
        window::{Display, Window, middle_of},
    },
};

#[test]
fn vim_less_mc_htop_and_tmux_take_the_mouse_and_keys() {
    let daemon = Daemon::start();
    let display = Display::start();
    let window = open(&daemon, &display);
    vim(&daemon, &display, &window);
    less(&daemon, &window);
    mc(&daemon, &window);
    htop(&daemon, &window);
    tmux(&daemon, &window);
    assert!(window.close().success());
}

/// With `mouse=a` the wheel and clicks are vim's; with Shift they are the window's, which selects.
fn vim(daemon: &Daemon, display: &Display, window: &Window) {
    let text: String = (1..=200).map(|number| format!("line {number}: some words\n")).collect();
    fs::write(daemon.home.path("home/lines"), text).expect("the home is ours");
    window.type_line("vim -N -u NONE --cmd 'set mouse=a' lines");
    daemon.sees("s", "^line 1: ");
    turn_until_away(daemon, window, "line 1: ");
    turn_until_back(daemon, window, "line 1: ");

    // On the number of line 5.
    window.click((5, 4), 1, "1");
    until("the cursor where the click was", || cursor(daemon) == (5, 4));
    window.type_text("rX");
    daemon.sees("s", "^line X: some words$");

    display.tool("xdotool", &["keydown", "shift"]);
    window.drag((0, 2), middle_of((6, 2)));
    window.let_go();
    display.tool("xdotool", &["keyup", "shift"]);
    until("the primary selection", || display.primary_selection().as_deref() == Some("line 3"));
    window.key("ctrl+shift+c");
    // Vim has not heard of it: its cursor is where it was.
    window.type_text("rY");
    daemon.sees("s", "^line Y: some words$");

    window.key("colon");
    daemon.sees("s", "^:$");
    window.type_line("q!");
    daemon.prompt("s");
    window.type_text("echo copied ");
    window.key("ctrl+shift+v");
    daemon.sees("s", "echo copied line 3");
    window.key("Return");
    daemon.sees("s", "^copied line 3$");
    daemon.prompt("s");
}

/// It has not asked for the mouse; the wheel moves it all the same, by alternate scroll.
fn less(daemon: &Daemon, window: &Window) {
    window.type_line("seq 1 500 | less");
    daemon.sees("s", "^:");
    turn_until_away(daemon, window, "1\n");
    turn_until_back(daemon, window, "1\n");
    window.type_text("q");
    daemon.prompt("s");
}

/// What its bar is on is named once more, below the list.
fn mc(daemon: &Daemon, window: &Window) {
    let files = daemon.home.path("home/files");
    fs::create_dir(&files).expect("the home is ours");
    for name in ["alpha", "bravo", "charlie"] {
        fs::write(files.join(name), name).expect("the home is ours");
    }
    let seen = |name: &str| daemon.screen("s").matches(name).count();
    window.type_line("mc -u files");
    let row = eventually("a list of files", || daemon.screen("s").lines().position(|line| line.contains("bravo")));
    let row = u32::try_from(row).expect("a screen has few rows");
    until("the bar on the last file by the wheel", || {
        window.click((5, row), 1, "5");
        seen("charlie") == 2
    });
    assert_eq!(seen("bravo"), 1);
    window.click((5, row), 1, "1");
    until("the bar on the file that was clicked", || (seen("bravo"), seen("charlie")) == (2, 1));
    window.key("F10");
    until("the end of mc", || seen("bravo") == 0);
    daemon.prompt("s");
}

fn htop(daemon: &Daemon, window: &Window) {
    window.type_line("htop");
    daemon.sees("s", "F10Quit");
    window.key("F10");
    daemon.prompt("s");
}

/// A terminal within the terminal: its splits are drawn, and keys arrive in the one that has them.
fn tmux(daemon: &Daemon, window: &Window) {
    // It ends with this terminal, also if the test fails.
    let settings = "set -g default-command sh\nset -g status off\nset -g destroy-unattached on\n";
    fs::write(daemon.home.path("home/tmux.conf"), settings).expect("the home is ours");
    window.type_line("clear; TMUX_TMPDIR=$HOME tmux -f $HOME/tmux.conf new");
    until("a screen with nothing but a prompt", || daemon.screen("s").trim() == "$");
    window.type_line("echo inside $TMUX");
    daemon.sees("s", "^inside .*tmux");

    window.key("ctrl+b");
    window.key("percent");
    daemon.sees("s", r"│\$ ?$");
    window.type_line("echo right $((6*7))");
    daemon.sees("s", "│right 42$");
    window.key("ctrl+b");
    window.key("quotedbl");
    daemon.sees("s", "├─+$");
    window.type_line("echo below $((6*7))");
    // It may have been typed ahead of the new shell's prompt.
    daemon.sees("s", r"│(\$ )?below 42$");
    window.key("ctrl+b");
    window.key("o");
    window.type_line("echo left $((6*7))");
    daemon.sees("s", "^left 42 +[│├]");
    window.type_line("tmux kill-server");
    daemon.sees("s", r"^\[server exited");
    daemon.prompt("s");
}

/// Turns the wheel towards the user until what the screen begins with has gone up.
fn turn_until_away(daemon: &Daemon, window: &Window, beginning: &str) {
    until("the lines below", || {
        window.click((10, 10), 1, "5");
        !daemon.screen("s").starts_with(beginning)
    });
}

/// Turns the wheel away from the user until the screen begins so again.
fn turn_until_back(daemon: &Daemon, window: &Window, beginning: &str) {
    until("the first lines again", || {
        window.click((10, 10), 1, "4");
        daemon.screen("s").starts_with(beginning)
    });
}

/// The column and the row that the cursor is in.
fn cursor(daemon: &Daemon) -> (u64, u64) {
    let captured: Value = daemon.json(&["capture", "s"]);
    let number = |key: &str| captured["cursor"][key].as_u64().expect("a number");
    (number("col"), number("row"))
}
