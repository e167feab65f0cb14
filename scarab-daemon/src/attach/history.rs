//! Lines that have scrolled off a session's screen, asked for page by page.

use std::{ops::Range, time::Duration};

use scarab_protocol::{
    client::{Client, RequestError},
    message::{Scrollback, ScrollbackRows},
};

use super::{allowed::when_allowed, lines::Line};

/// How long the daemon may take for a page.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was found of the lines asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The lines that are still held, by rising number and without gaps.
    pub lines: Vec<Line>,
    /// The reflow epoch that their numbers belong to; `None` if nothing was asked.
    pub reflow: Option<u64>,
}

/// Fetches lines by number. Those no longer held are left out at the front; if the lines are reflowed between two pages
/// the answer ends there.
///
/// # Errors
/// As a request fails; the session has to be attached.
pub fn fetch(client: &Client, session: u32, wanted: Range<u64>) -> Result<History, RequestError> {
    let mut history = History { lines: Vec::new(), reflow: None };
    let mut first = wanted.start;
    while first < wanted.end {
        let count = u32::try_from(wanted.end - first).unwrap_or(u32::MAX);
        // Whoever looks at each of many small frames asks more often than it may.
        let page: ScrollbackRows =
            when_allowed(PATIENCE, || client.request_of(session, &Scrollback { first, count }).wait(PATIENCE))?;
        if page.lines.is_empty() || history.reflow.is_some_and(|reflow| reflow != page.reflow) {
            history.reflow.get_or_insert(page.reflow);
            break;
        }
        history.reflow = Some(page.reflow);
        // A gap in the middle means that what was fetched before it has been dropped meanwhile.
        if page.first != first {
            history.lines.clear();
        }
        let numbered = (page.first..wanted.end).zip(&page.lines);
        history.lines.extend(numbered.map(|(number, data)| Line::from_wire(number, data)));
        let next = page.first.saturating_add(page.lines.len() as u64);
        if next <= first {
            break;
        }
        first = next;
    }
    Ok(history)
}
