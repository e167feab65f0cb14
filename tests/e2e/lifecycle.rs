//! The daemon's own life: one of a name, found again, gone without a trace, asleep when nothing happens.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use rustix::process::Signal;

use crate::support::{
    DEADLINE,
    daemon::{Daemon, Home},
    proc,
    process::{ended_within, is_running, run, signal},
    programs::program,
    wait::until,
};

#[test]
fn a_second_daemon_of_the_name_refuses_and_tells_the_firsts_process_id() {
    let daemon = Daemon::start();
    let said = run(daemon.home.command(program("scarab-daemon")).args(["--daemon", "test"]), b"");
    assert_ne!(said.code, 0);
    assert!(said.stderr.contains(&daemon.pid().to_string()), "{}", said.stderr);
    assert_eq!(said.stderr.trim_end().lines().count(), 1, "{}", said.stderr);
    assert_eq!(daemon.json(&["status"])["pid"], daemon.pid());
}

#[test]
fn sigterm_and_sigint_end_it_cleanly() {
    for ending in [Signal::TERM, Signal::INT] {
        let daemon = Daemon::start();
        daemon.shell("s");
        let shell = daemon.pid_of("s");
        signal(daemon.pid(), ending);
        assert!(ended_within(daemon.pid(), DEADLINE), "{ending:?} did not end it");
        assert!(ended_within(shell, DEADLINE), "its shell goes on after {ending:?}");
        assert!(!daemon.socket().exists(), "{ending:?} left the socket");
    }
}

#[test]
fn sighup_and_sigpipe_do_not_end_it() {
    let daemon = Daemon::start();
    daemon.shell("s");
    signal(daemon.pid(), Signal::HUP);
    signal(daemon.pid(), Signal::PIPE);
    daemon.type_line("s", "echo alive");
    daemon.sees("s", "^alive$");
}

#[test]
fn a_killed_daemon_leaves_nothing_that_stops_the_next() {
    let mut daemon = Daemon::start();
    daemon.shell("s");
    daemon.sees("s", r"\$");
    let (first, shell) = (daemon.pid(), daemon.pid_of("s"));
    daemon.kill_9();
    until("its shell is gone", || !is_running(shell));
    let left: Vec<String> = proc::segments().into_iter().filter(|name| name.contains(&format!("{first:x}"))).collect();
    assert_eq!(left, Vec::<String>::new(), "in /dev/shm");
    daemon.restart();
    assert_ne!(daemon.pid(), first);
    assert_eq!(daemon.listed("s"), None, "a new daemon has none of the old one's sessions");
    daemon.shell("s");
    daemon.type_line("s", "echo anew");
    daemon.sees("s", "^anew$");
}

#[test]
fn a_deleted_runtime_directory_is_made_again_and_the_daemon_found_in_it() {
    let daemon = Daemon::start();
    daemon.shell("s");
    for gone in ["run/scarab/test.sock", "run/scarab", "run"] {
        let path = daemon.home.path(gone);
        if path.is_dir() {
            fs::remove_dir_all(&path).expect("the directory is ours");
        } else {
            fs::remove_file(&path).expect("the socket is ours");
        }
        // A login makes the runtime directory, the daemon what belongs into it.
        if gone == "run" {
            fs::create_dir(&path).expect("it is gone");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("it is ours");
        }
        until(&format!("{gone} is back"), || daemon.ctl(&["status"]).code == 0);
        assert_eq!(daemon.json(&["status"])["pid"], daemon.pid());
        daemon.command("s", "echo found again");
        daemon.sees("s", "^found again$");
    }
    let said = run(daemon.home.command(program("scarab-daemon")).args(["--daemon", "test"]), b"");
    assert!(said.code != 0 && said.stderr.contains(&daemon.pid().to_string()), "{said:?}");
}

#[test]
fn a_second_daemon_refuses_even_while_the_socket_is_gone() {
    let daemon = Daemon::start();
    // Stopped, so that it cannot make the directory again first.
    signal(daemon.pid(), Signal::STOP);
    fs::remove_dir_all(daemon.home.path("run/scarab")).expect("the directory is ours");
    let said = run(daemon.home.command(program("scarab-daemon")).args(["--daemon", "test"]), b"");
    signal(daemon.pid(), Signal::CONT);
    assert!(said.code != 0 && said.stderr.contains(&daemon.pid().to_string()), "{said:?}");
    until("it is back", || daemon.ctl(&["status"]).code == 0);
}

#[test]
fn a_directory_that_others_may_write_is_not_trusted() {
    let home = Home::new();
    let directory = home.path("run/scarab");
    fs::create_dir(&directory).expect("it is not there yet");
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).expect("it is ours");
    let said = run(home.command(program("scarab-daemon")).args(["--daemon", "test"]), b"");
    assert!(said.code != 0 && said.stderr.contains("chmod 700"), "{said:?}");
    let said = home.ctl(&["status"]);
    assert!(said.code != 0 && said.stderr.contains("chmod 700"), "{said:?}");
}

#[test]
fn directory_socket_and_lock_are_private() {
    let daemon = Daemon::start();
    let mode = |path: std::path::PathBuf| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(daemon.home.path("run/scarab")), 0o700);
    assert_eq!(mode(daemon.socket()), 0o600);
    assert_eq!(mode(daemon.home.path("state/scarab")), 0o700);
}

#[test]
fn daemons_of_other_names_and_sockets_live_side_by_side() {
    let daemon = Daemon::start();
    daemon.shell("s");
    let socket = daemon.home.path("own.sock").display().to_string();
    for whom in [["--daemon", "second"], ["--socket", &socket], ["--socket", &format!("@scarab-e2e-{}", daemon.pid())]]
    {
        let ctl = |arguments: &[&str]| run(daemon.home.command(program("scarabctl")).args(whom).args(arguments), b"");
        let started = ctl(&["start"]);
        assert_eq!(started.code, 0, "{whom:?}: {}", started.stderr);
        let made = ctl(&["new", "s", "--", "sleep", "1000"]);
        assert_eq!(made.stdout, "s\n", "{whom:?}: {}", made.stderr);
        let stopped = ctl(&["stop"]);
        assert_eq!(stopped.code, 0, "{whom:?}: {}", stopped.stderr);
    }
    assert!(daemon.listed("s").is_some());
}

#[test]
fn a_session_knows_its_daemon_so_that_scarabctl_inside_it_needs_no_name() {
    let daemon = Daemon::start();
    daemon.shell("s");
    daemon.type_line("s", &format!("{} list", program("scarabctl").display()));
    daemon.sees("s", "COMMAND");
}

#[test]
fn nothing_wakes_an_idle_daemon() {
    let daemon = Daemon::start();
    let clients: Vec<_> = (0..3)
        .map(|number| {
            let name = format!("s{number}");
            daemon.shell(&name);
            daemon.watch(&name, None, true)
        })
        .collect();
    for client in &clients {
        client.sees("$");
    }
    // The dust settles first: connections of scarabctl close, sizes are in force.
    let mut before = proc::voluntary_switches(daemon.pid());
    until("the daemon has come to rest", || {
        std::thread::sleep(Duration::from_millis(500));
        let now = proc::voluntary_switches(daemon.pid());
        std::mem::replace(&mut before, now) == now
    });
    // There is no event to wait for: that nothing happens is what is tested.
    std::thread::sleep(Duration::from_secs(10));
    assert_eq!(proc::voluntary_switches(daemon.pid()), before, "{:?}", proc::thread_names(daemon.pid()));
}
