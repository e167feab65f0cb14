//! The configuration: asked for, changed, told of.

use rkyv::{Archive, Deserialize, Serialize};

use crate::config::{Origin, Value};

/// Asks for the configuration in force; answered by `Config`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct GetConfig {}

/// The configuration in force.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Config {
    /// The file; empty for a daemon that has none.
    pub path: String,
    /// Counts the changes in the daemon's life.
    pub revision: u64,
    /// What is wrong with the file, in one line; empty if nothing is. Then what was in force before still is.
    pub problem: String,
    /// Every key with its value: those of the fixed sections, then those that are set of plugins.
    pub entries: Vec<ConfigEntry>,
}

/// A key of the configuration with its value.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ConfigEntry {
    /// The key's name, with its section's before it.
    pub key: String,
    /// The value.
    pub value: Value,
    /// Where it comes from.
    pub origin: Origin,
    /// Whether it counts only when the daemon is started anew, because another is in force.
    pub restart: bool,
}

/// Changes the configuration. Answered by `Done` when everybody is told, or by `Error` with `BadConfig`.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct SetConfig {
    /// The key's name, with its section's before it.
    pub key: String,
    /// The value; `None` takes back what an earlier `SetConfig` said, and with `save` what the file says.
    pub value: Option<Value>,
    /// Whether it goes into the file. Else it goes before the file, until the daemon ends.
    pub save: bool,
}

/// The configuration, its file or what is wrong with that has changed: it is this now.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ConfigChanged {
    /// The whole of it, which makes an earlier one superfluous.
    pub config: Config,
}
