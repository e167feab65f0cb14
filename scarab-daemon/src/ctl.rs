//! `scarabctl`: drives a daemon from a shell, a script or a test.
//!
//! Every command is a file of its own with its arguments and its `run`; `ctl/outcome.rs` says how they print and end.

mod attach;
mod capture;
mod clear;
mod config;
mod connection;
mod daemons;
mod events;
mod forget;
mod kill;
mod list;
mod new;
mod outcome;
mod ping;
mod plugin;
mod position;
mod rename;
mod resize;
mod send;
mod session_json;
mod signal;
mod start;
mod status;
mod stop;
mod wait;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand, error::ErrorKind};
use scarab_protocol::ids::Name;

use connection::Which;
use outcome::{CtlError, EXIT_CODES, Output};

/// Drive Scarab's terminals from a shell or a script.
#[derive(Debug, Parser)]
#[command(name = "scarabctl", version, after_help = EXIT_CODES)]
struct Cli {
    /// The daemon's name [default: the one whose session this runs in, else `default`]
    #[arg(long, value_name = "NAME", global = true, conflicts_with = "socket")]
    daemon: Option<Name>,
    /// The daemon's socket, or @NAME for an abstract one [default: $SCARAB_DAEMON_SOCKET]
    #[arg(long, value_name = "PATH", global = true)]
    socket: Option<PathBuf>,
    /// The file with the token for a daemon that wants one [default: the daemon's own]
    #[arg(long, value_name = "FILE", global = true, env = "SCARAB_TOKEN_FILE")]
    token_file: Option<PathBuf>,
    /// Print results as JSON, one value a line
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make sure that a daemon runs
    Start,
    /// What the daemon has to say of itself
    Status,
    /// End the daemon and all its sessions
    Stop,
    /// Every daemon that can be found: alive, hung, stale, or refusing this client
    Daemons,
    /// Start a session; prints its name
    New(new::Args),
    /// The sessions
    List,
    /// Show a session in this terminal, full-screen
    Attach(attach::Args),
    /// Type into a session
    Send(send::Args),
    /// What a session shows
    Capture(capture::Args),
    /// Wait for a text, for the end, or for quiet
    Wait(wait::Args),
    /// Drop what has scrolled off a session's screen
    Clear(clear::Args),
    /// Give a session a size, which it then keeps, or say whose size it has
    Resize(resize::Args),
    /// Give a session another name
    Rename(rename::Args),
    /// End a session and forget it, or send its program a signal
    Kill(kill::Args),
    /// Drop a session whose program has ended
    Forget(forget::Args),
    /// What happens, one line of JSON an event, until the daemon ends
    Events(events::Args),
    /// The configuration: what is in force, or one key of it, or a change of one
    Config(config::Args),
    /// Plugins: load, unload and reload them, list them, call their commands
    Plugin(plugin::Args),
    /// How long the daemon takes to answer
    Ping(ping::Args),
}

/// The program: reads the command line, does what it says, and tells by the exit code how that ended.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => error.exit(),
        Err(error) => return exit_code(Err(CtlError::Usage(usage(&error)))),
    };
    let (which, output) =
        (Which { daemon: cli.daemon, socket: cli.socket, token_file: cli.token_file }, Output { json: cli.json });
    let outcome = match cli.command {
        Command::Start => start::run(&which, output),
        Command::Status => status::run(&which, output),
        Command::Stop => stop::run(&which, output),
        Command::Daemons => daemons::run(&which, output),
        Command::New(args) => new::run(&which, args, output),
        Command::List => list::run(&which, output),
        Command::Attach(args) => return exit_code(attach::run(&which, &args)),
        Command::Send(args) => send::run(&which, &args, output),
        Command::Capture(args) => capture::run(&which, &args, output),
        Command::Wait(args) => wait::run(&which, &args, output),
        Command::Clear(args) => clear::run(&which, &args, output),
        Command::Resize(args) => resize::run(&which, &args, output),
        Command::Rename(args) => rename::run(&which, &args, output),
        Command::Kill(args) => kill::run(&which, &args, output),
        Command::Forget(args) => forget::run(&which, &args, output),
        Command::Events(args) => events::run(&which, &args, output),
        Command::Config(args) => config::run(&which, args, output),
        Command::Plugin(args) => plugin::run(&which, args, output),
        Command::Ping(args) => ping::run(&which, &args, output),
    };
    exit_code(outcome.map(|()| ExitCode::SUCCESS))
}

fn exit_code(outcome: Result<ExitCode, CtlError>) -> ExitCode {
    outcome.unwrap_or_else(|error| outcome::report("scarabctl", &error))
}

/// What is wrong with the command line, in the one line that every error is.
fn usage(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "say what to do: see `scarabctl --help`".into();
    }
    let text = error.to_string();
    let first = text.lines().take_while(|line| !line.trim().is_empty()).map(str::trim).collect::<Vec<_>>().join(" ");
    format!("{}: see `scarabctl --help`", first.trim_start_matches("error: "))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_makes_sense() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_wrong_command_line_is_told_in_one_line() {
        for words in
            [&["scarabctl"][..], &["scarabctl", "wait", "x"], &["scarabctl", "resize", "x", "0x0"], &["scarabctl", "x"]]
        {
            let error = Cli::try_parse_from(words).expect_err("wrong");
            let line = usage(&error);
            assert!(!line.contains('\n') && line.ends_with("`scarabctl --help`"), "{line}");
        }
    }
}
