//! Connections to daemons, as entities.

use std::sync::Arc;

use bevy::{platform::time::Instant, prelude::*};
use scarab_protocol::{
    client::{Client, ClientOptions, Status},
    endpoint::{Address, EndpointError},
    ids::Name,
};

use crate::{launch::Launch, wake::Waker};

/// A connection to a daemon. Spawn one for every daemon beyond the primary one that [`ScarabIpcPlugin`](crate::ScarabIpcPlugin)
/// brings; its [`ConnectionStatus`] tells how it goes. Despawning it ends it and detaches its terminals.
#[derive(Component, Debug, Clone)]
#[require(ConnectionStatus)]
pub struct DaemonConnection {
    /// The daemon.
    pub address: Address,
    /// Whether one is started if none answers at the first try. Default: [`Launch::Never`].
    pub launch: Launch,
    /// What the daemon sees of this program: its name and version, as `name 1.2.3`. Default: the executable's name.
    pub build: String,
}

impl DaemonConnection {
    /// A connection to the daemon of a name. It starts none.
    ///
    /// # Errors
    /// If the name makes no usable address.
    pub fn to(daemon: &Name) -> Result<Self, EndpointError> {
        Ok(Self::at(Address::of_daemon(daemon)?))
    }

    /// A connection to the daemon at an address. It starts none.
    pub fn at(address: Address) -> Self {
        Self { address, launch: Launch::Never, build: default_build() }
    }
}

/// The executable's name, and the version of this crate for want of the App's own.
fn default_build() -> String {
    let program = std::env::current_exe().ok();
    let program = program.as_ref().and_then(|path| path.file_stem()).and_then(|stem| stem.to_str()).unwrap_or("app");
    format!("{} {}", program.replace(' ', "-"), env!("CARGO_PKG_VERSION"))
}

/// Marks the connection that [`Terminal`](crate::Terminal)s use that name no other, and that the state follows.
#[derive(Component, Reflect, Debug, Clone, Copy, Default)]
#[reflect(Component, Default)]
pub struct PrimaryConnection;

/// What a connection is doing. Written by [`ScarabIpcSystems::Receive`](crate::ScarabIpcSystems::Receive).
#[derive(Component, Reflect, Debug, Clone, PartialEq, Eq, Default)]
#[reflect(Component, Default)]
pub enum ConnectionStatus {
    /// Trying for the first time, or again.
    #[default]
    Connecting,
    /// Starting a daemon, because none answered.
    Launching,
    /// The connection stands.
    Connected {
        /// The daemon's program and version.
        daemon: String,
        /// Its process id.
        pid: u32,
        /// Its epoch: another one means another daemon, with other sessions.
        epoch: u64,
    },
    /// Waiting before the next try.
    Waiting {
        /// How many tries have failed.
        tries: u32,
        /// When the next one starts.
        until: Instant,
        /// Why the last one did, in one line.
        why: String,
    },
    /// Ended for good.
    Closed {
        /// Why, in one line.
        why: String,
    },
}

/// The primary connection as a state, for `OnEnter`, `OnExit` and `in_state`. It belongs to the connection: nobody else sets it.
///
/// Every change of the connection is passed through: one that was lost and is back before the App looked still goes
/// through `Disconnected`.
#[derive(States, Reflect, Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ScarabConnectionState {
    /// There is no connection.
    #[default]
    Disconnected,
    /// It is being made.
    Connecting,
    /// It stands.
    Connected,
}

/// The client behind a connection; ends with its entity.
#[derive(Component)]
pub(crate) struct ConnectionLink {
    pub(crate) client: Arc<Client>,
    /// The daemon's epoch and the client's number of the connection that the state shows.
    shown: Option<(u64, u32)>,
}

impl DaemonConnection {
    /// Asks the connection to start a daemon and connect at once, in place of waiting for the next try. Does nothing
    /// for an entity that is no connection.
    pub fn launch_now(world: &World, connection: Entity) {
        if let Some(link) = world.get::<ConnectionLink>(connection) {
            link.client.launch();
        }
    }
}

/// Starts the clients of new connections.
pub(crate) fn start(
    mut commands: Commands,
    waker: Res<Waker>,
    new: Query<(Entity, &DaemonConnection), Without<ConnectionLink>>,
    mut status: Query<&mut ConnectionStatus>,
) {
    for (entity, connection) in &new {
        let wake = waker.clone();
        let options = ClientOptions {
            reconnect: true,
            follow_config: true,
            launch: connection.launch.hook(&connection.address),
            wake: Arc::new(move || wake.wake()),
            ..ClientOptions::new(connection.address.clone(), connection.build.clone())
        };
        match Client::start(options) {
            Ok(client) => {
                commands.entity(entity).insert(ConnectionLink { client: Arc::new(client), shown: None });
            }
            Err(error) => {
                tracing::error!("no thread for a connection: {error}");
                commands.entity(entity).remove::<DaemonConnection>();
                if let Ok(mut status) = status.get_mut(entity) {
                    *status = ConnectionStatus::Closed { why: format!("no thread for the connection: {error}") };
                }
            }
        }
    }
}

/// Takes over what the clients say. The state moves by one step an update, so that `OnExit` and `OnEnter` always run.
pub(crate) fn receive(
    waker: Res<Waker>,
    state: Res<State<ScarabConnectionState>>,
    mut next: ResMut<NextState<ScarabConnectionState>>,
    mut connections: Query<(&mut ConnectionLink, &mut ConnectionStatus, Has<PrimaryConnection>)>,
) {
    for (mut link, mut shown, primary) in &mut connections {
        let status = link.client.status();
        let identity = match &status {
            Status::Connected(connected) => Some((connected.epoch, connected.welcome.client)),
            _ => None,
        };
        if primary {
            let wanted = match (&status, link.shown) {
                (Status::Connected(_), Some(before)) if Some(before) != identity => ScarabConnectionState::Disconnected,
                (Status::Connected(_), _) => ScarabConnectionState::Connected,
                (Status::Connecting | Status::Launching, _) => ScarabConnectionState::Connecting,
                _ => ScarabConnectionState::Disconnected,
            };
            if *state.get() != wanted {
                next.set(wanted);
            }
            if identity.is_some() && wanted == ScarabConnectionState::Disconnected {
                // The connection was another one meanwhile: the next update enters the new one.
                link.shown = None;
                waker.wake();
                continue;
            }
        }
        if link.shown != identity {
            link.shown = identity;
        }
        shown.set_if_neq(match status {
            Status::Connecting => ConnectionStatus::Connecting,
            Status::Launching => ConnectionStatus::Launching,
            Status::Connected(connected) => {
                ConnectionStatus::Connected { daemon: connected.build, pid: connected.pid, epoch: connected.epoch }
            }
            Status::Waiting { tries, until, why } => ConnectionStatus::Waiting { tries, until, why },
            Status::Closed { why } => ConnectionStatus::Closed { why },
        });
    }
}
