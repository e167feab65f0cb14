//! What a session is to the program in it: environment, size, beginning and end.

use scarab_protocol::ids::TermSize;

use crate::support::{
    DEADLINE,
    daemon::Daemon,
    proc,
    process::is_running,
    wait::{until, within},
};

#[test]
fn a_shell_runs_and_what_is_typed_into_it_is_carried_out() {
    let daemon = Daemon::start();
    daemon.shell("s");
    daemon.type_line("s", "echo hello $((6*7))");
    daemon.sees("s", "^hello 42$");
}

#[test]
fn a_program_is_told_what_terminal_it_is_in_and_which_session() {
    let daemon = Daemon::start();
    daemon.sh("s", "echo $TERM,$COLORTERM,$SCARAB_SESSION,$SCARAB_DAEMON_SOCKET,; exec sleep 1000");
    daemon.ok(&["resize", "s", "200x24"]);
    daemon.sees("s", &format!("^xterm-256color,truecolor,s,{},$", daemon.socket().display()));
}

#[test]
fn the_environment_is_the_clients_without_what_cargo_added() {
    let daemon = Daemon::start();
    let mut new = daemon.home.scarabctl(&["new", "s", "--size", "200x50", "--env", "EXTRA=1", "--", "sh", "-c"]);
    new.arg("env | sort; exec sleep 1000")
        .env("DISPLAY", ":4711")
        .env("SSH_AUTH_SOCK", "/tmp/agent")
        .env("CARGO", "/usr/bin/cargo")
        .env("CARGO_MANIFEST_DIR", "/nowhere")
        .env("CARGO_PKG_NAME", "scarab")
        .env("RUSTUP_TOOLCHAIN", "stable")
        .env("LD_LIBRARY_PATH", "/src/scarab/target/debug/deps:/opt/own/lib");
    let said = crate::support::process::run(&mut new, b"");
    assert_eq!(said.code, 0, "{}", said.stderr);
    daemon.sees("s", "^XDG_STATE_HOME=");
    let screen = daemon.screen("s");
    for there in ["DISPLAY=:4711", "SSH_AUTH_SOCK=/tmp/agent", "EXTRA=1", "LD_LIBRARY_PATH=/opt/own/lib"] {
        assert!(screen.lines().any(|line| line == there), "no {there} in\n{screen}");
    }
    for gone in ["CARGO", "RUSTUP_TOOLCHAIN"] {
        assert!(!screen.lines().any(|line| line.starts_with(gone)), "{gone} in\n{screen}");
    }
}

#[test]
fn a_program_starts_where_its_client_is_or_is_told_to() {
    let daemon = Daemon::start();
    daemon.sh("here", "pwd -P; exec sleep 1000");
    daemon.sees("here", &format!("^{}$", daemon.home.path("home").display()));
    assert_eq!(daemon.ok(&["new", "there", "--cwd", "/usr", "--", "sh", "-c", "pwd; exec sleep 1000"]), "there");
    daemon.sees("there", "^/usr$");
}

#[test]
fn the_size_is_what_was_asked_for_and_follows_the_last_client() {
    let daemon = Daemon::start();
    daemon.ok(&["new", "s", "--size", "100x30", "--", "sh"]);
    daemon.command("s", "stty size");
    daemon.sees("s", "^30 100$");
    let client = daemon.watch("s", Some(TermSize::cells(90, 20)), true);
    client.until("the client's size", |state| (state.grid.cols(), state.grid.rows()) == (90, 20));
    daemon.command("s", "stty size");
    daemon.sees("s", "^20 90$");
    daemon.ok(&["resize", "s", "70x15"]);
    client.until("the size set by hand", |state| (state.grid.cols(), state.grid.rows()) == (70, 15));
    daemon.command("s", "stty size");
    daemon.sees("s", "^15 70$");
}

