//! What users of other terminal daemons complain of, one test a complaint. Many are tested in more depth elsewhere.

use std::{
    fs,
    io::{Read, Write},
    os::unix::net::UnixStream,
    process::Command,
};

use rustix::process::Signal;
use scarab_protocol::{
    client::{AttachOptions, Bell, Client, ClientOptions, InputRejected, Phase},
    endpoint::Address,
    hello::{ClientHello, DaemonHello, Features, HelloStatus},
    ids::TermSize,
    message::Target,
};

use crate::support::{
    DEADLINE,
    daemon::{Daemon, Home},
    proc,
    process::{run, signal},
    programs::program,
    relay::Relay,
    tty::Tty,
    wait::until,
};

/// What a daemon answers to a hello.
fn hello(daemon: &Daemon, hello: &ClientHello) -> DaemonHello {
    let mut stream = UnixStream::connect(daemon.socket()).expect("it listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("set");
    stream.write_all(&hello.to_bytes()).expect("written");
    let mut answer = [0; DaemonHello::BYTES];
    stream.read_exact(&mut answer).expect("it answers and does not hang");
    DaemonHello::from_bytes(&answer).expect("a hello")
}

#[test]
fn after_an_upgrade_the_client_hangs_or_says_nothing_of_use() {
    let daemon = Daemon::start();
    let newer = ClientHello { lowest: 7, highest: 9, ..ClientHello::new("scarab 7.0.0", Features::empty()) };
    let answer = hello(&daemon, &newer);
    assert_eq!(answer.status, HelloStatus::Version);
    let text = answer.refusal(&newer).expect("it refuses");
    for part in ["scarab-daemon", "scarab 7.0.0", "7 to 9", &daemon.pid().to_string(), "restart"] {
        assert!(text.contains(part), "{text:?} lacks {part:?}");
    }
}

#[test]
fn after_an_upgrade_sessions_have_vanished_because_the_path_has_the_version() {
    let daemon = Daemon::start();
    daemon.shell("kept");
    let path = daemon.socket();
    assert!(!path.to_string_lossy().contains(env!("CARGO_PKG_VERSION")), "{}", path.display());
    // The next version's client comes to the same place, and is served there if it speaks this one's too.
    let next = ClientHello { highest: 2, schema: 1, ..ClientHello::new("scarab 2.0.0", Features::empty()) };
    assert_eq!(hello(&daemon, &next).status, HelloStatus::Ok);
    assert!(daemon.listed("kept").is_some());
}

#[test]
fn a_cleaner_removed_the_socket_and_the_sessions_cannot_be_reached() {
    let daemon = Daemon::start();
    daemon.shell("kept");
    fs::remove_file(daemon.socket()).expect("it is there");
    until("the socket is back", || daemon.socket().exists());
    until("the session is reached", || daemon.ctl(&["capture", "kept"]).code == 0);
}

#[test]
fn stale_sockets_and_ghosts_of_dead_daemons_are_in_the_way() {
    let mut daemon = Daemon::start();
    daemon.shell("gone");
    daemon.kill_9();
    assert!(daemon.socket().exists(), "it had no time to remove it");
    assert_eq!(daemon.ctl(&["list"]).code, 3);
    daemon.restart();
    assert_eq!(daemon.json(&["list"]), serde_json::json!([]));
}

#[test]
fn a_slow_client_is_thrown_out_or_stops_the_others() {
    let daemon = Daemon::start();
    daemon.sh("s", "read go; yes | head -n 200000; echo over; exec sleep 1000");
    let slow = Tty::start(&daemon.home.scarabctl(&["attach", "s"]), 80, 24);
    until("it is attached", || daemon.listed("s").is_some_and(|session| session["clients"] == 1));
    signal(slow.pid(), Signal::STOP);
    let fast = daemon.watch("s", None, true);
    daemon.type_line("s", "");
    fast.sees("over");
    assert_eq!(daemon.listed("s").expect("it is there")["clients"], 2);
    signal(slow.pid(), Signal::CONT);
    slow.sees("over");
}

#[test]
fn memory_and_descriptors_grow_with_every_attach() {
    let daemon = Daemon::start();
    daemon.shell("s");
    let round = |times: usize| {
        for number in 0..times {
            drop(daemon.watch("s", Some(TermSize::cells(80 + (number % 3) as u16, 24)), number % 2 == 0));
        }
        until("nobody is attached", || daemon.listed("s").is_some_and(|session| session["clients"] == 0));
    };
    round(20);
    let (memory, descriptors) = (proc::resident_kib(daemon.pid()), proc::descriptors(daemon.pid()));
    round(200);
    until("the descriptors are back", || proc::descriptors(daemon.pid()) <= descriptors);
    let now = proc::resident_kib(daemon.pid());
    assert!(now < memory + 4096, "{memory} KiB became {now} KiB in 200 attaches");
}

#[test]
fn clients_fight_about_the_size() {
    let daemon = Daemon::start();
    daemon.shell("s");
    let size = || {
        let session = daemon.listed("s").expect("it is there");
        (session["cols"].as_u64(), session["rows"].as_u64(), session["size_policy"].as_str().map(str::to_owned))
    };
    let is = |cols, rows, policy: &str| {
        let wanted = (Some(cols), Some(rows), Some(policy.to_owned()));
        until(&format!("{wanted:?}"), || size() == wanted);
    };
    let wide = daemon.watch("s", Some(TermSize::cells(120, 20)), true);
    let tall = daemon.watch("s", Some(TermSize::cells(60, 50)), true);
    let observer = daemon.watch("s", None, true);
    is(60, 50, "latest");
    wide.attachment().input(b" ").expect("there is room");
    is(120, 20, "latest");
    daemon.ok(&["resize", "s", "--policy", "smallest"]);
    is(60, 20, "smallest");
    daemon.ok(&["resize", "s", "--policy", "largest"]);
    is(120, 50, "largest");
    tall.attachment().resize(TermSize::cells(61, 51));
    is(120, 51, "largest");
    daemon.ok(&["resize", "s", "77x33"]);
    is(77, 33, "manual");
    // Typing decides nothing now, and who has typed last is known all the same.
    wide.attachment().input(b"x").expect("there is room");
    daemon.sees("s", "x");
    is(77, 33, "manual");
    daemon.ok(&["resize", "s", "--policy", "latest"]);
    is(120, 20, "latest");
    drop(wide);
    is(61, 51, "latest");
    // Who only looks sees the size that the others made, and made none.
    observer.until("the size in force", |state| (state.grid.cols(), state.grid.rows()) == (61, 51));
}

#[test]
fn clients_echo_each_others_sizes_for_ever() {
    let daemon = Daemon::start();
    daemon.sh("s", "trap 'echo winch' WINCH; echo ready; while :; do sleep 0.1; done");
    daemon.sees("s", "ready");
    let one = daemon.watch("s", Some(TermSize::cells(100, 30)), true);
    let two = daemon.watch("s", Some(TermSize::cells(70, 40)), true);
    for client in [&one, &two] {
        client.until("the latest size", |state| (state.grid.cols(), state.grid.rows()) == (70, 40));
    }
    daemon.sees("s", "winch");
    daemon.ok(&["wait", "s", "--quiet", "500"]);
    // One for each size that there was: 80x24 became 100x30, that 70x40.
    let winches = daemon.screen("s").matches("winch").count();
    assert!((1..=2).contains(&winches), "{winches} in:\n{}", daemon.screen("s"));
}

#[test]
fn a_large_paste_into_a_program_that_does_not_read_is_a_deadlock() {
    let daemon = Daemon::start();
    daemon.shell("other");
    daemon.sh("s", "stty raw -echo; echo ready; exec sleep 1000");
    daemon.sees("s", "ready");
    let client = daemon.watch("s", Some(TermSize::default()), true);
    client.attachment().paste(vec![b'x'; 60 << 20]).expect("so much is held");
    let more = client.attachment().paste(vec![b'x'; 8 << 20]);
    assert!(matches!(more, Err(InputRejected::Full { .. })), "{more:?}");
    daemon.type_line("other", "echo alive");
    daemon.sees("other", "^alive$");
    client.attachment().resize(TermSize::cells(90, 30));
    client.until("a new size", |state| state.grid.cols() == 90);
    daemon.ok(&["kill", "s"]);
    client.until("the end", |state| matches!(state.phase, Phase::Gone { .. }));
}

#[test]
fn a_lost_connection_is_never_made_again_and_what_was_typed_is_lost() {
    let daemon = Daemon::start();
    daemon.sh("s", "stty raw -echo; echo ready; exec cat > typed");
    daemon.sees("s", "ready");
    let relay = Relay::new(daemon.home.path("run").join("relay"), daemon.socket());
    let bell = Bell::default();
    let client = Client::start(ClientOptions {
        reconnect: true,
        map: false,
        wake: bell.wake(),
        ..ClientOptions::new(Address::of_socket(relay.socket()).expect("short"), "e2e 0.1.0")
    });
    let client = client.expect("there are threads");
    let target = Target::Name("s".into());
    let attachment = client.attach(AttachOptions { target, size: Some(TermSize::default()), observe: false });
    let attached = || attachment.look(|state| state.phase == Phase::Attached).then_some(());
    let mut typed = String::new();
    for number in 0..200 {
        let line = format!("line {number}\n");
        attachment.input(line.as_bytes()).expect("there is room");
        typed.push_str(&line);
        if number % 20 == 10 {
            bell.wait_for(Some(std::time::Instant::now() + DEADLINE), attached).expect("it comes back");
            relay.cut();
        }
    }
    let file = daemon.home.path("home/typed");
    until("all arrived", || fs::read(&file).is_ok_and(|found| found.len() >= typed.len()));
    assert_eq!(fs::read_to_string(&file).expect("text"), typed);
}

#[test]
fn one_hung_daemon_hides_all_others() {
    let daemon = Daemon::start();
    let mut other = daemon.home.command(program("scarabctl"));
    assert_eq!(run(other.args(["--daemon", "hung", "start"]), b"").code, 0);
    let mut status = daemon.home.command(program("scarabctl"));
    let said = run(status.args(["--daemon", "hung", "--json", "status"]), b"");
    let status: serde_json::Value = serde_json::from_str(&said.stdout).expect("a status");
    let pid = u32::try_from(status["pid"].as_u64().expect("a number")).expect("a process id");
    signal(pid, Signal::STOP);
    let found = daemon.json(&["daemons"]);
    signal(pid, Signal::CONT);
    signal(pid, Signal::TERM);
    let state = |name: &str| {
        let found = found.as_array().expect("an array").iter().find(|daemon| daemon["name"] == name);
        found.expect("it is listed")["state"].as_str().map(str::to_owned)
    };
    assert_eq!((state("test").as_deref(), state("hung").as_deref()), (Some("alive"), Some("hung")));
}

#[test]
fn somebody_elses_processes_attach_to_my_sessions() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("only root can try to be somebody else");
        return;
    }
    // An abstract socket has no mode that would keep anybody out: what keeps them out is that each side asks the system who
    // the other is.
    let home = Home::new();
    let name = format!("@e2e-{}", std::process::id());
    let mut daemon = home.command(program("scarab-daemon"));
    let mut daemon = daemon.args(["--socket", &name]).spawn().expect("it can be started");
    let mut ctl = home.command(program("scarabctl"));
    ctl.args(["--socket", &name, "list"]);
    until("it serves its own user", || run(&mut ctl, b"").code == 0);
    // The programs lie where only root may look.
    let open = tempfile::Builder::new().prefix("e2e-").tempdir_in("/tmp").expect("a directory");
    let copy = open.path().join("scarabctl");
    fs::copy(program("scarabctl"), &copy).expect("copied");
    fs::set_permissions(open.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("ours");
    let mut foreign = Command::new("setpriv");
    foreign.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&copy).args(["--socket", &name, "list"]);
    let said = run(foreign.env_clear(), b"");
    let raw = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "perl", "-MSocket", "-e"])
        .arg(format!(
            "socket(my $s, PF_UNIX, SOCK_STREAM, 0); connect($s, pack_sockaddr_un(\"\\0{}\")) or die; \
             my $said = sysread($s, my $bytes, 1); print defined $said ? $said : 'cut'",
            &name[1..]
        ))
        .output()
        .expect("perl is part of the base system");
    signal(daemon.id(), Signal::TERM);
    daemon.wait().expect("it is our child");
    assert!(said.code != 0 && said.stderr.contains("belongs to user 0"), "{said:?}");
    // It is closed, and never told a byte.
    assert!(["0", "cut"].contains(&String::from_utf8_lossy(&raw.stdout).as_ref()), "{raw:?}");
}

