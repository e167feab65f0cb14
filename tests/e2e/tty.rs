//! Sessions shown in a text terminal, by `scarabctl attach` and by a `scarab` that cannot have a window.

use crate::support::{
    daemon::Daemon,
    process::{run, signal},
    programs::program,
    tty::Tty,
    wait::{eventually, until},
    window::Display,
};

/// The detach key: Ctrl-\, unless another is asked for.
const DETACH: &[u8] = b"\x1c";

#[test]
fn attach_shows_the_session_takes_keys_and_leaves_the_terminal_as_it_was() {
    let daemon = Daemon::start();
    daemon.shell("s");
    daemon.type_line("s", "echo from before");
    daemon.sees("s", "^from before$");
    let mut tty = Tty::start(&daemon.home.scarabctl(&["attach", "s"]), 80, 24);
    tty.sees("from before");
    assert!(tty.is_alternate());
    daemon.prompt("s");
    tty.type_bytes(b"echo typed $((6*7))\r");
    tty.sees("typed 42");
    daemon.sees("s", "^typed 42$");
    tty.type_bytes(DETACH);
    assert_eq!(tty.wait(), 0);
    assert!(!tty.is_alternate());
    assert!(tty.text().contains("detached"), "{}", tty.text());
    assert!(daemon.listed("s").is_some_and(|session| session["exited"].is_null()), "the shell goes on");
}

#[test]
fn the_session_follows_the_terminals_size() {
    let daemon = Daemon::start();
    daemon.shell("s");
    let tty = Tty::start(&daemon.home.scarabctl(&["attach", "s"]), 70, 20);
    tty.sees("$");
    until("the terminal's size", || daemon.listed("s").is_some_and(|session| session["cols"] == 70));
    tty.resize(100, 30);
    // The screen has it when the program has been told, and not before.
    until("the new size", || daemon.json(&["capture", "s", "--format", "json"])["cols"] == 100);
    tty.type_bytes(b"stty size\r");
    tty.sees("100");
}

#[test]
fn attach_ends_with_the_shell_and_with_the_daemon() {
    let mut daemon = Daemon::start();
    daemon.shell("s");
    let mut tty = Tty::start(&daemon.home.scarabctl(&["attach", "s"]), 80, 24);
    tty.sees("$");
    tty.type_bytes(b"exit 3\r");
    tty.wait();
    let text = tty.text();
    assert!(!tty.is_alternate() && text.contains("s has ended: status 3") && text.contains(" capture s`"), "{text}");
    daemon.shell("t");
    let mut tty = Tty::start(&daemon.home.scarabctl(&["attach", "t"]), 80, 24);
    tty.sees("$");
    daemon.kill_9();
    assert_ne!(tty.wait(), 0);
    assert!(!tty.is_alternate(), "the terminal was left on the alternate screen");
    daemon.restart();
}

#[test]
fn a_signal_leaves_the_terminal_clean() {
    let daemon = Daemon::start();
    daemon.shell("s");
    let mut tty = Tty::start(&daemon.home.scarabctl(&["attach", "s"]), 80, 24);
    tty.sees("$");
    signal(tty.pid(), rustix::process::Signal::TERM);
    tty.wait();
    assert!(!tty.is_alternate());
    let bytes = tty.bytes();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("\x1b[?1049l") && text.contains("\x1b[?25h"), "the cursor and the screen are back");
}

#[test]
fn attach_without_a_terminal_says_so() {
    let daemon = Daemon::start();
    daemon.shell("s");
    let line = daemon.fails(1, &["attach", "s"]);
    assert!(line.contains("terminal"), "{line}");
}

