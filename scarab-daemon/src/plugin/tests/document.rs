//! docs/PLUGINS.md, held against the code.

use super::harness::Bench;
use crate::plugin::{Grants, Section, limits, pace::Action};

const PAGE: &str = include_str!("../../../../docs/PLUGINS.md");

/// The page's example, as somebody would copy it.
fn example() -> &'static str {
    let block = PAGE.split("```lua\n").nth(1).expect("the page has an example");
    block.split("```").next().expect("that ends")
}

#[test]
fn the_example_of_the_page_does_what_the_page_says() {
    let bench = Bench::new();
    let path = bench.write_text("builds", example());
    let info =
        bench.plugins.load(&path, Grants::default(), |_| Section::default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(info.name, "builds");
    let session = bench.host.add_session(1, "build", None);
    let lines = ["[12/40] Compiling x", "an error: no such thing"].map(str::to_owned);
    bench.plugins.line_feed().feed(&session, lines.into());
    bench.host.wait("builds notify");
    let expected = [
        "status progress Some(\"build: 12 of 40\")",
        "emit progress [all=40 done=12] [build]",
        "notify [build has failed] [an error: no such thing] [build]",
    ];
    assert_eq!(bench.host.all("builds ")[1..], expected);
    assert_eq!(bench.call("builds", "failures", &[]).as_deref(), Ok("1 failures"));
    assert_eq!(bench.call("builds", "failures", &["x"]).expect_err("no").to_string(), "usage: failures [reset]");
    assert_eq!(bench.call("builds", "failures", &["reset"]).as_deref(), Ok("0 failures"));
}

#[test]
fn the_limits_of_the_page_are_those_of_the_code() {
    let has = |text: String| assert!(PAGE.contains(&text), "docs/PLUGINS.md lacks {text:?}");
    let actions = [
        ("`notify`", Action::Notify),
        ("`status`", Action::Status),
        ("`emit`", Action::Emit),
        ("`send`", Action::Send),
        ("`create`", Action::Create),
        ("`rename`", Action::Rename),
        ("`sessions`, `screen`", Action::Look),
        ("`log`", Action::Log),
    ];
    for (name, action) in actions {
        let (burst, period) = action.allowed();
        has(format!("| {name} | {burst} at once, then one each {} ms", period.as_millis()));
    }
    has(format!("| memory | {} MiB", limits::MEMORY >> 20));
    has(format!("| {} ms of computing (1 s by the clock)", limits::CALLBACK_TIME.as_millis()));
    assert_eq!((limits::CALLBACK_TIME * limits::CLOCK_FACTOR).as_secs(), 1);
    has(format!("| {} ms of computing |", limits::START_TIME.as_millis()));
    has(format!("after more than {} ms", limits::REST_AFTER.as_millis()));
    has(format!("| {}, and {} MiB |", limits::INBOX, limits::INBOX_BYTES >> 20));
    has(format!("| inbox: calls of commands | {} |", limits::CALLS));
    has(format!("| {}, {}; {} |", limits::EVENT_HANDLERS, limits::LINE_HANDLERS, limits::COMMANDS));
    has(format!("| {}, with {} KiB in all |", limits::CALL_WORDS, limits::CALL_BYTES >> 10));
    let days = limits::TIMER_MAX.as_secs() / (24 * 3600);
    has(format!("| {} at a time, from {} ms to {days} days |", limits::TIMERS, limits::TIMER_MIN.as_millis()));
    has(format!("| a compiled pattern | {} KiB; {} groups |", limits::PATTERN_BYTES >> 10, limits::PATTERN_GROUPS));
    has(format!("| patterns, all together | {} MiB", limits::PATTERNS_BYTES >> 20));
    has(format!("patterns in a line | {} ms of computing |", limits::CALLBACK_TIME.as_millis()));
    has(format!("| lines, and texts of events | {} KiB |", limits::LINE_BYTES >> 10));
    assert_eq!(limits::LINE_BYTES, limits::FIELD_BYTES);
    has(format!("| actions in a callback | {} |", limits::ACTIONS));
    has(format!("ms; {} items |", limits::STATUSES));
    has(format!("ms; {} fields |", limits::FIELDS));
    has(format!("ms; {} KiB each |", limits::SEND_BYTES >> 10));
    has(format!("ms; {} that exist |", limits::CREATED));
    has(format!("ms; {} KiB each |", limits::LOG_BYTES >> 10));
    has(format!("| {} bytes; {} KiB; control characters", limits::TITLE_BYTES, limits::BODY_BYTES >> 10));
    has(format!("| kept data | {} KiB", limits::DATA_BYTES >> 10));
    has(format!("| answer of a command | {} KiB |", limits::ANSWER_BYTES >> 10));
    has(format!(
        "| failures, not in a row | {} at once, then one each {} ms |",
        limits::MANY_FAILURES,
        limits::FAILURE_PERIOD.as_millis()
    ));
    has(format!("losses | {} at once, then one each second |", limits::REPORTS));
    assert_eq!(limits::REPORT_PERIOD.as_secs(), 1);
    has(format!("| plugins | {} |", limits::PLUGINS));
    has(format!("at most {} KiB. Links", limits::SCRIPT_BYTES >> 10));
    has(format!("newest {} lines", limits::LOG_ENTRIES));
}
