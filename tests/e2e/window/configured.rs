//! The configuration, as it is seen in the window.

use std::fs;

use scarab_protocol::config::theme;

use crate::{
    living::{open, sessions},
    support::{
        daemon::Daemon,
        wait::{eventually, until},
        window::{Display, Window},
    },
};

/// What is behind the text of the banner.
const BANNER: [u8; 3] = [0x3a, 0x2f, 0x1c];

/// Pixels in the padding of the banner, above its text: of one with a line in the middle of the window, and of any in the upper right
/// corner. The window has 912 by 616 pixels.
const IN_THE_MIDDLE: (u32, u32) = (456, 292);
const IN_THE_CORNER: (u32, u32) = (905, 3);

#[test]
fn the_window_has_the_files_colours_keys_and_habits_and_stays_as_it_is_while_the_file_is_broken() {
    let daemon = Daemon::start();
    let display = Display::start();
    configure(&daemon, "[client]\nbackground = \"#102030\"\nbindings = [\"F6 = split_right\"]\non_exit = \"hold\"\n");
    let window = open(&daemon, &display);
    has_background(&window, [0x10, 0x20, 0x30]);
    a_key_splits_and_what_has_ended_is_held(&daemon, &window);

    let named = |name: &str| theme(name).expect("a theme").background;
    configure(&daemon, "[client]\ntheme = \"nord\"\n");
    has_background(&window, named("nord"));
    configure(&daemon, "[client]\ntheme = 7\n");
    until("the banner in the corner", || window.pixel(IN_THE_CORNER) == BANNER);
    window.type_line("echo still here");
    daemon.sees("s", "^still here$");
    assert_eq!(window.background((50, 20)), named("nord"));
    configure(&daemon, "[client]\ntheme = \"dracula\"\n");
    has_background(&window, named("dracula"));
    until("the end of the banner", || window.pixel(IN_THE_CORNER) == named("dracula"));
    assert!(window.close().success());
}

fn a_key_splits_and_what_has_ended_is_held(daemon: &Daemon, window: &Window) {
    window.key("F6");
    let halves = eventually("two halves", || {
        Some(sessions(daemon)).filter(|all| all.len() == 2 && all.iter().all(|half| half.1 < 60 && half.3 == 1))
    });
    daemon.prompt(&halves[1].0);
    window.type_line("exit 3");
    until("how the program has ended", || window.pixel(IN_THE_MIDDLE) == BANNER);
    assert_eq!(sessions(daemon)[0].1, halves[0].1, "the pane that has ended is not there any more");
    window.key("ctrl+shift+w");
    until("the first pane alone", || sessions(daemon)[0].1 == 100);
}

/// Writes the file as editors do: another one takes its place, and nobody reads half of it.
fn configure(daemon: &Daemon, text: &str) {
    let file = daemon.home.path("home/.config/scarab/scarab.toml");
    fs::create_dir_all(file.parent().expect("a directory")).expect("the home is ours");
    fs::write(file.with_extension("new"), text).expect("the home is ours");
    fs::rename(file.with_extension("new"), file).expect("the home is ours");
}

/// Waits until that is behind the text.
fn has_background(window: &Window, color: [u8; 3]) {
    until("another background", || window.background((50, 20)) == color);
}
