//! Where a daemon writes its log: to standard error, or to a file a day that is kept for some days.

use std::{
    io,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::{
    EnvFilter, Registry,
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    reload,
    util::SubscriberInitExt,
};

/// How many days' files are kept.
const FILES: usize = 5;

/// What changes the level of this process's log, once it has one.
static LEVEL: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();

/// Writes the log to standard error, from `level` on, which may also be a list such as `warn,scarab_daemon=debug`.
///
/// # Errors
/// What is wrong with the level, in words.
pub(crate) fn to_stderr(level: &str) -> Result<(), String> {
    start(level, Colors::AsWanted, io::stderr)
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
    start(level, Colors::None, files)?;
    // A thread that fails says so in the log: nobody sees the standard error of a daemon.
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    Ok(directory.join(format!("{name}.*.log")))
}

/// Whether lines have colours.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Colors {
    /// Unless `NO_COLOR` is set.
    AsWanted,
    None,
}

/// Writes from another level on. In a process that has no log of ours it changes nothing.
pub(crate) fn refilter(level: &str) {
    let Some(handle) = LEVEL.get() else { return };
    // It was checked when it was read.
    if let Ok(filter) = filter(level)
        && let Err(error) = handle.reload(filter)
    {
        tracing::warn!(%error, "the level of the log was not changed");
    }
}

fn start(
    level: &str,
    colors: Colors,
    writer: impl for<'a> MakeWriter<'a> + Send + Sync + 'static,
) -> Result<(), String> {
    let (filter, handle) = reload::Layer::new(filter(level)?);
    let lines = fmt::layer().with_writer(writer);
    let lines = if colors == Colors::None { lines.with_ansi(false) } else { lines };
    tracing_subscriber::registry().with(filter).with(lines).try_init().map_err(|error| error.to_string())?;
    // There is one log in a process, which was begun just now.
    let _ = LEVEL.set(handle);
    Ok(())
}

/// What lets lines of a level through.
///
/// # Errors
/// What is wrong with the level, in words.
pub(crate) fn filter(level: &str) -> Result<EnvFilter, String> {
    // The parser measures a directive without the space around it and cuts it with that: it would cut in the wrong place, and
    // panic in the middle of a character.
    let directives = level.split(',').map(str::trim).collect::<Vec<_>>().join(",");
    // Values of fields are compared as they are, because a pattern of a few dots can take minutes to compile.
    EnvFilter::builder()
        .with_regex(false)
        .parse(directives)
        .map_err(|error| format!("{level:?} is no log level: {error}; try info or debug"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_around_the_parts_of_a_level_says_nothing() {
        for level in [" debug", "warn, scarab_daemon=debug ", "\n[a{b}]=info"] {
            let plain: Vec<_> = level.split(',').map(str::trim).collect();
            let shown = |level: &str| filter(level).map(|filter| filter.to_string());
            assert_eq!(shown(level), shown(&plain.join(",")), "{level:?}");
            assert!(shown(level).is_ok(), "{level:?}");
        }
    }

    #[test]
    fn a_value_of_a_field_is_no_pattern() {
        // Found by the fuzzer: compiled as a pattern, this would take so long that the test would not end.
        filter(&format!("[a{{b=#{0}|5{0}u?{0}0l}}]", ".".repeat(40))).expect("a text");
    }

    #[test]
    fn what_is_no_level_is_refused_whatever_its_characters_are() {
        // The second was found by the fuzzer.
        for level in ["a=loud", "\n[ :=\u{fffd}{  =  mo)\u{fffd}\u{fffd}a", " [\u{e4}\u{e4}{", ",\t[\u{20ac}\u{20ac}="]
        {
            let refusal = filter(level).map(|_| ()).expect_err("no level");
            assert!(refusal.contains("is no log level"), "{level:?}: {refusal}");
        }
    }
}
