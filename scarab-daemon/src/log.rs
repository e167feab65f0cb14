//! Where a daemon writes its log: to standard error, or to a file a day that is kept for some days.

use std::{
    io,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use tracing_appender::rolling::{InitError, RollingFileAppender, Rotation};
use tracing_subscriber::{
    Registry,
    filter::{LevelFilter, Targets},
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    reload,
    util::SubscriberInitExt,
};

/// How many days' files are kept.
const FILES: usize = 5;

/// What changes the level of this process's log, once it has one.
static LEVEL: OnceLock<reload::Handle<Targets, Registry>> = OnceLock::new();

/// Writes the log to standard error, from `level` on, which may also be a list such as `warn,scarab_daemon=debug`.
///
/// # Errors
/// What is wrong with the level, in words.
pub(crate) fn to_stderr(level: &str) -> Result<(), String> {
    start(level, Colors::AsWanted, io::stderr)
}

/// Writes the log to files `<name>@.<day>.log` in a directory, which must exist. Gives back how they are called.
///
/// # Errors
/// What is wrong with the level or with the directory, in words.
pub(crate) fn to_files(level: &str, directory: &Path, name: &str) -> Result<PathBuf, String> {
    let files =
        files(directory, name).map_err(|error| format!("cannot write a log in {}: {error}", directory.display()))?;
    start(level, Colors::None, files)?;
    // A thread that fails says so in the log: nobody sees the standard error of a daemon.
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    Ok(directory.join(format!("{}.*.log", prefix(name))))
}

/// A file a day, of which the newest are kept.
fn files(directory: &Path, name: &str) -> Result<RollingFileAppender, InitError> {
    RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(prefix(name))
        .filename_suffix("log")
        .max_log_files(FILES)
        .build(directory)
}

/// What the names of a daemon's files begin with: the library that removes old ones goes by that. It ends with a character that
/// is in no name, so that no named daemon's files begin like another's. Those of sockets with one file name share theirs.
fn prefix(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    // A socket's name may have any characters.
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    format!("{plain}@")
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
pub(crate) fn filter(level: &str) -> Result<Targets, String> {
    // No more than levels and targets: the library's richer filters can be made to panic, and take minutes to compile a pattern.
    let directives = level.split(',').map(str::trim).collect::<Vec<_>>().join(",");
    let filter: Targets = directives
        .parse()
        .map_err(|error| format!("{level:?} is no log level: {error}; try info, debug or warn,scarab_daemon=debug"))?;
    // The library that watches directories tells of each change at the level trace: of a log's own, too, and so without end.
    Ok(filter.with_target("notify", LevelFilter::OFF))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_removes_its_own_old_files_and_no_others() {
        let home = tempfile::tempdir().expect("a directory");
        let daemons = ["work", "work2", "work.x", "socket-a@", "socket-a"];
        for name in daemons {
            for day in 1..=FILES {
                let path = home.path().join(format!("{}.2020-01-0{day}.log", prefix(name)));
                std::fs::write(path, "").expect("written");
            }
        }
        let _files = files(home.path(), "work").expect("a log");
        for name in daemons {
            let entries = std::fs::read_dir(home.path()).expect("it is there").flatten();
            let own = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix(name)));
            assert_eq!(own.count(), FILES, "{name}");
        }
        let old = std::fs::read_dir(home.path()).expect("it is there").flatten();
        let old = old.filter(|entry| entry.file_name().to_string_lossy().starts_with("work@.2020-01-"));
        assert_eq!(old.count(), FILES - 1, "there is one of today, and one is gone for it");
    }

    #[test]
    fn space_around_the_parts_of_a_level_says_nothing() {
        for (level, plain) in [(" debug", "debug"), ("warn, scarab_daemon=debug ", "warn,scarab_daemon=debug")] {
            assert_eq!(filter(level), filter(plain));
            assert!(filter(level).is_ok(), "{level:?}");
        }
    }

    #[test]
    fn what_is_no_level_is_refused_whatever_its_characters_are() {
        // Some were found by the fuzzer, which made a richer filter panic, or compile for minutes.
        let dots = ".".repeat(40);
        for level in [
            "a=loud",
            "\n[ :=\u{fffd}{  =  mo)\u{fffd}\u{fffd}a",
            ",\t[\u{20ac}\u{20ac}=x=",
            &format!("[a{{b=#{dots}|5{dots}u?{dots}0l}}]=info"),
            "[{=}]=info,[{=}]=info",
        ] {
            let refusal = filter(level).expect_err("no level");
            assert!(refusal.contains("is no log level"), "{level:?}: {refusal}");
        }
    }
}
