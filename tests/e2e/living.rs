//! A day in the window: selecting and pasting, scrolling and searching, links, tabs and panes, a configuration that changes.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::Value;

use crate::support::{
    daemon::Daemon,
    wait::{eventually, until},
    window::{Display, Window},
};

/// Opens the window with a plain shell in a session named `s`, and waits for its prompt.
pub(crate) fn open<'a>(daemon: &Daemon, display: &'a Display) -> Window<'a> {
    let window = Window::open(&daemon.home, display, &["s", "--", "sh"]);
    daemon.sees("s", r"[$#] ?$");
    window
}

/// All sessions: name, columns and rows, and how many clients there are.
pub(crate) fn sessions(daemon: &Daemon) -> Vec<(String, u64, u64, u64)> {
    let number = |session: &Value, key: &str| session[key].as_u64().unwrap_or(0);
    let all = daemon.json(&["list"]);
    let of = |it: &Value| {
        let name = it["name"].as_str().unwrap_or_default().to_owned();
        (name, number(it, "cols"), number(it, "rows"), number(it, "clients"))
    };
    all.as_array().expect("a list").iter().map(of).collect()
}

/// Selects a word by two clicks, and waits until it is selected. On a machine that draws slowly two clicks can be too far apart to be
/// one, so that it is tried again; a click elsewhere comes before, and belongs to neither.
pub(crate) fn select_word(window: &Window, display: &Display, cell: (u32, u32), word: &str) {
    until("a selection", || {
        window.click((60, 20), 1, "1");
        window.click(cell, 2, "1");
        display.primary_selection().as_deref() == Some(word)
    });
}

#[test]
fn a_word_across_a_wrapped_line_is_selected_and_pasted() {
    let daemon = Daemon::start();
    let display = Display::start();
    let window = open(&daemon, &display);
    // Five letters are at the end of the first row, the rest on the second. Nothing of it is in the line that is typed.
    window.type_line("clear; printf '%95s%s%s\\n' '' wrap ped-word");
    daemon.sees("s", "wrapped-word$");
    daemon.prompt("s");
    select_word(&window, &display, (97, 0), "wrapped-word");
    window.key("ctrl+shift+c");
    window.type_text("echo clipboard ");
    window.key("ctrl+shift+v");
    daemon.sees("s", "echo clipboard wrapped-word");
    window.key("Return");
    daemon.sees("s", "^clipboard wrapped-word$");
    daemon.prompt("s");
    window.type_text("echo primary ");
    window.click((10, 10), 1, "2");
    daemon.sees("s", "echo primary wrapped-word");
    window.key("Return");
    daemon.sees("s", "^primary wrapped-word$");
    assert!(window.close().success());
}

#[test]
fn a_line_far_above_is_found() {
    let daemon = Daemon::start();
    let display = Display::start();
    let window = open(&daemon, &display);
    window.type_line("clear; seq 1 3000 | sed 's/^1211$/Zebra/'");
    daemon.sees("s", "^3000$");
    daemon.prompt("s");
    window.key("ctrl+shift+f");
    window.type_text("zebra");
    // It is looked for page by page, and is in the middle of the window then, with the colour of what was found.
    until("the line that was looked for", || display.has_color("#F0C674"));
    // A click ends the search; what is seen stays.
    window.click((60, 20), 1, "1");
    until("the end of the search", || !display.has_color("#F0C674"));
    select_word(&window, &display, (1, 15), "Zebra");
    // Typing comes back to the prompt.
    window.type_line("echo back");
    daemon.sees("s", "^back$");
    assert!(window.close().success());
}

#[test]
fn a_link_is_opened_by_a_click() {
    let daemon = Daemon::start();
    let display = Display::start();
    let (opener, opened) = (daemon.home.path("bin/xdg-open"), daemon.home.path("opened"));
    fs::write(&opener, format!("#!/bin/sh\necho \"$1\" >> {}\n", opened.display())).expect("the home is ours");
    fs::set_permissions(&opener, fs::Permissions::from_mode(0o755)).expect("the file is ours");
    let window = open(&daemon, &display);
    window.type_line(
        "clear; echo https://a.example/; printf '\\033]8;;file:///etc/passwd\\033\\\\secret\\033]8;;\\033\\\\\\n'",
    );
    daemon.sees("s", "^secret$");
    // A file is none that is opened, a page is.
    for row in [1, 0] {
        display.tool("xdotool", &["keydown", "ctrl"]);
        window.click((3, row), 1, "1");
        display.tool("xdotool", &["keyup", "ctrl"]);
    }
    let told = eventually("the page", || fs::read_to_string(&opened).ok().filter(|told| told.ends_with('\n')));
    assert_eq!(told, "https://a.example/\n");
    assert!(window.close().success());
}

#[test]
fn tabs_and_panes_are_there_again() {
    let daemon = Daemon::start();
    let display = Display::start();
    // Who names a session wants that alone; without a name it is the window's own layout.
    let window = Window::open(&daemon.home, &display, &[]);
    for (key, count) in [("ctrl+shift+t", 2), ("ctrl+shift+o", 3), ("ctrl+shift+e", 4), ("ctrl+shift+t", 5)] {
        until("the sessions before", || sessions(&daemon).iter().filter(|session| session.3 == 1).count() == count - 1);
        window.key(key);
    }
    let all_there = || Some(sessions(&daemon)).filter(|all| all.len() == 5 && all.iter().all(|session| session.3 == 1));
    eventually("five panes", all_there);
    window.key("alt+2");
    // Half of the window each, and a half of a half.
    let halves = |all: &[(String, u64, u64, u64)]| all.iter().filter(|session| session.1 < 60).count();
    let before = eventually("two splits", || all_there().filter(|all| halves(all) == 3));
    window.type_line("mark=kept");
    assert!(window.close().success());
    until("nobody is there", || sessions(&daemon).iter().all(|session| session.3 == 0));
    let window = Window::open(&daemon.home, &display, &[]);
    eventually("all are there again", || all_there().filter(|all| *all == before));
    // The pane that had the keyboard has it again.
    window.type_line("echo it was $mark");
    let last = &before[3].0;
    daemon.sees(last, "^it was kept$");
    assert!(window.close().success());
}

#[test]
fn a_window_follows_the_file_and_closes_with_its_last_pane() {
    let daemon = Daemon::start();
    let display = Display::start();
    let window = open(&daemon, &display);
    let cols = || sessions(&daemon)[0].1;
    let before = cols();
    let file = daemon.home.path("home/.config/scarab/scarab.toml");
    fs::create_dir_all(file.parent().expect("a directory")).expect("the home is ours");
    fs::write(&file, "[client]\nfont_size = 30\ntheme = \"solarized-light\"\nconfirm_close = \"never\"\n")
        .expect("the home is ours");
    until("fewer and larger letters", || cols() < before * 2 / 3);
    fs::write(&file, "[client]\nfont_size = \"x\n").expect("the home is ours");
    window.type_line("echo still here");
    daemon.sees("s", "^still here$");
    assert!(cols() < before * 2 / 3);
    window.key("ctrl+shift+w");
    assert!(window.wait().success());
    until("its session has ended", || daemon.listed("s").is_none_or(|session| !session["exited"].is_null()));
}
