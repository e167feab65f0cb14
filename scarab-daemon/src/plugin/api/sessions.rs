//! Sessions: looking at them, making them, naming them, typing into them.

use mlua::{Lua, Table, Value as LuaValue};

use super::{
    Functions, Refusal, Script,
    args::{self, Args},
    convert,
};
use crate::plugin::{
    HostError, NewSession, Permission, Screen, SessionInfo,
    limits::{FIELD_BYTES, SEND_BYTES, WORDS},
    pace::Action,
};

impl From<HostError> for Refusal {
    fn from(error: HostError) -> Self {
        Self::Text(error.0)
    }
}

pub(super) fn add(functions: &Functions<'_>) -> mlua::Result<()> {
    functions.add("sessions", |lua, script, _| {
        script.count(Action::Look)?;
        let list = lua.create_table()?;
        for info in script.instance.record.host.sessions() {
            list.raw_push(session_table(lua, &info)?)?;
        }
        Ok(list)
    })?;
    functions.add("screen", |lua, script, args| {
        script.count(Action::Look)?;
        let host = &script.instance.record.host;
        let info = args::session(&**host, args.at(0))?;
        Ok(screen_table(lua, &host.screen(info.session.number)?)?)
    })?;
    functions.add("send", |_, script, args| send(script, &args))?;
    functions.add("create", |lua, script, args| create(lua, script, &args))?;
    functions.add("rename", |_, script, args| rename(script, &args))
}

fn send(script: &Script, args: &Args) -> Result<(), Refusal> {
    script.need(Permission::Input)?;
    let text = args.text(1, "text", SEND_BYTES)?;
    script.count(Action::Send)?;
    let record = &script.instance.record;
    let info = args::session(&*record.host, args.at(0))?;
    let SessionInfo { session, .. } = info;
    if !record.may_type(&session) {
        let name = &session.name;
        return Err(format!(
            "may not type into session {name:?}; grant it with input = [{name:?}] in the configuration's [plugins.{}]",
            record.name
        )
        .into());
    }
    Ok(record.host.send(&record.name, session.number, &text)?)
}

fn create(lua: &Lua, script: &Script, args: &Args) -> Result<Table, Refusal> {
    script.need(Permission::Create)?;
    let options = match args.at(0) {
        LuaValue::Nil => lua.create_table()?,
        _ => args.table(0, "the argument")?,
    };
    args::only_keys(&options, &["name", "command", "cwd"])?;
    let name = args::optional_text(&options, "name", 64)?;
    let cwd = args::optional_text(&options, "cwd", FIELD_BYTES)?;
    let command = match options.raw_get("command")? {
        LuaValue::Nil => Vec::new(),
        LuaValue::Table(words) => words_of(&words)?,
        word => vec![args::text_of(&word, "command", FIELD_BYTES)?],
    };
    script.count(Action::Create)?;
    let record = &script.instance.record;
    let sessions = record.host.sessions();
    let exist: Vec<u32> = sessions.iter().map(|info| info.session.number).collect();
    if !record.may_create(&exist) {
        return Err(
            format!("{} sessions of its making exist, the most there may be", crate::plugin::limits::CREATED).into()
        );
    }
    let session = record.host.create(&record.name, NewSession { name, command, cwd })?;
    record.created(session.number);
    Ok(convert::session(lua, &session)?)
}

fn words_of(words: &Table) -> Result<Vec<String>, Refusal> {
    let count = words.raw_len();
    if count > WORDS {
        return Err(format!("command has more than {WORDS} words").into());
    }
    (1..=count).map(|at| args::text_of(&words.raw_get(at)?, "a word of command", FIELD_BYTES)).collect()
}

fn rename(script: &Script, args: &Args) -> Result<(), Refusal> {
    script.need(Permission::Rename)?;
    let name = args.text(1, "name", 64)?;
    script.count(Action::Rename)?;
    let record = &script.instance.record;
    let SessionInfo { session, .. } = args::session(&*record.host, args.at(0))?;
    // Else it could give itself a session to type into.
    if record.is_granted(&name) && !record.may_type(&session) {
        return Err(format!("may not take the name {name:?}, by which it was granted another session").into());
    }
    Ok(record.host.rename(&record.name, session.number, &name)?)
}

fn session_table(lua: &Lua, info: &SessionInfo) -> mlua::Result<Table> {
    let table = convert::session(lua, &info.session)?;
    table.raw_set("title", info.title.as_str())?;
    table.raw_set("command", info.command.as_str())?;
    table.raw_set("cwd", info.cwd.as_deref())?;
    table.raw_set("running", info.running)?;
    Ok(table)
}

fn screen_table(lua: &Lua, screen: &Screen) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("cols", screen.cols)?;
    table.raw_set("rows", screen.lines.len())?;
    table.raw_set("lines", lua.create_sequence_from(screen.lines.iter().map(String::as_str))?)?;
    if let Some((row, col)) = screen.cursor {
        let cursor = lua.create_table()?;
        // Rows and columns count from 1, as the language's lists do.
        cursor.raw_set("row", u32::from(row) + 1)?;
        cursor.raw_set("col", u32::from(col) + 1)?;
        table.raw_set("cursor", cursor)?;
    }
    Ok(table)
}
