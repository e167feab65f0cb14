//! The configuration that the daemon has, for Apps.

use std::sync::Arc;

use bevy::prelude::*;
use scarab_protocol::{
    config::{Value, changed_keys, color, lookup},
    message::Config,
};

use crate::connection::{ConnectionLink, PrimaryConnection};

/// The section `[client]` of the configuration, as the daemon of the primary connection has it: the same for all its clients.
/// Until it has told, and for what an older daemon does not know, these are the defaults.
///
/// An App that wants its terminals to look as the user's others do adds `ScarabConfigPlugin` (feature `render`).
#[derive(Resource, Debug, Clone, PartialEq)]
pub struct ClientConfig {
    /// `client.font_size`, in logical pixels.
    pub font_size: f32,
    /// `client.padding`, in logical pixels.
    pub padding: f32,
    /// `client.foreground`: red, green, blue.
    pub foreground: [u8; 3],
    /// `client.background`.
    pub background: [u8; 3],
    /// `client.cursor`.
    pub cursor: [u8; 3],
    /// `client.ansi`.
    pub ansi: [[u8; 3]; 16],
}

/// The whole configuration of a connection's daemon: every key with its value, where that comes from, and what is wrong with the
/// file. It comes to the connection's entity soon after the connection stands, and stays when that is lost.
#[derive(Component, Debug, Clone, PartialEq)]
pub struct DaemonConfig(pub Arc<Config>);

/// The configuration of a connection's daemon has changed, or has been told for the first time.
#[derive(Message, Debug, Clone, PartialEq, Eq)]
pub struct ConfigChanged {
    /// The connection.
    pub connection: Entity,
    /// The keys whose values are others now; none if only the file has become right or wrong.
    pub keys: Vec<String>,
    /// What is wrong with the file, in one line; the values are those from before.
    pub problem: Option<String>,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self::of(&|_| None)
    }
}

impl From<&Config> for ClientConfig {
    fn from(config: &Config) -> Self {
        Self::of(&|name| config.entries.iter().find(|entry| entry.key == name).map(|entry| entry.value.clone()))
    }
}

impl ClientConfig {
    /// From what was told, where that makes sense, and from the table of keys.
    fn of(told: &dyn Fn(&str) -> Option<Value>) -> Self {
        let value = |name: &str| {
            let key = lookup(name).expect("a key of the table");
            told(name).and_then(|value| key.fit(value).ok()).unwrap_or_else(|| key.default())
        };
        let number = |name| match value(name) {
            Value::Float(number) => number as f32,
            _ => 0.0,
        };
        let one = |name| value(name).as_text().and_then(color).unwrap_or_default();
        let mut ansi = [[0; 3]; 16];
        if let Value::Texts(texts) = value("client.ansi") {
            for (own, text) in ansi.iter_mut().zip(&texts) {
                *own = color(text).unwrap_or_default();
            }
        }
        Self {
            font_size: number("client.font_size"),
            padding: number("client.padding"),
            foreground: one("client.foreground"),
            background: one("client.background"),
            cursor: one("client.cursor"),
            ansi,
        }
    }
}

/// Takes over what the daemons have told.
pub(crate) fn receive(
    mut commands: Commands,
    connections: Query<(Entity, &ConnectionLink, Option<&DaemonConfig>, Has<PrimaryConnection>)>,
    mut own: ResMut<ClientConfig>,
    mut changed: MessageWriter<ConfigChanged>,
) {
    for (connection, link, known, primary) in &connections {
        let Some(config) = link.client.config() else { continue };
        if known.is_some_and(|known| Arc::ptr_eq(&known.0, &config)) {
            continue;
        }
        let before = known.map_or(&[][..], |known| &known.0.entries);
        let keys = changed_keys(before, &config.entries);
        let problem = Some(config.problem.clone()).filter(|problem| !problem.is_empty());
        if let Some(problem) = &problem {
            tracing::warn!("{problem}");
        }
        if primary {
            own.set_if_neq(ClientConfig::from(&*config));
        }
        changed.write(ConfigChanged { connection, keys, problem });
        commands.entity(connection).insert(DaemonConfig(config));
    }
}

#[cfg(test)]
mod tests {
    use scarab_protocol::{config::Origin, message::ConfigEntry};

    use super::*;

    #[test]
    fn what_makes_no_sense_is_as_if_it_had_not_been_told() {
        let entry = |key: &str, value| ConfigEntry { key: key.into(), value, origin: Origin::File, restart: false };
        let entries = vec![
            entry("client.font_size", Value::Float(-1.0)),
            entry("client.padding", Value::Integer(7)),
            entry("client.cursor", Value::Text("#010203".into())),
            entry("client.foreground", Value::Text("red".into())),
            entry("client.unheard_of", Value::Bool(true)),
        ];
        let config = Config { path: String::new(), revision: 1, problem: String::new(), entries };
        let expected = ClientConfig { padding: 7.0, cursor: [1, 2, 3], ..ClientConfig::default() };
        assert_eq!(ClientConfig::from(&config), expected);
    }
}
