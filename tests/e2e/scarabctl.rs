//! Every command of `scarabctl`: when all is well, and when it is not.

use std::{fs, os::unix::fs::PermissionsExt};

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{
    daemon::{Daemon, Home, fails_with},
    process::{ended_within, run, signal},
    wait::until,
};

/// The exit codes that `scarabctl --help` documents.
const FAILED: i32 = 1;
const USAGE: i32 = 2;
const NO_DAEMON: i32 = 3;
const HUNG: i32 = 4;
const NO_SESSION: i32 = 5;

/// Every command that needs a daemon but `start`, with arguments that make sense for a session called `s`.
const COMMANDS: &[&[&str]] = &[
    &["status"],
    &["list"],
    &["send", "s", "text"],
    &["capture", "s"],
    &["wait", "s", "--text", "x"],
    &["resize", "s", "80x24"],
    &["rename", "s", "t"],
    &["kill", "s"],
    &["forget", "s"],
    &["config"],
    &["ping", "--count", "1"],
    &["plugin", "list"],
    &["stop"],
];

#[test]
fn status_and_ping_tell_about_the_daemon() {
    let daemon = Daemon::start();
    let status = daemon.json(&["status"]);
    assert_eq!(status["pid"], daemon.pid());
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert!(status["uptime_ms"].is_u64() && status["sessions"] == 0, "{status}");
    // Who has just asked may still be counted beside who asks.
    until("whoever asks is all there is", || daemon.json(&["status"])["clients"] == 1);
    assert!(daemon.ok(&["status"]).contains(&daemon.pid().to_string()));
    let ping = daemon.json(&["ping", "--count", "20", "--payload", "1000"]);
    for quantile in ["p50_us", "p90_us", "p99_us", "max_us"] {
        assert!(ping[quantile].as_f64().is_some_and(|time| time > 0.0), "{ping}");
    }
    assert!(daemon.ok(&["ping"]).contains("p99"));
}

#[test]
fn starting_twice_leaves_one_daemon() {
    let daemon = Daemon::start();
    daemon.ok(&["start"]);
    assert_eq!(daemon.json(&["status"])["pid"], daemon.pid());
}

#[test]
fn new_starts_a_daemon_if_none_runs() {
    let home = Home::new();
    let said = home.ctl(&["new", "s", "--", "sleep", "1000"]);
    assert_eq!((said.code, said.stdout.as_str()), (0, "s\n"), "{}", said.stderr);
    let daemon = Daemon::start_in(home);
    assert!(daemon.listed("s").is_some());
}

#[test]
fn sessions_get_names_and_are_listed_with_what_is_known_of_them() {
    let daemon = Daemon::start();
    let first = daemon.ok(&["new", "--", "sleep", "1000"]);
    let second = daemon.ok(&["new", "--", "sleep", "1000"]);
    assert_ne!(first, second);
    let made = daemon.json(&[
        "new",
        "third",
        "--size",
        "90x30",
        "--",
        "sh",
        "-c",
        r"printf '\033]2;the title\007'; exec sleep 1000",
    ]);
    assert_eq!((&made["name"], &made["cols"], &made["rows"]), (&"third".into(), &90.into(), &30.into()));
    let client = daemon.watch("third", None, true);
    client.until("the title", |state| state.info.as_ref().is_some_and(|info| info.title == "the title"));
    let third = daemon.listed("third").expect("it is listed");
    assert_eq!(
        (&third["clients"], &third["title"], &third["made_by"]),
        (&1.into(), &"the title".into(), &"scarabctl".into())
    );
    assert!(third["id"].is_string() && third["created"].is_u64() && third["exited"].is_null(), "{third}");
    assert!(third["command"].as_str().is_some_and(|command| command.contains("sleep 1000")), "{third}");
    let table = daemon.ok(&["list"]);
    for text in [first.as_str(), second.as_str(), "third", "90x30", "the title"] {
        assert!(table.contains(text), "no {text:?} in\n{table}");
    }
}

