//! Clients in processes of their own: these tests' program again, as one test that is ignored otherwise.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
};

use rustix::process::Signal;

use super::support::{DEADLINE, daemon::Process};

/// Names what the process is to do. Its other settings are variables, too.
const ROLE: &str = "SCARAB_STRESS_ROLE";
/// What its lines begin with, to tell them from the test harness's.
const MARK: &str = "@ ";

/// A client in a process of its own. Killed if it is still there when this is dropped.
pub struct Helper {
    process: Process,
    lines: mpsc::Receiver<String>,
}

impl Helper {
    /// Starts one.
    pub fn start(role: &str, settings: &[(&str, String)]) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut child = Command::new(program)
            .args(["stress::helper::process", "--exact", "--ignored", "--nocapture"])
            .env(ROLE, role)
            .envs(settings.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program can be run");
        let stdout = child.stdout.take().expect("it is piped");
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // The harness leaves the first line unended.
                let said = line.split_once(MARK).map(|(_, said)| said.to_owned());
                if said.is_some_and(|said| sender.send(said).is_err()) {
                    return;
                }
            }
        });
        Self { process: Process::new(child), lines }
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Waits for it to say this.
    pub fn says(&self, wanted: &str) {
        let said = self.lines.recv_timeout(DEADLINE).unwrap_or_else(|_| panic!("the client does not say {wanted:?}"));
        assert_eq!(said, wanted);
    }

    /// Waits for it to say something.
    pub fn line(&self) -> String {
        self.lines.recv_timeout(DEADLINE).expect("the client says something")
    }

    /// Lets it go on from [`wait_for_a_word`].
    pub fn tell(&mut self) {
        let stdin = self.process.child().stdin.as_mut().expect("it is piped");
        stdin.write_all(b"on\n").expect("it listens");
    }

    /// Ends it without a warning. It must not have ended by itself.
    pub fn kill(mut self) {
        assert!(self.process.is_running(), "the client has failed");
        self.process.kill();
    }

    /// Closes its input, which tells it to end, and waits for that. It must not have failed.
    pub fn finish(mut self) {
        drop(self.process.child().stdin.take());
        assert!(self.process.ended_within(2 * DEADLINE), "the client does not end");
        let status = self.process.child().wait().expect("it has ended");
        assert!(status.success(), "the client failed: {status}");
    }
}

/// Says a line to the test that started this process.
pub fn say(line: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{MARK}{line}").and_then(|()| stdout.flush());
}

/// Waits until the test that started this process tells it to go on.
pub fn wait_for_a_word() {
    let _ = std::io::stdin().read_line(&mut String::new());
}

/// Waits until the test that started this process closes its input.
pub fn wait_for_the_end() {
    let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
}

/// A setting of this process.
pub fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

#[test]
#[ignore = "started by the other tests, as a client in a process of its own"]
fn process() {
    match std::env::var(ROLE).as_deref() {
        Ok("typist") => super::chaos::typist_process(),
        Ok("watcher") => super::stopped::watcher_process(),
        Ok("big paste") => super::big_paste::client_process(),
        Ok("growth") => super::growth::growth_process(),
        Ok(other) => panic!("no process does {other}"),
        Err(_) => {}
    }
}
