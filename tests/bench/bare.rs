//! The limits: what the system itself costs, without a terminal in between.

use std::{
    io::{self, Read, Write},
    os::unix::net::{UnixListener, UnixStream},
};

use alacritty_terminal::{Term, event::VoidListener, grid::Dimensions, term::Config, vte::ansi::Processor};
use anyhow::Context;
use tempfile::TempDir;

use crate::{
    program::{self, Player},
    terminal::Terminal,
};

/// How much is read at once at most: as much as the daemon does (PIECE in its screen thread).
pub const BUFFER: usize = 16 * 1024;

/// Gives back what it reads: messages of a size that comes first. One client.
///
/// # Errors
/// Those of the socket.
pub fn pong(path: &str) -> anyhow::Result<()> {
    let listener = UnixListener::bind(path).context("pong")?;
    program::say_ready()?;
    loop {
        let (mut stream, _) = listener.accept()?;
        let mut size = [0; 4];
        stream.read_exact(&mut size)?;
        let mut message = vec![0; u32::from_le_bytes(size) as usize];
        while stream.read_exact(&mut message).is_ok() {
            stream.write_all(&message)?;
        }
    }
}

/// A process that answers as [`pong`] does, until this is dropped.
pub struct Pong {
    path: String,
    _player: Player,
    _place: TempDir,
}

impl Pong {
    /// Starts it.
    ///
    /// # Errors
    /// If it does not come so far.
    pub fn start() -> anyhow::Result<Self> {
        let place = tempfile::tempdir()?;
        let path = place.path().join("pong").to_string_lossy().into_owned();
        let player = Player::start("pong", &[&path])?;
        Ok(Self { path, _player: player, _place: place })
    }

    /// A client, of which it has one at a time, that sends messages of so many bytes.
    ///
    /// # Errors
    /// If it is not there.
    pub fn connect(&self, size: usize) -> anyhow::Result<PingPong> {
        let mut stream = UnixStream::connect(&self.path)?;
        stream.write_all(&u32::try_from(size)?.to_le_bytes())?;
        Ok(PingPong { stream, message: vec![7; size] })
    }
}

/// One end of a ping-pong of two blocking processes.
pub struct PingPong {
    stream: UnixStream,
    message: Vec<u8>,
}

impl PingPong {
    /// There and back.
    ///
    /// # Errors
    /// If the other end is gone.
    pub fn ping(&mut self) -> anyhow::Result<()> {
        self.stream.write_all(&self.message)?;
        Ok(self.stream.read_exact(&mut self.message)?)
    }
}

/// A screen of the VT core with nothing around it.
pub struct Core {
    term: Term<VoidListener>,
    parser: Processor,
}

struct Screen {
    cols: u16,
    rows: u16,
}

impl Dimensions for Screen {
    fn total_lines(&self) -> usize {
        self.screen_lines()
    }

    fn screen_lines(&self) -> usize {
        self.rows.into()
    }

    fn columns(&self) -> usize {
        self.cols.into()
    }
}

impl Core {
    /// A screen of this size, with as much scrollback as a session has.
    pub fn new(cols: u16, rows: u16) -> Self {
        let config = Config { scrolling_history: 10_000, ..Config::default() };
        Self { term: Term::new(config, &Screen { cols, rows }, VoidListener), parser: Processor::new() }
    }

    /// Interprets some output.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.parser.advance(&mut self.term, bytes);
    }
}

/// Reads a program's output, one thread and one buffer, and gives each piece to a function, with the other end to type at, until
/// that has enough or it is over.
///
/// # Errors
/// If the terminal cannot be read.
pub fn drain(
    terminal: &mut Terminal,
    mut each: impl FnMut(&[u8], &mut dyn Write) -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        match terminal.output.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) if each(&buffer[..count], &mut terminal.input)? => {}
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}
