//! A pseudoconsole, and the program in it. Its pipes only block, so that a thread reads and another one writes. The reader goes
//! on until the pipe ends, whoever wants what it reads: the system does not close a pseudoconsole before its output is taken.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use scarab_protocol::ids::TermSize;

use super::{
    limit::OldLimit,
    poll::{Interest, Signal},
    process::Process,
};
use crate::session::spawn::{Command, SpawnError};

/// How long the end of the output is waited for after the program's end. It comes when the pseudoconsole is closed, which
/// [`Master::program_ended`] does, so that this only says what happens if the system does not do that.
pub(crate) const DRAIN: Duration = Duration::from_secs(2);

/// A pseudoconsole whose program has ended is closed when it has said nothing for so long: it draws what was written a moment
/// after that, and what it has not drawn when it is closed may be lost...
const QUIET: Duration = Duration::from_millis(50);
/// ...or after so long at the latest.
const SETTLED: Duration = Duration::from_millis(500);

/// Whether a variable of this name names the user's shell. Their case does not matter here.
pub(crate) fn names_shell(variable: &[u8]) -> bool {
    variable.eq_ignore_ascii_case(b"ComSpec")
}

/// Whether a program that is started here can begin in a directory, as far as can be told before.
pub(crate) fn can_enter(directory: &Path) -> bool {
    directory.is_dir()
}

/// What this machine is called.
pub(crate) fn host_name() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

/// The most output that waits to be interpreted; when it is full the reading thread waits, and then the program.
const MAX_OUTPUT: usize = 256 * 1024;
/// The most input that waits to be written; when it is full it stays in the session's queue.
const MAX_INPUT: usize = 64 * 1024;

/// The master side of a pseudoconsole. Reading and writing do not block.
pub(crate) struct Master {
    /// `None` once it was closed.
    pty: Mutex<Option<Box<dyn MasterPty + Send>>>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    output: VecDeque<u8>,
    /// How often there was output.
    reads: u64,
    output_ended: bool,
    input: VecDeque<u8>,
    /// The pseudoconsole is being closed: nothing is written any more.
    closing: bool,
    /// Nobody will read any more: what still comes is taken and dropped.
    abandoned: bool,
    reader: Option<Arc<Signal>>,
    writer: Option<Arc<Signal>>,
}

impl std::fmt::Debug for Master {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Master").finish_non_exhaustive()
    }
}

impl Master {
    /// Reads what is there; 0 when the pseudoconsole was closed and has nothing more to say.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.shared.lock();
        if state.output.is_empty() {
            return if state.output_ended { Ok(0) } else { Err(io::ErrorKind::WouldBlock.into()) };
        }
        let count = state.output.read(buffer)?;
        self.shared.changed.notify_all();
        Ok(count)
    }

    /// Takes what there is room for.
    ///
    /// # Errors
    /// `WouldBlock` if that is nothing, `BrokenPipe` once it is closed.
    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.shared.lock();
        if state.closing {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let count = bytes.len().min(MAX_INPUT - state.input.len());
        if count == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        state.input.extend(&bytes[..count]);
        self.shared.changed.notify_all();
        Ok(count)
    }

    /// Tells the size to the pseudoconsole, which tells the program.
    pub(crate) fn resize(&self, size: TermSize) {
        let pty = self.pty.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Err(error)) = pty.as_ref().map(|pty| pty.resize(pty_size(size))) {
            tracing::warn!(%error, "a PTY was not resized");
        }
    }

    /// The program has ended. The pseudoconsole would stay for the next one, and its output would never end.
    pub(crate) fn program_ended(&self) {
        self.close_after(Shared::wait_until_quiet);
    }

    /// Closes the pseudoconsole. What it still has to say can be read. Does not wait for it: that takes as long as
    /// somebody reads.
    pub(crate) fn close(&self) {
        self.shared.close();
        self.close_after(|_| {});
    }

    /// Closes the pseudoconsole, in a thread, after a wait.
    fn close_after(&self, wait: fn(&Shared)) {
        let Some(pty) = self.pty.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let shared = self.shared.clone();
        let closer = thread::Builder::new().name("pty-close".into()).spawn(move || {
            wait(&shared);
            shared.close();
            drop(pty);
        });
        if let Err(error) = closer {
            // The closure was dropped, and the pseudoconsole with it, here and now.
            tracing::warn!(%error, "no thread to close a PTY with");
            self.shared.close();
        }
    }

    /// Who is to hear of changes.
    pub(super) fn tell(&self, signal: &Arc<Signal>, interest: Interest) {
        let mut state = self.shared.lock();
        match interest {
            Interest::Input => state.reader = Some(signal.clone()),
            Interest::Output => state.writer = Some(signal.clone()),
        }
    }

    /// Whether there is something to read, or room to write.
    pub(super) fn is_ready(&self, interest: Interest) -> bool {
        let state = self.shared.lock();
        match interest {
            Interest::Input => !state.output.is_empty() || state.output_ended,
            Interest::Output => state.input.len() < MAX_INPUT || state.closing,
        }
    }
}

