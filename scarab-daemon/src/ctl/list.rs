//! `scarabctl list`: the sessions.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use scarab_protocol::message::{ListSessions, SessionInfo, Sessions};

use super::{
    connection::{Connection, Which},
    outcome::{CtlError, Output},
    session_json::SessionJson,
    status::duration,
};
use crate::attach::{exit_text, printable};

/// Asks and prints: a table, or an array.
pub fn run(which: &Which, output: Output) -> Result<(), CtlError> {
    let sessions = sessions(&which.connect()?)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    output.print(table(&sessions, now, &which.scarabctl()), &sessions.iter().map(SessionJson::from).collect::<Vec<_>>())
}

/// All sessions of a daemon, by rising number.
///
/// # Errors
/// If the daemon does not answer.
pub fn sessions(connection: &Connection) -> Result<Vec<SessionInfo>, CtlError> {
    let mut all: Vec<SessionInfo> = Vec::new();
    loop {
        let after = all.last().map_or(0, |last| last.id.number);
        let page: Sessions = connection.ask(&ListSessions { after })?;
        // A page that does not go on would make this go on for ever.
        let goes_on = page.more && page.sessions.iter().any(|info| info.id.number > after);
        all.extend(page.sessions);
        if !goes_on {
            return Ok(all);
        }
    }
}

fn table(sessions: &[SessionInfo], now: Duration, scarabctl: &str) -> String {
    if sessions.is_empty() {
        return format!("no sessions: `{scarabctl} new` starts one");
    }
    let head = ["ID", "NAME", "SIZE", "CLIENTS", "CREATED", "EXITED", "COMMAND", "TITLE"].map(String::from);
    let mut rows = vec![head];
    rows.extend(sessions.iter().map(|info| row(info, now)));
    let widths: Vec<usize> =
        (0..rows[0].len()).map(|col| rows.iter().map(|row| row[col].chars().count()).max().unwrap_or(0)).collect();
    let lines = rows.iter().map(|row| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn row(info: &SessionInfo, now: Duration) -> [String; 8] {
    let age = now.saturating_sub(Duration::from_millis(info.created));
    [
        info.id.number.to_string(),
        printable(&info.name),
        info.size.to_string(),
        info.clients.to_string(),
        format!("{} ago", duration(age)),
        info.exit.as_ref().map_or("-".into(), exit_text),
        printable(&info.command),
        shortened(&info.title),
    ]
}

/// The most characters of a title in the table; the whole of it is in the JSON.
const MAX_TITLE: usize = 40;

fn shortened(title: &str) -> String {
    let title = printable(title);
    match title.char_indices().nth(MAX_TITLE) {
        Some((end, _)) => format!("{}…", &title[..end]),
        None => title,
    }
}

#[cfg(test)]
mod tests {
    use scarab_protocol::{
        ids::{SessionId, TermSize},
        message::{Exit, SizePolicy},
    };

    use super::*;

    #[test]
    fn the_table_is_aligned_and_holds_no_control_characters() {
        let info = |name: &str, exit| SessionInfo {
            id: SessionId { epoch: 1, number: 1 },
            name: name.into(),
            command: "sh -c 'a\x1b[2J'".into(),
            pid: None,
            size: TermSize::default(),
            policy: SizePolicy::Latest,
            clients: 2,
            created: 1_000,
            used: 0,
            title: "t\u{9b}1m".into(),
            linger: true,
            made_by: "scarabctl".into(),
            exit,
        };
        let sessions = [info("a", None), info("longer", Some(Exit { code: 3, signal: None }))];
        let table = table(&sessions, Duration::from_secs(62), "scarabctl");
        assert!(table.chars().all(|c| c == '\n' || !c.is_control()), "{table:?}");
        let names: Vec<_> = table.lines().map(|line| line.find("80x24").or(line.find("SIZE"))).collect();
        assert!(names.windows(2).all(|pair| pair[0] == pair[1]), "{table}");
        assert!(table.contains("1m 1s ago") && table.contains("status 3"), "{table}");
    }
}
