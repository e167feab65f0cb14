//! `scarabctl wait`: until a text is seen, until the program has ended, or until nothing has changed for a while.

mod matcher;

use std::time::{Duration, Instant};

use crossbeam_channel::{after, never, select};
use regex::{Regex, RegexBuilder};
use scarab_protocol::{client::Attachment, ids::Name, surface::Grid};
use serde_json::json;

use super::{
    connection::{Connection, Which, update},
    outcome::{CtlError, Output},
    position::Position,
};
use crate::attach::{exit_text, history};
use matcher::{Matcher, Seen, held_back};

/// What to wait for.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["text", "exit", "quiet"])))]
pub struct Args {
    /// The session
    name: Name,
    /// A text on the screen or scrolling by: a regular expression over lines, wrapped ones joined; prints the line
    #[arg(long, value_name = "REGEX", value_parser = parse_pattern)]
    text: Option<Regex>,
    /// Only what is shown after this place, as `send --json` or `wait --json` gave it: a line and a column, which mean
    /// nothing on the alternate screen or once the screen was cleared, where everything counts
    #[arg(long, value_name = "POS", requires = "text")]
    since: Option<u64>,
    /// The end of the session's program; prints how it ended
    #[arg(long)]
    exit: bool,
    /// That nothing changes for so many milliseconds
    #[arg(long, value_name = "MS")]
    quiet: Option<u64>,
    /// How long to wait at most, in seconds [default: for ever]
    #[arg(long, value_name = "S", value_parser = parse_seconds)]
    timeout: Option<Duration>,
}

/// Waits, driven by what the daemon sends: nothing is polled.
pub fn run(which: &Which, args: &Args, output: Output) -> Result<(), CtlError> {
    let deadline = args.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let connection = which.connect()?;
    let attachment = connection.attach(&args.name, true)?;
    let waiting = Waiting { connection: &connection, attachment: &attachment, deadline, name: &args.name };
    let outcome = match (&args.text, args.quiet) {
        (Some(pattern), _) => waiting.text(pattern, args.since.map(Position::from_number), output),
        (None, Some(millis)) => waiting.quiet(Duration::from_millis(millis), output),
        (None, None) => waiting.exit(output),
    };
    if matches!(outcome, Err(CtlError::Failed(_))) {
        output.print_only_json(&json!({ "session": args.name.as_str(), "seen": false }))?;
    }
    outcome
}

struct Waiting<'a> {
    connection: &'a Connection,
    attachment: &'a Attachment,
    deadline: Option<Instant>,
    name: &'a Name,
}

