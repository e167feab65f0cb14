//! A plugin's thread: one callback after the other.

use std::{rc::Rc, sync::Arc, time::Instant};

use mlua::{Function, Lua, MultiValue, Table, Value as LuaValue};

use super::{
    CallError, Event, Report, SessionRef,
    api::{Script, convert},
    inbox::{Call, Item, Next},
    instance::Instance,
    limits::{ANSWER_BYTES, CALLBACK_TIME, FAILURES, REST_AFTER, SAVE_EVERY, START_TIME},
    sandbox::{Fault, Sandbox},
    text,
};

/// A sandbox with a script in it that has been run once.
pub(super) struct Runner {
    sandbox: Sandbox,
    script: Rc<Script>,
    instance: Arc<Instance>,
    /// How many callbacks have failed in a row.
    failures: u32,
    /// When kept data is to be written, if it has changed.
    save_at: Option<Instant>,
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
        let runner = Self { sandbox, script, instance: instance.clone(), failures: 0, save_at: None };
        runner.script.begin_callback();
        runner.sandbox.run(START_TIME, |_| main.call::<()>(())).map_err(|fault| fault.message)?;
        runner.instance.set_memory(runner.sandbox.lua.used_memory());
        Ok(runner)
    }

    /// Works until it is told to end; or until it has failed too often in a row: then the reason.
    pub(super) fn run(mut self) -> Option<String> {
        // A due timer and what waits in the inbox take turns, so that neither starves the other.
        let mut timers_turn = true;
        while self.failures < FAILURES {
            let timer = self.script.next_timer();
            if timers_turn && timer.is_some_and(|at| at <= Instant::now()) {
                self.fire_timer();
                timers_turn = false;
                continue;
            }
            timers_turn = true;
            let due = timer.into_iter().chain(self.save_at).min();
            match self.instance.inbox.next(due) {
                Next::Item(item) => self.take(item),
                Next::Due => self.save_if_due(),
                Next::Stop => return None,
            }
        }
        let (_, last) = self.instance.record.errors();
        Some(format!("{FAILURES} callbacks in a row failed, the last with: {}", last.unwrap_or_default()))
    }

    fn take(&mut self, item: Item) {
        match item {
            Item::Event(event) => self.event(&event),
            Item::Lines(session, lines) => {
                for line in lines.iter() {
                    self.line(&session, line);
                    if self.failures >= FAILURES || self.instance.inbox.is_stopping() {
                        return;
                    }
                }
            }
            Item::Call(call) => self.call(call),
            Item::Lagged { events, lines } => {
                let record = &self.instance.record;
                record.host.report(&record.name, Report::Lagged { events, lines });
                let fields = [("events", events), ("lines", lines)];
                let fields =
                    fields.map(|(key, count)| (key.to_owned(), i64::try_from(count).unwrap_or(i64::MAX).into()));
                self.event(&Event { kind: "lagged".into(), number: 0, session: None, fields: fields.into() });
            }
        }
    }

    fn event(&mut self, event: &Event) {
        for handler in self.script.event_handlers(&event.kind) {
            self.callback(|lua| handler.call::<()>(convert::event(lua, event)?));
        }
    }

    fn line(&mut self, session: &SessionRef, line: &str) {
        for (handler, captures) in self.script.matching(session, line) {
            self.callback(|lua| handler.call::<()>((convert::session(lua, session)?, line, captures)));
        }
    }

    fn fire_timer(&mut self) {
        if let Some(function) = self.script.take_due_timer() {
            self.callback(|_| function.call::<()>(()));
        }
    }

    fn call(&mut self, call: Call) {
        let Call { command, args, context, reply } = call;
        let Some(function) = self.script.command(&command) else {
            let plugin = self.instance.record.name.clone();
            return reply(Err(CallError::NoCommand { plugin, command, commands: Vec::new() }));
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
                self.instance.record.fail(&message);
                Err(CallError::Failed { message })
            }
            // A text without a place in the script was raised on purpose, for whoever called.
            Err(Fault { message, .. }) => Err(CallError::Refused { message }),
        };
        reply(outcome);
    }

    /// Runs a function whose outcome counts.
    fn callback(&mut self, code: impl FnOnce(&Lua) -> mlua::Result<()>) {
        if self.failures >= FAILURES {
            return;
        }
        match self.attempt(code) {
            Ok(()) => self.failures = 0,
            Err(_) if self.instance.inbox.is_stopping() => {}
            Err(fault) => self.fail(&fault.message),
        }
    }

    /// Runs a function within its time, and sees to what follows each.
    fn attempt<R>(&mut self, code: impl FnOnce(&Lua) -> mlua::Result<R>) -> Result<R, Fault> {
        self.script.begin_callback();
        let outcome = self.sandbox.run(CALLBACK_TIME, code);
        let took = self.sandbox.elapsed();
        self.instance.set_memory(self.sandbox.lua.used_memory());
        if self.save_at.is_none() && self.instance.record.store(|store| store.is_dirty()) {
            self.save_at = Some(Instant::now() + SAVE_EVERY);
        }
        self.save_if_due();
        if took > REST_AFTER {
            self.instance.inbox.rest(took.min(CALLBACK_TIME));
        }
        outcome
    }

    fn save_if_due(&mut self) {
        if self.save_at.take_if(|at| *at <= Instant::now()).is_some() {
            self.instance.record.save();
        }
    }

    fn fail(&mut self, message: &str) {
        if !self.instance.inbox.is_stopping() {
            self.failures += 1;
            self.instance.record.fail(message);
        }
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
