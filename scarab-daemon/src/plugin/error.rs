//! What can go wrong when a plugin is loaded or called.

use std::{io, path::PathBuf};

use super::{limits, manifest::API};

/// Why a plugin was not loaded. Each names the file and the way out.
#[derive(Debug, thiserror::Error)]
#[cfg_attr(windows, expect(dead_code, reason = "whose a file is and who may write it is asked on Unix only"))]
pub(crate) enum LoadError {
    /// There is no such file.
    #[error("{path}: there is no such file; name the plugin's script by a path that the daemon can read")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("{path}: cannot be read: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It is a directory, a device or the like.
    #[error("{path}: is no regular file; a plugin is one script")]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// Somebody else could have written it.
    #[error("{path}: belongs to user {owner}, not to you ({own}); copy it to a file of your own")]
    Foreign {
        /// The file, or a directory above it.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who the daemon runs as.
        own: u32,
    },
    /// Others may write it.
    #[error("{path}: may be written by others (mode {mode:03o}); run `chmod go-w` on it")]
    Writable {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Others may replace it.
    #[error(
        "{directory}: the directory of {path} may be written by others (mode {mode:03o}); run `chmod o-w` on it, or move the plugin"
    )]
    WritableDirectory {
        /// The file.
        path: PathBuf,
        /// The directory above it.
        directory: PathBuf,
        /// The directory's permissions.
        mode: u32,
    },
    /// It is too large.
    #[error("{path}: is larger than {} KiB, the most that a plugin may have; keep data elsewhere", limits::SCRIPT_BYTES >> 10)]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// It is compiled.
    #[error("{path}: is bytecode; only the script's text is loaded")]
    Bytecode {
        /// The file.
        path: PathBuf,
    },
    /// It is no text.
    #[error("{path}: is not UTF-8 from byte {at} on; save it as UTF-8")]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Where the first bad byte is, from 0.
        at: usize,
    },
    /// Nothing says what it is.
    #[error(
        "{path}: has no manifest; begin it with `--[[ scarab-plugin`, then name, version and api = {API} as TOML, then `]]`"
    )]
    NoManifest {
        /// The file.
        path: PathBuf,
    },
    /// The manifest does not hold.
    #[error("{path}:{line}: {message}")]
    Manifest {
        /// The file.
        path: PathBuf,
        /// The line in it, from 1.
        line: usize,
        /// What is wrong, and what would be right.
        message: String,
    },
    /// It is written for another daemon.
    #[error("{path}: is written for API {asked}, this daemon has API {API}; {}", if *asked > API { "take a newer daemon or an older plugin" } else { "take a newer plugin" })]
    Api {
        /// The file.
        path: PathBuf,
        /// The API that the manifest names.
        asked: i64,
    },
    /// It asks for what nobody has.
    #[error("{path}:{line}: {message}")]
    Permission {
        /// The file.
        path: PathBuf,
        /// The line in it, from 1.
        line: usize,
        /// What was asked for, and what there is.
        message: String,
    },
    /// A changed file asks for more than it had.
    #[error(
        "{path}: asks for the permission `{permission}`, which it had not; run `scarabctl plugin reload {name}` to give it"
    )]
    MorePermissions {
        /// The file.
        path: PathBuf,
        /// The plugin.
        name: String,
        /// The permission.
        permission: &'static str,
    },
    /// The script failed, with its own line.
    #[error("{message}")]
    Script {
        /// `FILE:LINE: message`.
        message: String,
    },
    /// Compiling or running it took too long.
    #[error("{path}: did not start within {} s; see that it does little when it is loaded", limits::START_PATIENCE.as_secs())]
    Slow {
        /// The file.
        path: PathBuf,
    },
    /// One of that name is loaded.
    #[error("{path}: a plugin `{name}` is already loaded, from {loaded}; unload it first, or reload it")]
    Loaded {
        /// The file.
        path: PathBuf,
        /// Its name.
        name: String,
        /// The file of the one that is loaded.
        loaded: PathBuf,
    },
    /// A reload found another plugin in the file.
    #[error("{path}: is the plugin `{found}` now, not `{name}`; unload `{name}`, then load the file")]
    Renamed {
        /// The file.
        path: PathBuf,
        /// The plugin that was to be reloaded.
        name: String,
        /// What is in the file.
        found: String,
    },
    /// None of this name comes with the program.
    #[error(
        "no plugin `{name}` comes with the program; {}: name another's file by its path",
        there_is("there", bundled)
    )]
    NotBundled {
        /// What was asked for.
        name: String,
        /// What there is.
        bundled: Vec<String>,
    },
    /// There is no such plugin.
    #[error("no plugin `{name}` is loaded; {}", there_is("loaded", loaded))]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        loaded: Vec<String>,
    },
    /// There are enough.
    #[error("{path}: {} plugins are loaded, the most there may be; unload one", limits::PLUGINS)]
    TooMany {
        /// The file.
        path: PathBuf,
    },
    /// The daemon ends, or has no thread to give.
    #[error("{path}: cannot be started: {error}")]
    Start {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// Why a command gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CallError {
    /// There is no such plugin.
    #[error("no plugin `{name}` is loaded; {}", there_is("loaded", loaded))]
    NoPlugin {
        /// What was asked for.
        name: String,
        /// What there is.
        loaded: Vec<String>,
    },
    /// It has no such command.
    #[error("plugin `{plugin}` has no command `{command}`; {}", there_is("there", commands))]
    NoCommand {
        /// The plugin.
        plugin: String,
        /// What was asked for.
        command: String,
        /// What there is.
        commands: Vec<String>,
    },
    /// The command itself refuses, for instance its arguments.
    #[error("{message}")]
    Refused {
        /// What the script says.
        message: String,
    },
    /// The command failed, with the script's line.
    #[error("{message}")]
    Failed {
        /// `FILE:LINE: message`.
        message: String,
    },
    /// It took too long and was ended.
    #[error("{message}")]
    Slow {
        /// `FILE:LINE: message`.
        message: String,
    },
    /// Too many calls wait.
    #[error("plugin `{plugin}` has {} calls waiting; call again later", limits::CALLS)]
    Busy {
        /// The plugin.
        plugin: String,
    },
    /// It is disabled.
    #[error("plugin `{plugin}` is disabled: {reason}; mend it, then run `scarabctl plugin reload {plugin}`")]
    Disabled {
        /// The plugin.
        plugin: String,
        /// Why.
        reason: String,
    },
    /// It was unloaded or reloaded before it came to the call.
    #[error("plugin `{plugin}` ended before it came to the call; call again")]
    Ended {
        /// The plugin.
        plugin: String,
    },
}

fn there_is(where_: &str, names: &[String]) -> String {
    if names.is_empty() { format!("none is {where_}") } else { format!("{where_}: {}", names.join(", ")) }
}