impl Drop for Master {
    fn drop(&mut self) {
        self.shared.lock().abandoned = true;
        self.close();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes no input any more.
    fn close(&self) {
        let mut state = self.lock();
        state.closing = true;
        let signal = state.writer.clone();
        drop(state);
        self.changed.notify_all();
        if let Some(signal) = signal {
            signal.pty_changed();
        }
    }

    /// Waits until there was no output for [`QUIET`], but no longer than [`SETTLED`], and not if it is to be closed now.
    fn wait_until_quiet(&self) {
        let end = Instant::now() + SETTLED;
        let mut state = self.lock();
        loop {
            let before = state.reads;
            let left = QUIET.min(end.saturating_duration_since(Instant::now()));
            let waited = self.changed.wait_timeout_while(state, left, |state| state.reads == before && !state.closing);
            let (now, outcome) = waited.unwrap_or_else(PoisonError::into_inner);
            if outcome.timed_out() || now.closing {
                return;
            }
            state = now;
        }
    }

    /// The reading thread, until the pseudoconsole is closed.
    fn read_all(&self, mut pipe: impl Read) {
        let mut buffer = [0; 16 * 1024];
        loop {
            let count = match pipe.read(&mut buffer) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    tracing::debug!(%error, "a PTY's output ends");
                    0
                }
            };
            let mut state = self.lock();
            while state.output.len() + count > MAX_OUTPUT && !state.abandoned {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if !state.abandoned {
                state.output.extend(&buffer[..count]);
            }
            state.reads += 1;
            state.output_ended = count == 0;
            self.changed.notify_all();
            let signal = state.reader.clone();
            drop(state);
            if let Some(signal) = signal {
                signal.pty_changed();
            }
            if count == 0 {
                return;
            }
        }
    }

    /// The writing thread, until the pseudoconsole is to be closed.
    fn write_all(&self, mut pipe: impl Write) {
        loop {
            let mut state = self.lock();
            while state.input.is_empty() && !state.closing {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.closing {
                return;
            }
            let bytes: Vec<u8> = state.input.drain(..).collect();
            let signal = state.writer.clone();
            drop(state);
            if let Err(error) = pipe.write_all(&bytes).and_then(|()| pipe.flush()) {
                tracing::debug!(%error, "input was not written");
            }
            if let Some(signal) = signal {
                signal.pty_changed();
            }
        }
    }
}

/// Starts a command in a pseudoconsole of its own.
///
/// # Errors
/// [`SpawnError`], which names what is missing.
pub(crate) fn spawn(command: &Command, size: TermSize, _limit: OldLimit) -> Result<(Master, Process), SpawnError> {
    let system = |what| move |error: anyhow::Error| SpawnError::System { what, why: format!("{error:#}") };
    let builder = builder(command)?;
    let pair = native_pty_system().openpty(pty_size(size)).map_err(system("open a PTY"))?;
    let child = pair.slave.spawn_command(builder).map_err(system("start it"))?;
    let reader = pair.master.try_clone_reader().map_err(system("open a PTY"))?;
    let writer = pair.master.take_writer().map_err(system("open a PTY"))?;
    let shared = Arc::<Shared>::default();
    let (reading, writing) = (shared.clone(), shared.clone());
    let read = thread::Builder::new().name("pty-reader".into()).spawn(move || reading.read_all(reader));
    read.map_err(|error| system("start a thread")(error.into()))?;
    let write = thread::Builder::new().name("pty-pipe".into()).spawn(move || writing.write_all(writer));
    write.map_err(|error| system("start a thread")(error.into()))?;
    Ok((Master { pty: Mutex::new(Some(pair.master)), shared }, Process::new(child)))
}

fn builder(command: &Command) -> Result<CommandBuilder, SpawnError> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut builder = match command.words.is_empty() {
        true => CommandBuilder::new_default_prog(),
        false => {
            let mut words: Vec<String> = command.words.iter().map(|word| text(word)).collect();
            // A program with a directory in its name is looked for from where it starts, as a shell there does: portable-pty
            // looks for it on PATH, and the system where the daemon is.
            if let (Some(program), Some(cwd)) = (words.first_mut(), &command.cwd)
                && program.contains(['/', '\\'])
            {
                *program = Path::new(&text(cwd)).join(program.as_str()).to_string_lossy().into_owned();
            }
            CommandBuilder::from_argv(words.into_iter().map(Into::into).collect())
        }
    };
    builder.env_clear();
    for (name, value) in &command.env {
        builder.env(text(name), text(value));
    }
    if let Some(cwd) = &command.cwd {
        let path = PathBuf::from(text(cwd));
        if !path.is_dir() {
            return Err(SpawnError::NoDirectory(path));
        }
        builder.cwd(path);
    }
    Ok(builder)
}

fn pty_size(size: TermSize) -> PtySize {
    PtySize { rows: size.rows, cols: size.cols, pixel_width: size.pixel_width, pixel_height: size.pixel_height }
}