#[test]
fn a_program_with_a_slash_in_its_name_is_looked_for_where_it_starts() {
    let daemon = Daemon::start();
    let tools = daemon.home.path("home/tools");
    fs::create_dir(&tools).expect("the home is ours");
    fs::write(tools.join("tool"), "#!/bin/sh\necho in $PWD\nexec sleep 1000\n").expect("the home is ours");
    fs::set_permissions(tools.join("tool"), fs::Permissions::from_mode(0o755)).expect("it is ours");
    daemon.ok(&["new", "here", "--", "tools/tool"]);
    daemon.sees("here", &format!("^in {}$", daemon.home.path("home").display()));
    daemon.ok(&["new", "there", "--cwd", "tools", "--", "../tools/tool"]);
    daemon.sees("there", &format!("^in {}$", tools.display()));
    let said = daemon.fails(FAILED, &["new", "nowhere", "--", "tools/none"]);
    assert!(said.contains("tools/none"), "{said}");
}

#[test]
fn names_are_given_once_and_can_be_changed() {
    let daemon = Daemon::start();
    daemon.shell("a");
    daemon.shell("b");
    assert!(daemon.fails(FAILED, &["new", "a"]).contains('a'));
    assert!(daemon.fails(FAILED, &["rename", "a", "b"]).contains('b'));
    let renamed = daemon.json(&["rename", "a", "c"]);
    assert!(renamed.is_object(), "{renamed}");
    assert!(daemon.listed("a").is_none() && daemon.listed("c").is_some());
    daemon.ok(&["rename", "c", "a"]);
    for bad in ["", ".hidden", "a/b", "a b", "0123456789012345678901234567890123"] {
        assert_eq!(daemon.ctl(&["new", bad]).code, USAGE, "{bad:?}");
        assert_eq!(daemon.ctl(&["rename", "a", bad]).code, USAGE, "{bad:?}");
    }
}

#[test]
fn a_session_is_not_attached_to_in_itself_whatever_it_is_called_now() {
    let daemon = Daemon::start();
    daemon.shell("s");
    daemon.ok(&["rename", "s", "t"]);
    daemon.shell("s");
    let scarabctl = crate::support::programs::program("scarabctl").display().to_string();
    daemon.command("t", &format!("{scarabctl} attach t"));
    daemon.sees("t", "this runs in t itself");
    // Another one is called now as this one was.
    daemon.command("t", &format!("{scarabctl} attach s --observe"));
    until("it shows the other one", || daemon.listed("s").is_some_and(|session| session["clients"] == 1));
}

#[test]
fn send_types_texts_keys_files_and_pastes() {
    let daemon = Daemon::start();
    daemon.shell("s");
    daemon.ok(&["send", "s", "echo one", "--enter"]);
    daemon.sees("s", "^one$");
    daemon.prompt("s");
    daemon.ok(&["send", "s", "echo twX", "--key", "BSpace", "--key", "o", "--key", "Enter"]);
    daemon.sees("s", "^two$");
    daemon.prompt("s");
    let file = daemon.home.path("typed");
    fs::write(&file, "echo three\n").expect("the home can be written");
    daemon.ok(&["send", "s", "--file", &file.display().to_string(), "--paste"]);
    daemon.sees("s", "^three$");
    daemon.prompt("s");
    daemon.ok_with(&["send", "s", "--file", "-", "--paste"], b"echo four\n");
    daemon.sees("s", "^four$");
    daemon.prompt("s");
    // It has the terminal when it says so, and with it the signal. A shell that is about to start something may lose one.
    fs::write(daemon.home.path("says"), "running\n").expect("the home can be written");
    daemon.ok(&["send", "s", &format!("tail -f {}", daemon.home.path("says").display()), "--enter"]);
    daemon.sees("s", "^running$");
    daemon.ok(&["send", "s", "--key", "C-c"]);
    // The terminal drops what is typed before the signal has done its work.
    daemon.prompt("s");
    daemon.ok(&["send", "s", "echo five", "--enter"]);
    daemon.sees("s", "^five$");
    assert_eq!(daemon.ctl(&["send", "s", "--key", "NoSuchKey"]).code, USAGE);
    assert_ne!(daemon.ctl(&["send", "s", "--file", "/no/such/file"]).code, 0);
}

