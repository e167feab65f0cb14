//! A session in a text terminal: full-screen in the one this program runs in, or, where there is none, as plain text.
//!
//! `scarabctl attach` stands on it, and so does the `scarab` client where no window can be had. [`attach`] takes the
//! terminal, draws the grid as it changes, hands on what is typed, and gives the terminal back whatever happens.
//! [`run_piped`] feeds a session from standard input and prints what it shows.

pub(crate) mod allowed;
pub(crate) mod history;
pub(crate) mod lines;
pub(crate) mod style;

mod clipboard;
mod modes;
mod paint;
mod pipe;
mod screen;
mod splitter;
mod tty;

use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

use scarab_protocol::{
    client::{AttachOptions, Attachment, Bell, Client, Phase, RequestError, Status},
    message::{ErrorCode, Exit, Ping, Pong, Target},
};

pub use pipe::{PipedOptions, run_piped};
pub use splitter::{DetachKey, DetachKeyError};
pub use tty::{NEEDED, is_tty, tty_size};

/// How long a daemon may take to let a client join.
const JOIN_PATIENCE: Duration = Duration::from_secs(5);

/// How to attach.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AttachTtyOptions {
    /// Only look: nothing that is typed is sent, and the session keeps its size.
    pub observe: bool,
    /// The key that leaves the session and lets it run on.
    pub detach_key: DetachKey,
    /// What has to stand behind `scarabctl` to reach this daemon, such as `--daemon work`; empty for the usual one.
    pub scarabctl_arguments: String,
}

/// Why a session was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttachEnd {
    /// The detach key was pressed.
    Detached,
    /// The session's program has ended.
    Ended(Exit),
    /// The session was killed or forgotten; why, in one line.
    Gone(String),
    /// The terminal is gone.
    HungUp,
    /// This process was asked to end by the signal of this number.
    Signal(i32),
}

impl AttachEnd {
    /// The exit code for a program that does nothing else: 0, or 128 and the signal's number.
    pub fn exit_code(&self) -> u8 {
        const HANGUP: u8 = 1;
        match self {
            Self::Detached | Self::Ended(_) | Self::Gone(_) => 0,
            Self::HungUp => 128 + HANGUP,
            Self::Signal(number) => u8::try_from(*number).map_or(u8::MAX, |number| 128 + (number & 0x7f)),
        }
    }
}

/// Why a session could not be shown, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// The daemon refused.
    #[error("{why}")]
    Refused {
        /// For programs.
        code: ErrorCode,
        /// For people.
        why: String,
    },
    /// The daemon has ended.
    #[error("the connection to the daemon is lost: {why}")]
    DaemonGone {
        /// Why.
        why: String,
    },
    /// The daemon does not answer.
    #[error("the daemon does not answer (waited {waited:?}): it may be stopped; see `scarabctl daemons`")]
    Hung {
        /// How long was waited.
        waited: Duration,
    },
    /// A request failed.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The terminal, or standard input, cannot be used.
    #[error("cannot use the terminal: {0}")]
    Terminal(#[from] io::Error),
}

/// Shows a session in this terminal until it is left or ends, then gives the terminal back and says how it ended.
/// `bell` is to be the client's [`Wake`](scarab_protocol::client::Wake).
///
/// # Errors
/// If the daemon refuses or ends, or if the terminal cannot be used; the terminal is given back first.
pub fn attach(
    client: &Client,
    bell: &Bell,
    target: Target,
    options: AttachTtyOptions,
) -> Result<AttachEnd, AttachError> {
    let size = if options.observe { None } else { Some(tty_size().unwrap_or_default().clamped()) };
    let attachment = client.attach(AttachOptions { target, size, observe: options.observe });
    join(client, bell, &attachment)?;
    let mut end = screen::show(client, bell, &attachment, &options)?;
    if matches!(end, AttachEnd::Ended(_)) {
        // One that was killed is forgotten right after its end, and what the daemon says before its answer is here then.
        let _: Result<Pong, RequestError> = client.ask(&Ping { payload: Vec::new() }, JOIN_PATIENCE);
        if let Ok(Standing::Gone(why)) = standing(client, &attachment) {
            end = AttachEnd::Gone(why);
        }
    }
    let name = session_name(&attachment);
    let line = match &end {
        AttachEnd::Detached => format!("[detached from {name}]"),
        AttachEnd::Ended(exit) => ended_text(&attachment, exit, &options.scarabctl_arguments),
        AttachEnd::Gone(why) => format!("[{name} is gone: {why}]"),
        AttachEnd::HungUp | AttachEnd::Signal(_) => return Ok(end),
    };
    // Where this cannot be written nobody is there to read it.
    let _ = writeln!(io::stdout(), "{line}");
    Ok(end)
}

