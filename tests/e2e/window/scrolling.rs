//! Ten thousand lines in the window: looked at by keys, searched, and selected beyond what is seen.

use std::fs;

use scarab_protocol::config::Theme;

use crate::{
    living::{open, select_word},
    support::{
        daemon::Daemon,
        wait::{eventually, until},
        window::{Display, Window},
    },
};

/// The places of these among the sixteen colours.
const RED: usize = 1;
const GREEN: usize = 2;
const BLUE: usize = 4;

/// The row in which what was found is seen if it was not seen before: the middle one of thirty.
const MIDDLE: u32 = 15;

#[test]
fn ten_thousand_lines_are_scrolled_selected_and_searched() {
    let daemon = Daemon::start();
    let display = Display::start();
    let window = open(&daemon, &display);
    // More than are kept, so that it is known which is the first. Three are marked, each by a colour behind its text.
    let line = |number: u32| match number {
        2345 => format!("{number} needle \x1b[44m  \x1b[m\n"),
        6789 => format!("{number} needle \x1b[42m  \x1b[m\n"),
        9876 => format!("{number} needle \x1b[41m  \x1b[m\n"),
        _ => format!("{number}\n"),
    };
    fs::write(daemon.home.path("home/lines"), (1..=10_050).map(line).collect::<String>()).expect("the home is ours");
    window.type_line("clear; cat lines");
    daemon.sees("s", "^10050$");
    daemon.prompt("s");
    keys_scroll(&display, &window);
    a_selection_goes_on_beyond_the_edge(&display, &window);
    a_search_goes_both_ways_and_round(&window);
    // Typing comes back to the prompt.
    window.type_line("echo back");
    daemon.sees("s", "^back$");
    assert!(window.close().success());
}

/// Each key, and the line that is the first one then. The screen has 29 lines and the prompt, the scrollback ten thousand more.
fn keys_scroll(display: &Display, window: &Window) {
    for (key, first) in [
        ("shift+Prior", "9992"),
        ("ctrl+shift+Up", "9991"),
        ("ctrl+shift+Down", "9992"),
        ("shift+Next", "10022"),
        ("shift+Home", "22"),
    ] {
        window.key(key);
        select_word(window, display, (0, 0), first);
    }
}

/// The oldest lines are seen; from the sixth of them on all are selected, as far as the window scrolls.
fn a_selection_goes_on_beyond_the_edge(display: &Display, window: &Window) {
    let selection = Theme::default().selection;
    window.drag((0, 5), (450, 690));
    // The first row has a line above the sixth until that has come up there.
    until("a selection that is all that is seen", || window.background((50, 0)) == selection);
    window.let_go();
    let text = eventually("the primary selection", || display.primary_selection().filter(|text| text.contains('\n')));
    let lines: Vec<&str> = text.lines().collect();
    let expected: Vec<String> = (27..).take(lines.len()).map(|number| number.to_string()).collect();
    assert_eq!(lines, expected);
    // So many were seen when it was begun.
    assert!(lines.len() > 25, "no more than was seen: {text:?}");
}

fn a_search_goes_both_ways_and_round(window: &Window) {
    window.key("shift+End");
    window.key("ctrl+shift+f");
    window.type_text("needle");
    stops_at(window, RED);
    for (key, color) in
        [("Return", GREEN), ("Return", BLUE), ("Return", RED), ("shift+Return", BLUE), ("shift+Return", GREEN)]
    {
        window.key(key);
        stops_at(window, color);
    }
    // As it is written there is no such text; as a regular expression there is one.
    window.key("ctrl+u");
    window.key("ctrl+r");
    window.type_text(r"^2\d+5 n");
    stops_at(window, BLUE);
    window.key("Escape");
    until("the end of the search", || window.background((5, MIDDLE)) != Theme::default().found_here);
}

/// Waits until a search has stopped at the line of this colour.
fn stops_at(window: &Window, color: usize) {
    let theme = Theme::default();
    until("where the search stops", || {
        let found = window.background((5, MIDDLE)) == theme.found_here;
        found && window.background((12, MIDDLE)) == theme.ansi[color]
    });
}
