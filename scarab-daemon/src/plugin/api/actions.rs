//! What a script tells clients, people and its own log.

use mlua::Value as LuaValue;

use super::{
    Functions, Refusal, Script,
    args::{self, Args},
};
use crate::plugin::{
    Notice, SessionRef,
    limits::{BODY_BYTES, FIELD_BYTES, FIELDS, KEY_BYTES, LOG_BYTES, TITLE_BYTES},
    manifest::is_name,
    pace::Action,
    text,
};

/// What a script may not call a field of its event, because every event has it.
const RESERVED: [&str; 3] = ["kind", "number", "session"];

pub(super) fn add(functions: &Functions<'_>) -> mlua::Result<()> {
    functions.add("notify", |_, script, args| notify(script, &args))?;
    functions.add("status", |_, script, args| status(script, &args))?;
    functions.add("emit", |_, script, args| emit(script, &args))?;
    functions.add("log", |_, script, args| log(script, &args))
}

fn notify(script: &Script, args: &Args) -> Result<(), Refusal> {
    let options = args.table(0, "the argument")?;
    args::only_keys(&options, &["title", "body", "session"])?;
    let title = text::shown(&args::text_of(&options.raw_get("title")?, "title", TITLE_BYTES)?);
    let body = text::shown_lines(&args::optional_text(&options, "body", BODY_BYTES)?.unwrap_or_default());
    script.count(Action::Notify)?;
    let session = optional_session(script, &options.raw_get("session")?)?;
    let record = &script.instance.record;
    record.host.notify(&record.name, Notice { title, body, session });
    Ok(())
}

fn status(script: &Script, args: &Args) -> Result<(), Refusal> {
    let key = args.text(0, "key", KEY_BYTES)?;
    if !is_name(&key) {
        return Err(format!("bad key {key:?}: a status' key has 1 to 32 of a-z 0-9 -").into());
    }
    let shown = match args.at(1) {
        LuaValue::Nil => None,
        value => Some(text::shown(&args::text_of(value, "text", TITLE_BYTES)?)),
    };
    script.count(Action::Status)?;
    Ok(script.instance.record.set_status(script.instance.number, &key, shown.as_deref())?)
}

fn emit(script: &Script, args: &Args) -> Result<(), Refusal> {
    let event = args.text(0, "event", 64)?;
    if !is_name(&event) {
        return Err(format!("bad event {event:?}: an event's name has 1 to 32 of a-z 0-9 -").into());
    }
    let mut fields = Vec::new();
    if !matches!(args.at(1), LuaValue::Nil) {
        for pair in args.table(1, "data")?.pairs::<LuaValue, LuaValue>() {
            let (key, value) = pair?;
            let key = text::shown(&args::text_of(&key, "a key of data", KEY_BYTES)?);
            if fields.len() >= FIELDS {
                return Err(format!("data has more than {FIELDS} fields").into());
            }
            if RESERVED.contains(&&*key) {
                return Err(format!("data: every event has {}; call the field otherwise", RESERVED.join(", ")).into());
            }
            let value = args::scalar(&value, &format!("data's {key}"), FIELD_BYTES)?;
            fields.push((key, value));
        }
    }
    // In the order of their keys, because the language's tables have none.
    fields.sort_by(|(a, _), (b, _)| a.cmp(b));
    script.count(Action::Emit)?;
    let session = optional_session(script, args.at(2))?;
    let record = &script.instance.record;
    record.host.emit(&record.name, &event, fields, session);
    Ok(())
}

fn log(script: &Script, args: &Args) -> Result<(), Refusal> {
    let line = match args.at(0) {
        LuaValue::String(line) => {
            let bytes = line.as_bytes();
            String::from_utf8_lossy(&bytes[..bytes.len().min(LOG_BYTES)]).into_owned()
        }
        LuaValue::Number(number) => number.to_string(),
        LuaValue::Integer(number) => number.to_string(),
        LuaValue::Boolean(flag) => flag.to_string(),
        other => return Err(args::expected("the argument", "a text, a number or a boolean", other)),
    };
    script.count(Action::Log)?;
    script.instance.record.log(&line, false);
    Ok(())
}

fn optional_session(script: &Script, value: &LuaValue) -> Result<Option<SessionRef>, Refusal> {
    match value {
        LuaValue::Nil => Ok(None),
        value => match args::session(&*script.instance.record.host, value) {
            Ok(info) => Ok(Some(info.session)),
            // What is told of a session is often that it has ended.
            Err(refusal) => gone(value)?.map(Some).ok_or(refusal),
        },
    }
}

/// A session that an event or a line has named, though it is gone.
fn gone(value: &LuaValue) -> Result<Option<SessionRef>, Refusal> {
    let LuaValue::Table(table) = value else { return Ok(None) };
    let (id, name) = (table.raw_get::<LuaValue>("id")?, table.raw_get::<LuaValue>("name")?);
    let number = match id {
        LuaValue::Integer(id) => u32::try_from(id).ok(),
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it saturates, and then names no session"
        )]
        LuaValue::Number(id) => Some(id as u32),
        _ => None,
    };
    let name = args::text_of(&name, "session's name", KEY_BYTES).ok();
    Ok(number.zip(name).map(|(number, name)| SessionRef { number, name: text::shown(&name) }))
}
