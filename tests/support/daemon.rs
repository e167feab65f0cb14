//! A daemon in a home of its own, and `scarabctl` to talk to it.

use std::{
    ffi::OsStr,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use scarab_protocol::{
    client::{AttachOptions, AttachState, Attachment, Bell, Client, ClientOptions, Phase},
    endpoint::Address,
    ids::TermSize,
    message::Target,
    surface::Grid,
};
use serde_json::Value;
use tempfile::TempDir;

use super::{
    DEADLINE,
    process::{Handle, Said, run},
    programs::program,
};

/// Directories of its own, in which nothing of the user's is seen: home, runtime and state.
pub struct Home {
    directory: TempDir,
}

impl Home {
    /// Makes one.
    pub fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("e2e-").tempdir_in("/tmp").expect("/tmp can be written");
        for name in ["home", "run", "state", "bin"] {
            let path = directory.path().join(name);
            fs::create_dir(&path).expect("the directory is fresh");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("the directory is ours");
        }
        // The system's profile sets a prompt of its own.
        fs::write(directory.path().join("home/.profile"), "PS1='$ '\n").expect("the home is ours");
        Self { directory }
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Where programs are looked for: in its own `bin`, then where they are looked for here.
    fn programs(&self) -> std::ffi::OsString {
        let all = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
        let own = std::iter::once(self.path("bin"));
        std::env::join_paths(own.chain(std::env::split_paths(&all))).expect("no path has a colon")
    }

    /// A program with an environment of which every word is known.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", self.programs())
            .env("HOME", self.path("home"))
            .env("USER", "tester")
            .env("SHELL", "/bin/sh")
            .env("LANG", "C.UTF-8")
            .env("PS1", "$ ")
            .env("TERM", "xterm-256color")
            .env("XDG_RUNTIME_DIR", self.path("run"))
            .env("XDG_STATE_HOME", self.path("state"))
            .current_dir(self.path("home"));
        command
    }

    /// `scarabctl` for the daemon `test`.
    pub fn scarabctl(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(program("scarabctl"));
        command.args(["--daemon", "test"]).args(arguments);
        command
    }

    /// Runs `scarabctl` to its end.
    pub fn ctl(&self, arguments: &[&str]) -> Said {
        run(&mut self.scarabctl(arguments), b"")
    }

    /// The files beside the locks of its daemons that have this ending.
    pub fn state_files(&self, ending: &str) -> Vec<PathBuf> {
        let hosts = fs::read_dir(self.path("state/scarab")).into_iter().flatten().flatten();
        let files = hosts.flat_map(|host| fs::read_dir(host.path()).into_iter().flatten().flatten());
        let files = files.map(|file| file.path());
        files.filter(|file| file.extension().is_some_and(|found| found == ending)).collect()
    }

    /// What its daemons have logged.
    pub fn log(&self) -> String {
        self.state_files("log").iter().map(|file| fs::read_to_string(file).unwrap_or_default()).collect()
    }
}

/// A daemon that is running. It and its shells are gone when this is dropped.
pub struct Daemon {
    /// Where it lives.
    pub home: Home,
    pid: u32,
    process: Handle,
}

impl Daemon {
    /// Starts one in a new home.
    pub fn start() -> Self {
        Self::start_in(Home::new())
    }

    /// Starts one in a home that may have seen others.
    pub fn start_in(home: Home) -> Self {
        let said = home.ctl(&["start"]);
        assert_eq!(said.code, 0, "no daemon: {}", said.stderr);
        let (pid, process) = daemon_in(&home);
        Self { home, pid, process }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Runs `scarabctl`.
    pub fn ctl(&self, arguments: &[&str]) -> Said {
        self.home.ctl(arguments)
    }

    /// Runs `scarabctl`, which must succeed and not complain; what it printed, without the last newline.
    pub fn ok(&self, arguments: &[&str]) -> String {
        self.ok_with(arguments, b"")
    }

    /// The same with a standard input.
    pub fn ok_with(&self, arguments: &[&str], input: &[u8]) -> String {
        let said = run(&mut self.home.scarabctl(arguments), input);
        assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{arguments:?}");
        said.stdout.trim_end_matches('\n').to_owned()
    }

    /// Runs `scarabctl --json`, which must succeed and print one value.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let text = self.ok(&[&["--json"], arguments].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error} in {text:?}"))
    }

