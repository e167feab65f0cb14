//! Sessions: made, joined, renamed, ended, forgotten.

#[cfg(unix)]
use scarab_protocol::config::Value;
use scarab_protocol::{ids::TermSize, message::*};

use super::harness::{TestDaemon, command, text, tie, wait_until};
use crate::session::inbox::{Join, Request};

#[test]
fn what_is_typed_comes_back_on_the_surface() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let info = client.create("echo ready; exec cat");
    assert_eq!((info.name.as_str(), info.clients, info.made_by.as_str()), ("1", 0, "test"));
    let mut joined = client.attach(info.id.number);
    client.wait_for_text(&mut joined, "ready");
    client.type_in(&mut joined, b"hello\r");
    client.wait_for_text(&mut joined, "hello\nhello\n");
}

#[test]
fn a_session_tells_how_it_ended_and_stays_until_it_is_forgotten() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let info = client.create("echo last words; read line; exit 7");
    let id = Target::Id(info.id);
    let mut joined = client.attach(info.id.number);
    assert_eq!(client.refused(0, &ForgetSession { target: id.clone() }).code, ErrorCode::StillRunning);
    client.type_in(&mut joined, b"\r");
    let (_, exited) = client.expect::<Exited>();
    assert_eq!(exited.exit, Exit { code: 7, signal: None });
    // Whoever comes later sees the screen and how it ended.
    let mut later = daemon.connect();
    let mut seen = later.attach(info.id.number);
    assert_eq!(seen.attached.info.exit, Some(Exit { code: 7, signal: None }));
    assert_eq!(seen.attached.info.pid, None);
    later.wait_for_text(&mut seen, "last words");
    client.ask::<_, Done>(0, &ForgetSession { target: id.clone() });
    later.expect::<Detached>();
    assert_eq!(later.refused(0, &KillSession { target: id, signal: None }).code, ErrorCode::NoSuchSession);
}

#[test]
fn what_meets_the_forgetting_of_a_session_is_refused() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let info = client.create("read line");
    let mut joined = client.attach(info.id.number);
    client.type_in(&mut joined, b"\r");
    client.expect::<Exited>();
    // Answered where later requests are, too.
    client.attach(info.id.number);
    // Found in time, and asked too late, as by another thread.
    let session = daemon.session(info.id.number).upgrade().expect("it is there");
    let own = daemon.daemon().registry().clients().remove(0);
    client.ask::<_, Done>(0, &ForgetSession { target: Target::Id(info.id) });
    client.expect::<Detached>();
    session.join(Join { attachment: tie(&session, &own), request: 901, size: None });
    let _ = session.request(Request::Scrollback { client: own.clone(), request: 902, first: 0, count: 1 });
    let _ = session.request(Request::Clear { client: own, request: 903 });
    for request in 901..=903 {
        let refusal = client.answer(request).frame.read::<Error>().expect("a refusal");
        assert_eq!(refusal.code, ErrorCode::NoSuchSession);
    }
}

/// Where the system tells what runs in the foreground.
#[cfg(unix)]
#[test]
fn a_session_tells_who_looks_at_it_and_what_runs_in_it() {
    let daemon = TestDaemon::start_with(|options| {
        // Interactive, so that what it runs is in a group of its own.
        options.given.push(("daemon.shell".into(), Value::Texts(vec!["/bin/sh".into(), "-i".into()])));
    });
    let mut client = daemon.connect();
    let Created { info } = client.ask(0, &CreateSession { command: Vec::new(), ..command("") });
    let ask = AskBusy { target: Target::Id(info.id) };
    let mut joined = client.attach(info.id.number);
    client.type_in(&mut joined, b"PS1=; echo re''ady\r");
    client.wait_for_text(&mut joined, "ready");
    assert_eq!(client.ask::<_, Busy>(0, &ask), Busy { others: 0, program: None });
    client.type_in(&mut joined, b"cat; echo do''ne\r");
    // Elsewhere its name is not told.
    let name = if cfg!(target_os = "linux") { "cat" } else { "" };
    wait_until(|| client.ask::<_, Busy>(0, &ask).program.as_deref() == Some(name));
    client.type_in(&mut joined, b"\x04");
    client.wait_for_text(&mut joined, "done");
    let mut other = daemon.connect();
    other.attach_as(info.id.number, None, true);
    assert_eq!(client.ask::<_, Busy>(0, &ask).others, 1);
    // What was asked for by name is somebody's wish, even if it is a shell.
    let named = client.create("exec cat");
    let ask = AskBusy { target: Target::Id(named.id) };
    assert!(client.ask::<_, Busy>(0, &ask).program.is_some());
}

