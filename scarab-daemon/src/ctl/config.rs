//! `scarabctl config`: what is in force, one key of it, a change of one, and what is wrong with a file.

use std::{fmt::Write, path::PathBuf};

use scarab_protocol::{
    config::{Key, Origin, Value, default_file, lookup},
    message::{Config, ConfigEntry, Done, GetConfig, SetConfig},
};
use serde::Serialize;
use serde_json::json;

use super::{
    connection::{Connection, Which},
    outcome::{CtlError, Output},
};
use crate::{
    attach::printable,
    config::{file, place, takes_bare_text},
};

/// What to do with the configuration.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    /// Print a whole file with every key at its default, instead of what is in force
    #[arg(long)]
    default: bool,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print the value of a key
    Get {
        /// The key, with its section before it: daemon.scrollback
        key: String,
    },
    /// Change a key until the daemon ends, or in the file
    Set {
        /// The key, with its section before it: daemon.scrollback
        key: String,
        /// The value as TOML, or a text without its quotes
        #[arg(allow_hyphen_values = true)]
        value: String,
        /// Write it into the file
        #[arg(long)]
        save: bool,
    },
    /// Take back what `set` said of a key, or what the file says
    Unset {
        /// The key, with its section before it: daemon.scrollback
        key: String,
        /// Take it out of the file
        #[arg(long)]
        save: bool,
    },
    /// Say what is wrong with a file; no daemon is needed
    Check {
        /// The file [default: the one that a daemon would read]
        file: Option<PathBuf>,
    },
    /// Print where the file is
    Path,
}

/// Does what is asked for.
pub fn run(which: &Which, args: Args, output: Output) -> Result<(), CtlError> {
    match args.action {
        None if args.default => print_default(output),
        None => {
            let config = ask(&which.connect()?)?;
            output.print(toml(&config).trim_end(), &ConfigJson::from(&config))
        }
        Some(Action::Get { key }) => get(which, &key, output),
        Some(Action::Set { key, value, save }) => set(which, &key, &value, save, output),
        Some(Action::Unset { key, save }) => unset(which, &key, save, output),
        Some(Action::Check { file }) => check(file, output),
        Some(Action::Path) => path(which, output),
    }
}

fn ask(connection: &Connection) -> Result<Config, CtlError> {
    connection.ask(&GetConfig {})
}

fn print_default(output: Output) -> Result<(), CtlError> {
    let file = default_file();
    output.print(file.trim_end(), &json!({ "default": file }))
}

fn get(which: &Which, name: &str, output: Output) -> Result<(), CtlError> {
    let key = key(name)?;
    let found = ask(&which.connect()?)?.entries.into_iter().find(|entry| entry.key == name).map(|entry| entry.value);
    let value = match found {
        Some(value) => value,
        None if key.parts().1 == "KEY" => return Err(CtlError::Failed(format!("{name} is not set"))),
        // A plugin's section that does not say.
        None => key.default(),
    };
    let text = match &value {
        Value::Text(text) => printable(text),
        other => other.to_string(),
    };
    output.print(text, &json(&value))
}

fn set(which: &Which, name: &str, text: &str, save: bool, output: Output) -> Result<(), CtlError> {
    let value = read(key(name)?, text).ok_or_else(|| {
        CtlError::Usage(format!(
            "{name}: {text:?} is no value: numbers, true and false as they are, texts in quotes, lists in brackets"
        ))
    })?;
    change(which, name, Some(value), save, output)
}

fn unset(which: &Which, name: &str, save: bool, output: Output) -> Result<(), CtlError> {
    key(name)?;
    change(which, name, None, save, output)
}

fn change(which: &Which, name: &str, value: Option<Value>, save: bool, output: Output) -> Result<(), CtlError> {
    let connection = which.connect()?;
    let shown = value.as_ref().map(json);
    let Done {} = connection.ask(&SetConfig { key: name.into(), value, save })?;
    let restart = ask(&connection)?.entries.iter().any(|entry| entry.key == name && entry.restart);
    let told = json!({ "key": name, "value": shown, "saved": save, "restart": restart });
    match restart {
        true => output.print(format!("{name} counts when the daemon is started anew"), &told),
        false => output.print_only_json(&told),
    }
}

fn check(named: Option<PathBuf>, output: Output) -> Result<(), CtlError> {
    let is_named = named.is_some();
    let nowhere = || CtlError::Failed("there is no place for a configuration here: name a file".into());
    let path = named.or_else(|| place::file(None)).ok_or_else(nowhere)?;
    let shown = path.display().to_string();
    match file::read(&path).map_err(CtlError::Failed)? {
        Some(text) => {
            let count = file::parse(&text, &path).map_err(CtlError::Failed)?.len();
            output.print(format!("{shown}: nothing is wrong"), &json!({ "path": shown, "exists": true, "keys": count }))
        }
        None if is_named => Err(CtlError::Failed(format!("there is no file {shown}"))),
        None => {
            let text = format!("{shown}: there is no file, and so everything has its default");
            output.print(text, &json!({ "path": shown, "exists": false, "keys": 0 }))
        }
    }
}

/// The daemon's file, which may be another than this environment names; without a daemon, the one that it would read.
fn path(which: &Which, output: Output) -> Result<(), CtlError> {
    let path = match which.connect() {
        Ok(connection) => printable(&ask(&connection)?.path),
        Err(CtlError::NotRunning { .. }) => {
            place::file(None).map(|path| path.display().to_string()).unwrap_or_default()
        }
        Err(error) => return Err(error),
    };
    if path.is_empty() {
        return Err(CtlError::Failed("there is no configuration file: start the daemon with --config FILE".into()));
    }
    output.print(&path, &json!({ "path": path }))
}

