//! Panes and tabs in the window, by keys and by the mouse; and two windows of one daemon, each with its own.

use scarab_protocol::config::Theme;

use crate::{
    living::sessions,
    support::{
        daemon::Daemon,
        wait::{eventually, until},
        window::{Display, Window},
    },
};

/// A session: its name, its columns and rows, and how many clients there are.
type Listed = (String, u64, u64, u64);

/// What the second tab is named: longer than what it is called by itself.
const NAME: &str = "named by hand";

#[test]
fn two_windows_have_panes_and_tabs_of_their_own_and_have_them_again() {
    let daemon = Daemon::start();
    let (display, other_display) = (Display::start(), Display::start());
    let window = Window::open(&daemon.home, &display, &[]);
    let [left, right] = panes(&daemon, &window);
    let third = tabs(&daemon, &window, &left);

    let other = Window::open(&daemon.home, &other_display, &[]);
    attached(&daemon, "the other window's shell", |all| all.len() == 4);
    other.key("ctrl+shift+e");
    let before = attached(&daemon, "one pane above the other", |all| all.len() == 5 && all[3..].iter().all(is_low));
    let (above, below) = (&before[3].0, &before[4].0);
    types_into(&daemon, &other, below, "below");
    assert!(window.close().success());
    assert!(other.close().success());
    until("nobody is there", || clients(&daemon) == [0; 5]);

    // What the last window had that was closed is there first.
    let other = Window::open(&daemon.home, &other_display, &[]);
    until("the other window's panes", || clients(&daemon) == [0, 0, 0, 1, 1]);
    let window = Window::open(&daemon.home, &display, &[]);
    attached(&daemon, "all as they were", |all| *all == before);
    until("the tab's name", || is_named(&window));
    types_into(&daemon, &window, &third, "third-again");
    window.click_pixel(on_bar(1), 1, "1");
    types_into(&daemon, &window, &left, "left-again");
    window.key("ctrl+alt+Right");
    types_into(&daemon, &window, &right, "right-again");
    types_into(&daemon, &other, below, "below-again");
    other.key("ctrl+alt+Up");
    types_into(&daemon, &other, above, "above");
    assert!(window.close().success());
    assert!(other.close().success());
}

/// Splits the window, goes from one half to the other by keys and by a click, moves the edge, and has one half for itself for a while.
/// Gives the sessions of both halves; the left one has the keyboard.
fn panes(daemon: &Daemon, window: &Window) -> [String; 2] {
    let whole = attached(daemon, "a shell", |all| all.len() == 1);
    daemon.prompt(&whole[0].0);
    window.key("ctrl+shift+o");
    let halves = attached(daemon, "two halves", |all| all.len() == 2 && all.iter().all(|half| half.1 < 60));
    let [left, right] = [&halves[0].0, &halves[1].0];
    types_into(daemon, window, right, "right");
    window.key("ctrl+alt+Left");
    types_into(daemon, window, left, "left");
    window.click((80, 10), 1, "1");
    types_into(daemon, window, right, "clicked");
    window.key("ctrl+alt+Left");
    types_into(daemon, window, left, "left-of-it");

    window.key("ctrl+alt+shift+Right");
    let has_moved = |all: &[Listed]| all[0].1 > halves[0].1 && all[1].1 < halves[1].1;
    let moved = attached(daemon, "an edge farther to the right", has_moved);
    window.key("ctrl+shift+Return");
    attached(daemon, "the left one alone", |all| all[0].1 == whole[0].1);
    types_into(daemon, window, left, "alone");
    window.key("ctrl+shift+Return");
    attached(daemon, "both again", |all| *all == moved);
    [left.clone(), right.clone()]
}

/// Opens a second tab, whose shell begins where the first one's is, names it, and goes from one to the other by clicks on the bar. Gives
/// its session, which has the keyboard.
fn tabs(daemon: &Daemon, window: &Window, left: &str) -> String {
    daemon.prompt(left);
    window.type_line("mkdir below; cd below; echo went");
    daemon.sees(left, "^went$");
    window.key("ctrl+shift+t");
    // The bar takes a row from all of them.
    let all = attached(daemon, "a tab", |all| all.len() == 3 && all.iter().all(|session| session.2 == 29));
    let third = &all[2].0;
    daemon.prompt(third);
    window.type_line("echo in ${PWD##*/}");
    daemon.sees(third, "^in below$");
    assert!(!is_named(window));
    window.key("ctrl+shift+r");
    window.type_line(NAME);
    until("the tab's name", || is_named(window));
    types_into(daemon, window, third, "third");
    window.click_pixel(on_bar(1), 1, "1");
    types_into(daemon, window, left, "first-tab");
    window.click_pixel(on_bar(SECOND_TAB + 1), 1, "1");
    types_into(daemon, window, third, "second-tab");
    third.clone()
}

/// The cell of the bar in which the second tab begins: a blank at each side of the first one's name, which is `1`, and one between them.
const SECOND_TAB: u32 = 4;

/// A pixel near the upper left corner of a cell of the bar, which has two pixels around its cells.
fn on_bar(col: u32) -> (u32, u32) {
    (2 + col * 9 + 1, 3)
}

/// Whether the second tab is in front and as wide as its name: what is in front is inverse.
fn is_named(window: &Window) -> bool {
    let Theme { foreground, background, .. } = Theme::default();
    // An eighth of the way from the one to the other.
    let bar = std::array::from_fn(|i| ((u16::from(background[i]) * 7 + u16::from(foreground[i])) / 8) as u8);
    let end = SECOND_TAB + NAME.len() as u32 + 2;
    [SECOND_TAB, end - 1, end].map(|col| window.pixel(on_bar(col))) == [foreground, foreground, bar]
}

/// Whether a session is no higher than a half of the window.
fn is_low(session: &Listed) -> bool {
    session.2 < 20
}

/// Waits until each session has one client and all are as they should be, and gives them.
fn attached(daemon: &Daemon, what: &str, are: impl Fn(&[Listed]) -> bool) -> Vec<Listed> {
    eventually(what, || Some(sessions(daemon)).filter(|all| all.iter().all(|session| session.3 == 1) && are(all)))
}

/// How many clients each session has.
fn clients(daemon: &Daemon) -> Vec<u64> {
    sessions(daemon).iter().map(|session| session.3).collect()
}

/// Types a command and sees its answer in a session. No word may be used twice there.
fn types_into(daemon: &Daemon, window: &Window, session: &str, word: &str) {
    daemon.prompt(session);
    window.type_line(&format!("echo {word}"));
    daemon.sees(session, &format!("^{word}$"));
}
