//! A terminal to sit at: a program on a PTY, with the VT core as its screen.

use std::{
    io::{Read, Write},
    process::Command,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::{DEADLINE, oracle::Core};

/// A program in a terminal. It is killed when this is dropped.
pub struct Tty {
    seen: Arc<(Mutex<Seen>, Condvar)>,
    master: Box<dyn MasterPty + Send>,
    input: Arc<Mutex<Box<dyn Write + Send>>>,
    child: Box<dyn Child + Send + Sync>,
}

/// What the program has written.
struct Seen {
    core: Core,
    bytes: Vec<u8>,
    ended: bool,
}

impl Tty {
    /// Starts a program, with the environment and the directory of the command, in a terminal of this size.
    pub fn start(command: &Command, cols: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("the system has a PTY left");
        let mut builder = CommandBuilder::new(command.get_program());
        builder.args(command.get_args());
        builder.env_clear();
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                builder.env(name, value);
            }
        }
        if let Some(directory) = command.get_current_dir() {
            builder.cwd(directory);
        }
        let child = pair.slave.spawn_command(builder).unwrap_or_else(|error| panic!("{command:?}: {error}"));
        // The program alone is to hold the other end, so that its end is seen.
        drop(pair.slave);
        let mut output = pair.master.try_clone_reader().expect("a PTY can be read");
        let input = Arc::new(Mutex::new(pair.master.take_writer().expect("a PTY has one writer")));
        let seen = Arc::new((
            Mutex::new(Seen { core: Core::new(cols, rows), bytes: Vec::new(), ended: false }),
            Condvar::new(),
        ));
        let (shared, answers) = (seen.clone(), input.clone());
        thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            loop {
                let count = output.read(&mut buffer).unwrap_or(0);
                let mut seen = locked(&shared.0);
                if count == 0 {
                    seen.ended = true;
                    shared.1.notify_all();
                    return;
                }
                seen.bytes.extend_from_slice(&buffer[..count]);
                seen.core.feed(&buffer[..count]);
                let replies = seen.core.take_answers();
                drop(seen);
                shared.1.notify_all();
                for reply in replies {
                    let _ = locked(&answers).write_all(reply.as_bytes());
                }
            }
        });
        Self { seen, master: pair.master, input, child }
    }

    /// Types.
    pub fn type_bytes(&self, bytes: &[u8]) {
        let mut input = locked(&self.input);
        input.write_all(bytes).and_then(|()| input.flush()).expect("the terminal takes what is typed");
    }

    /// Waits for a text on the screen; fails the test at the deadline.
    pub fn sees(&self, text: &str) {
        self.until(&format!("{text:?} on the screen"), |seen| seen.core.text().contains(text));
    }

    /// The text on the screen.
    pub fn text(&self) -> String {
        locked(&self.seen.0).core.text()
    }

    /// Whether the alternate screen is shown.
    pub fn is_alternate(&self) -> bool {
        locked(&self.seen.0).core.is_alternate()
    }

    /// All bytes so far.
    pub fn bytes(&self) -> Vec<u8> {
        locked(&self.seen.0).bytes.clone()
    }

    /// The process id of the program.
    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("a program that was started has a process id")
    }

    /// Another size.
    pub fn resize(&self, cols: u16, rows: u16) {
        locked(&self.seen.0).core.resize(cols, rows);
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).expect("a PTY can be resized");
    }

    /// Waits for the program's end and the last of its output; its exit code.
    pub fn wait(&mut self) -> u32 {
        self.until("the program's end", |seen| seen.ended);
        self.child.wait().expect("a child can be waited for").exit_code()
    }

    /// Waits until nothing has been written for a while: for programs that do not say when they are done.
    pub fn settle(&self, quiet: Duration) {
        let deadline = Instant::now() + DEADLINE;
        let mut seen = locked(&self.seen.0);
        loop {
            let before = seen.bytes.len();
            seen = self.seen.1.wait_timeout(seen, quiet).unwrap_or_else(PoisonError::into_inner).0;
            if seen.bytes.len() == before || seen.ended {
                return;
            }
            assert!(Instant::now() < deadline, "the program is never quiet");
        }
    }

    fn until(&self, what: &str, mut is: impl FnMut(&Seen) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        let mut seen = locked(&self.seen.0);
        while !is(&seen) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "not in {DEADLINE:?}: {what}\n{}", seen.core.text());
            seen = self.seen.1.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
