//! Where a daemon writes its log: to standard error, or to a file a day that is kept for some days.

use std::{
    io,
    path::{Path, PathBuf},
};

use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;

/// How many days' files are kept.
const FILES: usize = 5;

/// Writes the log to standard error, from `level` on, which may also be a list such as `warn,scarab_daemon=debug`.
///
/// # Errors
/// What is wrong with the level, in words.
pub(crate) fn to_stderr(level: &str) -> Result<(), String> {
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter(level)?).with_writer(io::stderr);
    subscriber.try_init().map_err(|error| error.to_string())
}

/// Writes the log to files `<name>.<day>.log` in a directory, which must exist. Gives back how they are called.
///
/// # Errors
/// What is wrong with the level or with the directory, in words.
pub(crate) fn to_files(level: &str, directory: &Path, name: &str) -> Result<PathBuf, String> {
    let files = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(name)
        .filename_suffix("log")
        .max_log_files(FILES)
        .build(directory)
        .map_err(|error| format!("cannot write a log in {}: {error}", directory.display()))?;
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter(level)?).with_ansi(false).with_writer(files);
    subscriber.try_init().map_err(|error| error.to_string())?;
    // A thread that fails says so in the log: nobody sees the standard error of a daemon.
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    Ok(directory.join(format!("{name}.*.log")))
}

fn filter(level: &str) -> Result<EnvFilter, String> {
    EnvFilter::try_new(level).map_err(|error| format!("{level:?} is no log level: {error}; try info or debug"))
}