#[test]
fn a_program_that_a_signal_ends_is_told_as_one() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let info = client.create("exec sleep 1000");
    client.attach(info.id.number);
    let target = Target::Name(info.name.clone());
    assert_eq!(
        client.refused(0, &KillSession { target: target.clone(), signal: Some(12345) }).code,
        ErrorCode::BadRequest
    );
    client.ask::<_, Done>(0, &KillSession { target: target.clone(), signal: Some(15) });
    let (_, exited) = client.expect::<Exited>();
    assert_eq!(exited.exit, Exit { code: 143, signal: Some("SIGTERM".into()) });
    assert_eq!(client.refused(0, &KillSession { target, signal: Some(15) }).code, ErrorCode::Ended);
}

#[test]
fn a_killed_session_is_forgotten_even_if_it_ignores_the_hangup() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let info = client.create("trap '' HUP TERM; echo stubborn; while :; do sleep 1000; done");
    let mut joined = client.attach(info.id.number);
    client.wait_for_text(&mut joined, "stubborn");
    client.ask::<_, Done>(0, &KillSession { target: Target::Id(info.id), signal: None });
    let (header, _) = client.expect::<Detached>();
    assert_eq!(header.session, info.id.number);
    assert!(client.ask::<_, Sessions>(0, &ListSessions { after: 0 }).sessions.is_empty());
}

#[test]
fn a_program_that_no_signal_reaches_loses_its_terminal() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    // Tests may run as root, whose signals reach everything: what the end of the patience leads to is done by hand.
    let noted = daemon.home.path().join("noted");
    let info = client.create(&format!("trap '' HUP; echo there; cat; echo gone > '{}'", noted.display()));
    let mut joined = client.attach(info.id.number);
    client.wait_for_text(&mut joined, "there");
    daemon.session(info.id.number).upgrade().expect("it runs").let_go();
    let (_, exited) = client.expect::<Exited>();
    assert_eq!(exited.exit, Exit { code: 255, signal: None });
    // Its terminal has ended, and so does what reads from it.
    wait_until(|| noted.exists());
}

#[test]
fn names_are_checked_chosen_and_told() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let named = |name: &str| CreateSession { name: Some(name.into()), ..command("exec cat") };
    assert_eq!(client.refused(0, &named("a b")).code, ErrorCode::BadName);
    let work = client.ask::<_, Created>(0, &named("work")).info;
    assert_eq!(client.refused(0, &named("work")).code, ErrorCode::NameTaken);
    let first = client.create("exec cat");
    assert_eq!(first.name, "1");
    client.attach(work.id.number);
    let rename = |target: &str, name: &str| RenameSession { target: Target::Name(target.into()), name: name.into() };
    assert_eq!(client.refused(0, &rename("work", "1")).code, ErrorCode::NameTaken);
    client.ask::<_, Done>(0, &rename("work", "play"));
    let (header, renamed) = client.expect::<Renamed>();
    assert_eq!((header.session, renamed.name.as_str()), (work.id.number, "play"));
    assert_eq!(client.refused(0, &rename("work", "x")).code, ErrorCode::NoSuchSession);
}

#[test]
fn what_cannot_be_started_is_named() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let missing = CreateSession { command: vec![b"no-such-program-here".to_vec()], ..command("") };
    let error = client.refused(0, &missing);
    assert_eq!(error.code, ErrorCode::SpawnFailed);
    assert!(error.text.contains("no-such-program-here") && !error.text.contains('\n'), "{}", error.text);
    let nowhere = CreateSession { cwd: Some(b"/no/such/place".to_vec()), ..command("") };
    let error = client.refused(0, &nowhere);
    assert_eq!(error.code, ErrorCode::SpawnFailed);
    assert!(error.text.contains("/no/such/place"), "{}", error.text);
    assert!(client.ask::<_, Sessions>(0, &ListSessions { after: 0 }).sessions.is_empty());
    // The name that was reserved for them is free again.
    assert_eq!(client.create("exec cat").name, "1");
}

