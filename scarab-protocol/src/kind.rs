//! The one table of message kinds: number, name, direction. docs/PROTOCOL.md is tested against it.
//!
//! A number once released means the same for ever: a new field is a new kind with a new number.

/// Which way a kind of message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From a client to the daemon: numbers below 0x8000.
    ToDaemon,
    /// From the daemon to a client: numbers from 0x8000.
    ToClient,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)+) => {
        /// The kind of a message, as its frame's header numbers it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u16)]
        pub enum Kind { $($(#[$doc])* $name = $number,)+ }

        impl Kind {
            /// Every kind, by rising number.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The kind with this number, if this version knows it.
            pub const fn from_number(number: u16) -> Option<Self> {
                match number { $($number => Some(Self::$name),)+ _ => None }
            }

            /// The kind's name, as in docs/PROTOCOL.md.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }
        }
    };
}

kinds! {
    /// A token, when the daemon's hello asked for one.
    Auth = 0x0001,
    /// Join a session; answered by `Attached`.
    Attach = 0x0002,
    /// Leave a session.
    Detach = 0x0003,
    /// Ask to be rung for the next frame.
    Arm = 0x0004,
    /// The client's size has changed.
    Resize = 0x0005,
    /// Bytes for the session's PTY.
    Input = 0x0006,
    /// A piece of a paste.
    Paste = 0x0007,
    /// A mouse event.
    Mouse = 0x0008,
    /// Focus gained or lost.
    Focus = 0x0009,
    /// Drop what this client has queued for the session.
    CancelInput = 0x000a,
    /// Lines of scrollback; answered by `ScrollbackRows`.
    Scrollback = 0x000b,
    /// Changed rows, for a client that cannot map the surface; answered by `Rows`.
    FetchRows = 0x000c,
    /// Take over from an earlier connection of this client.
    Resume = 0x000d,
    /// How far input was taken; answered by `InputCredit`.
    AskCredit = 0x000e,
    /// All sessions; answered by `Sessions`.
    ListSessions = 0x0010,
    /// A new session; answered by `Created`.
    CreateSession = 0x0011,
    /// Another name for a session.
    RenameSession = 0x0012,
    /// A signal for a session's program, or its end.
    KillSession = 0x0013,
    /// Drop an ended session.
    ForgetSession = 0x0014,
    /// Set a session's size by hand.
    SetSize = 0x0015,
    /// Say which of its clients' sizes a session has.
    SetSizePolicy = 0x0016,
    /// Who would miss a session; answered by `Busy`.
    AskBusy = 0x0017,
    /// Drop a session's scrollback.
    ClearScrollback = 0x0018,
    /// Be told of events; answered by `Subscribed`.
    Subscribe = 0x0020,
    /// The configuration in force; answered by `Config`.
    GetConfig = 0x0021,
    /// Change the configuration.
    SetConfig = 0x0022,
    /// Load a plugin; answered by `Plugins`.
    LoadPlugin = 0x0023,
    /// Unload a plugin.
    UnloadPlugin = 0x0024,
    /// The plugins; answered by `Plugins`.
    ListPlugins = 0x0025,
    /// A command of a plugin; answered by `PluginReply`.
    PluginCommand = 0x0026,
    /// Be told of no events any more.
    Unsubscribe = 0x0027,
    /// Load a plugin anew; answered by `Plugins`.
    ReloadPlugin = 0x0028,
    /// Answered at once by `Pong` with the same payload.
    Ping = 0x0030,
    /// What the daemon has to say of itself; answered by `DaemonStatus`.
    Status = 0x0031,
    /// End the daemon.
    Shutdown = 0x0032,
    /// Open a document; answered by `Document`.
    OpenDocument = 0x0040,
    /// Keep a document.
    SaveDocument = 0x0041,
    /// Keep a document no longer.
    DropDocument = 0x0042,
    /// All documents; answered by `Documents`.
    ListDocuments = 0x0043,

    /// The connection stands: client number, role, limits.
    Welcome = 0x8001,
    /// A request without an answer of its own was carried out.
    Done = 0x8002,
    /// A request was refused, or (request 0) the connection is about to be closed.
    Error = 0x8003,
    /// The kind of a message is not known here.
    Unsupported = 0x8004,
    /// The session was joined; carries the surface's descriptor.
    Attached = 0x8005,
    /// The session was left, by whoever's wish.
    Detached = 0x8006,
    /// The surface has a new generation; carries its descriptor.
    SurfaceMoved = 0x8007,
    /// The doorbell: there is a frame newer than the one the client armed with.
    FrameReady = 0x8008,
    /// Changed rows, for a client that cannot map the surface.
    Rows = 0x8009,
    /// How far input was taken, and how far it may go on.
    InputCredit = 0x800a,
    /// The size in force.
    Resized = 0x800b,
    /// The title of a session.
    Title = 0x800c,
    /// How often a session has rung its bell so far.
    Bell = 0x800d,
    /// Text that a program put on the clipboard (OSC 52).
    Clipboard = 0x800e,
    /// The working directory that a shell told (OSC 7).
    Cwd = 0x800f,
    /// A session's program has ended.
    Exited = 0x8010,
    /// The session was made.
    Created = 0x8011,
    /// A page of the list of sessions.
    Sessions = 0x8012,
    /// Lines of scrollback.
    ScrollbackRows = 0x8013,
    /// A session has another name.
    Renamed = 0x8014,
    /// Who would miss a session.
    Busy = 0x8015,
    /// The configuration.
    Config = 0x8020,
    /// The configuration has changed.
    ConfigChanged = 0x8021,
    /// Plugins.
    Plugins = 0x8022,
    /// The answer of a plugin's command.
    PluginReply = 0x8023,
    /// Something has happened that the client has subscribed to.
    Event = 0x8024,
    /// Events were dropped because the client fell behind.
    Lagged = 0x8025,
    /// The events follow.
    Subscribed = 0x8026,
    /// The answer to `Ping`.
    Pong = 0x8030,
    /// What the daemon has to say of itself.
    DaemonStatus = 0x8031,
    /// The daemon ends.
    ShuttingDown = 0x8032,
    /// A document.
    Document = 0x8040,
    /// What is known of all documents.
    Documents = 0x8041,
}

impl Kind {
    /// The number in the header.
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// Which way this kind travels.
    pub const fn direction(self) -> Direction {
        if self.number() < 0x8000 { Direction::ToDaemon } else { Direction::ToClient }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_and_lead_back_to_their_kinds() {
        assert!(Kind::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
        for &kind in Kind::ALL {
            assert_eq!(Kind::from_number(kind.number()), Some(kind));
        }
        assert_eq!(Kind::from_number(0), None);
        assert_eq!(Kind::from_number(0xffff), None);
    }
}
