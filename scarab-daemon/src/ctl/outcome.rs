//! What commands print, and the exit codes by which they tell scripts how they ended.

use std::{
    fmt::Display,
    io::{self, Write},
    process::ExitCode,
};

use scarab_protocol::{
    client::{ConnectError, InputRejected, RequestError},
    endpoint::EndpointError,
    message::ErrorCode,
};
use serde::Serialize;

use crate::{attach::AttachError, launch::LaunchError};

/// The exit codes, as `--help` shows them.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done; of wait: seen
  1  refused or failed; of wait: not seen in time, or cannot be seen any more
  2  the command line makes no sense
  3  no daemon answers, or it ended meanwhile
  4  a daemon is there and does not answer
  5  no such session
Of attach also 129 if its terminal is gone, and 128 and the number of a signal that ends it.

Errors are one line on standard error, with --json too.";

/// How a program ends that did not do what it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Refused or failed.
    Failed = 1,
    /// The command line makes no sense. The same number as clap's.
    Usage = 2,
    /// No daemon answers, or it ended meanwhile.
    NoDaemon = 3,
    /// A daemon is there and does not answer.
    Hung = 4,
    /// No such session.
    NoSession = 5,
}

/// Why a command did not do what it was asked for, in one line with the way out.
#[derive(Debug, thiserror::Error)]
pub enum CtlError {
    /// Nothing listens where the daemon should.
    #[error("no daemon answers at {endpoint}: start one with `{scarabctl} start`")]
    NotRunning {
        /// Where.
        endpoint: String,
        /// How the program is called for the same daemon.
        scarabctl: String,
    },
    /// No connection for another reason.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// No answer, or a refusal.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// Input was not sent.
    #[error(transparent)]
    Input(#[from] InputRejected),
    /// The address makes no sense.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// No daemon was started.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// Attaching in this terminal failed.
    #[error(transparent)]
    Attach(#[from] AttachError),
    /// The daemon ended while it was needed.
    #[error("the connection to the daemon is lost: {0}")]
    Lost(String),
    /// A daemon is there and does not answer.
    #[error("{0}")]
    Hung(String),
    /// There is no such session, or no longer.
    #[error("{0}")]
    NoSession(String),
    /// Anything else that failed.
    #[error("{0}")]
    Failed(String),
    /// The command line makes no sense in a way that its parser cannot see.
    #[error("{0}")]
    Usage(String),
    /// What we print cannot be written.
    #[error("cannot write the output: {0}")]
    Output(io::Error),
}

impl CtlError {
    /// The exit code that says this to a script; `None` if whoever read our output has had enough, which is no failure.
    pub fn exit(&self) -> Option<Exit> {
        Some(match self {
            Self::NotRunning { .. }
            | Self::Connect(ConnectError::NotRunning(_))
            | Self::Request(RequestError::Lost)
            | Self::Lost(_) => Exit::NoDaemon,
            Self::Connect(ConnectError::Hung { .. })
            | Self::Request(RequestError::Hung(_))
            | Self::Launch(LaunchError::Elsewhere { .. })
            | Self::Hung(_) => Exit::Hung,
            Self::Request(RequestError::Refused { code: ErrorCode::NoSuchSession, .. })
            | Self::Input(InputRejected::Gone)
            | Self::Attach(AttachError::Refused { code: ErrorCode::NoSuchSession, .. })
            | Self::NoSession(_) => Exit::NoSession,
            Self::Attach(AttachError::DaemonGone { .. }) => Exit::NoDaemon,
            Self::Attach(AttachError::Hung { .. }) => Exit::Hung,
            Self::Usage(_) | Self::Endpoint(EndpointError::NotASocket(_) | EndpointError::TooLong { .. }) => {
                Exit::Usage
            }
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => return None,
            _ => Exit::Failed,
        })
    }
}

/// Says why a program failed, and gives the exit code for it.
pub fn report(program: &str, error: &CtlError) -> ExitCode {
    let Some(exit) = error.exit() else { return ExitCode::SUCCESS };
    // One line, whatever the text holds; nothing can be done if standard error is gone too.
    let text = error.to_string().replace('\n', " ");
    let _ = writeln!(io::stderr(), "{program}: {text}");
    ExitCode::from(exit as u8)
}

/// Where a command's results go.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// Whether results are JSON, one value a line.
    pub json: bool,
}

impl Output {
    /// Prints a result: as a line of text, or as a line of JSON.
    ///
    /// # Errors
    /// [`CtlError::Output`].
    pub fn print(self, text: impl Display, json: &impl Serialize) -> Result<(), CtlError> {
        if self.json { self.print_json(json) } else { self.write(format!("{text}\n").as_bytes()) }
    }

    /// Prints a result only where a script asked for one.
    ///
    /// # Errors
    /// As [`Output::print`].
    pub fn print_only_json(self, json: &impl Serialize) -> Result<(), CtlError> {
        if self.json { self.print_json(json) } else { Ok(()) }
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// As [`Output::print`].
    pub fn write(self, bytes: &[u8]) -> Result<(), CtlError> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(CtlError::Output)
    }

    fn print_json(self, json: &impl Serialize) -> Result<(), CtlError> {
        let mut line = serde_json::to_vec(json).map_err(|error| CtlError::Failed(error.to_string()))?;
        line.push(b'\n');
        self.write(&line)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn exit_codes_tell_a_missing_daemon_from_a_hung_one_and_from_a_missing_session() {
        let refused =
            |code| CtlError::Request(RequestError::Refused { code, text: "no".into(), retry: Duration::ZERO });
        let cases = [
            (CtlError::NotRunning { endpoint: "x".into(), scarabctl: "scarabctl".into() }, Exit::NoDaemon),
            (CtlError::Connect(ConnectError::NotRunning("x".into())), Exit::NoDaemon),
            (CtlError::Request(RequestError::Lost), Exit::NoDaemon),
            (CtlError::Request(RequestError::Hung(Duration::from_secs(1))), Exit::Hung),
            (refused(ErrorCode::NoSuchSession), Exit::NoSession),
            (refused(ErrorCode::NameTaken), Exit::Failed),
            (refused(ErrorCode::BadSize), Exit::Failed),
            (CtlError::Usage("x".into()), Exit::Usage),
            (CtlError::Endpoint(EndpointError::NotASocket("/".into())), Exit::Usage),
        ];
        for (error, exit) in cases {
            assert_eq!(error.exit(), Some(exit), "{error}");
        }
    }

    #[test]
    fn a_reader_that_has_had_enough_is_no_failure() {
        assert_eq!(CtlError::Output(io::ErrorKind::BrokenPipe.into()).exit(), None);
        assert_eq!(CtlError::Output(io::ErrorKind::StorageFull.into()).exit(), Some(Exit::Failed));
    }
}
