//! Terminals on Unix: termios, SIGWINCH and its kin.

use std::{
    io::{self, IsTerminal},
    os::fd::OwnedFd,
    thread::{Builder, JoinHandle},
};

use crossbeam_channel::{Receiver, Sender, bounded};
use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
    pipe::{PipeFlags, pipe_with},
    stdio::{stdin, stdout},
    termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr},
};
use scarab_protocol::ids::TermSize;
use signal_hook::{
    consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGWINCH},
    iterator::{Handle, Signals},
};

use super::{Event, MAX_WAITING};

/// What a program needs that shows a session in its terminal.
pub const NEEDED: &str = "a terminal on its input and output";

/// Whether this program's input and output are a terminal.
pub fn is_tty() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// The terminal's size; `None` if there is none, or it does not tell.
pub fn tty_size() -> Option<TermSize> {
    let size = tcgetwinsize(stdout()).ok()?;
    let (cols, rows) = (size.ws_col, size.ws_row);
    (cols > 0 && rows > 0).then_some(TermSize { cols, rows, pixel_width: size.ws_xpixel, pixel_height: size.ws_ypixel })
}

/// The terminal's line discipline out of the way, until this is dropped.
pub struct RawMode {
    saved: Termios,
}

impl RawMode {
    /// Keeps the terminal's settings and takes it.
    ///
    /// # Errors
    /// As the system refuses.
    pub fn enter() -> io::Result<Self> {
        let raw = Self { saved: tcgetattr(stdin())? };
        raw.renew()?;
        Ok(raw)
    }

    /// Takes the terminal once more, after somebody else had it.
    ///
    /// # Errors
    /// As the system refuses.
    pub fn renew(&self) -> io::Result<()> {
        let mut settings = self.saved.clone();
        settings.make_raw();
        Ok(tcsetattr(stdin(), OptionalActions::Now, &settings)?)
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // It fails only if the terminal is gone, and then nobody misses its settings.
        let _ = tcsetattr(stdin(), OptionalActions::Drain, &self.saved);
    }
}

/// What happens at the terminal, gathered by two threads that end with this.
pub struct Events {
    receiver: Option<Receiver<Event>>,
    /// Closing it ends the thread that reads.
    stop: Option<OwnedFd>,
    signals: Handle,
    threads: Vec<JoinHandle<()>>,
}

impl Events {
    /// Starts to listen.
    ///
    /// # Errors
    /// If the system gives no pipe or no thread.
    pub fn start() -> io::Result<Self> {
        let (sender, receiver) = bounded(MAX_WAITING);
        let mut signals = Signals::new([SIGWINCH, SIGCONT, SIGTERM, SIGINT, SIGQUIT, SIGHUP])?;
        let (stopped, stop) = pipe_with(PipeFlags::CLOEXEC)?;
        let mut events =
            Self { receiver: Some(receiver), stop: Some(stop), signals: signals.handle(), threads: Vec::new() };
        let typed = sender.clone();
        let reader = Builder::new().name("attach-input".into()).spawn(move || read_all(&stopped, &typed))?;
        events.threads.push(reader);
        let watcher = Builder::new().name("attach-signals".into()).spawn(move || watch(&mut signals, &sender))?;
        events.threads.push(watcher);
        Ok(events)
    }

    /// Where the events arrive.
    pub fn receiver(&self) -> &Receiver<Event> {
        // Taken only on drop.
        self.receiver.as_ref().expect("the receiver lives as long as this")
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        // First the receiver, so that no thread is left waiting for room in its queue.
        self.receiver = None;
        self.stop = None;
        self.signals.close();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the terminal panicked");
            }
        }
    }
}

fn read_all(stopped: &OwnedFd, events: &Sender<Event>) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let mut ready = [PollFd::from_borrowed_fd(stdin(), PollFlags::IN), PollFd::new(stopped, PollFlags::IN)];
        match poll(&mut ready, None) {
            Err(Errno::INTR) => continue,
            Err(error) => {
                tracing::warn!(%error, "cannot wait for the terminal");
                break;
            }
            Ok(_) => {}
        }
        if !ready[1].revents().is_empty() {
            return;
        }
        let event = match rustix::io::read(stdin(), &mut buffer) {
            Ok(0) => break,
            Ok(count) => Event::Bytes(buffer[..count].to_vec()),
            Err(Errno::INTR | Errno::AGAIN) => continue,
            // A terminal that has hung up reads as an I/O error.
            Err(_) => break,
        };
        if events.send(event).is_err() {
            return;
        }
    }
    // Nobody listens any more only if it is all over anyway.
    let _ = events.send(Event::Gone);
}

fn watch(signals: &mut Signals, events: &Sender<Event>) {
    for signal in signals.forever() {
        let event = match signal {
            SIGWINCH => Event::Resized,
            SIGCONT => Event::Continued,
            SIGHUP => Event::Gone,
            other => Event::Ending(other),
        };
        if events.send(event).is_err() {
            return;
        }
    }
}