    /// Runs `scarabctl`, which must fail with this code and one line on standard error that begins with its name.
    pub fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let said = self.ctl(arguments);
        fails_with(code, arguments, &said)
    }

    /// Makes a session with a plain shell, and waits for its prompt.
    pub fn shell(&self, name: &str) {
        self.sh(name, "exec sh -i");
        self.prompt(name);
    }

    /// Waits for a shell's prompt: what is typed before that is echoed above it, and the answer comes behind it on its line.
    pub fn prompt(&self, session: &str) {
        self.sees(session, r"^\$ ?$");
    }

    /// Types a line at a shell's prompt.
    pub fn command(&self, session: &str, line: &str) {
        self.prompt(session);
        self.type_line(session, line);
    }

    /// Makes a session that runs a script.
    pub fn sh(&self, name: &str, script: &str) {
        assert_eq!(self.ok(&["new", name, "--", "sh", "-c", script]), name);
    }

    /// Types a line.
    pub fn type_line(&self, session: &str, line: &str) {
        self.ok(&["send", session, line, "--enter"]);
    }

    /// Waits until a regular expression is on the screen or was on a line that left it.
    pub fn sees(&self, session: &str, regex: &str) {
        let said = self.ctl(&["wait", session, "--text", regex, "--timeout", "30"]);
        assert_eq!(
            said.code,
            0,
            "no {regex:?} in {session}: {}\n{}",
            said.stderr,
            self.ctl(&["capture", session]).stdout
        );
    }

    /// The text on a session's screen.
    pub fn screen(&self, session: &str) -> String {
        self.ok(&["capture", session])
    }

    /// What `list` has about a session.
    pub fn listed(&self, session: &str) -> Option<Value> {
        let sessions = self.json(&["list"]);
        let sessions = sessions.as_array().expect("list prints an array");
        sessions.iter().find(|entry| entry["name"] == session).cloned()
    }

    /// The process id of a session's program.
    pub fn pid_of(&self, session: &str) -> u32 {
        let listed = self.listed(session).unwrap_or_else(|| panic!("no session {session}"));
        listed["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok()).expect("a running session has a process id")
    }

    /// Its address.
    pub fn address(&self) -> Address {
        Address::of_socket(&self.socket()).expect("the socket's path is short")
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.home.path("run").join("scarab/test.sock")
    }

    /// Attaches to a session inside this process.
    pub fn watch(&self, session: &str, size: Option<TermSize>, map: bool) -> Watcher {
        Watcher::new(&self.address(), session, size, map)
    }

    /// Ends it without a warning, and waits until it is gone.
    pub fn kill_9(&self) {
        self.process.signal(Signal::KILL);
        assert!(self.process.ended_within(DEADLINE), "the daemon survives SIGKILL");
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        self.home.log()
    }

    /// Starts another in the same home, after this one has ended.
    pub fn restart(&mut self) {
        let said = self.home.ctl(&["start"]);
        assert_eq!(said.code, 0, "no daemon: {}", said.stderr);
        (self.pid, self.process) = daemon_in(&self.home);
    }
}

impl Daemon {
    /// Prints what there is to see of a test that fails.
    fn show_screens(&self) {
        let listed = serde_json::from_str::<Value>(&self.ctl(&["--json", "list"]).stdout);
        for session in listed.iter().flat_map(|sessions| sessions.as_array().into_iter().flatten()) {
            let Some(name) = session["name"].as_str() else { continue };
            eprintln!("the screen of {name}:\n{}", self.ctl(&["capture", name]).stdout);
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the daemon's log:\n{}", self.log());
            self.show_screens();
        }
        // A daemon that a test stopped must go on to hear of its end.
        self.process.signal(Signal::CONT);
        self.process.signal(Signal::TERM);
        if !self.process.ended_within(Duration::from_secs(10)) {
            self.process.signal(Signal::KILL);
            assert!(thread::panicking(), "the daemon did not end on SIGTERM");
        }
    }
}

/// The daemon in a home, as it says itself.
fn daemon_in(home: &Home) -> (u32, Handle) {
    let said = home.ctl(&["--json", "status"]);
    let status: Value = serde_json::from_str(&said.stdout).unwrap_or_else(|_| panic!("no status: {said:?}"));
    let pid = status["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok()).expect("status tells the process id");
    (pid, Handle::of(pid).expect("a daemon that answers is there"))
}

/// Checks how a `scarabctl` failed: the code, nothing on standard output, one line on standard error.
pub fn fails_with(code: i32, arguments: &[&str], said: &Said) -> String {
    assert_eq!((said.code, said.stdout.as_str()), (code, ""), "{arguments:?}: {}", said.stderr);
    let line = said.stderr.trim_end_matches('\n');
    assert!(line.starts_with("scarabctl: ") && !line.contains('\n'), "{arguments:?}: not one line: {line:?}");
    line.to_owned()
}

/// A client of one session inside this process.
pub struct Watcher {
    attachment: Attachment,
    bell: Bell,
    /// Kept for the attachment, which leaves the session on it when it is dropped: hence after it.
    _client: Client,
}

impl Watcher {
    fn new(address: &Address, session: &str, size: Option<TermSize>, map: bool) -> Self {
        let bell = Bell::default();
        let mut options = ClientOptions::new(address.clone(), "e2e 0.1.0");
        options.wake = bell.wake();
        options.map = map;
        let client = Client::connect(options).expect("the daemon answers");
        let observe = size.is_none();
        let attachment = client.attach(AttachOptions { target: Target::Name(session.into()), size, observe });
        let watcher = Self { attachment, bell, _client: client };
        watcher.until("attached", |state| state.phase == Phase::Attached && state.grid.frame > 0);
        watcher
    }

    /// Waits until the state is so; fails the test at the deadline.
    pub fn until(&self, what: &str, is: impl FnMut(&AttachState) -> bool) {
        self.until_within(DEADLINE, what, is);
    }

    /// The same with a deadline of its own.
    pub fn until_within(&self, patience: Duration, what: &str, mut is: impl FnMut(&AttachState) -> bool) {
        let deadline = Instant::now() + patience;
        let seen = self.bell.wait_for(Some(deadline), || self.attachment.look(&mut is).then_some(()));
        let state = self.attachment.look(|state| format!("{:?}, {}", state.phase, text_of(&state.grid)));
        assert!(seen.is_some(), "not in {patience:?}: {what}; {state}");
    }

    /// Waits for a text on the screen.
    pub fn sees(&self, text: &str) {
        self.until(&format!("{text:?} on the screen"), |state| text_of(&state.grid).contains(text));
    }

    /// A copy of the screen.
    pub fn grid(&self) -> Grid {
        self.attachment.look(|state| state.grid.clone())
    }

    /// The session's end of this client.
    pub fn attachment(&self) -> &Attachment {
        &self.attachment
    }
}

/// A grid's rows, one a line.
pub fn text_of(grid: &Grid) -> String {
    (0..grid.rows()).map(|row| grid.row_text(row)).collect::<Vec<_>>().join("\n")
}

/// A file in the tests' directory.
pub fn recording(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings").join(name)
}
