//! The program `scarab-daemon`.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;
use scarab_protocol::{
    config::Value,
    endpoint::{Address, Endpoint, state_directory},
    ids::Name,
    trust,
};

use crate::{
    config::place,
    launch::{DAEMON_ARGUMENT, is_requested},
    log,
    platform::detach,
    server::{self, ServerOptions},
};

/// Scarab's daemon: it keeps shells and their screens, whoever looks at them.
#[derive(Debug, Parser)]
#[command(name = "scarab-daemon", version)]
struct Arguments {
    /// The daemon's name; several live side by side
    #[arg(long, value_name = "NAME", default_value = "default", conflicts_with = "socket")]
    daemon: Name,
    /// Where to listen instead: a path, or on Linux @NAME for an abstract socket
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// The file of its configuration [default: $SCARAB_CONFIG, else scarab/scarab.toml among the user's configuration files]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// What to log: error, warn, info, debug, trace, or a list such as warn,scarab_daemon=debug [default: as the configuration says]
    #[arg(long, value_name = "LEVEL", env = "SCARAB_LOG")]
    log: Option<String>,
    /// Let in only clients that show a token: of two files beside the lock, one gives everything and one only to look
    #[arg(long, env = "SCARAB_REQUIRE_TOKEN")]
    require_token: bool,
    /// Stay in this terminal and log to it (this is what happens anyway, unless a client starts the daemon)
    #[arg(long, conflicts_with = "launched")]
    foreground: bool,
    /// Started by a client: leave its terminal, log to a file, and say on standard output when ready
    #[arg(long, hide = true)]
    launched: bool,
    /// How long what a client has typed ahead can be gone on with when its connection is lost, for tests of that
    #[arg(long, value_name = "SECONDS", hide = true)]
    resume: Option<u32>,
}

/// The program `scarab-daemon`, with the arguments of this process. A program that re-executes itself as a daemon calls this
/// where [`is_requested`] says so.
///
/// Exit codes: 0 after an orderly end, 1 after an error, which is one line on standard error, 2 for a wrong command line.
pub fn daemon_main() -> ExitCode {
    let mut words: Vec<OsString> = std::env::args_os().collect();
    if is_requested() {
        debug_assert_eq!(words[1], DAEMON_ARGUMENT, "this is what is looked for");
        words.remove(1);
    }
    // Ends the process after a wrong command line, and after --help.
    let arguments = Arguments::parse_from(words);
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("scarab-daemon: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let address = match &arguments.socket {
        Some(socket) => Address::of_socket(socket),
        None => Address::of_daemon(&arguments.daemon),
    };
    let address = address.map_err(|error| error.to_string())?;
    // Here, because a relative path counts from where it was said.
    let options = options(arguments, address.clone());
    if !arguments.launched {
        log::to_stderr(level(arguments))?;
        return server::run(options, || {}).map_err(|error| error.to_string());
    }
    detach::leave_terminal().map_err(|error| format!("cannot leave the terminal: {error}"))?;
    let directory = state_directory();
    trust::ensure_directory(&directory).map_err(|error| error.to_string())?;
    let name = log_name(arguments, &address);
    let files = log::to_files(level(arguments), &directory, &name)?;
    let options = ServerOptions { log: files.display().to_string(), ..options };
    let stderr = directory.join(format!("{name}.stderr"));
    server::run(options, || detach::say_ready(&stderr)).map_err(|error| {
        let error = error.to_string();
        tracing::error!("{error}");
        error
    })
}

fn options(arguments: &Arguments, address: Address) -> ServerOptions {
    let mut given = Vec::new();
    if let Some(level) = &arguments.log {
        given.push(("daemon.log".to_owned(), Value::Text(level.clone())));
    }
    if let Some(seconds) = arguments.resume {
        given.push(("daemon.resume_seconds".to_owned(), Value::Integer(seconds.into())));
    }
    let config = place::file(arguments.config.as_deref());
    ServerOptions { require_token: arguments.require_token, config, given, ..ServerOptions::new(address) }
}

/// What is logged until the configuration is read.
fn level(arguments: &Arguments) -> &str {
    arguments.log.as_deref().unwrap_or("info")
}

/// What the files of the log are called after.
fn log_name(arguments: &Arguments, address: &Address) -> String {
    let of_path = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    match &address.endpoint {
        _ if arguments.socket.is_none() => arguments.daemon.to_string(),
        #[cfg(unix)]
        Endpoint::Path(path) => format!("socket-{}", of_path(path)),
        #[cfg(unix)]
        Endpoint::Abstract(name) => format!("abstract-{name}"),
        #[cfg(windows)]
        Endpoint::Pipe(name) => format!("pipe-{}", of_path(Path::new(name))),
    }
}
