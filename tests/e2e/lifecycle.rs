//! The daemon's own life: one of a name, found again, gone without a trace, asleep when nothing happens.

use std::{
    cell::RefCell,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{
    DEADLINE,
    daemon::{Daemon, Home},
    proc,
    process::{Said, ended_within, is_running, run, signal},
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

/// A daemon at a socket in a directory of its own, by what it says itself. It is ended by hand.
struct Apart {
    home: Home,
    directory: PathBuf,
    started: RefCell<Vec<u32>>,
}

/// Takes a directory away at once: one that is removed file by file may be made again meanwhile.
fn take_away(directory: &Path) {
    let gone = directory.with_extension("gone");
    fs::rename(directory, &gone).expect("the directory is ours");
    fs::remove_dir_all(gone).expect("nobody else knows of it");
}

/// Ends all that were started, also one that a test has stopped.
impl Drop for Apart {
    fn drop(&mut self) {
        for pid in self.started.borrow().iter().filter(|pid| is_running(**pid)) {
            signal(*pid, Signal::KILL);
        }
    }
}

impl Apart {
    fn new() -> Self {
        let home = Home::new();
        let directory = home.path("apart");
        Self { home, directory, started: RefCell::default() }
    }

    fn socket(&self) -> PathBuf {
        self.directory.join("d.sock")
    }

    fn ctl(&self, arguments: &[&str]) -> Said {
        let mut command = self.home.command(program("scarabctl"));
        run(command.arg("--socket").arg(self.socket()).args(arguments), b"")
    }

    fn start(&self) -> u32 {
        let said = self.ctl(&["start"]);
        assert_eq!(said.code, 0, "{}", said.stderr);
        let pid = self.pid().expect("it answers");
        self.started.borrow_mut().push(pid);
        pid
    }

    fn stop(&self) {
        let said = self.ctl(&["stop"]);
        assert_eq!(said.code, 0, "{}", said.stderr);
    }

    /// The process id of the daemon that answers, if one does.
    fn pid(&self) -> Option<u32> {
        let status: Value = serde_json::from_str(&self.ctl(&["--json", "status"]).stdout).ok()?;
        u32::try_from(status["pid"].as_u64()?).ok()
    }
}

#[test]
fn a_deleted_directory_of_a_socket_and_its_lock_gets_both_back() {
    let apart = Apart::new();
    let pid = apart.start();
    assert_eq!(apart.ctl(&["new", "s", "--", "sleep", "1000"]).code, 0);
    take_away(&apart.directory);
    until("it is found again", || apart.pid() == Some(pid));
    let mut second = apart.home.command(program("scarab-daemon"));
    let said = run(second.arg("--socket").arg(apart.socket()), b"");
    assert!(said.code != 0 && said.stderr.contains(&format!("pid {pid}")), "{said:?}");
    assert_eq!(apart.pid(), Some(pid));
    assert!(apart.ctl(&["list"]).stdout.contains("sleep 1000"));
    apart.stop();
}

#[test]
fn a_daemon_whose_place_was_taken_leaves_it_to_the_other_until_that_ends() {
    let apart = Apart::new();
    let first = apart.start();
    // Stopped, so that it cannot have its lock back before there is another.
    signal(first, Signal::STOP);
    take_away(&apart.directory);
    let second = apart.start();
    assert_ne!(first, second);
    let socket = || fs::metadata(apart.socket()).map(|found| found.ino()).ok();
    let before = socket();
    signal(first, Signal::CONT);
    until("it is told whose the place is", || {
        apart.home.log().lines().any(|line| line.contains("another daemon") && line.contains(&format!("pid {second}")))
    });
    assert_eq!((apart.pid(), socket()), (Some(second), before));
    apart.stop();
    until("the first one is back", || apart.pid() == Some(first));
    apart.stop();
}

#[test]
fn a_deleted_state_directory_gets_the_lock_back_before_another_daemon_can_have_it() {
    let daemon = Daemon::start();
    daemon.shell("s");
    take_away(&daemon.home.path("state/scarab"));
    until("the lock is back", || {
        let locks = daemon.home.state_files("lock");
        locks.iter().any(|lock| fs::read_to_string(lock).is_ok_and(|text| text.trim() == daemon.pid().to_string()))
    });
    let said = run(daemon.home.command(program("scarab-daemon")).args(["--daemon", "test"]), b"");
    assert!(said.code != 0 && said.stderr.contains(&daemon.pid().to_string()), "{said:?}");
    daemon.command("s", "echo still here");
    daemon.sees("s", "^still here$");
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
    let mode = |path: PathBuf| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
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
fn a_daemon_whose_socket_is_elsewhere_is_named_instead_of_an_advice_that_leads_nowhere() {
    let daemon = Daemon::start();
    let elsewhere = daemon.home.path("elsewhere");
    fs::create_dir(&elsewhere).expect("the home is ours");
    fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o700)).expect("it is ours");
    let said = run(daemon.home.scarabctl(&["start"]).env("XDG_RUNTIME_DIR", &elsewhere), b"");
    assert_eq!((said.code, said.stdout.as_str()), (4, ""), "{}", said.stderr);
    assert!(said.stderr.contains(&format!("pid {}", daemon.pid())), "{}", said.stderr);
    assert!(!said.stderr.contains("start`"), "{}", said.stderr);
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