impl Waiting<'_> {
    fn text(&self, pattern: &Regex, since: Option<Position>, output: Output) -> Result<(), CtlError> {
        let mut matcher = Matcher::new(pattern.clone(), since);
        let mut grid = Grid::default();
        let mut last_look = false;
        let mut lost = 0;
        loop {
            // A session that is killed is gone at once when its end was told: what is known of it counts first.
            let state = self.connection.state(self.attachment);
            let ended = self.attachment.look(|state| state.exit().is_some());
            update(self.attachment, &mut grid);
            let seen = match state {
                Ok(_) => match self.look(&mut matcher, &grid, &mut lost) {
                    // It went meanwhile: its last screen is still to be looked at.
                    Err(_) if self.connection.state(self.attachment).is_err() => continue,
                    seen => seen?,
                },
                // Its lines have gone with it.
                Err(_) => matcher.look(Vec::new(), &grid),
            };
            if let Some(Seen { line, end }) = seen {
                let json =
                    json!({ "session": self.name.as_str(), "seen": true, "line": line, "position": end.to_number() });
                return output.print(line, &json);
            }
            state?;
            if last_look {
                return Err(CtlError::Failed(format!(
                    "{name} has ended without that{}: see `{} capture {name}`",
                    unseen(lost),
                    self.connection.scarabctl,
                    name = self.name
                )));
            }
            if ended {
                // The last frame may be told after the end: once the daemon has answered, it has been.
                self.connection.settle()?;
                last_look = true;
            } else if !self.rung()? {
                return Err(self.too_late("it was not seen", lost));
            }
        }
    }

    /// Looks at the screen and at what has scrolled off since the last look.
    fn look(&self, matcher: &mut Matcher, grid: &Grid, lost: &mut u64) -> Result<Option<Seen>, CtlError> {
        let missing = matcher.missing(grid);
        let history = history::fetch(&self.connection.client, self.attachment.session(), missing.clone())?;
        if history.reflow.is_some_and(|reflow| reflow != grid.reflow) {
            // These lines are not of this screen; the next one is on its way.
            return Ok(matcher.look(Vec::new(), grid));
        }
        if !held_back(&history.lines, grid) {
            let held = history.lines.first().map_or(missing.end, |line| line.number);
            *lost += held.saturating_sub(missing.start);
        }
        Ok(matcher.look(history.lines, grid))
    }

    fn exit(&self, output: Output) -> Result<(), CtlError> {
        loop {
            // As above: the end that was told counts before the state.
            let state = self.connection.state(self.attachment);
            if let Some(exit) = self.attachment.look(|state| state.exit().cloned()) {
                let json =
                    json!({ "session": self.name.as_str(), "seen": true, "code": exit.code, "signal": exit.signal });
                return output.print(exit_text(&exit), &json);
            }
            state?;
            if !self.rung()? {
                return Err(self.too_late("no end came", 0));
            }
        }
    }

    fn quiet(&self, span: Duration, output: Output) -> Result<(), CtlError> {
        let mut grid = Grid::default();
        update(self.attachment, &mut grid);
        let mut since = Instant::now();
        loop {
            let state = self.connection.state(self.attachment);
            if update(self.attachment, &mut grid) {
                since = Instant::now();
            }
            let ended = self.attachment.look(|state| state.exit().is_some());
            if ended || since.elapsed() >= span {
                return output
                    .print_only_json(&json!({ "session": self.name.as_str(), "seen": true, "frame": grid.frame }));
            }
            state?;
            let quiet_at = since.checked_add(span);
            let first = [quiet_at, self.deadline].into_iter().flatten().min();
            if !self.rung_by(first)? && self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                let quiet = quiet_at.is_some_and(|quiet_at| quiet_at <= Instant::now());
                if !quiet {
                    return Err(self.too_late("it was never quiet", 0));
                }
            }
        }
    }

    /// Waits for something to arrive; false at the deadline.
    fn rung(&self) -> Result<bool, CtlError> {
        self.rung_by(self.deadline)
    }

    fn rung_by(&self, deadline: Option<Instant>) -> Result<bool, CtlError> {
        // Looked at first, because under a flood the bell is always rung.
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Ok(false);
        }
        let timer = deadline.map_or_else(never, |deadline| after(deadline.saturating_duration_since(Instant::now())));
        select! {
            recv(self.connection.bell.receiver()) -> _ => Ok(true),
            recv(timer) -> _ => Ok(false),
        }
    }

    fn too_late(&self, what: &str, lost: u64) -> CtlError {
        CtlError::Failed(format!(
            "timed out: {what} in {name}{}: see `{} capture {name}`",
            unseen(lost),
            self.connection.scarabctl,
            name = self.name
        ))
    }
}

/// A remark on lines that could not be looked at.
fn unseen(lost: u64) -> String {
    if lost == 0 { String::new() } else { format!(" ({lost} lines were dropped before they could be looked at)") }
}

fn parse_pattern(text: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(text).multi_line(true).build();
    built.map_err(|error| error.to_string().lines().last().unwrap_or("no regular expression").trim().to_owned())
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "give a number of seconds, such as 2.5".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_and_patterns_say_what_is_wrong_with_them() {
        assert_eq!(parse_seconds("0.5"), Ok(Duration::from_millis(500)));
        assert!(parse_seconds("-1").is_err() && parse_seconds("x").is_err());
        assert!(parse_pattern("a+").is_ok());
        assert!(!parse_pattern("(").expect_err("unclosed").contains('\n'));
    }
}