#[test]
fn what_a_program_prints_controls_the_terminal_around_it() {
    let daemon = Daemon::start();
    daemon.shell("bystander");
    // Titles with controls in them, other terminals' control sequences, a clipboard and a directory that mean no good.
    let script = concat!(
        r"printf '\033]0;evil\302\233[2J\001title\033\\'; printf '\033P@kitty-cmd{close-window}\033\\'; ",
        r"printf '\033]7;file:///a%%1b[2Jb\033\\'; printf '\033]9;note\033\\'; printf '\033]777;notify;a;b\033\\'; ",
        r"printf '\033Ptmux;\033kill-session\033\\'; printf '\033]52;c;cm0gLXJmIC8NCg==\033\\'; ",
        "echo over; exec sleep 1000"
    );
    daemon.sh("s", script);
    daemon.sees("s", "over");
    let listed = daemon.listed("s").expect("it is there");
    let title = listed["title"].as_str().expect("a title");
    assert!(title.contains("evil") && title.contains("title") && !title.chars().any(char::is_control), "{title:?}");
    assert_eq!(daemon.json(&["list"]).as_array().map(Vec::len), Some(2));
    assert_eq!(daemon.screen("bystander").trim_end(), "$");
    let client = daemon.watch("s", None, true);
    assert!(client.attachment().look(|state| !state.cwd.chars().any(char::is_control)));
}

