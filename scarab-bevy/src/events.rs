//! What happens in a daemon, for Apps that want to hear of it.

use bevy::prelude::*;
use scarab_protocol::{
    client::FeedItem,
    event::EventKind,
    message::{Event, Subscribe},
};

use crate::{
    connection::ConnectionLink,
    daemon_plugins::{
        PluginEvent,
        told::{self, Notified, PluginStatus},
    },
    messages::Lagged,
    terminal::TerminalSession,
};

/// On a connection: the App hears of what happens in its daemon, in sessions that it shows and in all others, as [`DaemonEventReceived`].
/// Without it nothing is told.
///
/// Changed, it takes effect at once. Over a lost connection no event is lost that the daemon still keeps (some
/// thousands); how many were is said by [`Lagged`]. Another daemon's events are numbered from 1 again.
///
/// ```
/// # use bevy::prelude::*;
/// # use scarab_bevy::{DaemonEventReceived, DaemonEvents, PrimaryConnection, protocol::event::EventKind};
/// fn follow(mut commands: Commands, connection: Single<Entity, With<PrimaryConnection>>) {
///     commands.entity(*connection).insert(DaemonEvents::of([EventKind::Created, EventKind::Exited]));
/// }
///
/// fn report(mut events: MessageReader<DaemonEventReceived>) {
///     for DaemonEventReceived { event, .. } in events.read() {
///         println!("{}: {:?}", event.name, event.kind());
///     }
/// }
/// ```
#[derive(Component, Debug, Clone, PartialEq, Eq, Default)]
pub struct DaemonEvents {
    /// Of these kinds; none for all. Default: all.
    pub kinds: Vec<EventKind>,
}

impl DaemonEvents {
    /// Those of these kinds.
    pub fn of(kinds: impl IntoIterator<Item = EventKind>) -> Self {
        Self { kinds: kinds.into_iter().collect() }
    }

    /// Whether those of a kind are among them.
    pub fn want(&self, kind: EventKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }
}

/// Something has happened in a daemon.
#[derive(Message, Debug, Clone, PartialEq, Eq)]
pub struct DaemonEventReceived {
    /// The connection that tells it.
    pub connection: Entity,
    /// The terminal that shows the session it is about; the first, if several do.
    pub terminal: Option<Entity>,
    /// What has happened.
    pub event: Event,
}

/// Something has happened in the session that a terminal shows: [`DaemonEventReceived`], for observers of one terminal.
#[derive(EntityEvent, Debug, Clone, PartialEq, Eq)]
pub struct TerminalEventReceived {
    /// The terminal.
    #[event_target]
    pub terminal: Entity,
    /// What has happened.
    pub event: Event,
}

/// Subscribes where that is wanted and has not been done.
pub(crate) fn subscribe(
    wanted: Query<(&DaemonEvents, &ConnectionLink), Or<(Changed<DaemonEvents>, Added<ConnectionLink>)>>,
) {
    for (DaemonEvents { kinds }, link) in &wanted {
        let kinds = kinds.iter().map(|kind| kind.number()).collect();
        // The connection subscribes whenever it stands; a daemon that is too old for that says so in its log and ours.
        drop(link.client.subscribe(Subscribe { kinds, session: None, since: None }));
    }
}

/// Ends subscriptions that are not wanted any more.
pub(crate) fn unsubscribe(mut unwanted: RemovedComponents<DaemonEvents>, links: Query<&ConnectionLink>) {
    for connection in unwanted.read() {
        if let Ok(link) = links.get(connection) {
            link.client.unsubscribe();
        }
    }
}

/// Takes over what has happened.
pub(crate) fn receive(
    mut commands: Commands,
    mut connections: Query<
        (Entity, &ConnectionLink, Option<(&mut told::Asked, &mut PluginStatus)>),
        With<DaemonEvents>,
    >,
    terminals: Query<(Entity, &TerminalSession)>,
    mut received: MessageWriter<DaemonEventReceived>,
    mut of_plugins: MessageWriter<PluginEvent>,
    mut notified: MessageWriter<Notified>,
    mut lagged: MessageWriter<Lagged>,
) {
    for (connection, link, mut status) in &mut connections {
        for item in link.client.take_feed() {
            match item {
                FeedItem::Event(event) => {
                    let concerned: Vec<_> = terminals
                        .iter()
                        .filter(|(_, known)| event.session == Some(known.id))
                        .map(|(terminal, _)| terminal)
                        .collect();
                    for &terminal in &concerned {
                        commands.trigger(TerminalEventReceived { terminal, event: event.clone() });
                    }
                    let terminal = concerned.first().copied();
                    of_plugins.write_batch(PluginEvent::of(connection, terminal, &event));
                    notified.write_batch(Notified::of(connection, terminal, &event));
                    if event.kind() == Some(EventKind::Status)
                        && let Some((asked, status)) = &mut status
                    {
                        told::change(asked, status, &event);
                    }
                    received.write(DaemonEventReceived { connection, terminal, event });
                }
                FeedItem::Lagged { missed } => {
                    lagged.write(Lagged { connection, events: missed });
                    if let Some((asked, _)) = &mut status {
                        told::ask_again(asked, link);
                    }
                }
                // The connection's status has the new daemon's epoch.
                FeedItem::Restarted => {}
            }
        }
    }
}
