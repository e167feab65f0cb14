//! A daemon in a home of its own, and programs that talk to it.

use std::{
    ffi::OsStr,
    fs,
    io::Read,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long anything may take before a test fails. Long, because it is only ever waited out by a failure.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// A daemon that is running. It and its sessions are gone when this is dropped.
pub struct Daemon {
    home: TempDir,
    process: Child,
}

/// What a program had to say.
#[derive(Debug)]
pub struct Said {
    /// Its exit code; none after a signal.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Daemon {
    /// Starts one, and waits until clients can connect.
    pub fn start() -> Self {
        let home = tempfile::Builder::new().prefix("it-").tempdir_in("/tmp").expect("/tmp can be written");
        for name in ["home", "run", "state"] {
            let path = home.path().join(name);
            fs::create_dir(&path).expect("the directory is fresh");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("the directory is ours");
        }
        let mut command = command(&home, env!("CARGO_BIN_EXE_scarab-daemon"));
        let process = command.args(["--launched", "--daemon", "test"]).stdout(Stdio::piped()).spawn();
        let mut daemon = Self { home, process: process.expect("the daemon can be started") };
        let mut stdout = daemon.process.stdout.take().expect("it is a pipe");
        let said = within(move || {
            let mut said = String::new();
            // It ends when the daemon is ready, or has ended: then there is nothing in it.
            stdout.read_to_string(&mut said).map(|_| said)
        });
        assert_eq!(said.expect("its output can be read").trim(), "ready");
        daemon
    }

    /// Its socket.
    #[allow(dead_code, reason = "not every test that shares this speaks byte by byte")]
    pub fn socket(&self) -> PathBuf {
        self.home.path().join("run/scarab/test.sock")
    }

    /// Its process id.
    #[allow(dead_code, reason = "not every test that shares this looks at the process")]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// A path in its home.
    #[allow(dead_code, reason = "not every test that shares this keeps files")]
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join("home").join(name)
    }

    /// A program in the daemon's home.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        command(&self.home, program)
    }

    /// The client of `tests/independent` in the home of this daemon, which it finds by its name.
    #[allow(dead_code, reason = "not every test that shares this is one of that client")]
    pub fn client(&self, arguments: &[&str]) -> Command {
        let mut command = self.command("python3");
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/independent/client.py");
        command.args([program, "--daemon", "test"]).args(arguments);
        command
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let pid = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // It has not been waited for, so that the number is still its own.
            let _ = kill_process(pid, Signal::TERM);
        }
        let _ = self.process.wait();
    }
}

/// Runs a program to its end.
pub fn run(command: &mut Command) -> Said {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let output = within(move || child.wait_with_output()).expect("a child can be waited for");
    Said {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Does something that blocks; fails the test if it takes longer than [`DEADLINE`].
pub fn within<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = mpsc::channel();
    thread::spawn(move || done.send(work()));
    result.recv_timeout(DEADLINE).unwrap_or_else(|_| panic!("not done in {DEADLINE:?}"))
}

fn command(home: &TempDir, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()))
        .env("HOME", home.path().join("home"))
        .env("SHELL", "/bin/sh")
        .env("LANG", "C.UTF-8")
        .env("XDG_RUNTIME_DIR", home.path().join("run"))
        .env("XDG_STATE_HOME", home.path().join("state"))
        .current_dir(home.path().join("home"));
    command
}
