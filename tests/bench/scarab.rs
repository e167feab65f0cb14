//! Scarab's side: a daemon in directories of its own, and clients.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use scarab_protocol::{
    client::{AttachOptions, Attachment, Bell, Client, ClientOptions, Phase},
    endpoint::Address,
    frame::Frame,
    hello::{ClientHello, DaemonHello, Features, HelloStatus},
    ids::TermSize,
    message::{CreateSession, Created, Ping, Pong, Target},
    surface::Grid,
    transport::{FrameReader, Stream},
};
use tempfile::TempDir;

use crate::{program, programs::program};

/// How long anything may take before a benchmark is given up.
const DEADLINE: Duration = Duration::from_secs(60);

/// Directories that nothing of the user's is in, and no daemon of the user's.
pub struct Home(TempDir);

impl Home {
    /// Makes them.
    ///
    /// # Errors
    /// If nothing can be written.
    pub fn new() -> anyhow::Result<Self> {
        let home = tempfile::Builder::new().prefix("sb-").tempdir_in("/tmp")?;
        for name in ["run", "state", "config"] {
            let path = home.path().join(name);
            fs::create_dir(&path)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700))?;
        }
        Ok(Self(home))
    }

    /// One of the workspace's programs in it.
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(program(name));
        confine(&mut command, self.0.path());
        command
    }

    /// Ends the daemon that a client has started in it.
    ///
    /// # Errors
    /// If it does not end.
    pub fn stop(&self) -> anyhow::Result<()> {
        let stopped = self.command("scarabctl").arg("stop").stdout(Stdio::null()).status()?;
        ensure!(stopped.success(), "scarabctl stop: {stopped}");
        Ok(())
    }
}

/// A daemon that is running, until this is dropped.
pub struct Daemon {
    /// Where it listens.
    pub address: Address,
    home: Home,
    process: Child,
}

impl Daemon {
    /// Starts one and waits until clients can connect.
    ///
    /// # Errors
    /// If it does not come so far.
    pub fn start() -> anyhow::Result<Self> {
        let home = Home::new()?;
        let socket = home.0.path().join("run/d.sock");
        let mut command = home.command("scarab-daemon");
        command.args(["--launched", "--socket"]).arg(&socket).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = command.spawn().context("scarab-daemon")?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("it is piped")?).read_line(&mut line)?;
        let daemon = Self { address: address(&socket)?, home, process };
        if line.trim() != "ready" {
            bail!("the daemon has not come so far");
        }
        Ok(daemon)
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Its socket, for another process.
    pub fn socket(&self) -> String {
        self.address.endpoint.to_string()
    }

    /// `scarabctl` for this daemon.
    pub fn scarabctl(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command("scarabctl");
        command.args(["--socket", &self.socket()]).args(arguments);
        command
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Nothing of the user's is seen, and no daemon of the user's.
pub fn confine(command: &mut Command, home: &Path) {
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()))
        .env("HOME", home)
        .env("SHELL", "/bin/sh")
        .env("LANG", "C.UTF-8")
        .env("TERM", "xterm-256color")
        .env("XDG_RUNTIME_DIR", home.join("run"))
        .env("XDG_STATE_HOME", home.join("state"))
        .env("XDG_CONFIG_HOME", home.join("config"));
}

fn address(socket: &Path) -> anyhow::Result<Address> {
    Ok(Address::of_socket(socket)?)
}

/// A client of one session.
pub struct Seat {
    /// The session's end of it.
    pub attachment: Attachment,
    bell: Bell,
    client: Client,
}

impl Seat {
    /// Makes a session that runs a script, and joins it.
    ///
    /// # Errors
    /// If the daemon refuses.
    pub fn take_new(address: &Address, name: &str, script: &str, size: (u16, u16)) -> anyhow::Result<Self> {
        let (bell, client) = connect(address)?;
        let size = TermSize { cols: size.0, rows: size.1, ..TermSize::default() };
        let request = CreateSession {
            name: Some(name.into()),
            command: ["/bin/sh", "-c", script].map(|word| word.as_bytes().to_vec()).to_vec(),
            cwd: None,
            beside: None,
            env: vec![(b"LANG".to_vec(), b"C.UTF-8".to_vec())],
            size,
            linger: true,
        };
        client.ask::<_, Created>(&request, DEADLINE)?;
        Self::of(bell, client, name)
    }

    /// Joins a session.
    ///
    /// # Errors
    /// If the daemon refuses.
    pub fn take(address: &Address, name: &str) -> anyhow::Result<Self> {
        let (bell, client) = connect(address)?;
        Self::of(bell, client, name)
    }

    fn of(bell: Bell, client: Client, name: &str) -> anyhow::Result<Self> {
        let target = Target::Name(name.into());
        let attachment = client.attach(AttachOptions { target, size: None, observe: false });
        let seat = Self { attachment, bell, client };
        seat.until(|grid| grid.frame > 0)?;
        Ok(seat)
    }