#[test]
fn the_position_after_sending_tells_old_text_from_the_answer() {
    let daemon = Daemon::start();
    daemon.shell("s");
    daemon.type_line("s", "echo ready");
    daemon.sees("s", "^ready$");
    daemon.prompt("s");
    let sent = daemon.json(&["send", "s", "sleep 0.3; echo ready", "--enter"]);
    let since = sent["position"].as_u64().expect("a position").to_string();
    let seen = daemon.json(&["wait", "s", "--text", "^ready$", "--since", &since, "--timeout", "30"]);
    assert!(seen.is_object(), "{seen}");
    // Nothing says it a third time.
    let since = daemon.json(&["send", "s", ":", "--enter"])["position"].as_u64().expect("a position").to_string();
    let said = daemon.ctl(&["wait", "s", "--text", "^ready$", "--since", &since, "--timeout", "0.5"]);
    assert_eq!(said.code, FAILED);
}

#[test]
fn wait_sees_lines_that_have_scrolled_by() {
    let daemon = Daemon::start();
    daemon.sh("s", "read go; seq 1 3000; echo the end; exec sleep 1000");
    let mut wait = daemon.home.scarabctl(&["wait", "s", "--text", "^1234$", "--timeout", "30"]);
    let waiting = std::thread::spawn(move || run(&mut wait, b""));
    until("it looks", || daemon.listed("s").is_some_and(|session| session["clients"] == 1));
    daemon.type_line("s", "");
    assert_eq!(waiting.join().expect("it ends").code, 0);
    daemon.sees("s", "^the end$");
    // From the beginning: what has left the screen before counts too.
    daemon.ok(&["wait", "s", "--text", "^1000$", "--since", "0", "--timeout", "20"]);
    let said = daemon.ctl(&["wait", "s", "--text", "no such thing", "--timeout", "0.3"]);
    assert_eq!(said.code, FAILED);
}

#[test]
fn wait_for_quiet_and_for_the_end() {
    let daemon = Daemon::start();
    daemon.sh("s", "seq 1 100; read go; kill -TERM $$");
    // A busy machine may be quiet before the program has begun.
    daemon.sees("s", "^100$");
    daemon.ok(&["wait", "s", "--quiet", "200", "--timeout", "30"]);
    let said = daemon.ctl(&["wait", "s", "--exit", "--timeout", "0.3"]);
    assert_eq!(said.code, FAILED);
    daemon.type_line("s", "");
    let ended = daemon.json(&["wait", "s", "--exit", "--timeout", "30"]);
    let text = ended.to_string();
    assert!(text.contains("143") && text.to_uppercase().contains("TERM"), "{text}");
    // What has ended is seen at once.
    daemon.ok(&["wait", "s", "--exit"]);
    daemon.ok(&["wait", "s", "--quiet", "50"]);
}

#[test]
fn wait_tells_the_end_of_a_program_whose_session_was_killed() {
    let daemon = Daemon::start();
    // That the program has ended and that the session is gone is told almost at once: one try would see one order.
    for number in 0..10 {
        let name = format!("s{number}");
        daemon.sh(&name, "exec sleep 1000");
        let mut wait = daemon.home.scarabctl(&["--json", "wait", &name, "--exit", "--timeout", "30"]);
        let waiting = std::thread::spawn(move || run(&mut wait, b""));
        until("it waits", || daemon.listed(&name).is_some_and(|session| session["clients"] == 1));
        daemon.ok(&["kill", &name]);
        let said = waiting.join().expect("it ends");
        assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{name}");
        assert!(said.stdout.contains("129"), "{name}: {}", said.stdout);
    }
}