/// What is said when a session's program has ended: how, and what can be done with what is left. A session that does not outlive
/// its clients is left for less time than it takes to type that.
fn ended_text(attachment: &Attachment, exit: &Exit, scarabctl_arguments: &str) -> String {
    let (name, how) = (session_name(attachment), exit_text(exit));
    if !attachment.look(|state| state.info.as_ref().is_some_and(|info| info.linger)) {
        return format!("[{name} has ended: {how}]");
    }
    let advice = |command: &str| format!("`{} {command} {name}`", scarabctl(scarabctl_arguments));
    format!("[{name} has ended: {how}; {} still shows it, {} drops it]", advice("capture"), advice("forget"))
}

/// The program `scarabctl` with the arguments that lead it to a daemon.
pub fn scarabctl(arguments: &str) -> String {
    if arguments.is_empty() { "scarabctl".into() } else { format!("scarabctl {arguments}") }
}

/// How a program ended, in words.
pub fn exit_text(exit: &Exit) -> String {
    match &exit.signal {
        Some(signal) => format!("killed by {}", printable(signal)),
        None => format!("status {}", exit.code),
    }
}

/// A text from elsewhere, without what would command the terminal that shows it.
pub fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// The name that a session has now.
fn session_name(attachment: &Attachment) -> String {
    attachment.look(|state| state.info.as_ref().map_or_else(String::new, |info| printable(&info.name)))
}

/// Waits until the daemon has let us in.
fn join(client: &Client, bell: &Bell, attachment: &Attachment) -> Result<(), AttachError> {
    let joined = bell.wait_for(Some(Instant::now() + JOIN_PATIENCE), || match standing(client, attachment) {
        Ok(Standing::Pending) => None,
        Ok(Standing::Here) => Some(Ok(())),
        Ok(Standing::Gone(why)) => Some(Err(AttachError::Refused { code: ErrorCode::NoSuchSession, why })),
        Err(error) => Some(Err(error)),
    });
    joined.unwrap_or(Err(AttachError::Hung { waited: JOIN_PATIENCE }))
}

/// How it stands with an attachment, as far as it matters here: a connection that is lost is not waited for.
enum Standing {
    Pending,
    Here,
    Gone(String),
}

fn standing(client: &Client, attachment: &Attachment) -> Result<Standing, AttachError> {
    let phase = attachment.look(|state| state.phase.clone());
    let status = client.status();
    match (phase, &status) {
        (Phase::Failed { code, why }, _) => Err(AttachError::Refused { code, why }),
        (Phase::Attached, Status::Connected(_)) => Ok(Standing::Here),
        (Phase::Pending, Status::Closed { why }) => Err(AttachError::DaemonGone { why: why.clone() }),
        (Phase::Pending, _) => Ok(Standing::Pending),
        (Phase::Gone { why }, Status::Connected(_)) => Ok(Standing::Gone(why)),
        (Phase::Gone { why }, _) => Err(AttachError::DaemonGone { why }),
        (Phase::Attached | Phase::Lost, Status::Closed { why } | Status::Waiting { why, .. }) => {
            Err(AttachError::DaemonGone { why: why.clone() })
        }
        (Phase::Attached | Phase::Lost, _) => Err(AttachError::DaemonGone { why: "the connection was lost".into() }),
    }
}
