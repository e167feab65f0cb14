//! A plugin's thread: one callback after the other.

use std::{
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use mlua::{Function, Lua, MultiValue, Table, Value as LuaValue};

use super::{
    CallError, Event, Report, SessionRef,
    api::{Script, convert},
    call::{Call, Owed},
    inbox::{Item, Next},
    instance::Instance,
    limits::{ANSWER_BYTES, CALLBACK_TIME, FAILURES, MANY_FAILURES, SAVE_EVERY, START_TIME},
    pace::{Effort, Failings, Reports},
    sandbox::{Fault, Sandbox},
    text,
    thread::Stopwatch,
};

/// As much of a pattern as a failure names, in bytes.
const SHOWN_PATTERN_BYTES: usize = 64;
/// How long lines are looked at before calls and timers have their turn: far more than that turn takes, and nothing that anybody feels.
const SLICE: Duration = Duration::from_millis(1);

/// A sandbox with a script in it that has been run once.
pub(super) struct Runner {
    sandbox: Sandbox,
    script: Rc<Script>,
    instance: Arc<Instance>,
    /// What was taken from the inbox last, until all its functions have been called.
    work: Option<Work>,
    /// What was computed since the last rest.
    effort: Effort,
    /// How many callbacks have failed in a row.
    failures: u32,
    /// All that fail, in a row or not.
    failings: Failings,
    /// Why it goes no further, once it has failed too often.
    given_up: Option<String>,
    reports: Reports,
    /// When kept data is to be written, if it has changed.
    save_at: Option<Instant>,
}

/// Something for which functions are called, one after the other.
enum Work {
    Event(Arc<Event>, std::vec::IntoIter<Function>),
    Lines(Lines),
}

/// A batch of lines, and how far it has been looked at.
struct Lines {
    session: SessionRef,
    lines: Arc<[String]>,
    /// Which line.
    line: usize,
    /// Which function is the next for it, of how many: those that there were when the line began.
    handler: usize,
    handlers: usize,
    /// How long the line's patterns have been looked for.
    looking: Duration,
}

impl Runner {
    /// Makes a sandbox, compiles the script and runs it.
    ///
    /// # Errors
    /// What went wrong, with the script's line.
    pub(super) fn start(instance: &Arc<Instance>) -> Result<Self, String> {
        let failed = |error: mlua::Error| format!("the engine does not start: {error}");
        let sandbox = Sandbox::new(instance.inbox.clone()).map_err(failed)?;
        let script = Rc::new(Script::new(instance.clone()));
        let raw = script.functions(&sandbox.lua).map_err(failed)?;
        let settings = convert::settings(&sandbox.lua, &instance.record.settings()).map_err(failed)?;
        sandbox.close(raw, settings).map_err(failed)?;
        let path = &instance.script.path;
        let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let main = sandbox.compile(&file, &instance.script.text).map_err(|fault| fault.message)?;
        let runner = Self {
            sandbox,
            script,
            instance: instance.clone(),
            work: None,
            effort: Effort::default(),
            failures: 0,
            failings: Failings::new(),
            given_up: None,
            reports: Reports::new(),
            save_at: None,
        };
        runner.script.begin_callback();
        runner.sandbox.run(START_TIME, |_| main.call::<()>(())).map_err(|fault| fault.message)?;
        runner.instance.set_memory(runner.sandbox.lua.used_memory());
        Ok(runner)
    }

    /// Works until it is told to end; or until it has failed too often: then the reason.
    pub(super) fn run(mut self) -> Option<String> {
        self.serve();
        for report in self.reports.take_all() {
            self.report(report);
        }
        self.given_up.take()
    }

    /// In each round a call, a timer and a function for what the inbox has take their turns, so that none keeps another waiting: before a
    /// call there are at most two other callbacks, the same for each call that has waited longer, and a rest as long as all of them. It is
    /// not served during a rest, or a plugin that is called often would have more than half a processor.
    fn serve(&mut self) {
        while self.given_up.is_none() {
            if let Some(rest) = self.effort.take_rest() {
                self.instance.inbox.rest(rest);
            }
            if self.instance.inbox.is_stopping() {
                return;
            }
            if let Some(call) = self.instance.inbox.take_call() {
                self.call(call);
            }
            if let Some(function) = self.script.take_due_timer() {
                self.callback(|_| function.call::<()>(()));
            }
            self.save_if_due();
            self.report_if_due();
            if self.work.is_none() {
                let due = [self.script.next_timer(), self.save_at, self.reports.due()].into_iter().flatten().min();
                match self.instance.inbox.next(due) {
                    Next::Item(item) => self.take(item),
                    // Their turn comes at once.
                    Next::Call | Next::Due => {}
                    Next::Stop => return,
                }
            }
            self.work_on();
        }
    }

    fn take(&mut self, item: Item) {
        self.work = Some(match item {
            Item::Event(event) => self.event(event),
            Item::Lines(session, lines) => Work::Lines(Lines {
                session,
                lines,
                line: 0,
                handler: 0,
                handlers: self.script.line_handlers(),
                looking: Duration::ZERO,
            }),
            Item::Lagged { events, lines } => {
                self.reports.add_loss(events, lines);
                self.report_now();
                let fields = [("events", events), ("lines", lines)];
                let fields =
                    fields.map(|(key, count)| (key.to_owned(), i64::try_from(count).unwrap_or(i64::MAX).into()));
                let event = Event { kind: "lagged".into(), number: 0, session: None, fields: fields.into() };
                self.event(Arc::new(event))
            }
        });
    }

    fn event(&self, event: Arc<Event>) -> Work {
        let functions = self.script.event_handlers(&event.kind).into_iter();
        Work::Event(event, functions)
    }

    /// Calls the next function for what was taken from the inbox, if there is one.
    fn work_on(&mut self) {
        match self.work.take() {
            Some(Work::Event(event, mut functions)) => {
                if let Some(function) = functions.next() {
                    self.callback(|lua| function.call::<()>(convert::event(lua, &event)?));
                    self.work = Some(Work::Event(event, functions));
                }
            }
            Some(Work::Lines(mut lines)) => self.work = self.look_on(&mut lines).then_some(Work::Lines(lines)),
            None => {}
        }
    }

    /// Looks on at a line until a function has been called for it, some time has passed, or no function is left; whether lines are left.
    /// A pattern cannot be interrupted while it is looked for, so this looks at the time after each.
    fn look_on(&mut self, lines: &mut Lines) -> bool {
        let Some(line) = lines.lines.get(lines.line) else { return false };
        let watch = Stopwatch::start();
        let mut matched = None;
        while matched.is_none() && lines.handler < lines.handlers && watch.elapsed() < SLICE {
            matched = self.script.matching(lines.handler, &lines.session, line);
            lines.handler += 1;
        }
        let computed = watch.computed();
        self.effort.add(computed);
        lines.looking += computed;
        if lines.looking > CALLBACK_TIME {
            let pattern = self.script.pattern(lines.handler.saturating_sub(1));
            let pattern = text::cut(&pattern, SHOWN_PATTERN_BYTES);
            let most = CALLBACK_TIME.as_millis();
            self.fail(&format!(
                "on_line: looking for the patterns in a line took longer than {most} ms, as far as {pattern:?}"
            ));
            lines.handler = lines.handlers;
        } else if let Some((function, groups)) = matched {
            self.callback(|lua| function.call::<()>((convert::session(lua, &lines.session)?, &**line, groups)));
        }
        if lines.handler >= lines.handlers {
            lines.line += 1;
            lines.handler = 0;
            lines.handlers = self.script.line_handlers();
            lines.looking = Duration::ZERO;
        }
        lines.line < lines.lines.len()
    }

    fn call(&mut self, call: Call) {
        let Call { command, args, context, reply } = call;
        let reply = Owed::new(reply, &self.instance.record.name);
        let Some(function) = self.script.command(&command) else {
            let plugin = self.instance.record.name.clone();
            return reply.give(Err(CallError::NoCommand { plugin, command, commands: Vec::new() }));
        };
        let answer = self.attempt(|lua| {
            let args = lua.create_sequence_from(args)?;
            let context = convert::context(lua, &context)?;
            answer(&function, (args, context))
        });
        let outcome = match answer {
            Ok(outcome) => {
                self.failures = 0;
                outcome.map_err(|message| CallError::Refused { message })
            }
            Err(Fault { message, slow: true }) => {
                self.fail(&message);
                Err(CallError::Slow { message })
            }
            // The caller is told, so that it is no reason to disable anything: three wrong calls of a user are none.
            Err(Fault { message, .. }) if self.script.has_place(&message) => {
                self.note(&message);
                Err(CallError::Failed { message })
            }
            // A text without a place in the script was raised on purpose, for whoever called.
            Err(Fault { message, .. }) => Err(CallError::Refused { message }),
        };
        reply.give(outcome);
    }

    /// Runs a function whose outcome counts.
    fn callback(&mut self, code: impl FnOnce(&Lua) -> mlua::Result<()>) {
        if self.given_up.is_some() {
            return;
        }
        match self.attempt(code) {
            Ok(()) => self.failures = 0,
            Err(fault) => self.fail(&fault.message),
        }
    }

    /// Runs a function within its time, and sees to what follows each.
    fn attempt<R>(&mut self, code: impl FnOnce(&Lua) -> mlua::Result<R>) -> Result<R, Fault> {
        self.script.begin_callback();
        let outcome = self.sandbox.run(CALLBACK_TIME, code);
        self.effort.add(self.sandbox.computed());
        self.instance.set_memory(self.sandbox.lua.used_memory());
        if self.save_at.is_none() && self.instance.record.store(|store| store.is_dirty()) {
            self.save_at = Some(Instant::now() + SAVE_EVERY);
        }
        outcome
    }

    fn save_if_due(&mut self) {
        if self.save_at.take_if(|at| *at <= Instant::now()).is_some() {
            self.instance.record.save();
        }
    }

    /// Counts a failure, unless it is only that the plugin is ending.
    fn fail(&mut self, message: &str) {
        if self.instance.inbox.is_stopping() {
            return;
        }
        self.note(message);
        self.failures += 1;
        if self.failures >= FAILURES {
            self.given_up = Some(format!("{FAILURES} callbacks in a row failed, the last with: {message}"));
        } else if self.failings.are_too_many() {
            self.given_up = Some(format!(
                "more than {MANY_FAILURES} callbacks failed within a short time, the last with: {message}"
            ));
        }
    }

    /// Notes a failure, and tells clients, soon or now.
    fn note(&mut self, message: &str) {
        self.instance.record.fail(message);
        self.reports.add_failure(message);
        self.report_now();
    }

    fn report_if_due(&mut self) {
        if self.reports.due().is_some_and(|at| at <= Instant::now()) {
            self.report_now();
        }
    }

    fn report_now(&mut self) {
        for report in self.reports.take() {
            self.report(report);
        }
    }

    fn report(&self, report: Report) {
        let record = &self.instance.record;
        record.host.report(&record.name, report);
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        // What is registered belongs to the engine, which goes after it.
        self.script.clear();
        self.instance.set_memory(0);
    }
}

/// Calls a command: a text or nothing is its answer; nothing and a text, a refusal.
fn answer(function: &Function, args: (Table, Table)) -> mlua::Result<Result<String, String>> {
    let mut values = function.call::<MultiValue>(args)?.into_iter();
    let shown = |value: LuaValue| match value {
        LuaValue::String(text) => {
            let bytes = text.as_bytes();
            let bytes = &bytes[..bytes.len().min(ANSWER_BYTES)];
            let text = text::shown_lines(&String::from_utf8_lossy(bytes));
            // Each byte that is no UTF-8 has become three.
            Some(text::cut(&text, ANSWER_BYTES).to_owned())
        }
        LuaValue::Integer(number) => Some(number.to_string()),
        LuaValue::Number(number) => Some(number.to_string()),
        LuaValue::Boolean(flag) => Some(flag.to_string()),
        _ => None,
    };
    let (first, second) = (values.next().unwrap_or(LuaValue::Nil), values.next());
    Ok(match (first, second) {
        (LuaValue::Nil, Some(why @ LuaValue::String(_))) => Err(shown(why).unwrap_or_default()),
        (LuaValue::Nil, _) => Ok(String::new()),
        (value, _) => {
            let kind = value.type_name();
            shown(value)
                .map(Ok)
                .ok_or_else(|| mlua::Error::runtime(format!("a command must return a text or nil, not {kind}")))?
        }
    })
}