#[test]
fn capture_tells_text_colours_and_attributes() {
    let daemon = Daemon::start();
    let script = r"printf '\033]2;shown\007plain \033[1;31mred\033[0m \033[4:3;38;2;1;2;3mwavy\033[0m \033]8;;https://example.org\033\\link\033]8;;\033\\ 漢字e\314\201\n\033[4 q'; exec sleep 1000";
    daemon.sh("s", script);
    daemon.sees("s", "link");
    let text = daemon.screen("s");
    assert_eq!(text.lines().next(), Some("plain red wavy link 漢字e\u{301}"));
    let json = daemon.json(&["capture", "s", "--format", "json"]);
    assert_eq!(
        (&json["session"], &json["cols"], &json["rows"], &json["title"]),
        (&"s".into(), &80.into(), &24.into(), &"shown".into())
    );
    assert!(json["frame"].as_u64().is_some_and(|frame| frame > 0));
    let cursor = &json["cursor"];
    assert_eq!(
        (&cursor["col"], &cursor["row"], &cursor["visible"], &cursor["shape"]),
        (&0.into(), &1.into(), &true.into(), &"underline".into())
    );
    let lines = json["lines"].as_array().expect("lines");
    assert_eq!(lines.len(), 24);
    assert_eq!(lines[0]["text"], "plain red wavy link 漢字e\u{301}");
    let run_of = |text: &str| {
        let runs = lines[0]["runs"].as_array().expect("runs");
        runs.iter()
            .find(|run| run["text"].as_str().is_some_and(|run| run.trim() == text))
            .unwrap_or_else(|| panic!("no {text} in {runs:?}"))
    };
    let red = run_of("red");
    assert_eq!(red["col"], 6);
    assert!(red["attrs"].to_string().contains("bold"), "{red}");
    assert_ne!(red["fg"], run_of("plain")["fg"]);
    assert!(run_of("wavy")["underline"].to_string().contains("curly"), "{}", run_of("wavy"));
    assert!(run_of("link")["link"].to_string().contains("https://example.org"), "{}", run_of("link"));
    let ansi = daemon.ok(&["capture", "s", "--format", "ansi"]);
    assert!(ansi.contains("\x1b[") && ansi.contains("https://example.org") && ansi.contains("red"), "{ansi:?}");
}

#[test]
fn capture_reaches_back_into_the_scrollback() {
    let daemon = Daemon::start();
    daemon.sh("s", "seq 1 500; echo the end; exec sleep 1000");
    daemon.sees("s", "^the end$");
    assert!(!daemon.screen("s").lines().any(|line| line == "400"));
    let text = daemon.ok(&["capture", "s", "--scrollback", "200"]);
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|line| *line == "400").expect("400 is among the last 200");
    assert_eq!(lines[at + 1], "401");
    assert!(lines.contains(&"500") && !lines.contains(&"100"), "{} lines", lines.len());
}

#[test]
fn every_daemon_that_can_be_found_is_listed_with_its_state() {
    let mut daemon = Daemon::start();
    let states = |daemon: &Daemon| {
        let said = daemon.ctl(&["--json", "daemons"]);
        assert_eq!(said.code, 0, "{}", said.stderr);
        said.stdout
    };
    assert!(states(&daemon).contains("alive") && states(&daemon).contains(&daemon.pid().to_string()));
    assert!(daemon.ctl(&["daemons"]).stdout.contains("test"));
    signal(daemon.pid(), Signal::STOP);
    assert!(states(&daemon).contains("hung"));
    signal(daemon.pid(), Signal::CONT);
    daemon.kill_9();
    assert!(states(&daemon).contains("stale"));
    daemon.restart();
}

#[test]
fn a_wrong_name_is_said_in_one_line_by_every_command() {
    let daemon = Daemon::start();
    for arguments in COMMANDS.iter().filter(|arguments| arguments.contains(&"s")) {
        for json in [&[][..], &["--json"]] {
            let line = daemon.fails(NO_SESSION, &[json, arguments].concat());
            assert!(line.contains('s'), "{arguments:?}: {line}");
        }
    }
}

#[test]
fn without_a_daemon_every_command_says_so_and_how_to_get_one() {
    let home = Home::new();
    for arguments in COMMANDS {
        for json in [&[][..], &["--json"]] {
            let arguments = [json, arguments].concat();
            let said = home.ctl(&arguments);
            if arguments.contains(&"stop") && said.code == 0 {
                continue; // nothing to stop is not a failure
            }
            let line = fails_with(NO_DAEMON, &arguments, &said);
            assert!(line.contains("`scarabctl --daemon test start`"), "{arguments:?}: no way out in {line:?}");
        }
    }
}

#[test]
fn after_a_daemons_sudden_end_every_command_says_that_none_answers() {
    let mut daemon = Daemon::start();
    daemon.shell("s");
    daemon.kill_9();
    for arguments in COMMANDS.iter().filter(|arguments| arguments[0] != "stop") {
        daemon.fails(NO_DAEMON, arguments);
    }
    daemon.restart();
}

