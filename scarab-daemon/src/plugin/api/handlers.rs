//! What scripts register: functions for events, lines, commands and times.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

use mlua::{Function, Value as LuaValue};
use regex::{Regex, RegexBuilder};

use super::{
    Functions, Refusal, Script,
    args::{self, Args},
};
use crate::plugin::{
    SessionRef,
    limits::{
        COMMANDS, EVENT_HANDLERS, LINE_HANDLERS, PATTERN_BYTES, PATTERN_CACHE_BYTES, PATTERN_GROUPS, PATTERNS_BYTES,
        TIMER_MAX, TIMER_MIN, TIMERS, TITLE_BYTES,
    },
    manifest::is_name,
    text,
};

/// All that is registered; each kind is bounded, and a function more is refused.
#[derive(Default)]
pub(super) struct Handlers {
    events: HashMap<String, Vec<Function>>,
    event_handlers: usize,
    lines: Vec<LineHandler>,
    /// What all patterns may take, in bytes.
    pattern_bytes: usize,
    commands: BTreeMap<String, Function>,
    /// By when, and by number.
    timers: BTreeMap<(Instant, u64), Timer>,
    last_timer: u64,
}

struct LineHandler {
    pattern: Regex,
    /// The session's name; `None` for all of them.
    session: Option<String>,
    function: Function,
}

struct Timer {
    function: Function,
    every: Option<Duration>,
}

impl Handlers {
    pub(super) fn events(&self, kind: &str) -> Vec<Function> {
        self.events.get(kind).cloned().unwrap_or_default()
    }

    /// How many functions wait for lines.
    pub(super) fn line_handlers(&self) -> usize {
        self.lines.len()
    }

    /// The function of one line handler, if the line is for it, with what the groups of its pattern matched.
    pub(super) fn matching(&self, handler: usize, session: &SessionRef, line: &str) -> Option<(Function, Vec<String>)> {
        let handler = self.lines.get(handler)?;
        if handler.session.as_ref().is_some_and(|name| *name != session.name) {
            return None;
        }
        // Where the whole match lies is only needed for groups.
        let groups = if handler.pattern.captures_len() == 1 {
            handler.pattern.is_match(line).then(Vec::new)?
        } else {
            let captures = handler.pattern.captures(line)?;
            captures.iter().skip(1).map(|group| group.map_or("", |group| group.as_str()).to_owned()).collect()
        };
        Some((handler.function.clone(), groups))
    }

    /// The pattern of a line handler, for people.
    pub(super) fn pattern(&self, handler: usize) -> String {
        self.lines.get(handler).map(|handler| text::shown(handler.pattern.as_str())).unwrap_or_default()
    }

    pub(super) fn command(&self, name: &str) -> Option<Function> {
        self.commands.get(name).cloned()
    }

    pub(super) fn next_timer(&self) -> Option<Instant> {
        self.timers.first_key_value().map(|((at, _), _)| *at)
    }

    /// The function of a timer whose time has come. One that comes again does so a period after now: what a plugin
    /// was too slow for does not pile up.
    pub(super) fn take_due_timer(&mut self) -> Option<Function> {
        let now = Instant::now();
        let first = self.timers.first_entry().filter(|first| first.key().0 <= now)?;
        let ((_, number), timer) = first.remove_entry();
        let function = timer.function.clone();
        if let Some(period) = timer.every {
            self.timers.insert((now + period, number), timer);
        }
        Some(function)
    }

    fn add_timer(&mut self, time: Duration, every: bool, function: Function) -> Result<u64, Refusal> {
        if self.timers.len() >= TIMERS {
            return Err(format!("{TIMERS} timers run, the most there may be; cancel one").into());
        }
        self.last_timer += 1;
        let timer = Timer { function, every: every.then_some(time) };
        self.timers.insert((Instant::now() + time, self.last_timer), timer);
        Ok(self.last_timer)
    }
}

pub(super) fn add(functions: &Functions<'_>) -> mlua::Result<()> {
    functions.add("on", |_, script, args| on(script, &args))?;
    functions.add("on_line", |_, script, args| on_line(script, &args))?;
    functions.add("command", |_, script, args| command(script, &args))?;
    functions.add("after", |_, script, args| timer(script, &args, false))?;
    functions.add("every", |_, script, args| timer(script, &args, true))?;
    functions.add("cancel", |_, script, args| {
        let number = args.number(0, "timer")?;
        #[expect(clippy::cast_precision_loss, reason = "nobody sets so many timers")]
        script.handlers.borrow_mut().timers.retain(|(_, own), _| *own as f64 != number);
        Ok(())
    })
}

fn on(script: &Script, args: &Args) -> Result<(), Refusal> {
    let kind = args.text(0, "kind", 64)?;
    let function = args.function(1, "the second argument")?;
    let mut handlers = script.handlers.borrow_mut();
    if handlers.event_handlers >= EVENT_HANDLERS {
        return Err(format!("{EVENT_HANDLERS} functions wait for events, the most there may be").into());
    }
    handlers.event_handlers += 1;
    handlers.events.entry(kind.clone()).or_default().push(function);
    script.instance.inbox.listen_to(&kind);
    Ok(())
}