fn key(name: &str) -> Result<&'static Key, CtlError> {
    lookup(name).map_err(|unknown| CtlError::Usage(unknown.to_string()))
}

/// A value as it is typed: TOML, or a text as it is where the key has one.
fn read(key: &Key, text: &str) -> Option<Value> {
    let item = text.trim().parse::<toml_edit::Value>().ok().map(toml_edit::Item::Value);
    let value = item.as_ref().and_then(file::value);
    match value {
        Some(value) if key.check(&value).is_ok() || !takes_bare_text(key) => Some(value),
        // What is TOML and none of the key's values may be its text: a TERM of 1.
        _ if takes_bare_text(key) => Some(Value::Text(text.into())),
        other => other,
    }
}

/// The configuration as a file, with where each value comes from behind it.
fn toml(config: &Config) -> String {
    let mut text = match config.path.as_str() {
        "" => String::from("# this daemon has no configuration file\n"),
        path => format!("# {}\n", printable(path)),
    };
    if !config.problem.is_empty() {
        let _ = writeln!(text, "# it is broken, and what it said before is in force: {}", printable(&config.problem));
    }
    let mut section = "";
    for ConfigEntry { key, value, origin, restart } in &config.entries {
        let (own, name) = key.rsplit_once('.').unwrap_or(("", key));
        if own != section {
            let _ = write!(text, "\n[{}]\n", printable(own));
            section = own;
        }
        let origin = match origin {
            Origin::Default => "default",
            Origin::File => "file",
            Origin::Session => "until the daemon ends",
        };
        let restart = if *restart { ", counts after a restart" } else { "" };
        let _ = writeln!(text, "{} = {value} # {origin}{restart}", printable(name));
    }
    text
}

#[derive(Serialize)]
struct ConfigJson<'a> {
    path: Option<&'a str>,
    revision: u64,
    problem: Option<&'a str>,
    entries: Vec<serde_json::Value>,
}

impl<'a> From<&'a Config> for ConfigJson<'a> {
    fn from(config: &'a Config) -> Self {
        let entry = |entry: &ConfigEntry| {
            let origin = match entry.origin {
                Origin::Default => "default",
                Origin::File => "file",
                Origin::Session => "session",
            };
            json!({ "key": entry.key, "value": json(&entry.value), "origin": origin, "restart": entry.restart })
        };
        Self {
            path: Some(config.path.as_str()).filter(|path| !path.is_empty()),
            revision: config.revision,
            problem: Some(config.problem.as_str()).filter(|problem| !problem.is_empty()),
            entries: config.entries.iter().map(entry).collect(),
        }
    }
}

/// A value as JSON; a number that JSON does not have is null.
fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Bool(value) => json!(value),
        Value::Integer(value) => json!(value),
        Value::Float(value) => json!(value),
        Value::Text(value) => json!(value),
        Value::Texts(values) => json!(values),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn values_are_typed_as_toml_or_as_they_are() {
        let typed = |name, text: &str| read(lookup(name).expect("a key"), text);
        let text = |text: &str| Some(Value::Text(text.into()));
        assert_eq!(typed("daemon.scrollback", "500"), Some(Value::Integer(500)));
        assert_eq!(typed("daemon.scrollback", "-1"), Some(Value::Integer(-1)));
        assert_eq!(typed("daemon.scrollback", "lots"), None);
        assert_eq!(typed("daemon.scrollback", "\"lots\""), text("lots"));
        assert_eq!(typed("daemon.shell", "[\"fish\", '-l']"), Some(Value::Texts(vec!["fish".into(), "-l".into()])));
        assert_eq!(typed("daemon.shell", "fish"), None);
        assert_eq!(typed("client.cursor", "#ff0000"), text("#ff0000"));
        assert_eq!(typed("client.cursor", "'#ff0000'"), text("#ff0000"));
        assert_eq!(typed("daemon.term", "123"), text("123"));
        assert_eq!(typed("daemon.log", "warn,scarab_daemon=debug"), text("warn,scarab_daemon=debug"));
        assert_eq!(typed("plugins.a.b", "true"), Some(Value::Bool(true)));
        assert_eq!(typed("plugins.a.b", "two words"), text("two words"));
        assert_eq!(typed("daemon.scrollback", "1\n[client]"), None);
    }

    #[test]
    fn what_is_in_force_is_a_file_that_could_be_read() {
        let entry = |key: &str, value, origin| ConfigEntry { key: key.into(), value, origin, restart: false };
        let config = Config {
            path: "/x\x1b/scarab.toml".into(),
            revision: 3,
            problem: "/x:1:1: no\ngood".into(),
            entries: vec![
                entry("daemon.scrollback", Value::Integer(5), Origin::File),
                ConfigEntry { restart: true, ..entry("daemon.resume_seconds", Value::Integer(60), Origin::Session) },
                entry("client.padding", Value::Float(4.0), Origin::Default),
                entry("plugins.a.words", Value::Texts(vec!["x\u{9b}".into()]), Origin::File),
            ],
        };
        let text = toml(&config);
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        assert!(text.contains("[daemon]\nscrollback = 5 # file\n"), "{text}");
        assert!(text.contains("resume_seconds = 60 # until the daemon ends, counts after a restart\n"), "{text}");
        let values = file::parse(&text, Path::new("x")).expect("it can be read");
        assert_eq!(values.into_iter().collect::<Vec<_>>().len(), config.entries.len());
    }
}
