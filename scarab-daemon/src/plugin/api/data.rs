//! The small data that a script keeps.

use mlua::Value as LuaValue;

use super::{Functions, args, convert};
use crate::plugin::limits::{DATA_BYTES, KEY_BYTES};

pub(super) fn add(functions: &Functions<'_>) -> mlua::Result<()> {
    functions.add("get", |lua, script, args| {
        let key = args.text(0, "key", KEY_BYTES)?;
        let kept = script.instance.record.store(|store| store.get(&key).cloned());
        Ok(kept.map(|kept| convert::value(lua, &kept)).transpose()?)
    })?;
    functions.add("set", |_, script, args| {
        let key = args.text(0, "key", KEY_BYTES)?;
        let value = match args.at(1) {
            LuaValue::Nil => None,
            value => Some(args::scalar(value, "value", DATA_BYTES)?),
        };
        Ok(script.instance.record.store(|store| store.set(&key, value))?)
    })
}
