//! A daemon in a process of its own, and other processes that end when they should.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::{fd::OwnedFd, unix::fs::PermissionsExt},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::{self, JoinHandle},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};
use scarab_protocol::{
    client::Client,
    endpoint::Address,
    ids::TermSize,
    message::{CreateSession, Created, SessionInfo},
};
use tempfile::TempDir;

use super::DEADLINE;

/// How long a daemon may take to end when it is told to.
const END: Duration = Duration::from_secs(15);

/// A daemon that is running, in directories of its own. When this is dropped it must end in order, and not have panicked.
pub struct Daemon {
    /// Where it listens.
    pub address: Address,
    process: Process,
    log: Arc<Mutex<String>>,
    logger: Option<JoinHandle<()>>,
    home: TempDir,
}

impl Daemon {
    /// Starts one.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with more arguments.
    pub fn start_with(arguments: &[&str]) -> Self {
        let home = tempfile::Builder::new().prefix("stress-").tempdir_in("/tmp").expect("/tmp can be written");
        for name in ["home", "run", "state"] {
            let path = home.path().join(name);
            fs::create_dir(&path).expect("the directory is fresh");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("the directory is ours");
        }
        let socket = home.path().join("run/d.sock");
        let address = Address::of_socket(&socket).expect("a short path");
        let mut command = Command::new(env!("CARGO_BIN_EXE_scarab-daemon"));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()))
            .env("HOME", home.path().join("home"))
            .env("XDG_RUNTIME_DIR", home.path().join("run"))
            .env("XDG_STATE_HOME", home.path().join("state"))
            .env("NO_COLOR", "1")
            .arg("--socket")
            .arg(&socket)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the daemon was built");
        let stderr = child.stderr.take().expect("it is piped");
        let log = Arc::new(Mutex::new(String::new()));
        let (ready, is_ready) = mpsc::channel();
        let logger = {
            let log = log.clone();
            thread::spawn(move || {
                for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
                    let line = String::from_utf8_lossy(&line);
                    if line.contains(" ready ") {
                        let _ = ready.send(());
                    }
                    let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
                    log.push_str(&line);
                    log.push('\n');
                }
            })
        };
        let daemon = Self { address, process: Process::new(child), log, logger: Some(logger), home };
        assert!(is_ready.recv_timeout(DEADLINE).is_ok(), "the daemon is not ready");
        daemon
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// A path in its home that nothing else uses.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join("home").join(name)
    }

    /// An address in its runtime directory for somebody who speaks for it. Clients there take it for the same daemon.
    pub fn other_address(&self, name: &str) -> Address {
        let other = Address::of_socket(&self.home.path().join("run").join(name)).expect("a short path");
        Address { lock: self.address.lock.clone(), ..other }
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let alive = self.process.is_running();
        self.process.signal(Signal::TERM);
        let ended = self.process.ended_within(END);
        self.process.kill();
        if let Some(logger) = self.logger.take() {
            // Its end is the end of what the daemon writes.
            let _ = logger.join();
        }
        let log = self.log();
        if thread::panicking() {
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("the end of the daemon's log:\n{}", lines[lines.len().saturating_sub(60)..].join("\n"));
            return;
        }
        assert!(alive, "the daemon has ended by itself:\n{log}");
        assert!(ended, "the daemon did not end on SIGTERM");
        assert!(!log.contains("panicked"), "the daemon panicked:\n{log}");
    }
}

/// A child that does not outlive the test.
pub struct Process {
    child: Child,
    handle: OwnedFd,
}

impl Process {
    /// Takes care of a child.
    pub fn new(child: Child) -> Self {
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a child has a number");
        Self { child, handle: pidfd_open(pid, PidfdFlags::empty()).expect("it is not reaped yet") }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its standard input and the rest of it.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Sends a signal; a process that is gone has had it.
    pub fn signal(&self, signal: Signal) {
        let _ = pidfd_send_signal(&self.handle, signal);
    }

    /// Whether it has not ended yet.
    pub fn is_running(&self) -> bool {
        !self.ended_within(Duration::ZERO)
    }

    /// Waits for its end; false if it is still there at the deadline.
    pub fn ended_within(&self, deadline: Duration) -> bool {
        let patience = Timespec { tv_sec: deadline.as_secs() as _, tv_nsec: deadline.subsec_nanos() as _ };
        matches!(poll(&mut [PollFd::new(&self.handle, PollFlags::IN)], Some(&patience)), Ok(1))
    }

    /// Ends it without a warning, and waits for that.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Makes a session of a name that runs a script.
pub fn create(client: &Client, name: &str, script: &str) -> SessionInfo {
    let env = [("PATH", "/usr/local/bin:/usr/bin:/bin"), ("HOME", "/"), ("TERM", "xterm-256color")];
    let request = CreateSession {
        name: Some(name.into()),
        command: ["/bin/sh", "-c", script].map(|word| word.as_bytes().to_vec()).to_vec(),
        cwd: None,
        beside: None,
        env: env.map(|(name, value)| (name.into(), value.into())).to_vec(),
        size: TermSize::default(),
        linger: true,
    };
    client.ask::<_, Created>(&request, DEADLINE).expect("a session").info
}
