//! Many clients of one session.

use std::process::Stdio;

use rustix::process::Signal;
use scarab_protocol::{client::Phase, ids::TermSize};

use crate::support::{
    daemon::{Daemon, text_of},
    proc,
    process::{Reaped, signal},
    tty::Tty,
    wait::until,
};

#[test]
fn ten_clients_see_the_same_frames_whether_they_map_or_not() {
    let daemon = Daemon::start();
    daemon.sh("s", "read go; seq 1 2000; printf '\\033[1;32mdone\\033[0m\\n'; exec sleep 1000");
    let clients: Vec<_> = (0..10).map(|number| daemon.watch("s", None, number % 2 == 0)).collect();
    daemon.type_line("s", "");
    for client in &clients {
        client.sees("done");
    }
    let newest = clients.iter().map(|client| client.grid().frame).max().expect("there are ten");
    for client in &clients {
        client.until("the newest frame", |state| state.grid.frame >= newest);
    }
    let first = clients[0].grid();
    for client in &clients[1..] {
        let grid = client.grid();
        assert_eq!(text_of(&grid), text_of(&first));
        assert_eq!((grid.frame, grid.cursor, grid.scrolled), (first.frame, first.cursor, first.scrolled));
        for row in 0..first.rows() {
            assert_eq!(
                grid.row(row)
                    .iter()
                    .map(|cell| (cell.character(), cell.attrs(), cell.fg(), cell.bg()))
                    .collect::<Vec<_>>(),
                first
                    .row(row)
                    .iter()
                    .map(|cell| (cell.character(), cell.attrs(), cell.fg(), cell.bg()))
                    .collect::<Vec<_>>(),
            );
        }
    }
}

#[test]
fn a_stopped_client_slows_nobody_and_shows_the_newest_screen_when_it_goes_on() {
    let daemon = Daemon::start();
    daemon.sh("s", "read go; seq 1 20000; echo first; read go; seq 1 20000; echo second; exec sleep 1000");
    let slow = Tty::start(&daemon.home.scarabctl(&["attach", "s"]), 80, 24);
    let other = daemon.watch("s", None, true);
    daemon.type_line("s", "");
    slow.sees("first");
    signal(slow.pid(), Signal::STOP);
    daemon.type_line("s", "");
    other.sees("second");
    daemon.type_line("s", "and more");
    other.sees("and more");
    signal(slow.pid(), Signal::CONT);
    slow.sees("second");
    slow.sees("and more");
}

#[test]
fn killed_clients_leave_nothing_in_the_daemon() {
    let daemon = Daemon::start();
    daemon.shell("s");
    daemon.sees("s", r"\$");
    let ten = || -> Vec<Reaped> {
        let clients = (0..10).map(|_| {
            let mut wait = daemon.home.scarabctl(&["wait", "s", "--exit"]);
            Reaped(wait.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("scarabctl can be started"))
        });
        let clients = clients.collect();
        until("ten are attached", || daemon.listed("s").is_some_and(|session| session["clients"] == 10));
        clients
    };
    let gone = |clients: Vec<Reaped>| {
        for client in &clients {
            signal(client.pid(), Signal::KILL);
        }
        drop(clients);
        until("nobody is attached", || daemon.listed("s").is_some_and(|session| session["clients"] == 0));
    };
    // Once to warm up: buffers that are kept for use again are no leak.
    gone(ten());
    let (threads, descriptors) = (proc::threads(daemon.pid()), proc::descriptors(daemon.pid()));
    let memory = proc::resident_kib(daemon.pid());
    for _ in 0..3 {
        gone(ten());
    }
    until("the threads are what they were", || proc::threads(daemon.pid()) <= threads);
    until("the descriptors are what they were", || proc::descriptors(daemon.pid()) <= descriptors);
    let now = proc::resident_kib(daemon.pid());
    assert!(now < memory + 4096, "{memory} KiB became {now} KiB");
}

#[test]
fn an_observer_cannot_type_or_change_the_size() {
    let daemon = Daemon::start();
    daemon.shell("s");
    let observer = Tty::start(&daemon.home.scarabctl(&["attach", "s", "--observe"]), 60, 20);
    observer.sees("$");
    observer.type_bytes(b"echo typed by an observer\r");
    daemon.type_line("s", "stty size; echo typed by a cli''ent");
    observer.sees("typed by a client");
    assert!(!daemon.screen("s").contains("observer"));
    assert!(daemon.screen("s").contains("24 80"), "{}", daemon.screen("s"));
}

#[test]
fn what_one_client_types_appears_at_the_others() {
    let daemon = Daemon::start();
    daemon.shell("s");
    let size = Some(TermSize::default());
    let (one, other) = (daemon.watch("s", size, true), daemon.watch("s", size, false));
    one.attachment().input(b"echo from one\r").expect("there is room");
    other.sees("\nfrom one");
    daemon.prompt("s");
    other.attachment().input(b"echo from other\r").expect("there is room");
    one.sees("\nfrom other");
}

#[test]
fn everyone_is_told_when_a_session_ends_is_renamed_or_killed() {
    let daemon = Daemon::start();
    daemon.sh("s", "read go; exit 3");
    daemon.shell("t");
    let (s, t) = (daemon.watch("s", None, true), daemon.watch("t", None, true));
    daemon.ok(&["rename", "s", "other"]);
    s.until("the new name", |state| state.info.as_ref().is_some_and(|info| info.name == "other"));
    daemon.type_line("other", "");
    s.until("the exit status", |state| state.exit().is_some_and(|exit| exit.code == 3));
    daemon.ok(&["kill", "t"]);
    t.until("that it is gone", |state| matches!(state.phase, Phase::Gone { .. }));
}

#[test]
fn a_session_survives_its_clients_and_grows_with_them() {
    let daemon = Daemon::start();
    daemon.shell("s");
    let large = daemon.watch("s", Some(TermSize::cells(300, 100)), true);
    large.until("a surface that was outgrown", |state| (state.grid.cols(), state.grid.rows()) == (300, 100));
    let small = daemon.watch("s", Some(TermSize::cells(40, 10)), true);
    small.until("the size of the last", |state| (state.grid.cols(), state.grid.rows()) == (40, 10));
    drop(small);
    large.until("the size of the one before", |state| (state.grid.cols(), state.grid.rows()) == (300, 100));
    large.attachment().input(b"echo still here\r").expect("there is room");
    large.sees("\nstill here");
}