#[test]
fn the_environment_and_the_directory_are_the_clients() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let mut wanted = command("env | sort; pwd; echo end; exec cat");
    wanted.cwd = Some(b"/usr".to_vec());
    wanted.env.push((b"DISPLAY".to_vec(), b":7".to_vec()));
    wanted.env.push((b"TMUX".to_vec(), b"x".to_vec()));
    let info = client.ask::<_, Created>(0, &wanted).info;
    let mut joined = client.attach(info.id.number);
    client.wait_for_text(&mut joined, "/usr\nend");
    let seen = text(&joined.grid);
    let id = format!("SCARAB_SESSION_ID={}", info.id);
    for part in
        ["DISPLAY=:7", "TERM=xterm-256color", "COLORTERM=truecolor", "SCARAB_SESSION=1", &id, "SCARAB_DAEMON_SOCKET="]
    {
        assert!(seen.contains(part), "{part} is missing in\n{seen}");
    }
    for part in ["TMUX", "CARGO"] {
        assert!(!seen.contains(part), "{part} is in\n{seen}");
    }
}

#[test]
fn the_latest_clients_size_counts_and_the_program_hears_of_it() {
    let daemon = TestDaemon::start();
    let (mut one, mut two) = (daemon.connect(), daemon.connect());
    let info = one.create("trap 'stty size' WINCH; stty size; while :; do sleep 0.05; done");
    let mut first = one.attach_as(info.id.number, Some(TermSize::cells(90, 25)), false);
    one.wait_for_text(&mut first, "25 90");
    two.attach_as(info.id.number, Some(TermSize::cells(70, 20)), false);
    one.wait_for_text(&mut first, "20 70");
    assert_eq!((first.grid.cols(), first.grid.rows()), (70, 20));
    // An observer has no say.
    let mut three = daemon.connect();
    three.attach_as(info.id.number, Some(TermSize::cells(33, 11)), true);
    // When the second leaves, the first counts again.
    drop(two);
    one.wait_for_text(&mut first, "25 90");
    one.wait_for(&mut first, "90x25", |grid| (grid.cols(), grid.rows()) == (90, 25));
    // Too much is clamped for one who resizes, and refused to one who sets it by hand.
    one.push(info.id.number, &Resize { size: TermSize::cells(u16::MAX, 0) });
    one.wait_for(&mut first, "1000x1", |grid| (grid.cols(), grid.rows()) == (1000, 1));
    let target = Target::Id(info.id);
    let bad = SetSize { target: target.clone(), size: TermSize::cells(1001, 5) };
    let error = one.refused(0, &bad);
    assert_eq!(error.code, ErrorCode::BadSize);
    assert!(error.text.contains("1000"), "{}", error.text);
    one.ask::<_, Done>(0, &SetSize { target, size: TermSize::cells(40, 12) });
    one.wait_for(&mut first, "40x12", |grid| (grid.cols(), grid.rows()) == (40, 12));
    one.push(info.id.number, &Resize { size: TermSize::cells(50, 13) });
    one.settle();
    let listed = one.ask::<_, Sessions>(0, &ListSessions { after: 0 }).sessions;
    assert_eq!(listed[0].size, TermSize::cells(40, 12));
}

#[test]
fn a_background_job_that_keeps_the_pty_open_keeps_nothing_else() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    // The job ignores the hangup that follows, as nohup would have it.
    let info = client.create("trap '' HUP; (sleep 30; :) & echo job $!; read line; echo bye; exit 3");
    let mut joined = client.attach(info.id.number);
    client.wait_for_text(&mut joined, "job");
    client.type_in(&mut joined, b"\r");
    let (_, exited) = client.expect::<Exited>();
    assert_eq!(exited.exit.code, 3);
    client.wait_for_text(&mut joined, "bye");
    // All threads of a session hold it: when nothing does any more, they are gone.
    let session = daemon.session(info.id.number);
    client.ask::<_, Done>(0, &ForgetSession { target: Target::Id(info.id) });
    wait_until(|| session.upgrade().is_none());
}

#[test]
fn stopping_types_nothing_and_tells_everybody() {
    let mut daemon = TestDaemon::start();
    let trace = daemon.home.path().join("typed");
    let mut client = daemon.connect();
    let info = client.create("PS1='prompt> ' exec sh -i");
    let mut joined = client.attach(info.id.number);
    client.wait_for_text(&mut joined, "prompt>");
    client.type_in(&mut joined, format!("touch {}", trace.display()).as_bytes());
    client.wait_for_text(&mut joined, "touch");
    daemon.server.take().expect("it runs").stop("the test is over");
    let (_, last) = client.expect::<ShuttingDown>();
    assert_eq!(last.reason, "the test is over");
    client.expect_closed();
    assert!(!trace.exists(), "the half-typed line was carried out");
    assert!(!daemon.home.path().join("run/d.sock").exists(), "the socket is still there");
}
