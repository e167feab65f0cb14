//! Several clients on one session, in a table that updates: who they are, how far behind, and how many bytes of what they typed
//! the session has acknowledged. One types, one only observes, one is stopped for a while, one is killed.
//!
//! The clients are this program again, as processes of their own: what happens to one is nothing to the others.

use std::{
    io::{BufRead, BufReader, IsTerminal, Write},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Sender},
    thread,
};

use bevy::prelude::*;
use scarab_bevy::{CreditRequest, ScarabIpcSystems, TerminalBacklog, prelude::*};

/// How many lines are typed, each after the one before it was acknowledged.
const LINES: u64 = 120;
/// After so many lines a client is killed, and another stopped...
const ACCIDENTS: u64 = 30;
/// ...and goes on after so many.
const RECOVERY: u64 = 90;

const ROLES: [&str; 4] = ["types", "observes", "is stopped", "is killed"];

fn main() -> AppExit {
    run_if_requested();
    let mut arguments = std::env::args().skip(1);
    match (arguments.next(), arguments.next()) {
        (Some(role), Some(session)) => client(&role, &session),
        _ => stage(),
    }
}

// ---------------------------------------------------------------- the stage

/// What is known of a client, in a line of the table.
#[derive(Default)]
struct Row {
    frame: u64,
    lines: u64,
    acknowledged: u64,
    note: String,
}

/// What a client says: its number, and a line; none when it has ended.
type Said = (usize, Option<String>);

/// Starts the clients and shows what they say, until those that live have seen the last line.
fn stage() -> AppExit {
    let (says, said) = mpsc::channel();
    let session = format!("multi-client-{}", std::process::id());
    // The first makes the session that the others join when it has done so.
    let mut clients = vec![start(0, &session, &says)];
    let mut rows: Vec<Row> = ROLES.iter().map(|_| Row::default()).collect();
    let mut shown = false;
    while let Ok((who, line)) = said.recv() {
        let Some(line) = line else {
            rows[who].note = "ended".into();
            if rows.iter().enumerate().all(|(at, row)| at >= clients.len() || row.note == "ended") {
                break;
            }
            continue;
        };
        let words: Vec<u64> = line.split(' ').map_while(|word| word.parse().ok()).collect();
        let [frame, lines, acknowledged] = words[..] else {
            eprintln!("the client that {}: {line}", ROLES[who]);
            return AppExit::error();
        };
        let before = rows[0].lines;
        rows[who] = Row { frame, lines, acknowledged, note: std::mem::take(&mut rows[who].note) };
        if clients.len() == 1 {
            clients.extend((1..ROLES.len()).map(|role| start(role, &session, &says)));
        }
        let passes = |line: u64| who == 0 && before < line && lines >= line;
        if passes(ACCIDENTS) {
            signal(&clients[2], "STOP");
            rows[2].note = "stopped".into();
            signal(&clients[3], "KILL");
        }
        if passes(RECOVERY) {
            signal(&clients[2], "CONT");
            rows[2].note.clear();
        }
        if std::io::stdout().is_terminal() {
            show(&rows, std::mem::replace(&mut shown, true));
        }
    }
    show(&rows, shown);
    clients.iter_mut().for_each(|client| drop(client.wait()));
    let saw_all = [0, 1, 2].iter().all(|who| rows[*who].lines == LINES);
    if saw_all { AppExit::Success } else { AppExit::error() }
}

fn start(who: usize, session: &str, says: &Sender<Said>) -> Child {
    let program = std::env::current_exe().expect("a program knows where it is");
    let mut command = Command::new(program);
    let mut child = command.args([ROLES[who], session]).stdout(Stdio::piped()).spawn().expect("it started once");
    let (lines, says) = (BufReader::new(child.stdout.take().expect("it is piped")).lines(), says.clone());
    thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            // The stage may be over.
            let _ = says.send((who, Some(line)));
        }
        let _ = says.send((who, None));
    });
    child
}

/// Sends a signal by its name, with the program that every Unix has for it.
fn signal(client: &Child, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), client.id().to_string()]).status();
    if !sent.is_ok_and(|status| status.success()) {
        eprintln!("a client was not sent SIG{name}");
    }
}

/// Prints the table, over the one before if there is one.
fn show(rows: &[Row], again: bool) {
    let newest = rows.iter().map(|row| row.frame).max().unwrap_or(0);
    let mut out = std::io::stdout().lock();
    let up = if again { format!("\x1b[{}A", rows.len() + 1) } else { String::new() };
    let _ = writeln!(out, "{up}{:<11}{:>7}{:>6}{:>7}{:>14}  note", "client", "frame", "lag", "lines", "acknowledged");
    for (role, Row { frame, lines, acknowledged, note }) in ROLES.iter().zip(rows) {
        let lag = newest - frame;
        let _ = writeln!(out, "{role:<11}{frame:>7}{lag:>6}{lines:>7}{acknowledged:>14}  {note:<8}");
    }
}

// ---------------------------------------------------------------- a client

fn client(role: &str, session: &str) -> AppExit {
    let terminal = match role {
        "types" => Terminal::new().named(session).command(["sh"]),
        "observes" => Terminal::attach(session).observe(),
        _ => Terminal::attach(session),
    };
    let mut app = App::new();
    app.add_plugins(MinimalPlugins.build().disable::<bevy::app::ScheduleRunnerPlugin>())
        .add_plugins((ScarabHeadlessRunnerPlugin, ScarabIpcPlugin::default().with_launch(Launch::Reexec)))
        .add_systems(Startup, move |mut commands: Commands| {
            commands.spawn((terminal.clone(), TerminalSize::cells(60, 10)));
        })
        .add_systems(PreUpdate, look.after(ScarabIpcSystems::Receive));
    if role == "types" {
        app.add_systems(Update, type_on);
    }
    app.run()
}

/// The number of the last line that the shell has printed.
fn last_line(grid: &TerminalGrid) -> u64 {
    let number = |row: u16| grid.grid.row_text(row).strip_prefix("line ")?.parse().ok();
    (0..grid.grid.rows()).filter_map(number).max().unwrap_or(0)
}

/// Says what it sees, and ends when that is the last line.
fn look(
    terminals: Query<(&TerminalStatus, &TerminalGrid, &TerminalBacklog)>,
    mut said: Local<(u64, u64, u64)>,
    mut exit: MessageWriter<AppExit>,
) {
    for (status, grid, backlog) in &terminals {
        let now = (grid.grid.frame, last_line(grid), backlog.taken);
        match status {
            TerminalStatus::Attached if now != *said => {
                *said = now;
                println!("{} {} {}", now.0, now.1, now.2);
                if now.1 == LINES {
                    exit.write(AppExit::Success);
                }
            }
            TerminalStatus::Failed { why } => {
                println!("{why}");
                exit.write(AppExit::error());
            }
            _ => {}
        }
    }
}

/// Types the next line when the one before was acknowledged and its answer is on the screen.
fn type_on(
    terminals: Query<(Entity, &TerminalStatus, &TerminalGrid, &TerminalBacklog)>,
    mut typed: Local<u64>,
    mut input: MessageWriter<TerminalInput>,
    mut credit: MessageWriter<CreditRequest>,
) {
    for (terminal, status, grid, backlog) in &terminals {
        let ready = *status == TerminalStatus::Attached && grid.grid.frame > 0;
        if ready && backlog.pending == 0 && last_line(grid) == *typed && *typed < LINES {
            *typed += 1;
            input.write(TerminalInput::text(terminal, format!("echo line $(({} + 0))\r", *typed)));
            credit.write(CreditRequest { terminal });
        }
    }
}
