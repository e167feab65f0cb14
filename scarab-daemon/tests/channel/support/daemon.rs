//! A daemon in a process of its own, with directories of its own.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use scarab_protocol::{
    client::{Bell, Client},
    endpoint::Address,
    message::{Done, Shutdown},
};
use tempfile::TempDir;

use super::{DEADLINE, desk::options, platform, within};

/// How long a daemon may take to end when it is told to.
const END: Duration = Duration::from_secs(20);

/// A daemon that is running. When this is dropped it must end in order, and not have panicked.
pub struct Daemon {
    /// Where it listens.
    pub address: Address,
    process: Child,
    killed: bool,
    home: TempDir,
}

impl Daemon {
    /// Starts one, and waits until clients can connect.
    pub fn start() -> Self {
        let home = tempfile::Builder::new().prefix("ch-").tempdir().expect("a directory");
        for name in ["run", "state", "config"] {
            platform::make_directory(&home.path().join(name));
        }
        let address = platform::address(&home.path().join("run"), "d");
        let mut command = Command::new(env!("CARGO_BIN_EXE_scarab-daemon"));
        platform::confine(&mut command, home.path());
        command.args(["--launched", "--socket", &address.endpoint.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut process = command.spawn().expect("the daemon was built");
        let mut stdout = process.stdout.take().expect("it is piped");
        let (send, said) = mpsc::channel();
        thread::spawn(move || {
            let mut said = String::new();
            // It ends when the daemon is ready, or has ended: then there is nothing in it.
            let _ = stdout.read_to_string(&mut said);
            send.send(said)
        });
        let daemon = Self { address, process, killed: false, home };
        let said = said.recv_timeout(DEADLINE).expect("the daemon says that it is ready, or ends");
        assert_eq!(said.trim(), "ready");
        daemon
    }

    /// A path in its home that nothing else uses.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// An address for somebody who speaks for it. Clients there take it for the same daemon.
    pub fn other_address(&self, name: &str) -> Address {
        Address { lock: self.address.lock.clone(), ..platform::address(&self.home.path().join("run"), name) }
    }

    /// `scarabctl` for this daemon.
    pub fn scarabctl(&self, arguments: &[&str]) -> Command {
        self.scarabctl_at(&self.address, arguments)
    }

    /// `scarabctl` in the same home for another address.
    pub fn scarabctl_at(&self, address: &Address, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scarabctl"));
        platform::confine(&mut command, self.home.path());
        command.args(["--socket", &address.endpoint.to_string()]).args(arguments);
        command.current_dir(self.home.path());
        command
    }

    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Ends it without a warning.
    pub fn kill(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it has ended");
        self.killed = true;
    }

    /// Whether it has ended by itself in time.
    pub fn ended_within(&mut self, patience: Duration) -> bool {
        within(patience, || matches!(self.process.try_wait(), Ok(Some(_))))
    }

    /// It was told to end, and has.
    pub fn has_been_stopped(&mut self) {
        assert!(self.ended_within(END), "the daemon did not end");
        self.killed = true;
    }

    /// All that it has logged.
    pub fn log(&self) -> String {
        let mut logs = String::new();
        collect_logs(&platform::logs(self.home.path()), &mut logs);
        logs
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let client = Client::connect(options(&self.address, &Bell::default(), false, false));
        let told = client.map(|client| client.ask::<_, Done>(&Shutdown {}, DEADLINE));
        let ended = self.ended_within(if told.is_ok() { END } else { Duration::ZERO });
        if !ended {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
        let log = self.log();
        if thread::panicking() {
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("the end of the daemon's log:\n{}", lines[lines.len().saturating_sub(60)..].join("\n"));
            return;
        }
        assert!(self.killed || ended, "the daemon did not end when it was told to:\n{log}");
        assert!(self.killed || told.is_ok(), "the daemon has ended by itself:\n{log}");
        assert!(!log.contains("panicked"), "the daemon panicked:\n{log}");
    }
}

fn collect_logs(directory: &Path, logs: &mut String) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect_logs(&path, logs);
        } else if path.extension().is_some_and(|ending| ending == "log" || ending == "stderr") {
            logs.push_str(&fs::read_to_string(&path).unwrap_or_default());
        }
    }
}