#[test]
fn a_peer_that_goes_while_it_is_written_to_kills_the_daemon_by_sigpipe() {
    let daemon = Daemon::start();
    let hello = ClientHello::new("e2e 0.1.0", Features::empty());
    for _ in 0..50 {
        let mut stream = UnixStream::connect(daemon.socket()).expect("it listens");
        stream.write_all(&hello.to_bytes()).expect("written");
    }
    signal(daemon.pid(), Signal::PIPE);
    daemon.ok(&["ping", "--count", "1"]);
}

#[test]
fn segments_of_shared_memory_are_left_behind_or_taken_away_at_logout() {
    let daemon = Daemon::start();
    daemon.sh("s", "read go; echo seen; exec sleep 1000");
    let before = daemon.watch("s", None, true);
    // Nothing has a name that a logout could remove or that somebody could squat.
    until("no segment has a name", || proc::segments().is_empty());
    let after = daemon.watch("s", None, true);
    daemon.type_line("s", "");
    before.sees("seen");
    after.sees("seen");
    daemon.kill_9();
    until("no segment is left", || proc::segments().is_empty());
}

#[test]
fn it_uses_the_processor_while_nothing_happens() {
    let daemon = Daemon::start();
    for name in ["a", "b", "c"] {
        daemon.shell(name);
    }
    let _clients: Vec<_> = ["a", "b", "c"].iter().map(|name| daemon.watch(name, None, true)).collect();
    // What the start left to do is done when nothing was for a while.
    let mut before = proc::voluntary_switches(daemon.pid());
    until("it is quiet", || {
        std::thread::sleep(std::time::Duration::from_secs(1));
        let now = proc::voluntary_switches(daemon.pid());
        std::mem::replace(&mut before, now) == now
    });
    std::thread::sleep(std::time::Duration::from_secs(5));
    assert_eq!(proc::voluntary_switches(daemon.pid()), before);
}