#[test]
fn in_tmux_both_show_the_same() {
    let daemon = Daemon::start();
    daemon.shell("s");
    let socket = daemon.home.path("tmux").display().to_string();
    let tmux = |arguments: &[&str]| {
        let mut command = daemon.home.command("tmux");
        command.args(["-S", &socket, "-f", "/dev/null"]).args(arguments);
        let said = run(&mut command, b"");
        assert_eq!(said.code, 0, "tmux {arguments:?}: {}", said.stderr);
        said.stdout
    };
    let attach = format!("{} --daemon test attach s", program("scarabctl").display());
    tmux(&["new-session", "-d", "-x", "80", "-y", "24", &attach]);
    until("the prompt in tmux", || tmux(&["capture-pane", "-p"]).contains('$'));
    tmux(&["send-keys", "echo from tmux", "Enter"]);
    daemon.sees("s", "^from tmux$");
    daemon.command("s", "echo from outside");
    until("it in tmux", || tmux(&["capture-pane", "-p"]).lines().any(|line| line == "from outside"));
    tmux(&["kill-server"]);
    assert!(daemon.listed("s").is_some_and(|session| session["exited"].is_null()));
}

#[test]
fn without_a_display_the_shell_is_in_the_terminal_itself_and_survives_detaching() {
    let daemon = Daemon::start();
    let mut scarab = daemon.home.command(program("scarab"));
    scarab.args(["--daemon", "test"]);
    let mut tty = Tty::start(&scarab, 80, 24);
    tty.sees("$");
    tty.type_bytes(b"echo in the $((6*7))th terminal\r");
    tty.sees("in the 42th terminal");
    tty.type_bytes(DETACH);
    assert_eq!(tty.wait(), 0);
    // Again: the same shell, the same screen.
    let tty = Tty::start(&scarab, 80, 24);
    tty.sees("in the 42th terminal");
    assert_eq!(daemon.json(&["list"]).as_array().map(Vec::len), Some(1));
}

#[test]
fn a_display_that_does_not_answer_is_said_in_one_line_and_the_terminal_serves() {
    let daemon = Daemon::start();
    let mut scarab = daemon.home.command(program("scarab"));
    scarab.args(["--daemon", "test", "shown"]).env("DISPLAY", ":4711");
    let mut tty = Tty::start(&scarab, 80, 24);
    tty.sees("$");
    tty.type_bytes(b"exit\r");
    tty.wait();
    let bytes = tty.bytes();
    let said = String::from_utf8_lossy(&bytes).into_owned();
    assert!(said.contains(":4711") || said.to_lowercase().contains("display"), "no reason in {said:?}");
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn without_a_graphics_driver_the_terminal_serves_too() {
    let daemon = Daemon::start();
    let display = Display::start();
    let mut scarab = daemon.home.command(program("scarab"));
    scarab
        .args(["--daemon", "test", "shown"])
        .env("DISPLAY", display.name())
        .env("VK_ICD_FILENAMES", "/nonexistent.json")
        .env("VK_DRIVER_FILES", "/nonexistent.json");
    let mut tty = Tty::start(&scarab, 80, 24);
    tty.sees("$");
    tty.type_bytes(b"exit\r");
    tty.wait();
    let said = String::from_utf8_lossy(&tty.bytes()).into_owned();
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn without_any_terminal_it_feeds_its_input_prints_the_screen_and_ends() {
    let daemon = Daemon::start();
    let mut scarab = daemon.home.command(program("scarab"));
    scarab.args(["--daemon", "test"]);
    let said = run(&mut scarab, b"echo $((6*7)); exit\n");
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stdout.lines().any(|line| line.trim() == "42"), "{}", said.stdout);
    // Without any input: the screen, the name, and how to go on.
    let said = run(&mut scarab, b"");
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stdout.matches("scarabctl").count() >= 3, "{}", said.stdout);
}

#[test]
fn scarab_shows_the_named_session_or_makes_it() {
    let daemon = Daemon::start();
    let mut scarab = daemon.home.command(program("scarab"));
    scarab.args(["--daemon", "test", "mine", "--", "sh", "-c", "echo made by name; exec sh -i"]);
    let tty = Tty::start(&scarab, 80, 24);
    tty.sees("made by name");
    let mine = eventually("the session", || daemon.listed("mine"));
    assert_eq!(mine["made_by"], "scarab");
    tty.type_bytes(DETACH);
    let again = Tty::start(&scarab, 80, 24);
    again.sees("made by name");
    assert_eq!(daemon.listed("mine").expect("it is there")["id"], mine["id"]);
}
