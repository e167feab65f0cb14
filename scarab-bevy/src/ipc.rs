//! The plugin that connects an App to a daemon.

use bevy::{input::InputSystems, prelude::*, state::app::StatesPlugin};
use scarab_protocol::{endpoint::Address, ids::Name};

use crate::{
    alarm::Alarm,
    config,
    connection::{self, ConnectionStatus, DaemonConnection, PrimaryConnection, ScarabConnectionState},
    daemon_plugins, events,
    launch::Launch,
    link, messages,
    preedit::TerminalPreedit,
    resize::ScarabResizePlugin,
    search, select, terminal,
    view::TerminalMetrics,
    viewport,
    wake::Waker,
};

/// Connects the App to a daemon: keyboard events go out as `Input` messages and window resizes as `Resize` messages,
/// and what the daemon's sessions show arrives in the components of [`Terminal`](crate::Terminal)s.
///
/// A thread owns the socket; systems only move what it has to and from bounded queues, and never wait. Without
/// a window, a renderer or winit everything works but drawing.
///
/// ```no_run
/// use bevy::prelude::*;
/// use scarab_bevy::prelude::*;
///
/// App::new()
///     .add_plugins((MinimalPlugins, ScarabIpcPlugin::default(), ScarabHeadlessRunnerPlugin))
///     .add_systems(Startup, |mut commands: Commands| {
///         commands.spawn(Terminal::attach("work"));
///     })
///     .run();
/// ```
#[derive(Debug, Clone)]
pub struct ScarabIpcPlugin {
    /// The daemon of the primary connection. Default: the one named `default`, or the one that
    /// `$SCARAB_DAEMON_SOCKET` names. `None` makes no primary connection: the App spawns its own.
    pub address: Option<Address>,
    /// Whether a daemon is started if none answers. Default: [`Launch::Never`].
    pub launch: Launch,
    /// This program's name and version, as the daemon shows them (`name 1.2.3`). Default: the executable's name.
    pub build: Option<String>,
    /// Whether keyboard, mouse and IME go to terminals (feature `input`). Default: true.
    pub input: bool,
    /// Whether terminals that fit their window follow its size. Default: true.
    pub resize: bool,
}

impl Default for ScarabIpcPlugin {
    fn default() -> Self {
        Self { address: default_address(), launch: Launch::Never, build: None, input: true, resize: true }
    }
}

impl ScarabIpcPlugin {
    /// Connects to the daemon at this address.
    pub fn at(address: Address) -> Self {
        Self { address: Some(address), ..Self::default() }
    }

    /// With this way of starting a daemon.
    #[must_use]
    pub fn with_launch(self, launch: Launch) -> Self {
        Self { launch, ..self }
    }
}

fn default_address() -> Option<Address> {
    let address = match std::env::var_os("SCARAB_DAEMON_SOCKET").filter(|socket| !socket.is_empty()) {
        Some(socket) => Address::of_socket(socket.as_ref()),
        None => Address::of_daemon(&Name::default()),
    };
    address.map_err(|error| tracing::error!("no daemon to connect to: {error}")).ok()
}

/// The sets of the suite's systems that touch connections. Who brackets them with other systems may rely on the schedules.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScarabIpcSystems {
    /// In `PreUpdate`, before Bevy's input systems: what has arrived goes into components, messages and events.
    Receive,
    /// In `PostUpdate`: sessions are created and joined, input and sizes are sent. Systems that write
    /// [`TerminalInput`](crate::TerminalInput) in `Update` are heard in the same update.
    Send,
}

impl Plugin for ScarabIpcPlugin {
    fn build(&self, app: &mut App) {
        if !app.is_plugin_added::<StatesPlugin>() {
            app.add_plugins(StatesPlugin);
        }
        app.init_resource::<Waker>()
            .init_state::<ScarabConnectionState>()
            .register_type::<ConnectionStatus>()
            .register_type::<PrimaryConnection>()
            .register_type::<terminal::TerminalTitle>()
            .register_type::<terminal::TerminalSize>()
            .register_type::<terminal::TerminalBacklog>()
            .register_type::<TerminalMetrics>()
            .register_type::<TerminalPreedit>()
            .add_message::<messages::TerminalInput>()
            .add_message::<messages::KillRequest>()
            .add_message::<messages::CreditRequest>()
            .add_message::<messages::ClearScrollbackRequest>()
            .add_message::<messages::InputRejected>()
            .add_message::<messages::BellRang>()
            .add_message::<messages::TerminalExited>()
            .add_message::<messages::ClipboardSet>()
            .add_message::<messages::ConnectionNoted>()
            .add_message::<messages::DaemonStopped>()
            .add_message::<messages::Lagged>()
            .add_message::<events::DaemonEventReceived>()
            .add_message::<daemon_plugins::PluginCommand>()
            .add_message::<daemon_plugins::PluginReplied>()
            .add_message::<daemon_plugins::PluginEvent>()
            .add_message::<daemon_plugins::told::Notified>()
            .register_type::<daemon_plugins::load::DaemonPluginStatus>()
            .register_type::<daemon_plugins::told::PluginStatus>()
            .init_resource::<daemon_plugins::Calls>()
            .init_resource::<config::ClientConfig>()
            .init_resource::<Alarm>()
            .add_message::<config::ConfigChanged>()
            .configure_sets(PreUpdate, ScarabIpcSystems::Receive.before(InputSystems))
            .configure_sets(PostUpdate, ScarabIpcSystems::Send)
            .add_systems(
                PreUpdate,
                (
                    connection::receive,
                    config::receive,
                    link::receive,
                    link::receive_events,
                    events::receive,
                    daemon_plugins::receive,
                    daemon_plugins::load::receive,
                    daemon_plugins::told::receive,
                )
                    .chain()
                    .in_set(ScarabIpcSystems::Receive)
                    .run_if(|waker: Res<Waker>| waker.take_arrived()),
            )
            .add_systems(
                PostUpdate,
                (
                    connection::start,
                    events::unsubscribe,
                    events::subscribe,
                    link::open,
                    link::send_sizes,
                    link::send_input,
                    link::ask_credit,
                    link::clear_scrollback,
                    link::send_kills,
                    daemon_plugins::told::ask,
                    daemon_plugins::load::load,
                    daemon_plugins::call,
                )
                    .chain()
                    .in_set(ScarabIpcSystems::Send),
            );
        app.add_plugins((viewport::plugin, select::plugin, search::plugin));
        #[cfg(feature = "input")]
        app.add_plugins(crate::a11y::plugin);
        if self.resize && !app.is_plugin_added::<ScarabResizePlugin>() {
            app.add_plugins(ScarabResizePlugin);
        }
        #[cfg(feature = "input")]
        if self.input && !app.is_plugin_added::<crate::input::ScarabInputPlugin>() {
            app.add_plugins(crate::input::ScarabInputPlugin::default());
        }
    }

    /// The connection's threads start here, when all plugins are there: winit's wake-up among them.
    fn finish(&self, app: &mut App) {
        #[cfg(feature = "winit")]
        {
            let mut waker = app.world().resource::<Waker>().clone();
            waker.find_winit(app.world());
            app.insert_resource(waker);
        }
        if let Some(address) = &self.address {
            let mut connection = DaemonConnection { launch: self.launch, ..DaemonConnection::at(address.clone()) };
            if let Some(build) = &self.build {
                connection.build.clone_from(build);
            }
            app.world_mut().spawn((connection, PrimaryConnection));
            if let Err(error) = app.world_mut().run_system_cached(connection::start) {
                tracing::error!("the connection was not started: {error}");
            }
        }
    }
}
