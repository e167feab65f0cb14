//! A session as JSON shows it, the same in `list` and in `new`.

use scarab_protocol::message::{Exit, SessionInfo, SizePolicy};
use serde::Serialize;

/// What is known of a session.
#[derive(Debug, Serialize)]
pub struct SessionJson<'a> {
    id: String,
    name: &'a str,
    command: &'a str,
    pid: Option<u32>,
    cols: u16,
    rows: u16,
    size_policy: &'static str,
    clients: u32,
    /// Milliseconds since the Unix epoch.
    created: u64,
    /// Milliseconds since the Unix epoch.
    used: u64,
    title: &'a str,
    linger: bool,
    made_by: &'a str,
    /// `null` while the program runs.
    exited: Option<ExitJson<'a>>,
}

/// How a program ended.
#[derive(Debug, Serialize)]
pub struct ExitJson<'a> {
    code: u32,
    signal: Option<&'a str>,
}

impl<'a> From<&'a Exit> for ExitJson<'a> {
    fn from(exit: &'a Exit) -> Self {
        Self { code: exit.code, signal: exit.signal.as_deref() }
    }
}

/// A policy as it is written on the command line and in JSON.
pub fn policy_name(policy: SizePolicy) -> &'static str {
    match policy {
        SizePolicy::Latest => "latest",
        SizePolicy::Smallest => "smallest",
        SizePolicy::Largest => "largest",
        SizePolicy::Manual => "manual",
    }
}

impl<'a> From<&'a SessionInfo> for SessionJson<'a> {
    fn from(info: &'a SessionInfo) -> Self {
        Self {
            id: info.id.to_string(),
            name: &info.name,
            command: &info.command,
            pid: info.pid,
            cols: info.size.cols,
            rows: info.size.rows,
            size_policy: policy_name(info.policy),
            clients: info.clients,
            created: info.created,
            used: info.used,
            title: &info.title,
            linger: info.linger,
            made_by: &info.made_by,
            exited: info.exit.as_ref().map(ExitJson::from),
        }
    }
}
