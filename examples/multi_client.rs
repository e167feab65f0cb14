//! Several clients on one session: all see the same frames, one types, one only observes, one is killed.
//!
//! The clients are this program again, as processes of their own: what happens to one is nothing to the others.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use bevy::prelude::*;
use scarab_bevy::{ScarabIpcSystems, Waker, prelude::*};

const SESSION: &str = "multi-client";

fn main() -> AppExit {
    run_if_requested();
    match std::env::args().nth(1) {
        Some(role) => client(&role),
        None => stage(),
    }
}

/// Starts three clients, kills one, and waits until the others have seen what was typed.
fn stage() -> AppExit {
    // The first makes the session that the others join.
    let mut typist = start("types");
    wait_for(&mut typist.1, "attached");
    let (mut observer, mut victim) = (start("observes"), start("is-killed"));
    for (_, lines) in [&mut observer, &mut victim] {
        wait_for(lines, "attached");
    }
    victim.0.kill().expect("it is our child");
    victim.0.wait().expect("it is our child");
    println!("killed one client");
    let mut go = typist.0.stdin.take().expect("it is piped");
    writeln!(go, "go").expect("the typist waits for it");
    for (name, (child, lines)) in [("typist", &mut typist), ("observer", &mut observer)] {
        wait_for(lines, "saw 42");
        println!("the {name} saw 42");
        child.wait().expect("it is our child");
    }
    AppExit::Success
}

fn start(role: &str) -> (Child, BufReader<ChildStdout>) {
    let program = std::env::current_exe().expect("a program knows where it is");
    let mut command = Command::new(program);
    command.arg(role).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("it started once");
    let lines = BufReader::new(child.stdout.take().expect("it is piped"));
    (child, lines)
}

fn wait_for(lines: &mut BufReader<ChildStdout>, wanted: &str) {
    for line in lines.lines().map_while(Result::ok) {
        if line.contains(wanted) {
            return;
        }
    }
    panic!("a client ended before it {wanted}");
}

/// Whether the client was told to type.
#[derive(Resource)]
struct Go(Arc<AtomicBool>);

fn client(role: &str) -> AppExit {
    let terminal = match role {
        "types" => Terminal::new().named(SESSION).command(["sh"]),
        "observes" => Terminal::attach(SESSION).observe(),
        _ => Terminal::attach(SESSION),
    };
    let go = Arc::new(AtomicBool::new(false));
    let waker = Waker::default();
    if role == "types" {
        let (go, waker) = (go.clone(), waker.clone());
        std::thread::spawn(move || {
            if std::io::stdin().read_line(&mut String::new()).is_ok_and(|bytes| bytes > 0) {
                go.store(true, Ordering::Release);
                waker.wake();
            }
        });
    }
    App::new()
        .insert_resource(waker)
        .add_plugins(MinimalPlugins.build().disable::<bevy::app::ScheduleRunnerPlugin>())
        .add_plugins((ScarabHeadlessRunnerPlugin, ScarabIpcPlugin::default().with_launch(Launch::Reexec)))
        .insert_resource(Go(go))
        .add_systems(Startup, move |mut commands: Commands| {
            commands.spawn((terminal.clone(), TerminalSize::cells(60, 10)));
        })
        .add_systems(PreUpdate, look.after(ScarabIpcSystems::Receive))
        .run()
}

/// Says when it is attached, types if that is its part, and ends when it has seen the answer.
fn look(
    go: Res<Go>,
    terminals: Query<(Entity, &TerminalStatus, &TerminalGrid)>,
    mut attached: Local<bool>,
    mut typed: Local<bool>,
    mut input: MessageWriter<TerminalInput>,
    mut exit: MessageWriter<AppExit>,
) {
    for (terminal, status, TerminalGrid { grid }) in &terminals {
        match status {
            TerminalStatus::Attached if !*attached => {
                *attached = true;
                println!("attached");
            }
            TerminalStatus::Failed { why } => {
                eprintln!("{why}");
                exit.write(AppExit::error());
            }
            _ => {}
        }
        if *attached && go.0.load(Ordering::Acquire) && !*typed {
            *typed = true;
            input.write(TerminalInput::text(terminal, "echo the answer is $((6 * 7))\r"));
        }
        if (0..grid.rows()).any(|row| grid.row_text(row) == "the answer is 42") {
            println!("saw 42 in frame {}", grid.frame);
            exit.write(AppExit::Success);
        }
    }
}
