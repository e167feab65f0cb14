//! The daemon's values as scripts see them.

use std::collections::BTreeMap;

use mlua::{Lua, Table, Value as LuaValue};

use crate::plugin::{CallContext, Event, SessionRef, Value};

/// An event: its kind, number and session, and its fields beside them.
pub(in super::super) fn event(lua: &Lua, event: &Event) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    for (key, field) in &event.fields {
        table.raw_set(key.as_str(), value(lua, field)?)?;
    }
    table.raw_set("kind", event.kind.as_str())?;
    table.raw_set("number", event.number)?;
    if let Some(about) = &event.session {
        table.raw_set("session", session(lua, about)?)?;
    }
    Ok(table)
}

/// A session: its id and its name.
pub(in super::super) fn session(lua: &Lua, session: &SessionRef) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("id", session.number)?;
    table.raw_set("name", session.name.as_str())?;
    Ok(table)
}

/// Who calls a command.
pub(in super::super) fn context(lua: &Lua, context: &CallContext) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("client", context.client.as_deref())?;
    table.raw_set("session", context.session.as_ref().map(|about| session(lua, about)).transpose()?)?;
    Ok(table)
}

/// A section of the configuration, read-only all through.
pub(in super::super) fn settings(lua: &Lua, settings: &BTreeMap<String, Value>) -> mlua::Result<Table> {
    map(lua, settings)
}

/// Any value; lists and maps are read-only.
pub(super) fn value(lua: &Lua, from: &Value) -> mlua::Result<LuaValue> {
    Ok(match from {
        Value::Flag(flag) => LuaValue::Boolean(*flag),
        #[expect(clippy::cast_precision_loss, reason = "scripts count in f64")]
        Value::Integer(number) => LuaValue::Number(*number as f64),
        Value::Number(number) => LuaValue::Number(*number),
        Value::Text(text) => LuaValue::String(lua.create_string(text)?),
        Value::List(values) => {
            let table = lua.create_table()?;
            for item in values {
                table.raw_push(value(lua, item)?)?;
            }
            table.set_readonly(true);
            LuaValue::Table(table)
        }
        Value::Map(values) => LuaValue::Table(map(lua, values)?),
    })
}

fn map(lua: &Lua, values: &BTreeMap<String, Value>) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    for (key, item) in values {
        table.raw_set(key.as_str(), value(lua, item)?)?;
    }
    table.set_readonly(true);
    Ok(table)
}
