//! Plugins: loaded, listed, called.

use rkyv::{Archive, Deserialize, Serialize};

use super::Target;

/// Loads a plugin. Answered by `Plugins` with the one, when it runs; or by `Error` with `BadPlugin`, whose text names the script's line.
/// One that runs already, from the same file, goes on, with these grants too.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct LoadPlugin {
    /// Where its script is.
    pub source: PluginSource,
    /// The names of sessions that it may type into, if it asks for that; `*` for all. What its section of the configuration says
    /// counts besides.
    pub grants: Vec<String>,
}

/// Where a plugin's script is.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub enum PluginSource {
    /// In a file, by its absolute path in the system's own bytes.
    File(Vec<u8>),
    /// In the daemon itself, by its name.
    Bundled(String),
}

/// Ends a plugin. Answered by `Done`, or by `Error` with `NoSuchPlugin`.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct UnloadPlugin {
    /// Its name.
    pub name: String,
}

/// Reads a plugin's script anew, and runs it in place of what runs. Answered as `LoadPlugin`; what runs goes on if that fails.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ReloadPlugin {
    /// Its name.
    pub name: String,
}

/// Asks for all plugins, or for one with its log; answered by `Plugins`.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ListPlugins {
    /// The one.
    pub name: Option<String>,
}

/// Plugins, by name.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Plugins {
    /// All that were asked for: there are few.
    pub plugins: Vec<PluginInfo>,
}

/// A plugin.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct PluginInfo {
    /// Its name.
    pub name: String,
    /// Its version, as its manifest says.
    pub version: String,
    /// What it is for, in its own words.
    pub about: String,
    /// Its file, as people may read it.
    pub path: String,
    /// Why it was disabled; `None` if it runs.
    pub disabled: Option<String>,
    /// Its commands, by name.
    pub commands: Vec<PluginCommandInfo>,
    /// What its manifest asks for.
    pub permissions: Vec<String>,
    /// How many of its callbacks have failed since it was loaded.
    pub errors: u64,
    /// The last of these failures.
    pub last_error: Option<String>,
    /// How many events and lines it has lost, because it was too slow.
    pub dropped: u64,
    /// The memory that it has, in bytes.
    pub memory: u64,
    /// Its status items, by key.
    pub status: Vec<PluginStatusItem>,
    /// What it has logged, oldest first, if it was asked for by name.
    pub log: Vec<PluginLogEntry>,
}

/// A line of a plugin's status. Changes come as events of the kind `status`.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct PluginStatusItem {
    /// The plugin's own name for it.
    pub key: String,
    /// What it says, one line.
    pub text: String,
}

/// A command of a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct PluginCommandInfo {
    /// Its name.
    pub name: String,
    /// What it does, in one line.
    pub help: String,
}

/// A line of a plugin's log.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct PluginLogEntry {
    /// When it was written, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// Whether it is a failure.
    pub is_error: bool,
    /// One line.
    pub text: String,
}

/// Calls a command of a plugin. Answered by `PluginReply`, or by `Error` with `NoSuchPlugin` or `PluginFailed`.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct PluginCommand {
    /// The plugin's name.
    pub plugin: String,
    /// The command's name.
    pub command: String,
    /// What the command is given.
    pub args: Vec<String>,
    /// The session that it is about.
    pub session: Option<Target>,
}

/// What a plugin's command has answered.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct PluginReply {
    /// In the plugin's own words; at most 64 KiB.
    pub text: String,
}
