//! Programs for sessions: this test program again, as one test that is ignored otherwise. They behave the same on every platform.

use std::{
    env,
    fs::OpenOptions,
    io::{self, Read, Write},
    path::PathBuf,
    process::Command,
};

use scarab_protocol::client::client_environment;

use super::support::platform;

/// Names what the program is to do.
const ROLE: &str = "SCARAB_CHANNEL_PROGRAM";
/// The file that it writes to.
const FILE: &str = "SCARAB_CHANNEL_FILE";

/// What a program says when it listens.
pub const READY: &str = "ready to hear";

/// What a host says when its guest has ended, and before each line that it has read.
pub const WENT_ON: &str = "gone on";
pub const HEARD: &str = "heard ";

/// What is run in a session.
pub enum Program {
    /// Shows what it reads, byte for byte.
    Echo,
    /// Appends what it reads to a file, byte for byte.
    Sink(PathBuf),
    /// Says without an end that it listens, and does not.
    Flood,
    /// Does nothing until it is interrupted.
    Patient,
    /// Runs a patient program, as a shell would: it says when that has ended, and then each line that it reads.
    Host,
}

/// The arguments with which this program is one of those.
const ARGUMENTS: [&str; 4] = ["channel::program::run", "--exact", "--ignored", "--nocapture"];

/// The words of a program's command, and its environment.
pub fn started(program: &Program) -> (Vec<Vec<u8>>, Vec<(Vec<u8>, Vec<u8>)>) {
    let own = env::current_exe().expect("this program").into_os_string().into_encoded_bytes();
    let arguments = ARGUMENTS.map(|word| word.as_bytes().to_vec());
    let command = [own].into_iter().chain(arguments).collect();
    let (role, file) = role(program);
    let mut environment = client_environment();
    environment.push((ROLE.into(), role.into()));
    environment.extend(file.map(|file| (FILE.into(), file.clone().into_os_string().into_encoded_bytes())));
    (command, environment)
}

/// The variable that must be set for a program, and the words of its command, as text.
pub fn told(program: &Program) -> (String, Vec<String>) {
    let own = env::current_exe().expect("this program").display().to_string();
    (format!("{ROLE}={}", role(program).0), [own].into_iter().chain(ARGUMENTS.map(str::to_owned)).collect())
}

fn role(program: &Program) -> (&'static str, Option<&PathBuf>) {
    match program {
        Program::Echo => ("echo", None),
        Program::Sink(file) => ("sink", Some(file)),
        Program::Flood => ("flood", None),
        Program::Patient => ("patient", None),
        Program::Host => ("host", None),
    }
}

#[test]
#[ignore = "started by the other tests, as the program of a session"]
fn run() {
    let Ok(role) = env::var(ROLE) else { return };
    // Of a raw terminal Ctrl-C would be a byte like any other.
    match role.as_str() {
        "host" => return host(),
        "patient" => {}
        _ => platform::make_raw().expect("a terminal"),
    }
    say(READY);
    match role.as_str() {
        "echo" => copy(io::stdout()),
        "sink" => {
            let file = env::var_os(FILE).expect("a file");
            copy(OpenOptions::new().create(true).append(true).open(file).expect("a file that can be written"));
        }
        "flood" => loop {
            say(READY);
        },
        "patient" => loop {
            std::thread::park();
        },
        other => panic!("no program does {other}"),
    }
}

fn host() {
    platform::survive_interrupts();
    let own = env::current_exe().expect("this program");
    // Nothing else ends it than being interrupted; with which status, platforms do not agree on.
    Command::new(own).args(ARGUMENTS).env(ROLE, "patient").status().expect("it was started before");
    say(WENT_ON);
    for line in io::stdin().lines() {
        say(&format!("{HEARD}{}", line.expect("it can be read")));
    }
}

/// Copies what is read until there is nothing more, without waiting for more than there is.
fn copy(mut to: impl Write) {
    let mut buffer = [0; 4096];
    let mut from = io::stdin();
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        to.write_all(&buffer[..count]).and_then(|()| to.flush()).expect("it can be written");
    }
}

/// Prints a line, past the test harness.
fn say(line: &str) {
    let mut stdout = io::stdout().lock();
    let _ = write!(stdout, "{line}\r\n").and_then(|()| stdout.flush());
}