#[test]
fn a_storm_of_sizes_reaches_the_program_as_few_signals_and_ends_at_the_last() {
    let daemon = Daemon::start();
    let count =
        "n=0; trap 'n=$((n+1))' WINCH; echo ready; while :; do read line && echo signals $n size $(stty size); done";
    daemon.sh("s", count);
    daemon.sees("s", "^ready$");
    let client = daemon.watch("s", Some(TermSize::cells(80, 24)), true);
    let began = std::time::Instant::now();
    for step in 0..500 {
        client.attachment().resize(TermSize::cells(60 + step % 40, 20));
    }
    client.attachment().resize(TermSize::cells(77, 23));
    client.until("the last size", |state| (state.grid.cols(), state.grid.rows()) == (77, 23));
    let most = 2 + began.elapsed().as_millis() / 30;
    daemon.type_line("s", "");
    daemon.sees("s", r"^signals \d+ size 23 77$");
    let screen = daemon.screen("s");
    let told = screen.lines().find_map(|line| line.strip_prefix("signals ")?.split(' ').next()?.parse::<u128>().ok());
    // The client's own first size may have been one more.
    assert!(told.expect("it says") <= most + 1, "{told:?} signals where {most} were the most");
}

#[test]
fn an_ended_session_stays_to_be_looked_at_until_it_is_forgotten() {
    let daemon = Daemon::start();
    daemon.sh("s", "echo last words; exit 7");
    let ended = daemon.json(&["wait", "s", "--exit"]);
    assert_eq!(ended["exit"]["code"].as_u64().or(ended["code"].as_u64()), Some(7), "{ended}");
    assert!(daemon.screen("s").contains("last words"));
    assert_eq!(daemon.listed("s").expect("still there")["exited"]["code"], 7);
    daemon.ok(&["forget", "s"]);
    assert_eq!(daemon.listed("s"), None);
}

#[test]
fn a_background_job_that_keeps_the_terminal_open_does_not_keep_the_session_running() {
    let daemon = Daemon::start();
    let before = proc::threads(daemon.pid());
    // The job leaves the session's process group, so nothing but itself ends it.
    daemon.sh("s", "setsid sh -c 'echo $$ > job; exec sleep 1000' & sleep 0.2; echo over");
    daemon.ok(&["wait", "s", "--exit", "--timeout", "30"]);
    assert_eq!(daemon.listed("s").expect("it stays")["exited"]["code"], 0);
    let job = std::fs::read_to_string(daemon.home.path("home/job")).expect("the job wrote its number");
    let job = job.trim().parse().expect("a number");
    assert!(is_running(job), "the job was to go on");
    until("the threads of the session ended", || proc::threads(daemon.pid()) <= before);
    crate::support::process::signal(job, rustix::process::Signal::KILL);
}

#[test]
fn killing_a_session_ends_its_program_and_forgets_it() {
    let daemon = Daemon::start();
    // It ignores the hangup, so that only the harder signal ends it.
    daemon.sh("s", "trap '' HUP; echo ready; while :; do sleep 1; done");
    daemon.sees("s", "^ready$");
    let pid = daemon.pid_of("s");
    daemon.ok(&["kill", "s"]);
    until("the program is gone", || !is_running(pid));
    assert_eq!(daemon.listed("s"), None);
}

#[test]
fn a_signal_reaches_the_program_and_nothing_else_happens() {
    let daemon = Daemon::start();
    daemon.sh("s", "trap 'echo caught' USR1; echo ready; while :; do sleep 0.1; done");
    daemon.sees("s", "^ready$");
    daemon.ok(&["kill", "s", "--signal", "USR1"]);
    daemon.sees("s", "^caught$");
    assert!(daemon.listed("s").expect("still there")["exited"].is_null());
}

#[test]
fn a_session_that_nobody_was_to_keep_ends_after_its_last_client() {
    let daemon = Daemon::start();
    daemon.ok(&["new", "s", "--no-linger", "--", "sh"]);
    let pid = daemon.pid_of("s");
    let client = daemon.watch("s", Some(TermSize::default()), true);
    client.sees("$");
    drop(client);
    // It has half a minute to come back.
    within(2 * DEADLINE, || (!is_running(pid)).then_some(())).expect("the shell is gone");
}

#[test]
fn a_wrong_command_or_directory_is_said_by_name() {
    let daemon = Daemon::start();
    assert!(daemon.fails(1, &["new", "s", "--", "no-such-program"]).contains("no-such-program"));
    assert!(daemon.fails(1, &["new", "s", "--cwd", "/no/such/place"]).contains("/no/such/place"));
    assert_eq!(daemon.listed("s"), None);
}
