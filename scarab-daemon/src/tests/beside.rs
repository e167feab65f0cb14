//! Sessions that begin in the directory that another one is in.

use std::{fs, path::PathBuf};

use scarab_protocol::message::*;

use super::harness::{TestClient, TestDaemon, command, text};

/// Directories for sessions to be in.
struct Places {
    // It goes before its daemon.
    client: TestClient,
    daemon: TestDaemon,
    /// Where a session begins that nothing better is known of.
    given: PathBuf,
}

impl Places {
    fn new() -> Self {
        let daemon = TestDaemon::start();
        let client = daemon.connect();
        let mut places = Self { client, daemon, given: PathBuf::new() };
        places.given = places.directory("given");
        places
    }

    /// A new directory, by the name that the system has for it.
    fn directory(&self, name: &str) -> PathBuf {
        let path = self.daemon.home.path().join(name);
        fs::create_dir(&path).expect("the name is free");
        path.canonicalize().expect("it is there")
    }

    /// A session whose script has come to say `told`.
    fn session(&mut self, script: &str) -> Target {
        let info = self.client.create(script);
        let mut joined = self.client.attach(info.id.number);
        self.client.wait_for_text(&mut joined, "told");
        Target::Id(info.id)
    }

    /// Where a session begins that is made beside another one.
    fn beside(&mut self, other: Target) -> PathBuf {
        let cwd = self.given.as_os_str().as_encoded_bytes().to_vec();
        let script = command("pwd -P; echo end; exec cat");
        let wanted = CreateSession { cwd: Some(cwd), beside: Some(other), ..script };
        let info = self.client.ask::<_, Created>(0, &wanted).info;
        let mut joined = self.client.attach(info.id.number);
        self.client.wait_for_text(&mut joined, "end");
        text(&joined.grid).lines().next().expect("a line").into()
    }
}

#[test]
fn the_directory_that_a_shell_tells_goes_first_if_it_is_of_this_machine_and_there() {
    let mut places = Places::new();
    let (told, own) = (places.directory("told"), places.directory("own"));
    let missing = told.join("missing");
    // Only Linux tells where the program itself is.
    let fallback = if cfg!(target_os = "linux") { own.clone() } else { places.given.clone() };
    let cases =
        [("", &told, &told), ("localhost", &told, &told), ("elsewhere", &told, &fallback), ("", &missing, &fallback)];
    for (host, path, expected) in cases {
        let osc = format!(r"\033]7;file://{host}{}\033\\", path.display());
        let other = places.session(&format!("cd '{}'; printf '{osc}'; echo told; exec cat", own.display()));
        assert_eq!(places.beside(other), *expected, "{host:?} {path:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_word_of_the_shell_the_program_in_the_foreground_says_where_it_is() {
    let mut places = Places::new();
    let own = places.directory("own");
    // In a process group of its own, while the shell stays where it was.
    let other = places.session(&format!("cd /; set -m; (cd '{}'; echo told; exec cat); echo over", own.display()));
    assert_eq!(places.beside(other), own);
}

#[cfg(target_os = "linux")]
#[test]
fn a_directory_that_was_removed_is_none() {
    let mut places = Places::new();
    let gone = places.directory("gone");
    let other = places.session(&format!("cd '{0}'; rmdir '{0}'; echo told; exec cat", gone.display()));
    assert_eq!(places.beside(other), places.given);
}

#[test]
fn beside_a_session_that_is_not_there_the_given_directory_counts() {
    let mut places = Places::new();
    assert_eq!(places.beside(Target::Name("nobody".into())), places.given);
}
