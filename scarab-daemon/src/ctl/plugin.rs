//! `scarabctl plugin`: plugins, loaded, listed, called.

use std::path::PathBuf;

use clap::Subcommand;
use scarab_protocol::{
    ids::Name,
    message::{
        Done, ListPlugins, LoadPlugin, PluginCommand, PluginInfo, PluginReply, PluginSource, Plugins, ReloadPlugin,
        Target, UnloadPlugin,
    },
};
use serde_json::{Value, json};

use super::{
    connection::{Connection, Which},
    outcome::{CtlError, Output},
};

/// What to do with plugins.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Load a plugin; prints its name
    Load {
        /// Its file, or the name of one that comes with the program: `notify-on-exit`, `autoname`, `watch`
        plugin: PathBuf,
        /// Let it type into this session, or with * into all, if it asks for that; may be given more than once
        #[arg(long, value_name = "SESSION")]
        input: Vec<String>,
    },
    /// End a plugin
    Unload {
        /// Its name
        name: String,
    },
    /// Read a plugin's file anew, and begin a disabled one again
    Reload {
        /// Its name
        name: String,
    },
    /// The plugins, or one with its commands and its log
    List {
        /// Its name
        name: Option<String>,
    },
    /// Call a command of a plugin; prints what it answers
    Call {
        /// The plugin's name
        name: String,
        /// The command's name
        command: String,
        /// What it is given
        args: Vec<String>,
        /// The session that it is about
        #[arg(long, value_name = "SESSION")]
        session: Option<Name>,
    },
}

/// Does it.
pub fn run(which: &Which, args: Args, output: Output) -> Result<(), CtlError> {
    let connection = which.connect()?;
    match args.action {
        Action::Load { plugin, input } => {
            let source = source(plugin)?;
            loaded(&load(&connection, &LoadPlugin { source, grants: input })?, output)
        }
        Action::Reload { name } => loaded(&load(&connection, &ReloadPlugin { name })?, output),
        Action::Unload { name } => {
            let Done {} = connection.ask_for_long(&UnloadPlugin { name: name.clone() })?;
            output.print_only_json(&json!({ "unloaded": name }))
        }
        Action::List { name } => {
            let of_one = name.is_some();
            let Plugins { plugins } = connection.ask(&ListPlugins { name })?;
            list(&connection, &plugins, of_one, output)
        }
        Action::Call { name, command, args, session } => {
            let session = session.map(|session| Target::Name(session.to_string()));
            let request = PluginCommand { plugin: name, command, args, session };
            let PluginReply { text } = connection.ask_for_long(&request)?;
            if text.is_empty() && !output.json {
                return Ok(());
            }
            output.print(&text, &json!({ "answer": text }))
        }
    }
}

/// A file, if it is there or looks like one; else the name of a plugin that the daemon has.
fn source(plugin: PathBuf) -> Result<PluginSource, CtlError> {
    match plugin.to_str() {
        Some(name) if !plugin.exists() && !name.contains(['/', '\\', '.']) => Ok(PluginSource::Bundled(name.into())),
        _ => {
            // The daemon has another directory.
            let path = std::path::absolute(&plugin)
                .map_err(|error| CtlError::Failed(format!("{}: {error}", plugin.display())))?;
            Ok(PluginSource::File(path.into_os_string().into_encoded_bytes()))
        }
    }
}

fn load<Q: scarab_protocol::message::Message>(connection: &Connection, request: &Q) -> Result<PluginInfo, CtlError> {
    let Plugins { plugins } = connection.ask_for_long(request)?;
    plugins.into_iter().next().ok_or_else(|| CtlError::Failed("the daemon does not say what it has loaded".into()))
}

fn loaded(plugin: &PluginInfo, output: Output) -> Result<(), CtlError> {
    output.print(&plugin.name, &plugin_json(plugin))
}

fn list(connection: &Connection, plugins: &[PluginInfo], of_one: bool, output: Output) -> Result<(), CtlError> {
    let mut text = String::new();
    for plugin in plugins {
        text += &line(plugin);
        if of_one {
            text += &details(plugin);
        }
    }
    if plugins.is_empty() {
        text = format!("no plugins: `{} plugin load` loads one", connection.scarabctl);
    }
    output.print(text.trim_end(), &plugins.iter().map(plugin_json).collect::<Vec<_>>())
}

fn line(plugin: &PluginInfo) -> String {
    let state = plugin.disabled.as_ref().map_or_else(|| "running".into(), |why| format!("disabled: {why}"));
    let mut line = format!("{} {}  {state}", plugin.name, plugin.version);
    if plugin.disabled.is_none()
        && let Some(error) = &plugin.last_error
    {
        line += &format!("  {} errors, the last: {error}", plugin.errors);
    }
    line + "\n"
}

fn details(plugin: &PluginInfo) -> String {
    let mut text = format!("{}\n{}\n", plugin.about, plugin.path);
    for command in &plugin.commands {
        text += &format!("  {} {}\n", command.name, command.help);
    }
    for item in &plugin.status {
        text += &format!("  {}: {}\n", item.key, item.text);
    }
    for entry in &plugin.log {
        text += &format!("{} {}\n", if entry.is_error { "!" } else { "-" }, entry.text);
    }
    text
}

fn plugin_json(plugin: &PluginInfo) -> Value {
    json!({
        "name": plugin.name,
        "version": plugin.version,
        "about": plugin.about,
        "path": plugin.path,
        "state": if plugin.disabled.is_some() { "disabled" } else { "running" },
        "disabled": plugin.disabled,
        "commands": plugin.commands.iter().map(|it| json!({ "name": it.name, "help": it.help })).collect::<Vec<_>>(),
        "permissions": plugin.permissions,
        "errors": plugin.errors,
        "last_error": plugin.last_error,
        "dropped": plugin.dropped,
        "memory": plugin.memory,
        "status": plugin.status.iter().map(|it| json!({ "key": it.key, "text": it.text })).collect::<Vec<_>>(),
        "log": plugin.log.iter()
            .map(|it| json!({ "time_ms": it.time_ms, "is_error": it.is_error, "text": it.text }))
            .collect::<Vec<_>>(),
    })
}
