//! What clients are told of plugins.

use std::time::UNIX_EPOCH;

use scarab_protocol::message::{self, PluginCommandInfo, PluginLogEntry, PluginStatusItem};

use crate::{
    attach::printable,
    plugin::{LogEntry, PluginInfo, State},
};

/// A plugin, with its log.
pub(super) fn info(info: &PluginInfo, log: Vec<LogEntry>) -> message::PluginInfo {
    let commands = info.commands.iter();
    message::PluginInfo {
        name: info.name.clone(),
        version: info.version.clone(),
        about: info.about.clone(),
        path: printable(&info.path.display().to_string()),
        disabled: match &info.state {
            State::Running => None,
            State::Disabled { reason } => Some(reason.clone()),
        },
        commands: commands
            .map(|command| PluginCommandInfo { name: command.name.clone(), help: command.help.clone() })
            .collect(),
        permissions: info.permissions.iter().map(|permission| permission.name().into()).collect(),
        errors: info.errors,
        last_error: info.last_error.clone(),
        dropped: info.dropped,
        memory: info.memory as u64,
        status: info
            .statuses
            .iter()
            .map(|(key, text)| PluginStatusItem { key: key.clone(), text: text.clone() })
            .collect(),
        log: log.into_iter().map(entry).collect(),
    }
}

fn entry(entry: LogEntry) -> PluginLogEntry {
    let since = entry.at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let time_ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    PluginLogEntry { time_ms, is_error: entry.is_error, text: entry.text }
}