#[test]
fn a_hung_daemon_is_said_to_be_hung_and_nobody_waits_for_ever() {
    let daemon = Daemon::start();
    daemon.shell("s");
    signal(daemon.pid(), Signal::STOP);
    let said: Vec<_> = std::thread::scope(|scope| {
        let daemon = &daemon;
        let running: Vec<_> =
            COMMANDS.iter().map(|arguments| (arguments, scope.spawn(move || daemon.ctl(arguments)))).collect();
        running.into_iter().map(|(arguments, thread)| (arguments, thread.join().expect("it ends"))).collect()
    });
    signal(daemon.pid(), Signal::CONT);
    for (arguments, said) in said {
        let line = fails_with(HUNG, arguments, &said);
        assert!(line.contains("does not answer") && line.contains("scarabctl daemons"), "{arguments:?}: {line:?}");
    }
}

#[test]
fn sizes_that_no_session_can_have_are_refused_with_the_limits() {
    let daemon = Daemon::start();
    daemon.shell("s");
    for bad in ["0x0", "1x1", "65535x65535", "1001x10", "10x1001", "80", "80x", "x24", "-1x5", "huge", "99999999999x1"]
    {
        for arguments in [&["resize", "s", bad][..], &["new", "t", "--size", bad]] {
            let said = daemon.ctl(arguments);
            assert!(said.code == USAGE || said.code == FAILED, "{arguments:?}: {said:?}");
            assert!(!said.stderr.is_empty() && said.stdout.is_empty(), "{arguments:?}: {said:?}");
        }
    }
    for good in ["2x1", "1000x1000", "80x24"] {
        daemon.ok(&["resize", "s", good]);
        let listed = daemon.listed("s").expect("it is there");
        assert_eq!(format!("{}x{}", listed["cols"], listed["rows"]), good);
    }
}

#[test]
fn stop_ends_the_daemon_and_its_shells_and_types_nothing() {
    let daemon = Daemon::start();
    daemon.sh("s", "while read line; do echo \"$line\" >> typed; done");
    daemon.shell("t");
    let shells = [daemon.pid_of("s"), daemon.pid_of("t")];
    let stopped = daemon.ctl(&["stop"]);
    assert_eq!((stopped.code, stopped.stderr.as_str()), (0, ""));
    assert!(ended_within(daemon.pid(), crate::support::DEADLINE), "the daemon goes on");
    for shell in shells {
        assert!(ended_within(shell, crate::support::DEADLINE), "a shell goes on");
    }
    assert!(!daemon.socket().exists(), "the socket was left behind");
    assert!(!daemon.home.path("home/typed").exists(), "something was typed");
}

#[test]
fn the_help_documents_exit_codes_and_nonsense_is_a_usage_error() {
    let home = Home::new();
    let help = home.ctl(&["--help"]);
    assert_eq!(help.code, 0);
    for text in ["Exit codes", "attach", "capture", "wait", "--json", "--socket"] {
        assert!(help.stdout.contains(text), "no {text:?} in the help");
    }
    for nonsense in [&["frobnicate"][..], &[], &["wait", "s"], &["send"], &["ping", "--count", "many"]] {
        let said = home.ctl(nonsense);
        assert_eq!((said.code, said.stdout.as_str()), (USAGE, ""), "{nonsense:?}");
    }
}

#[test]
fn an_output_that_nobody_reads_is_no_reason_to_panic() {
    let daemon = Daemon::start();
    daemon.sh("s", "seq 1 5000; echo the end; exec sleep 1000");
    daemon.sees("s", "^the end$");
    let command = format!(
        "{} --daemon test capture s --scrollback 5000 | head -n 1",
        crate::support::programs::program("scarabctl").display()
    );
    let said = run(daemon.home.command("sh").args(["-c", &command]), b"");
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
}

#[test]
fn every_printed_json_is_one_value_a_line() {
    let daemon = Daemon::start();
    daemon.shell("s");
    for arguments in [
        &["start"][..],
        &["status"],
        &["daemons"],
        &["list"],
        &["resize", "s", "80x24"],
        &["send", "s", "x"],
        &["capture", "s"],
        &["ping", "--count", "2"],
        &["rename", "s", "t"],
        &["kill", "t"],
    ] {
        let text = daemon.ok(&[&["--json"], arguments].concat());
        for line in text.lines() {
            let value: Result<Value, _> = serde_json::from_str(line);
            assert!(value.is_ok(), "{arguments:?}: {line:?}");
        }
    }
}
