//! The engine, with its limits: what keeps a script from touching, stalling or bloating the daemon.

use std::{cell::Cell, rc::Rc, sync::Arc, time::Duration};

use mlua::{Function, Lua, LuaOptions, StdLib, Table, VmState, chunk::ChunkMode};

use super::{
    inbox::Inbox,
    limits::{CALLBACK_TIME, CLOCK_FACTOR, LOG_BYTES, MEMORY},
    text,
    thread::Stopwatch,
};

const PRELUDE: &str = include_str!("prelude.luau");

/// The longest text that the language's pattern functions look at, in bytes. Between two of its interrupts the engine does at
/// most so many steps times [`PATTERN_BYTES`]: some tens of milliseconds.
const SUBJECT_BYTES: usize = 256 << 10;
/// The longest pattern of the language's own, in bytes.
const PATTERN_BYTES: usize = 256;
/// The most elements that are moved in one call: as many as the memory can hold.
const COUNT: usize = 1 << 20;

/// What scripts do not get of what the engine brings: more code, the collector's controls, others' environments.
const WITHHELD: [&str; 8] =
    ["require", "loadstring", "collectgarbage", "getfenv", "setfenv", "newproxy", "gcinfo", "debug"];

/// How a run of script code ended that did not end well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// `FILE:LINE: message`.
    pub(super) message: String,
    /// Whether its time was up.
    pub(super) slow: bool,
}

/// The time that a run of script code has.
pub(super) struct Budget {
    watch: Cell<Stopwatch>,
    limit: Cell<Duration>,
    spent: Cell<bool>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { watch: Cell::new(Stopwatch::start()), limit: Cell::new(CALLBACK_TIME), spent: Cell::default() }
    }
}

impl Budget {
    /// Begins a run.
    pub(super) fn begin(&self, limit: Duration) {
        self.watch.set(Stopwatch::start());
        self.limit.set(limit);
        self.spent.set(false);
    }

    /// Whether the time is up. Once it is, it stays so until the next run, whatever the script catches.
    fn is_over(&self) -> bool {
        if !self.spent.get() {
            let (watch, limit) = (self.watch.get(), self.limit.get());
            let elapsed = watch.elapsed();
            self.spent.set(elapsed >= limit && (elapsed >= limit * CLOCK_FACTOR || watch.computed() >= limit));
        }
        self.spent.get()
    }
}

/// An engine that runs one script.
pub(super) struct Sandbox {
    pub(super) lua: Lua,
    budget: Rc<Budget>,
}

impl Sandbox {
    /// An engine without anything of the daemon in it.
    ///
    /// # Errors
    /// If the engine does not start.
    pub(super) fn new(inbox: Arc<Inbox>) -> mlua::Result<Self> {
        let libraries = StdLib::COROUTINE
            | StdLib::TABLE
            | StdLib::OS
            | StdLib::STRING
            | StdLib::UTF8
            | StdLib::BIT
            | StdLib::MATH
            | StdLib::BUFFER
            | StdLib::VECTOR;
        let lua = Lua::new_with(libraries, LuaOptions::new())?;
        lua.set_memory_limit(MEMORY)?;
        let budget = Rc::<Budget>::default();
        let own = budget.clone();
        // Called at each loop's turn, each call and each return, and in each step of a pattern.
        lua.set_interrupt(move |lua| {
            if inbox.is_stopping() {
                return Err(mlua::Error::runtime("the plugin is ending"));
            }
            if own.is_over() {
                let message = format!("{}{}", place(lua), too_long(own.limit.get()));
                return Err(mlua::Error::runtime(message));
            }
            Ok(VmState::Continue)
        });
        Ok(Self { lua, budget })
    }

    /// Gives scripts the daemon's functions as `scarab`, takes away what they are not to have, and locks the libraries.
    ///
    /// # Errors
    /// If the engine refuses, which would be a mistake of ours.
    pub(super) fn close(&self, raw: Table, settings: Table) -> mlua::Result<()> {
        let globals = self.lua.globals();
        for name in WITHHELD {
            globals.raw_set(name, mlua::Nil)?;
        }
        let prelude = self.lua.load(PRELUDE).set_name("=scarab").into_function()?;
        self.budget.begin(CALLBACK_TIME * CLOCK_FACTOR);
        let scarab: Table = prelude.call((raw, settings, SUBJECT_BYTES, PATTERN_BYTES, COUNT))?;
        globals.raw_set("print", scarab.raw_get::<Function>("log")?)?;
        globals.raw_set("scarab", scarab)?;
        self.lua.sandbox(true)
    }

    /// Compiles a script. Bytecode is refused.
    ///
    /// # Errors
    /// A syntax error, with its line.
    pub(super) fn compile(&self, file: &str, script: &str) -> Result<Function, Fault> {
        let script = script.strip_prefix('\u{feff}').unwrap_or(script);
        let chunk = self.lua.load(script).set_name(format!("={file}")).set_mode(ChunkMode::Text);
        chunk.into_function().map_err(|error| Fault { message: message_of(&error), slow: false })
    }

    /// Runs script code within its time.
    ///
    /// # Errors
    /// What ended it; also if the script has caught that.
    pub(super) fn run<R>(&self, limit: Duration, code: impl FnOnce(&Lua) -> mlua::Result<R>) -> Result<R, Fault> {
        self.budget.begin(limit);
        let outcome = code(&self.lua);
        let slow = self.budget.spent.get();
        match outcome {
            Ok(_) if slow => Err(Fault { message: format!("the script has caught that it {}", too_long(limit)), slow }),
            Ok(value) => Ok(value),
            Err(error) => {
                // What a script filled its memory with is garbage now.
                if is_memory(&error) {
                    let _ = self.lua.gc_collect();
                }
                Err(Fault { message: message_of(&error), slow })
            }
        }
    }

    /// How long the last run has computed until now.
    pub(super) fn computed(&self) -> Duration {
        self.budget.watch.get().computed()
    }
}

fn too_long(limit: Duration) -> String {
    format!("ran longer than {} ms and was ended", limit.as_millis())
}

/// `FILE:LINE: ` of the script code that runs, or nothing if none does.
fn place(lua: &Lua) -> String {
    (0..8)
        .find_map(|level| {
            lua.inspect_stack(level, |frame| Some((frame.source().short_src?.into_owned(), frame.current_line()?)))
                .flatten()
        })
        .map(|(file, line)| format!("{file}:{line}: "))
        .unwrap_or_default()
}

fn is_memory(error: &mlua::Error) -> bool {
    match error {
        mlua::Error::MemoryError(_) => true,
        mlua::Error::CallbackError { cause, .. } => is_memory(cause),
        _ => false,
    }
}

/// An error as one line for a log, without the engine's traceback.
pub(super) fn message_of(error: &mlua::Error) -> String {
    let message = match error {
        mlua::Error::CallbackError { cause, .. } => return message_of(cause),
        mlua::Error::RuntimeError(message) | mlua::Error::SyntaxError { message, .. } => message.clone(),
        mlua::Error::MemoryError(_) => format!("used more than the {} MiB that a plugin may have", MEMORY >> 20),
        other => other.to_string(),
    };
    let message = message.split("\nstack traceback:").next().unwrap_or_default();
    text::cut(&text::shown(message.trim_end()), LOG_BYTES).to_owned()
}
