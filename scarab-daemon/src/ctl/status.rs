//! `scarabctl status`: what the daemon has to say of itself.

use std::time::Duration;

use scarab_protocol::message::{DaemonStatus, Status};
use serde::Serialize;

use super::{
    connection::Which,
    outcome::{CtlError, Output},
};

#[derive(Serialize)]
struct Json<'a> {
    version: &'a str,
    pid: u32,
    uptime_ms: u64,
    sessions: u32,
    clients: u32,
    log: Option<&'a str>,
    socket: String,
}

/// Asks and prints.
pub fn run(which: &Which, output: Output) -> Result<(), CtlError> {
    let connection = which.connect()?;
    let DaemonStatus { version, pid, uptime_ms, sessions, clients, log } = connection.ask(&Status {})?;
    let socket = connection.address.endpoint.to_string();
    let log = (!log.is_empty()).then_some(log.as_str());
    let text = format!(
        "version   {version}\npid       {pid}\nuptime    {}\nsessions  {sessions}\nclients   {clients}\nlog       {}\nsocket    {socket}",
        duration(Duration::from_millis(uptime_ms)),
        log.unwrap_or("standard error"),
    );
    output.print(text, &Json { version: &version, pid, uptime_ms, sessions, clients, log, socket })
}

/// A time span as people say it, by its two largest units.
pub fn duration(span: Duration) -> String {
    let seconds = span.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {}s", seconds % 60),
        (0, _, _) => format!("{hours}h {}m", minutes % 60),
        _ => format!("{days}d {}h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_by_their_two_largest_units() {
        let told = [0, 59, 61, 3_661, 90_000].map(|seconds| duration(Duration::from_secs(seconds)));
        assert_eq!(told, ["0s", "59s", "1m 1s", "1h 1m", "1d 1h"]);
    }
}
