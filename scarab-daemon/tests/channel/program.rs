//! Programs for sessions: this test program again, as one test that is ignored otherwise. They behave the same on every platform.

use std::{
    env,
    fs::OpenOptions,
    io::{self, Read, Write},
    path::PathBuf,
};

use scarab_protocol::client::client_environment;

use super::support::platform;

/// Names what the program is to do.
const ROLE: &str = "SCARAB_CHANNEL_PROGRAM";
/// The file that it writes to.
const FILE: &str = "SCARAB_CHANNEL_FILE";

/// What a program says when it listens.
pub const READY: &str = "ready to hear";

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
}

/// The words of a program's command, and its environment.
pub fn started(program: &Program) -> (Vec<Vec<u8>>, Vec<(Vec<u8>, Vec<u8>)>) {
    let own = env::current_exe().expect("this program").into_os_string().into_encoded_bytes();
    let arguments =
        ["channel::program::run", "--exact", "--ignored", "--nocapture"].map(|word| word.as_bytes().to_vec());
    let command = [own].into_iter().chain(arguments).collect();
    let (role, file) = match program {
        Program::Echo => ("echo", None),
        Program::Sink(file) => ("sink", Some(file)),
        Program::Flood => ("flood", None),
        Program::Patient => ("patient", None),
    };
    let mut environment = client_environment();
    environment.push((ROLE.into(), role.into()));
    environment.extend(file.map(|file| (FILE.into(), file.clone().into_os_string().into_encoded_bytes())));
    (command, environment)
}

#[test]
#[ignore = "started by the other tests, as the program of a session"]
fn run() {
    let Ok(role) = env::var(ROLE) else { return };
    // Of a raw terminal Ctrl-C would be a byte like any other.
    if role != "patient" {
        platform::make_raw().expect("a terminal");
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
