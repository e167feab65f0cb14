//! A session without any terminal: fed from standard input, printed as text.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal, Read, Write},
    thread::Builder,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, at, bounded, never, select};
use scarab_protocol::{
    client::{AttachOptions, Attachment, Bell, Client},
    message::{Ping, Pong, Target},
    surface::Grid,
};

use super::{
    AttachError, JOIN_PATIENCE, Standing, ended_text, history, join,
    lines::{is_blank, screen_lines, text_of},
    scarabctl, session_name, standing,
};

/// What [`run_piped`] cannot know by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PipedOptions {
    /// What has to stand behind `scarabctl` to reach this daemon, such as `--daemon work`; empty for the usual one.
    pub scarabctl_arguments: String,
}

/// How long a program may take to show its first output.
const FIRST_OUTPUT: Duration = Duration::from_secs(5);
/// How long nothing may change before the session counts as quiet. Longer after input, because a busy machine makes a shell pause.
const QUIET: Duration = Duration::from_millis(300);
const QUIET_AFTER_INPUT: Duration = Duration::from_secs(1);
/// How long to wait for quiet at most.
const LONGEST: Duration = Duration::from_secs(30);

/// How many pieces of standard input wait here; when they are too many, the one who writes them waits.
const MAX_PIECES: usize = 4;
const PIECE: usize = 64 * 1024;
/// How much may wait for the session's program before no more is read.
const MAX_UNSENT: u64 = 1024 * 1024;

/// Feeds a session from standard input, if that is not a terminal, with newlines as the Enter key; waits until the session
/// is quiet or has ended; prints what it has shown, its name, and how to go on.
///
/// # Errors
/// If the daemon refuses or ends, or if the output cannot be written, other than because its reader has had enough.
pub fn run_piped(client: &Client, bell: &Bell, target: Target, options: &PipedOptions) -> Result<(), AttachError> {
    let attachment = client.attach(AttachOptions { target, size: None, observe: false });
    join(client, bell, &attachment)?;
    let mut piped = Piped { client, bell, attachment: &attachment, grid: Grid::default() };
    let first = piped.first_output()?;
    let fed = if io::stdin().is_terminal() { false } else { piped.feed(&read_stdin()?)? };
    piped.quiet(if fed { QUIET_AFTER_INPUT } else { QUIET })?;
    let text = piped.text(first)? + &piped.how_to_go_on(options);
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

struct Piped<'a> {
    client: &'a Client,
    bell: &'a Bell,
    attachment: &'a Attachment,
    grid: Grid,
}

/// Whether a session goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Running,
    Over,
}

impl Piped<'_> {
    /// Waits until the program has shown something; gives back the line that the screen began with.
    fn first_output(&mut self) -> Result<u64, AttachError> {
        let deadline = Instant::now() + FIRST_OUTPUT;
        let mut first = None;
        loop {
            let life = self.look()?;
            let first = *first.get_or_insert(self.grid.scrolled);
            let shown = self.grid.scrolled > 0 || self.grid.cells().iter().any(|cell| !is_blank(*cell));
            if shown || life == Life::Over || !self.rung(Some(deadline)) {
                return Ok(first);
            }
        }
    }

    /// Sends all of standard input; whether there was any.
    fn feed(&mut self, pieces: &Receiver<Vec<u8>>) -> Result<bool, AttachError> {
        let mut fed = false;
        while self.look()? == Life::Running {
            if self.attachment.unsent() > MAX_UNSENT {
                self.rung(None);
                continue;
            }
            select! {
                recv(pieces) -> piece => match piece {
                    Ok(mut piece) => {
                        for byte in &mut piece {
                            *byte = if *byte == b'\n' { b'\r' } else { *byte };
                        }
                        fed = true;
                        // It is refused only if the session is gone, which the next look finds out.
                        let _ = self.attachment.input(&piece);
                    }
                    Err(_) => break,
                },
                recv(self.bell.receiver()) -> _ => {}
            }
        }
        Ok(fed)
    }

    /// Waits until nothing has changed for so long, and nothing is on its way.
    fn quiet(&mut self, span: Duration) -> Result<(), AttachError> {
        let deadline = Instant::now() + LONGEST;
        let mut frame = self.grid.frame;
        let mut since = Instant::now();
        while self.look()? == Life::Running {
            let now = Instant::now();
            if frame != self.grid.frame || self.attachment.unsent() > 0 {
                (frame, since) = (self.grid.frame, now);
            }
            if now >= since + span || now >= deadline {
                break;
            }
            self.rung(Some((since + span).min(deadline)));
        }
        Ok(())
    }

    /// All that was shown from a line on.
    fn text(&mut self, first: u64) -> Result<String, AttachError> {
        // The last frame may be told after the end: once the daemon has answered, it has been.
        let Pong { .. } = self.client.ask(&Ping { payload: Vec::new() }, JOIN_PATIENCE)?;
        self.look()?;
        let mut lines = history::fetch(self.client, self.attachment.session(), first..self.grid.scrolled)?.lines;
        lines.extend(screen_lines(&self.grid));
        Ok(text_of(&lines))
    }

    fn how_to_go_on(&self, options: &PipedOptions) -> String {
        let name = session_name(self.attachment);
        if let Some(exit) = self.attachment.look(|state| state.exit().cloned()) {
            return ended_text(self.attachment, &exit, &options.scarabctl_arguments) + "\n";
        }
        let mut text =
            format!("\n[{name} goes on: there is no terminal to show it in. To see it, to type, to look again:]\n");
        let scarabctl = scarabctl(&options.scarabctl_arguments);
        for command in [format!("attach {name}"), format!("send {name} 'ls' --enter"), format!("capture {name}")] {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {scarabctl} {command}");
        }
        text
    }

    /// Takes what is new.
    fn look(&mut self) -> Result<Life, AttachError> {
        if let Standing::Gone(_) = standing(self.client, self.attachment)? {
            return Ok(Life::Over);
        }
        let ended = self.attachment.look(|state| state.exit().is_some());
        self.attachment.update(&mut self.grid);
        Ok(if ended { Life::Over } else { Life::Running })
    }

    /// Waits for something to arrive; false at the deadline.
    fn rung(&self, deadline: Option<Instant>) -> bool {
        let timer = deadline.map_or_else(never, at);
        select! {
            recv(self.bell.receiver()) -> _ => deadline.is_none_or(|deadline| deadline > Instant::now()),
            recv(timer) -> _ => false,
        }
    }
}

/// Standard input, piece by piece, read by a thread that is left behind when nobody waits for more.
fn read_stdin() -> io::Result<Receiver<Vec<u8>>> {
    let (sender, pieces) = bounded(MAX_PIECES);
    let read = move || {
        let mut stdin = io::stdin().lock();
        let mut buffer = vec![0; PIECE];
        loop {
            match stdin.read(&mut buffer) {
                Ok(0) => return,
                Ok(count) if sender.send(buffer[..count].to_vec()).is_err() => return,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot read standard input");
                    return;
                }
            }
        }
    };
    Builder::new().name("piped-input".into()).spawn(read)?;
    Ok(pieces)
}