fn on_line(script: &Script, args: &Args) -> Result<(), Refusal> {
    let pattern = args.text(0, "pattern", 1024)?;
    let (mut session, mut plain, mut at) = (None, false, 1);
    if let LuaValue::Table(options) = args.at(1) {
        args::only_keys(options, &["session", "plain"])?;
        session = match options.raw_get("session")? {
            LuaValue::Nil => None,
            LuaValue::Table(table) => Some(args::text_of(&table.raw_get("name")?, "session's name", 64)?),
            name => Some(args::text_of(&name, "session", 64)?),
        };
        plain = match options.raw_get("plain")? {
            LuaValue::Nil => false,
            LuaValue::Boolean(plain) => plain,
            other => return Err(args::expected("plain", "a boolean", &other)),
        };
        at = 2;
    }
    let function = args.function(at, "the last argument")?;
    let source = if plain { regex::escape(&pattern) } else { pattern };
    let mut handlers = script.handlers.borrow_mut();
    if handlers.lines.len() >= LINE_HANDLERS {
        return Err(format!("{LINE_HANDLERS} functions wait for lines, the most there may be").into());
    }
    let (pattern, bytes) = compile(&source)?;
    if handlers.pattern_bytes + bytes > PATTERNS_BYTES {
        return Err(format!(
            "all patterns together take more than {} KiB; use fewer groups, and where ASCII is enough (?-u:\\w) for \\w",
            PATTERNS_BYTES >> 10
        )
        .into());
    }
    handlers.pattern_bytes += bytes;
    handlers.lines.push(LineHandler { pattern, session, function });
    script.instance.inbox.listen_to_lines();
    script.instance.wanted.set();
    Ok(())
}

/// Compiles a pattern, and says how much memory it may take while it is looked for, in bytes.
fn compile(source: &str) -> Result<(Regex, usize), String> {
    // The compiler does not tell how large a pattern has become, but whether it has become larger than some size.
    let mut size = 4 << 10;
    let pattern = loop {
        match RegexBuilder::new(source).size_limit(size).dfa_size_limit(PATTERN_CACHE_BYTES).build() {
            Err(regex::Error::CompiledTooBig(_)) if size < PATTERN_BYTES => size *= 2,
            outcome => break outcome.map_err(|error| bad_pattern(&error))?,
        }
    };
    // The whole match counts as a group here.
    let groups = pattern.captures_len();
    if groups > PATTERN_GROUPS + 1 {
        return Err(format!(
            "pattern has {} groups, more than the {PATTERN_GROUPS} that it may have; (?:x) is none",
            groups - 1
        ));
    }
    // It is there forwards and backwards, with lists of its places; and of each place, which takes 32 bytes at least, the matcher may
    // note both ends of each group, in two tables of 8 bytes each.
    Ok((pattern, size * (groups + 3)))
}

fn bad_pattern(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => format!(
            "pattern takes more than {} KiB when compiled; where ASCII is enough, (?-u:\\w) is far smaller than \\w",
            PATTERN_BYTES >> 10
        ),
        // The reason is the last of several lines that draw the place.
        other => {
            let drawn = other.to_string();
            let reason = drawn.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            format!("bad pattern: {reason}")
        }
    }
}

fn command(script: &Script, args: &Args) -> Result<(), Refusal> {
    let name = args.text(0, "name", 64)?;
    if !is_name(&name) {
        return Err(format!("bad name {name:?}: a command's name has 1 to 32 of a-z 0-9 -").into());
    }
    let help = text::shown(&args.text(1, "help", TITLE_BYTES)?);
    let function = args.function(2, "the third argument")?;
    let mut handlers = script.handlers.borrow_mut();
    if handlers.commands.len() >= COMMANDS {
        return Err(format!("there are {COMMANDS} commands, the most there may be").into());
    }
    if handlers.commands.contains_key(&name) {
        return Err(format!("there is a command `{name}` already").into());
    }
    script.instance.add_command(&name, &help);
    handlers.commands.insert(name, function);
    Ok(())
}

fn timer(script: &Script, args: &Args, every: bool) -> Result<u64, Refusal> {
    let milliseconds = args.number(0, "the time")?;
    let function = args.function(1, "the second argument")?;
    let (least, most) = (TIMER_MIN.as_millis(), TIMER_MAX.as_millis());
    // What is no number, or infinite, is not between these.
    if !(milliseconds >= TIMER_MIN.as_secs_f64() * 1e3 && milliseconds <= TIMER_MAX.as_secs_f64() * 1e3) {
        return Err(format!("the time must be from {least} to {most} milliseconds, not {milliseconds}").into());
    }
    let time = Duration::from_secs_f64(milliseconds / 1e3);
    script.handlers.borrow_mut().add_timer(time, every, function)
}
