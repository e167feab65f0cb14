//! What plugins and programs in a daemon tell people: notifications, and status items.

use std::collections::BTreeMap;

use bevy::prelude::*;
use scarab_protocol::{
    client::Pending,
    event::EventKind,
    message::{Event, ListPlugins, Plugins},
};

use crate::{
    connection::{ConnectionLink, ConnectionStatus},
    events::DaemonEvents,
};

/// A plugin or a session's program wants the user told something. It comes to connections with [`DaemonEvents`] that want its kind.
#[derive(Message, Debug, Clone, PartialEq, Eq)]
pub struct Notified {
    /// The connection.
    pub connection: Entity,
    /// The terminal that shows the session it is about; the first, if several do.
    pub terminal: Option<Entity>,
    /// The plugin's name; `None` if the session's program wants it told (OSC 9, 777).
    pub plugin: Option<String>,
    /// What there is to tell, one line without control characters.
    pub title: String,
    /// More of it, without control characters; may be empty.
    pub body: String,
}

impl Notified {
    /// The notification in one of the daemon's events, if it is one.
    pub(crate) fn of(connection: Entity, terminal: Option<Entity>, event: &Event) -> Option<Self> {
        let text = |key| event.text_of(key).unwrap_or_default().to_owned();
        (event.kind() == Some(EventKind::Notification)).then(|| Self {
            connection,
            terminal,
            plugin: event.text_of("plugin").map(str::to_owned),
            title: text("title"),
            body: text("body"),
        })
    }
}

/// The status items that the plugins of a daemon have set, by plugin and key: one line each, without control characters. It comes to
/// connections with [`DaemonEvents`] that want their kind, and stays as it was while the connection is lost.
#[derive(Component, Reflect, Debug, Clone, PartialEq, Eq, Default)]
#[reflect(Component, Default)]
pub struct PluginStatus(pub BTreeMap<(String, String), String>);

/// What a daemon was asked: what was set before anybody listened.
#[derive(Component)]
pub(crate) struct Asked {
    /// The daemon's; `None` once nothing can be known of it.
    epoch: Option<u64>,
    /// Until it has come.
    answer: Option<Pending<Plugins>>,
    /// Whether something was set since, which the answer may not know.
    outdated: bool,
}

/// Asks for the status of daemons whose events have just been asked for.
pub(crate) fn ask(
    mut commands: Commands,
    connections: Query<
        (Entity, &DaemonEvents, &ConnectionLink, &ConnectionStatus, Option<&Asked>),
        Or<(Changed<DaemonEvents>, Changed<ConnectionStatus>)>,
    >,
) {
    for (connection, events, link, status, asked) in &connections {
        let ConnectionStatus::Connected { epoch, .. } = *status else { continue };
        if !events.want(EventKind::Status) {
            commands.entity(connection).remove::<(Asked, PluginStatus)>();
        } else if asked.is_none_or(|asked| asked.epoch != Some(epoch)) {
            let answer = Some(link.client.request(&ListPlugins { name: None }));
            commands
                .entity(connection)
                .insert((Asked { epoch: Some(epoch), answer, outdated: false }, PluginStatus::default()));
        }
    }
}

/// Takes over the answers.
pub(crate) fn receive(mut connections: Query<(&ConnectionLink, &mut Asked, &mut PluginStatus)>) {
    for (link, mut asked, mut status) in &mut connections {
        let asked = asked.bypass_change_detection();
        match asked.answer.as_ref().and_then(Pending::try_take) {
            None => {}
            Some(Ok(Plugins { plugins })) if !asked.outdated => {
                asked.answer = None;
                let items = plugins.into_iter().flat_map(|plugin| {
                    let name = plugin.name;
                    plugin.status.into_iter().map(move |item| ((name.clone(), item.key), item.text))
                });
                status.set_if_neq(PluginStatus(items.collect()));
            }
            Some(Ok(_)) => {
                ask_again(asked, link);
            }
            // The next connection is asked, be it to the same daemon.
            Some(Err(error)) => {
                tracing::debug!("no status of plugins: {error}");
                (asked.answer, asked.epoch) = (None, None);
            }
        }
    }
}

/// Asks for all of it, because what was told cannot be relied on.
pub(crate) fn ask_again(asked: &mut Asked, link: &ConnectionLink) {
    asked.outdated = false;
    asked.answer = Some(link.client.request(&ListPlugins { name: None }));
}

/// Takes over a change that an event of the kind `status` tells.
pub(crate) fn change(asked: &mut Asked, status: &mut PluginStatus, event: &Event) {
    asked.outdated = asked.answer.is_some();
    let name = |key| event.text_of(key).unwrap_or_default().to_owned();
    let item = (name("plugin"), name("key"));
    match event.text_of("text") {
        Some(text) => status.0.insert(item, text.to_owned()),
        None => status.0.remove(&item),
    };
}
