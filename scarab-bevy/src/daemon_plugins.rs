//! Plugins of the daemon, for Apps: commands out, events in. The client's half of a plugin is a Bevy plugin that uses these.

pub(crate) mod load;
pub(crate) mod told;

use std::time::Duration;

use bevy::prelude::*;
use scarab_protocol::{
    client::{Pending, RequestError},
    event::EventKind,
    message::{self, ErrorCode, Event, EventField, EventValue, PluginReply, Target},
};

use crate::{
    connection::{ConnectionLink, PrimaryConnection},
    terminal::TerminalSession,
};

/// Calls a command of a plugin in the daemon. Its answer comes as [`PluginReplied`].
#[derive(Message, Debug, Clone, PartialEq, Eq, Default)]
pub struct PluginCommand {
    /// The connection to its daemon; `None` for the primary one.
    pub connection: Option<Entity>,
    /// The plugin's name.
    pub plugin: String,
    /// The command's name.
    pub command: String,
    /// What the command is given.
    pub args: Vec<String>,
    /// The terminal whose session it is about.
    pub terminal: Option<Entity>,
}

/// A plugin's command has answered, or will not.
#[derive(Message, Debug, Clone, PartialEq, Eq)]
pub struct PluginReplied {
    /// The connection; `Entity::PLACEHOLDER` if the call went to none.
    pub connection: Entity,
    /// The plugin's name.
    pub plugin: String,
    /// The command's name.
    pub command: String,
    /// What it has answered, or why it has not.
    pub answer: Result<String, RequestError>,
}

/// A plugin has raised an event of its own. It comes to connections with [`DaemonEvents`](crate::DaemonEvents) that want its kind.
#[derive(Message, Debug, Clone, PartialEq, Eq)]
pub struct PluginEvent {
    /// The connection.
    pub connection: Entity,
    /// The terminal that shows the session it is about; the first, if several do.
    pub terminal: Option<Entity>,
    /// The plugin's name.
    pub plugin: String,
    /// The event's name.
    pub event: String,
    /// What the plugin says with it.
    pub fields: Vec<EventField>,
}

impl PluginEvent {
    /// The event in one of the daemon's, if it is one of a plugin's.
    pub(crate) fn of(connection: Entity, terminal: Option<Entity>, event: &Event) -> Option<Self> {
        if event.kind() != Some(EventKind::Plugin) {
            return None;
        }
        let name = |key| event.text_of(key).unwrap_or_default().to_owned();
        let own = event.fields.iter().filter(|field| field.key != "plugin" && field.key != "event");
        Some(Self {
            connection,
            terminal,
            plugin: name("plugin"),
            event: name("event"),
            fields: own.cloned().collect(),
        })
    }

    /// The number that the plugin has given this name.
    pub fn number_of(&self, key: &str) -> Option<i64> {
        match self.fields.iter().find(|field| field.key == key)?.value {
            EventValue::Number(number) => Some(number),
            _ => None,
        }
    }
}

/// The most calls that wait: a plugin has room for fewer. One more is answered at once with [`ErrorCode::Full`].
const MAX_CALLS: usize = 256;

/// The calls that wait for their answers. At most [`MAX_CALLS`].
#[derive(Resource, Default)]
pub(crate) struct Calls(Vec<Call>);

struct Call {
    connection: Entity,
    plugin: String,
    command: String,
    answer: Pending<PluginReply>,
}

/// Sends calls on their way.
pub(crate) fn call(
    mut commands: MessageReader<PluginCommand>,
    links: Query<&ConnectionLink>,
    primary: Query<Entity, With<PrimaryConnection>>,
    terminals: Query<&TerminalSession>,
    mut calls: ResMut<Calls>,
    mut replies: MessageWriter<PluginReplied>,
) {
    for PluginCommand { connection, plugin, command, args, terminal } in commands.read() {
        let (plugin, command) = (plugin.clone(), command.clone());
        if calls.0.len() >= MAX_CALLS {
            let text = format!("{MAX_CALLS} calls of plugins wait for their answers: call later");
            let answer = Err(RequestError::Refused { code: ErrorCode::Full, text, retry: Duration::ZERO });
            let connection = connection.unwrap_or(Entity::PLACEHOLDER);
            replies.write(PluginReplied { connection, plugin, command, answer });
            continue;
        }
        let connection = connection.or_else(|| primary.single().ok());
        let Some((connection, link)) = connection.and_then(|entity| Some((entity, links.get(entity).ok()?))) else {
            let connection = connection.unwrap_or(Entity::PLACEHOLDER);
            replies.write(PluginReplied { connection, plugin, command, answer: Err(RequestError::Lost) });
            continue;
        };
        let session = terminal.and_then(|terminal| terminals.get(terminal).ok()).map(|known| Target::Id(known.id));
        let request =
            message::PluginCommand { plugin: plugin.clone(), command: command.clone(), args: args.clone(), session };
        calls.0.push(Call { connection, plugin, command, answer: link.client.request(&request) });
    }
}

/// Takes over answers.
pub(crate) fn receive(mut calls: ResMut<Calls>, mut replies: MessageWriter<PluginReplied>) {
    let mut waiting = Vec::new();
    for Call { connection, plugin, command, answer } in std::mem::take(&mut calls.bypass_change_detection().0) {
        match answer.try_take() {
            None => waiting.push(Call { connection, plugin, command, answer }),
            Some(outcome) => {
                let answer = outcome.map(|PluginReply { text }| text);
                replies.write(PluginReplied { connection, plugin, command, answer });
            }
        }
    }
    calls.bypass_change_detection().0 = waiting;
}