    /// Waits until the screen is so.
    ///
    /// # Errors
    /// At the deadline.
    pub fn until(&self, mut is: impl FnMut(&Grid) -> bool) -> anyhow::Result<()> {
        let deadline = Instant::now() + DEADLINE;
        let seen = self.bell.wait_for(Some(deadline), || {
            self.attachment.look(|state| (state.phase == Phase::Attached && is(&state.grid)).then_some(()))
        });
        seen.with_context(|| format!("never seen in {:?}", self.attachment.look(|state| state.info.clone())))
    }

    /// Waits for a word at the beginning of a row.
    ///
    /// # Errors
    /// At the deadline.
    pub fn sees(&self, word: &str) -> anyhow::Result<()> {
        self.until(|grid| (0..grid.rows()).rev().any(|row| grid.row_text(row).starts_with(word)))
    }

    /// Types one letter and waits until the cursor has moved behind it; at the end of a row, where it would stay, one that brings it
    /// back to its beginning.
    ///
    /// # Errors
    /// At the deadline.
    pub fn key(&self) -> anyhow::Result<()> {
        let (before, end) = self.attachment.look(|state| (state.grid.cursor.col, state.grid.cols().saturating_sub(1)));
        self.attachment.input(if before < end { b"x" } else { b"\r" })?;
        self.until(|grid| grid.cursor.col != before)
    }

    /// A ping of so many bytes by the client library.
    ///
    /// # Errors
    /// If the daemon does not answer.
    pub fn ping(&self, payload: &[u8]) -> anyhow::Result<()> {
        self.client.ask::<_, Pong>(&Ping { payload: payload.to_vec() }, DEADLINE)?;
        Ok(())
    }
}

fn connect(address: &Address) -> anyhow::Result<(Bell, Client)> {
    let bell = Bell::default();
    let options = ClientOptions { wake: bell.wake(), ..ClientOptions::new(address.clone(), "scarab-bench 0.1.0") };
    Ok((bell, Client::connect(options)?))
}

/// A client that waits on its socket itself, as the bare ping-pong does.
pub struct Wire {
    stream: Arc<Stream>,
    reader: FrameReader,
    next: u32,
}

impl Wire {
    /// Connects and says hello.
    ///
    /// # Errors
    /// If the daemon refuses.
    pub fn connect(address: &Address) -> anyhow::Result<Self> {
        let stream = Arc::new(Stream::connect(&address.endpoint, DEADLINE)?);
        write(&stream, &ClientHello::new("scarab-bench 0.1.0", Features::empty()).to_bytes())?;
        let mut answer = [0; DaemonHello::BYTES];
        stream.read_exact_by(&mut answer, Instant::now() + DEADLINE)?;
        let answer = DaemonHello::from_bytes(&answer)?;
        if answer.status != HelloStatus::Ok {
            bail!("refused: {:?}", answer.status);
        }
        let mut reader = FrameReader::new(stream.clone());
        reader.next(|_| {})?.context("no welcome")?;
        Ok(Self { stream, reader, next: 1 })
    }

    /// There and back, with the frame made, checked and read as always.
    ///
    /// # Errors
    /// If the daemon is gone.
    pub fn ping(&mut self, ping: &Ping) -> anyhow::Result<()> {
        let request = self.next;
        self.next += 1;
        write(&self.stream, Frame::new(0, request, ping).context("too large")?.bytes())?;
        loop {
            let received = self.reader.next(|_| {})?.context("the daemon is gone")?;
            if received.frame.header().request == request {
                let length = received.frame.access::<Pong>()?.payload.len();
                ensure!(length == ping.payload.len(), "another payload came back");
                return Ok(());
            }
        }
    }
}

fn write(stream: &Stream, mut bytes: &[u8]) -> anyhow::Result<()> {
    while !bytes.is_empty() {
        let count = stream.write(bytes, None)?;
        bytes = &bytes[count..];
    }
    Ok(())
}

/// The part of so many clients of a session that copy each frame they are told of.
///
/// # Errors
/// If the daemon refuses one.
pub fn readers(socket: &str, session: &str, count: usize) -> anyhow::Result<()> {
    let address = address(Path::new(socket))?;
    // Each has some descriptors, and a thousand of them more than a process has as a rule.
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    let seats: Vec<Seat> = (0..count).map(|_| Seat::take(&address, session)).collect::<Result<_, _>>()?;
    for seat in seats {
        thread::spawn(move || {
            let mut grid = Grid::default();
            loop {
                seat.bell.wait_for(None, || seat.attachment.update(&mut grid).then_some(()));
            }
        });
    }
    program::ready_until_dismissed()
}

/// The part of so many clients that each type into a session of their own, one letter after the other is seen.
///
/// # Errors
/// If the daemon refuses one.
pub fn typists(socket: &str, count: usize) -> anyhow::Result<()> {
    let address = address(Path::new(socket))?;
    for number in 0..count {
        let seat = Seat::take_new(&address, &format!("typist-{number}"), "stty raw; exec cat >/dev/null", (80, 24))?;
        thread::spawn(move || while seat.key().is_ok() {});
    }
    program::ready_until_dismissed()
}
