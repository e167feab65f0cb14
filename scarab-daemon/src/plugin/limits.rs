//! What a plugin may cost. docs/PLUGINS.md states the same figures, and a test holds the two together.

use std::time::Duration;

/// The largest script, in bytes; a larger one is not loaded. Compiling it takes memory outside of the plugin's own limit, for a moment:
/// up to ninety times its size were seen, so some 6 MiB. And what has neither loop nor call cannot be interrupted: one that was
/// full of `x=s..s`, with a text of 200 kB, ran for two seconds. The largest bundled plugin has 4 KiB.
pub(super) const SCRIPT_BYTES: u64 = 64 << 10;
/// The memory a plugin may have, in bytes, garbage that is not collected yet included.
pub(super) const MEMORY: usize = 16 << 20;
/// How long a callback may compute.
pub(super) const CALLBACK_TIME: Duration = Duration::from_millis(100);
/// How long the script itself may compute when it is loaded.
pub(super) const START_TIME: Duration = Duration::from_millis(500);
/// How many times these may pass by the clock when other programs keep the processor.
pub(super) const CLOCK_FACTOR: u32 = 10;
/// How long whoever loads a plugin waits for it: its time by the clock, and some for compiling on a busy machine.
pub(super) const START_PATIENCE: Duration = Duration::from_secs(15);
/// When a plugin has computed for longer than this since its last rest, in however many callbacks, it rests as long as it has computed,
/// so that it has half a processor at most. Nothing of it runs meanwhile, also no command that is called.
pub(super) const REST_AFTER: Duration = Duration::from_millis(10);
/// How many callbacks in a row may fail before the plugin is disabled.
pub(super) const FAILURES: u32 = 3;
/// How many callbacks may fail at once before the plugin is disabled, also if others do well in between.
pub(super) const MANY_FAILURES: u32 = 100;
/// How long it takes until one more of these may fail.
pub(super) const FAILURE_PERIOD: Duration = Duration::from_millis(100);
/// How many failures are reported at once, and how many losses; what comes beyond is counted, and told of with the next report.
pub(super) const REPORTS: u32 = 10;
/// How long it takes until there may be one more report.
pub(super) const REPORT_PERIOD: Duration = Duration::from_secs(1);

/// How many plugins may be loaded: each has a thread and [`MEMORY`].
pub(super) const PLUGINS: usize = 64;
/// How many events and batches of lines wait for a plugin. The newest are dropped when it is full, and counted.
pub(super) const INBOX: usize = 256;
/// How much memory the events and lines that wait for a plugin may take, in bytes; what does not fit is dropped as well. A batch that is
/// being looked at counts no more.
pub(super) const INBOX_BYTES: usize = 4 << 20;
/// How many calls of commands wait for a plugin; one more is refused.
pub(super) const CALLS: usize = 32;
/// The most arguments of a call; one with more is refused.
pub(super) const CALL_WORDS: usize = 256;
/// The most bytes of a call's arguments, together; one with more is refused.
pub(super) const CALL_BYTES: usize = 64 << 10;
/// The longest line that plugins see, in bytes; the rest is cut off.
pub(super) const LINE_BYTES: usize = 4 << 10;
/// The longest text in an event or in what a plugin emits, in bytes.
pub(super) const FIELD_BYTES: usize = 4 << 10;
/// The most fields of an event that a plugin emits.
pub(super) const FIELDS: usize = 32;
/// The longest answer of a command, in bytes: it travels in one frame, and is for people.
pub(super) const ANSWER_BYTES: usize = 64 << 10;

/// Functions that wait for events, together.
pub(super) const EVENT_HANDLERS: usize = 64;
/// Functions that wait for lines.
pub(super) const LINE_HANDLERS: usize = 32;
/// Commands.
pub(super) const COMMANDS: usize = 64;
/// Timers that run at a time.
pub(super) const TIMERS: usize = 64;
/// The shortest time of a timer.
pub(super) const TIMER_MIN: Duration = Duration::from_millis(10);
/// The longest time of a timer: thirty days.
pub(super) const TIMER_MAX: Duration = Duration::from_secs(30 * 24 * 3600);
/// The largest compiled pattern, in bytes as its compiler counts them; a larger one is refused. Looking at a line takes a step for each
/// of its bytes and each 32 of these at worst, and cannot be interrupted meanwhile. `\w`, with all of Unicode, takes 64 KiB.
pub(super) const PATTERN_BYTES: usize = 128 << 10;
/// The most groups of a pattern; one with more is refused. What is kept of each place in a pattern grows with them.
pub(super) const PATTERN_GROUPS: usize = 16;
/// The memory that all patterns of a plugin may take together while they are looked for, in bytes; it is outside of the plugin's own limit.
/// A pattern that would take more is refused. Besides, the matcher has bounds of its own for what makes it fast: a table of 1 MiB
/// at most for a pattern with groups, 256 KiB of marks, and twice [`PATTERN_CACHE_BYTES`].
pub(super) const PATTERNS_BYTES: usize = 4 << 20;
/// How much the matcher may remember of a pattern, in each direction, to be faster, in bytes. When it is full, it begins anew, or goes on
/// without.
pub(super) const PATTERN_CACHE_BYTES: usize = 128 << 10;

/// How much a plugin may keep, keys and values as they are stored, in bytes.
pub(super) const DATA_BYTES: usize = 64 << 10;
/// The longest key of kept data and of a status, in bytes.
pub(super) const KEY_BYTES: usize = 64;
/// Kept data is written at most this often.
pub(super) const SAVE_EVERY: Duration = Duration::from_secs(1);

/// What a callback may do to the outside, all together.
pub(super) const ACTIONS: u32 = 64;
/// Sessions of a plugin's making that exist at a time.
pub(super) const CREATED: usize = 16;
/// Status items of a plugin.
pub(super) const STATUSES: usize = 16;
/// The longest text that is typed at once, in bytes: the most that one item of input may have.
pub(super) const SEND_BYTES: usize = 64 << 10;
/// The longest title of a notification and text of a status, in bytes.
pub(super) const TITLE_BYTES: usize = 256;
/// The longest body of a notification, in bytes.
pub(super) const BODY_BYTES: usize = 4 << 10;
/// The words of a new session's command.
pub(super) const WORDS: usize = 256;
/// What a plugin's log keeps, in entries.
pub(super) const LOG_ENTRIES: usize = 100;
/// The longest entry of a log, in bytes.
pub(super) const LOG_BYTES: usize = 1 << 10;
