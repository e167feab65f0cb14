//! Plugins that an App needs in its daemon.

use std::path::Path;

use bevy::prelude::*;
use scarab_protocol::{
    client::{Pending, RequestError},
    message::{LoadPlugin, PluginSource, Plugins},
};

use crate::connection::{ConnectionLink, ConnectionStatus, PrimaryConnection};

/// A plugin that the App needs in its daemon. It is loaded once the connection stands, and again in another daemon; one that runs
/// already, from the same file, goes on. [`DaemonPluginStatus`] tells how it went.
///
/// Despawning the entity leaves the plugin in the daemon, where others may use it: `scarabctl plugin unload` ends it.
///
/// ```
/// # use bevy::prelude::*;
/// # use scarab_bevy::{DaemonPlugin, DaemonPluginStatus};
/// fn load(mut commands: Commands) {
///     commands.spawn(DaemonPlugin::bundled("watch"));
///     commands.spawn(DaemonPlugin::file("assets/builds.luau").with_input(["build"]));
/// }
///
/// fn report(plugins: Query<&DaemonPluginStatus, Changed<DaemonPluginStatus>>) {
///     for status in &plugins {
///         if let DaemonPluginStatus::Failed { why } = status {
///             println!("{why}");
///         }
///     }
/// }
/// ```
#[derive(Component, Debug, Clone, PartialEq, Eq)]
#[require(DaemonPluginStatus)]
pub struct DaemonPlugin {
    /// The connection to its daemon; `None` for the primary one.
    pub connection: Option<Entity>,
    /// Where its script is.
    pub source: PluginSource,
    /// The names of sessions that it may type into, if it asks for that; `*` for all. Default: none.
    pub grants: Vec<String>,
}

/// How far a [`DaemonPlugin`] has come.
#[derive(Component, Reflect, Debug, Clone, PartialEq, Eq, Default)]
#[reflect(Component, Default)]
pub enum DaemonPluginStatus {
    /// Waiting for the connection, or for the daemon's answer.
    #[default]
    Waiting,
    /// The daemon has loaded it.
    Loaded {
        /// Its name, by which [`PluginCommand`](crate::PluginCommand)s go to it and [`PluginEvent`](crate::PluginEvent)s come.
        name: String,
        /// Its version.
        version: String,
    },
    /// The daemon has not. It is tried again with the next daemon, or when the [`DaemonPlugin`] is changed.
    Failed {
        /// Why, with the script's line if it is about that.
        why: String,
    },
}

impl DaemonPlugin {
    /// The script in a file. A path that is not absolute is looked for from this process's directory.
    pub fn file(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        // It fails only where there is no current directory; then the daemon says what is wrong with the path.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.into());
        Self::of(PluginSource::File(path.into_os_string().into_encoded_bytes()))
    }

    /// One of those that come with the daemon.
    pub fn bundled(name: impl Into<String>) -> Self {
        Self::of(PluginSource::Bundled(name.into()))
    }

    /// It may type into the sessions of these names.
    #[must_use]
    pub fn with_input(self, sessions: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { grants: sessions.into_iter().map(Into::into).collect(), ..self }
    }

    /// It runs in the daemon of this connection.
    #[must_use]
    pub fn on(self, connection: Entity) -> Self {
        Self { connection: Some(connection), ..self }
    }

    fn of(source: PluginSource) -> Self {
        Self { connection: None, source, grants: Vec::new() }
    }
}

/// What a daemon was asked.
#[derive(Component)]
pub(crate) struct Loading {
    connection: Entity,
    /// The daemon's epoch.
    epoch: u64,
    /// Until it has come.
    answer: Option<Pending<Plugins>>,
}

/// Asks daemons that were not asked yet.
pub(crate) fn load(
    mut commands: Commands,
    mut wanted: Query<(Entity, Ref<DaemonPlugin>, &mut DaemonPluginStatus, Option<&Loading>)>,
    connections: Query<(Entity, &ConnectionLink, &ConnectionStatus, Has<PrimaryConnection>)>,
) {
    for (entity, plugin, mut status, loading) in &mut wanted {
        if loading.is_some() && plugin.is_changed() {
            // Asked again when there is somebody to ask.
            commands.entity(entity).remove::<Loading>();
        }
        let loading = loading.filter(|_| !plugin.is_changed());
        let found = match plugin.connection {
            Some(connection) => connections.get(connection).ok(),
            None => connections.iter().find(|(.., primary)| *primary),
        };
        let Some((connection, link, ConnectionStatus::Connected { epoch, .. }, _)) = found else { continue };
        if loading.is_some_and(|asked| (asked.connection, asked.epoch) == (connection, *epoch)) {
            continue;
        }
        let request = LoadPlugin { source: plugin.source.clone(), grants: plugin.grants.clone() };
        let answer = Some(link.client.request(&request));
        commands.entity(entity).insert(Loading { connection, epoch: *epoch, answer });
        status.set_if_neq(DaemonPluginStatus::Waiting);
    }
}

/// Takes over the answers.
pub(crate) fn receive(
    mut commands: Commands,
    mut loading: Query<(Entity, &mut Loading, &mut DaemonPluginStatus), With<DaemonPlugin>>,
) {
    for (entity, mut loading, mut status) in &mut loading {
        let Some(outcome) = loading.answer.as_ref().and_then(Pending::try_take) else { continue };
        loading.answer = None;
        *status = match outcome {
            Ok(Plugins { plugins }) => match plugins.into_iter().next() {
                Some(plugin) => DaemonPluginStatus::Loaded { name: plugin.name, version: plugin.version },
                None => DaemonPluginStatus::Failed { why: "the daemon does not say what it has loaded".into() },
            },
            // The next connection is asked, be it to the same daemon.
            Err(RequestError::Lost) => {
                commands.entity(entity).remove::<Loading>();
                continue;
            }
            Err(error) => DaemonPluginStatus::Failed { why: error.to_string() },
        };
    }
}
