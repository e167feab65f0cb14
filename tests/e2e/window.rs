//! The real window, on a screen that nobody looks at, with keys typed by xdotool.

mod configured;
mod panes;
mod programs;
mod scrolling;

use std::time::Duration;

use rustix::process::Signal;

use crate::support::{
    daemon::Daemon,
    proc,
    process::{is_running, signal},
    wait::{eventually, until},
    window::{Display, Window},
};

/// The session that the window made.
fn made_by_window(daemon: &Daemon) -> String {
    eventually("the window's session", || {
        let sessions = daemon.json(&["list"]);
        let made = sessions.as_array()?.iter().find(|session| session["made_by"] == "scarab")?.clone();
        made["name"].as_str().map(str::to_owned)
    })
}

/// Waits for a prompt, so that what is typed next finds a shell.
fn prompt(daemon: &Daemon, session: &str) {
    daemon.sees(session, r"[$#] ?$");
}

#[test]
fn what_is_typed_into_the_window_reaches_the_shell_and_the_answer_is_drawn() {
    let daemon = Daemon::start();
    let display = Display::start();
    let window = Window::open(&daemon.home, &display, &[]);
    let session = made_by_window(&daemon);
    prompt(&daemon, &session);
    let before = eventually("a prompt that is drawn", || Some(display.drawn_pixels()).filter(|drawn| *drawn > 0));
    window.type_line("echo hello $((6*7)) and \"quotes\" and UPPER_case | cat");
    daemon.sees(&session, "^hello 42 and quotes and UPPER_case$");
    until("more than a prompt drawn", || display.drawn_pixels() > before + 200);
    assert!(window.close().success());
}

#[test]
fn closing_the_window_keeps_the_shell_and_opening_it_again_shows_it() {
    let daemon = Daemon::start();
    let display = Display::start();
    let window = Window::open(&daemon.home, &display, &[]);
    let session = made_by_window(&daemon);
    prompt(&daemon, &session);
    window.type_line("mark=kept; echo typed once");
    daemon.sees(&session, "^typed once$");
    let shell = daemon.pid_of(&session);
    assert!(window.close().success());
    assert!(is_running(shell));
    let window = Window::open(&daemon.home, &display, &[]);
    until("the window is attached", || daemon.listed(&session).is_some_and(|session| session["clients"] == 1));
    window.type_line("echo $mark");
    daemon.sees(&session, "^kept$");
    assert_eq!(daemon.json(&["list"]).as_array().map(Vec::len), Some(1));
    assert!(window.close().success());
}

#[test]
fn the_window_closes_when_its_shell_ends() {
    let daemon = Daemon::start();
    let display = Display::start();
    let window = Window::open(&daemon.home, &display, &["gone"]);
    prompt(&daemon, "gone");
    window.type_line("exit");
    assert!(window.wait().success());
}

#[test]
fn a_client_whose_window_is_destroyed_ends_and_its_shell_stays() {
    let daemon = Daemon::start();
    let display = Display::start();
    let window = Window::open(&daemon.home, &display, &["stays"]);
    prompt(&daemon, "stays");
    window.destroy();
    assert!(window.wait().success());
    assert!(is_running(daemon.pid_of("stays")));
}

#[test]
fn the_shells_size_follows_the_windows() {
    let daemon = Daemon::start();
    let display = Display::start();
    let window = Window::open(&daemon.home, &display, &["s"]);
    prompt(&daemon, "s");
    let size = || {
        let session = daemon.listed("s").expect("it is there");
        (session["cols"].as_u64().unwrap_or(0), session["rows"].as_u64().unwrap_or(0))
    };
    let before = size();
    for step in 0..20 {
        window.resize(500 + step * 10, 400);
    }
    window.resize(960, 660);
    until("a larger size", || size().0 > before.0 || size().1 > before.1);
    let mut last = size();
    until("the last size", || {
        std::thread::sleep(Duration::from_millis(300));
        std::mem::replace(&mut last, size()) == last
    });
    daemon.type_line("s", "stty size");
    daemon.sees("s", &format!("^{} {}$", last.1, last.0));
    assert!(window.close().success());
}

