//! What scripts can call: the table `scarab`. docs/PLUGINS.md says what each function does.
//!
//! A function takes its [`Args`] and gives its results, or a [`Refusal`], which the prelude raises at the script's own line.

mod actions;
mod args;
pub(super) mod convert;
mod data;
mod handlers;
mod sessions;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
    time::Instant,
};

use mlua::{Function, IntoLuaMulti, Lua, MultiValue, Table};

use self::{args::Args, handlers::Handlers};
use super::{
    Permission, SessionRef,
    instance::Instance,
    limits::ACTIONS,
    pace::{Action, Pace},
};

/// Why a function did nothing.
enum Refusal {
    /// A mistake of the script's, or something that the daemon does not do, in words.
    Text(String),
    /// A failure of the engine's, such as no memory.
    Engine(mlua::Error),
}

impl From<String> for Refusal {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Refusal {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<mlua::Error> for Refusal {
    fn from(error: mlua::Error) -> Self {
        Self::Engine(error)
    }
}

/// What belongs to a script on its own thread: what it has registered, and how much it does.
pub(super) struct Script {
    instance: Arc<Instance>,
    handlers: RefCell<Handlers>,
    pace: Pace,
    /// Actions of this callback.
    actions: Cell<u32>,
}

impl Script {
    pub(super) fn new(instance: Arc<Instance>) -> Self {
        Self { instance, handlers: RefCell::default(), pace: Pace::new(), actions: Cell::default() }
    }

    /// All functions, each of which returns a failure or nil, then its results.
    ///
    /// # Errors
    /// If the engine refuses.
    pub(super) fn functions(self: &Rc<Self>, lua: &Lua) -> mlua::Result<Table> {
        let functions = Functions { lua, script: self, table: lua.create_table()? };
        handlers::add(&functions)?;
        sessions::add(&functions)?;
        actions::add(&functions)?;
        data::add(&functions)?;
        Ok(functions.table)
    }

    /// Begins to count a callback's actions.
    pub(super) fn begin_callback(&self) {
        self.actions.set(0);
    }

    /// Whether a message begins with a place in this script, and so is no text that was raised on purpose for others.
    pub(super) fn has_place(&self, message: &str) -> bool {
        let path = &self.instance.script.path;
        let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let rest = message.strip_prefix(&*file).and_then(|rest| rest.strip_prefix(':'));
        let engines = message.starts_with("used more than") || message.starts_with("C stack overflow");
        engines || rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    }

    pub(super) fn event_handlers(&self, kind: &str) -> Vec<Function> {
        self.handlers.borrow().events(kind)
    }

    pub(super) fn line_handlers(&self) -> usize {
        self.handlers.borrow().line_handlers()
    }

    pub(super) fn matching(&self, handler: usize, session: &SessionRef, line: &str) -> Option<(Function, Vec<String>)> {
        self.handlers.borrow().matching(handler, session, line)
    }

    pub(super) fn pattern(&self, handler: usize) -> String {
        self.handlers.borrow().pattern(handler)
    }

    pub(super) fn command(&self, name: &str) -> Option<Function> {
        self.handlers.borrow().command(name)
    }

    pub(super) fn next_timer(&self) -> Option<Instant> {
        self.handlers.borrow().next_timer()
    }

    pub(super) fn take_due_timer(&self) -> Option<Function> {
        self.handlers.borrow_mut().take_due_timer()
    }

    /// Forgets all that was registered.
    pub(super) fn clear(&self) {
        self.handlers.take();
    }

    /// Counts an action.
    fn count(&self, action: Action) -> Result<(), String> {
        let actions = self.actions.get() + 1;
        if actions > ACTIONS {
            return Err(format!("a callback may do {ACTIONS} things; do the rest from a timer"));
        }
        self.actions.set(actions);
        self.pace.count(action)
    }

    /// Checks that the manifest asks for a permission.
    fn need(&self, permission: Permission) -> Result<(), String> {
        if self.instance.manifest.permissions.contains(&permission) {
            return Ok(());
        }
        let name = permission.name();
        Err(format!("needs the permission `{name}`; write permissions = [\"{name}\"] into the manifest"))
    }
}

/// The table that is being filled.
struct Functions<'a> {
    lua: &'a Lua,
    script: &'a Rc<Script>,
    table: Table,
}

impl Functions<'_> {
    fn add<R: IntoLuaMulti>(
        &self,
        name: &'static str,
        function: impl Fn(&Lua, &Script, Args) -> Result<R, Refusal> + 'static,
    ) -> mlua::Result<()> {
        let script = self.script.clone();
        let wrapped = self.lua.create_function(move |lua, values: MultiValue| {
            match function(lua, &script, Args::new(values)) {
                Ok(results) => {
                    let mut results = results.into_lua_multi(lua)?;
                    results.push_front(mlua::Nil);
                    Ok(results)
                }
                Err(Refusal::Text(text)) => format!("{name}: {text}").into_lua_multi(lua),
                Err(Refusal::Engine(error)) => Err(error),
            }
        })?;
        self.table.raw_set(name, wrapped)
    }
}
