//! What a script gives a function, checked by hand: the texts of failures name what was expected and what was found.

use mlua::{Function, MultiValue, Table, Value as LuaValue};

use super::Refusal;
use crate::plugin::{Host, SessionInfo, Value, text};

/// The arguments, by position.
pub(super) struct Args(Vec<LuaValue>);

impl Args {
    pub(super) fn new(values: MultiValue) -> Self {
        Self(values.into_iter().collect())
    }

    /// An argument, or nil.
    pub(super) fn at(&self, position: usize) -> &LuaValue {
        self.0.get(position).unwrap_or(&LuaValue::Nil)
    }

    pub(super) fn text(&self, position: usize, what: &str, bytes: usize) -> Result<String, Refusal> {
        text_of(self.at(position), what, bytes)
    }

    pub(super) fn function(&self, position: usize, what: &str) -> Result<Function, Refusal> {
        match self.at(position) {
            LuaValue::Function(function) => Ok(function.clone()),
            other => Err(expected(what, "a function", other)),
        }
    }

    pub(super) fn table(&self, position: usize, what: &str) -> Result<Table, Refusal> {
        match self.at(position) {
            LuaValue::Table(table) => Ok(table.clone()),
            other => Err(expected(what, "a table", other)),
        }
    }

    pub(super) fn number(&self, position: usize, what: &str) -> Result<f64, Refusal> {
        number_of(self.at(position)).ok_or_else(|| expected(what, "a number", self.at(position)))
    }
}

/// A text that is UTF-8 and not too long.
pub(super) fn text_of(value: &LuaValue, what: &str, bytes: usize) -> Result<String, Refusal> {
    let LuaValue::String(found) = value else { return Err(expected(what, "a text", value)) };
    let found = found.as_bytes();
    if found.len() > bytes {
        return Err(format!("{what} is longer than {bytes} bytes").into());
    }
    let text = str::from_utf8(&found).map_err(|_| format!("{what} must be UTF-8"))?;
    Ok(text.to_owned())
}

/// An entry of a table that is a text, or nil.
pub(super) fn optional_text(table: &Table, key: &str, bytes: usize) -> Result<Option<String>, Refusal> {
    match table.raw_get(key)? {
        LuaValue::Nil => Ok(None),
        value => text_of(&value, key, bytes).map(Some),
    }
}

/// Checks that a table has no other keys than these, so that a misspelt one is not silently ignored.
pub(super) fn only_keys(table: &Table, keys: &[&str]) -> Result<(), Refusal> {
    for pair in table.pairs::<LuaValue, LuaValue>() {
        let (key, _) = pair?;
        let known =
            matches!(&key, LuaValue::String(key) if keys.iter().any(|known| known.as_bytes() == &*key.as_bytes()));
        if !known {
            let key = key.to_string().unwrap_or_default();
            return Err(
                format!("unknown key {:?}; there are {}", text::cut(&text::shown(&key), 64), keys.join(", ")).into()
            );
        }
    }
    Ok(())
}

/// A flag, a number or a text.
pub(super) fn scalar(value: &LuaValue, what: &str, bytes: usize) -> Result<Value, Refusal> {
    match value {
        LuaValue::Boolean(flag) => Ok(Value::Flag(*flag)),
        LuaValue::Integer(number) => Ok(Value::Integer(*number)),
        #[expect(clippy::cast_possible_truncation, reason = "whole numbers of this size are exact in both")]
        LuaValue::Number(number) if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 => {
            Ok(Value::Integer(*number as i64))
        }
        LuaValue::Number(number) if number.is_finite() => Ok(Value::Number(*number)),
        LuaValue::Number(_) => Err(format!("{what} must be a finite number").into()),
        LuaValue::String(_) => text_of(value, what, bytes).map(Value::Text),
        other => Err(expected(what, "a text, a number or a boolean", other)),
    }
}

/// The session that a script means, by its name or as a table with its id.
pub(super) fn session(host: &dyn Host, value: &LuaValue) -> Result<SessionInfo, Refusal> {
    let sessions = host.sessions();
    match value {
        LuaValue::String(_) => {
            let name = text_of(value, "session", 64)?;
            let found = sessions.into_iter().find(|info| info.session.name == name);
            found.ok_or_else(|| format!("no session is called {name:?}").into())
        }
        LuaValue::Table(table) => {
            let id = number_of(&table.raw_get("id")?).ok_or("session: a table must have the session's id")?;
            let found = sessions.into_iter().find(|info| f64::from(info.session.number) == id);
            found.ok_or_else(|| format!("there is no session {id} any more").into())
        }
        other => Err(expected("session", "a name, or a session's table", other)),
    }
}

fn number_of(value: &LuaValue) -> Option<f64> {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "scripts count in f64")]
        LuaValue::Integer(number) => Some(*number as f64),
        LuaValue::Number(number) => Some(*number),
        _ => None,
    }
}

pub(super) fn expected(what: &str, kind: &str, found: &LuaValue) -> Refusal {
    // The engine has two kinds of numbers, of which scripts know one.
    let found = if found.is_number() || found.is_integer() { "number" } else { found.type_name() };
    format!("{what} must be {kind}, not {found}").into()
}
