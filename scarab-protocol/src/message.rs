//! The payloads: one struct a kind, archived with rkyv, validated before use and read in place.
//!
//! Archived structs are frozen once released, because rkyv has no schema evolution.

mod config;
mod convert;
mod document;
mod event;
mod input;
mod plugin;
mod session;
mod status;
mod surface;

pub use config::{Config, ConfigChanged, ConfigEntry, GetConfig, SetConfig};
pub use document::{
    Document, DocumentInfo, Documents, DropDocument, ListDocuments, MAX_DOCUMENT, OpenDocument, SaveDocument,
};
pub use event::{Event, EventField, EventValue, Lagged, Subscribe, Subscribed, Unsubscribe};
pub use input::{AskCredit, CancelInput, Focus, Input, InputCredit, Mouse, Paste};
pub use plugin::{
    ListPlugins, LoadPlugin, PluginCommand, PluginCommandInfo, PluginInfo, PluginLogEntry, PluginReply, PluginSource,
    PluginStatusItem, Plugins, ReloadPlugin, UnloadPlugin,
};
pub use session::{
    AskBusy, Attach, Attached, Busy, ClearScrollback, Clipboard, CreateSession, Created, Cwd, Detach, Detached, Exit,
    Exited, ForgetSession, KillSession, ListSessions, RenameSession, Renamed, Resize, Resized, SessionInfo, Sessions,
    SetSize, SetSizePolicy, SizePolicy, Target, Title,
};
pub use status::{
    Auth, DaemonStatus, Done, Error, ErrorCode, Limits, Ping, Pong, Resume, Role, Shutdown, ShuttingDown, Status,
    Unsupported, Welcome,
};
pub use surface::{
    Arm, Bell, FetchRows, FrameReady, LineData, Rows, Scrollback, ScrollbackRows, SurfaceMoved, WireExtra, WirePalette,
};

use crate::kind::Kind;

/// A payload and the kind it belongs to.
pub trait Message:
    Sized
    + rkyv::Archive<Archived: Checked<Self>>
    + for<'a> rkyv::Serialize<
        rkyv::api::high::HighSerializer<
            rkyv::util::AlignedVec,
            rkyv::ser::allocator::ArenaHandle<'a>,
            rkyv::rancor::Error,
        >,
    >
{
    /// The kind that a frame's header gives this payload.
    const KIND: Kind;
}

/// An archived payload that can be validated in place and turned back.
pub trait Checked<T>:
    rkyv::Portable
    + for<'a> rkyv::bytecheck::CheckBytes<rkyv::api::high::HighValidator<'a, rkyv::rancor::Error>>
    + rkyv::Deserialize<T, rkyv::api::high::HighDeserializer<rkyv::rancor::Error>>
{
}

impl<T, A> Checked<T> for A where
    A: rkyv::Portable
        + for<'a> rkyv::bytecheck::CheckBytes<rkyv::api::high::HighValidator<'a, rkyv::rancor::Error>>
        + rkyv::Deserialize<T, rkyv::api::high::HighDeserializer<rkyv::rancor::Error>>
{
}

macro_rules! messages {
    ($($name:ident)+) => {
        $(impl Message for $name { const KIND: Kind = Kind::$name; })+

        /// A number that changes when a payload's archived size or alignment, a kind's name or its number changes.
        /// Both hellos carry it, so that two builds that disagree say so and do not misread each other.
        pub const fn schema_hash() -> u64 {
            // FNV-1a, because it is four lines and a const fn.
            const fn mix(mut hash: u64, value: u64) -> u64 {
                let bytes = value.to_le_bytes();
                let mut at = 0;
                while at < bytes.len() {
                    hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
                    at += 1;
                }
                hash
            }
            let mut hash = 0xcbf2_9ce4_8422_2325;
            $(
                hash = mix(hash, Kind::$name.number() as u64);
                hash = mix(hash, size_of::<rkyv::Archived<$name>>() as u64);
                hash = mix(hash, align_of::<rkyv::Archived<$name>>() as u64);
            )+
            hash
        }
    };
}

messages! {
    Auth Attach Detach Arm Resize Input Paste Mouse Focus CancelInput Scrollback FetchRows Resume AskCredit
    ListSessions CreateSession RenameSession KillSession ForgetSession SetSize SetSizePolicy AskBusy ClearScrollback Subscribe Unsubscribe GetConfig SetConfig
    LoadPlugin UnloadPlugin ReloadPlugin ListPlugins PluginCommand
    Ping Status Shutdown OpenDocument SaveDocument DropDocument ListDocuments
    Welcome Done Error Unsupported Attached Detached SurfaceMoved FrameReady Rows InputCredit Resized Title Bell
    Clipboard Cwd Exited Created Sessions ScrollbackRows Renamed Busy Config ConfigChanged Plugins PluginReply Event Lagged Subscribed Pong DaemonStatus ShuttingDown
    Document Documents
}