#[test]
fn control_keys_arrows_and_function_keys_reach_programs() {
    let daemon = Daemon::start();
    let display = Display::start();
    let window =
        Window::open(&daemon.home, &display, &["s", "--", "sh", "-c", "stty -icanon -echo; echo ready; exec cat -v"]);
    daemon.sees("s", "^ready");
    for (key, sent) in [
        ("Up", r"\^\[\[A"),
        ("F5", r"\^\[\[15~"),
        ("ctrl+Right", r"\^\[\[1;5C"),
        ("alt+x", r"\^\[x"),
        ("ctrl+a", r"\^A"),
    ] {
        window.key(key);
        daemon.sees("s", sent);
    }
    window.key("ctrl+c");
    assert!(window.wait().success());
}

#[test]
fn the_window_survives_the_daemons_death_and_types_nothing_into_a_new_shell() {
    let mut daemon = Daemon::start();
    let display = Display::start();
    let window = Window::open(&daemon.home, &display, &["s"]);
    prompt(&daemon, "s");
    let drawn = eventually("a prompt that is drawn", || Some(display.drawn_pixels()).filter(|drawn| *drawn > 0));
    daemon.kill_9();
    until("the window says so", || display.drawn_pixels() != drawn);
    window.type_line("touch unasked");
    daemon.restart();
    daemon.shell("s");
    daemon.type_line("s", "echo a new shell");
    daemon.sees("s", "^a new shell$");
    assert!(!daemon.home.path("home/unasked").exists());
    assert!(is_running(window.pid()));
    assert!(window.close().success());
}

#[test]
fn the_window_closes_while_the_daemon_is_stopped_and_while_there_is_none() {
    let mut daemon = Daemon::start();
    let display = Display::start();
    let window = Window::open(&daemon.home, &display, &["s"]);
    prompt(&daemon, "s");
    signal(daemon.pid(), Signal::STOP);
    let closed = window.closes_within(Duration::from_secs(10));
    signal(daemon.pid(), Signal::CONT);
    assert!(closed, "the window waits for a stopped daemon");
    let window = Window::open(&daemon.home, &display, &["s"]);
    until("the window is attached", || daemon.listed("s").is_some_and(|session| session["clients"] == 1));
    daemon.kill_9();
    assert!(window.closes_within(Duration::from_secs(10)), "the window waits for a daemon that is gone");
    daemon.restart();
}

#[test]
fn nothing_wakes_an_idle_window() {
    let daemon = Daemon::start();
    let display = Display::start();
    let window = Window::open(&daemon.home, &display, &["s", "--", "sh", "-c", "echo still; exec sleep 1000"]);
    daemon.sees("s", "^still");
    let mut before = proc::voluntary_switches(window.pid());
    until("the window has come to rest", || {
        std::thread::sleep(Duration::from_secs(1));
        let now = proc::voluntary_switches(window.pid());
        std::mem::replace(&mut before, now) == now
    });
    // There is no event to wait for: that nothing happens is what is tested.
    std::thread::sleep(Duration::from_secs(10));
    let woken = proc::voluntary_switches(window.pid()) - before;
    assert!(woken <= 2, "woken {woken} times in ten seconds");
    assert!(window.close().success());
}

#[test]
fn full_screen_programs_are_drawn_and_take_keys() {
    let daemon = Daemon::start();
    let display = Display::start();
    let window = Window::open(&daemon.home, &display, &["s", "--", "sh"]);
    prompt(&daemon, "s");
    window.type_line("vim -u NONE written");
    daemon.sees("s", r#"^"written" \[New"#);
    window.type_line("iwritten in vim");
    daemon.sees("s", "^written in vim$");
    // It asks the terminal for something when it leaves its insert mode, and is to have the answer before it ends: the shell would read
    // it else. What it shows after that is seen after it was answered.
    window.key("Escape");
    window.key("colon");
    daemon.sees("s", "^:$");
    window.type_line("wq");
    until("the file", || daemon.home.path("home/written").exists());
    // Vim throws away what is typed while it leaves.
    prompt(&daemon, "s");
    window.type_line("seq 1 500 | less");
    daemon.sees("s", "^:");
    window.key("End");
    daemon.sees("s", "^500$");
    window.type_line("q");
    prompt(&daemon, "s");
    window.type_line("clear; echo back");
    daemon.sees("s", "^back$");
    assert!(window.close().success());
}
