//! The kinds of events, and what each tells: the one table, against which docs/PROTOCOL.md is tested.

use crate::message::{Event, EventField, EventValue};

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $number:literal, $name:literal, [$($field:literal),*];)+) => {
        /// The kind of an event. Numbers once released keep their meaning; later daemons may send kinds that are not known here.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[repr(u16)]
        pub enum EventKind { $($(#[$doc])* $kind = $number,)+ }

        impl EventKind {
            /// Every kind, by rising number.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// The kind with this number, if this version knows it.
            pub const fn from_number(number: u16) -> Option<Self> {
                match number { $($number => Some(Self::$kind),)+ _ => None }
            }

            /// The kind's name, in `scarabctl events` and in plugins.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)+ }
            }

            /// The keys of the fields that an event of this kind may have.
            pub const fn fields(self) -> &'static [&'static str] {
                match self { $(Self::$kind => &[$($field),*],)+ }
            }
        }
    };
}

kinds! {
    /// A session was made.
    Created = 1, "created", ["command", "made_by"];
    /// A session has another name, which the event carries as its session's.
    Renamed = 2, "renamed", ["before"];
    /// A session's program has ended.
    Exited = 3, "exited", ["code", "signal", "seconds"];
    /// A session is no more.
    Forgotten = 4, "forgotten", ["why"];
    /// A session has another size.
    Resized = 5, "resized", ["cols", "rows"];
    /// A program has set its title; empty if it took it back.
    Title = 6, "title", ["title"];
    /// A program has rung the bell, this often since the last event of this kind.
    Bell = 7, "bell", ["times"];
    /// A shell has told its working directory (OSC 7).
    Cwd = 8, "cwd", ["path"];
    /// A program has put a text on the clipboard (OSC 52); its beginning, and how many bytes it has.
    Clipboard = 9, "clipboard", ["text", "bytes", "primary"];
    /// A client has joined a session.
    Attached = 10, "attached", ["client", "program", "observe"];
    /// A client has left a session, or is gone.
    Detached = 11, "detached", ["client", "program"];
    /// A shell says that a command begins (OSC 133 C); its text, if the shell tells it.
    CommandStarted = 12, "command-started", ["command"];
    /// A shell says that a command has ended (OSC 133 D), with what status, and after how many milliseconds.
    CommandFinished = 13, "command-finished", ["command", "status", "duration_ms"];
    /// The configuration has changed.
    ConfigChanged = 14, "config-changed", ["keys", "problem"];
    /// A plugin has an event of its own.
    Plugin = 15, "plugin", ["plugin", "event"];
    /// A plugin wants the user told something, or, without `plugin`, a session's program does (OSC 9, 777).
    Notification = 16, "notification", ["plugin", "title", "body"];
    /// A plugin has set a line of the status, or taken it back.
    Status = 17, "status", ["plugin", "key", "text"];
    /// A plugin was loaded, unloaded, reloaded, disabled, or has failed.
    PluginState = 18, "plugin-state", ["plugin", "state", "error"];
}

impl EventKind {
    /// The kind of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// The number on the wire.
    pub const fn number(self) -> u16 {
        self as u16
    }
}

impl Event {
    /// Its kind, if this version knows it.
    pub fn kind(&self) -> Option<EventKind> {
        EventKind::from_number(self.kind)
    }

    /// The fact of this key.
    pub fn get(&self, key: &str) -> Option<&EventValue> {
        self.fields.iter().find(|field| field.key == key).map(|field| &field.value)
    }

    /// The text of this key.
    pub fn text_of(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            EventValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number of this key.
    pub fn number_of(&self, key: &str) -> Option<i64> {
        match self.get(key)? {
            EventValue::Number(number) => Some(*number),
            _ => None,
        }
    }
}

impl EventField {
    /// A fact.
    pub fn new(key: impl Into<String>, value: impl Into<EventValue>) -> Self {
        Self { key: key.into(), value: value.into() }
    }
}

impl From<String> for EventValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for EventValue {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<i64> for EventValue {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for EventValue {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn numbers_and_names_lead_back_to_their_kinds() {
        assert!(EventKind::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
        let names: HashSet<_> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), EventKind::ALL.len());
        for &kind in EventKind::ALL {
            assert_eq!(EventKind::from_number(kind.number()), Some(kind));
            assert_eq!(EventKind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(EventKind::from_number(0), None);
        assert_eq!(EventKind::from_name("Created"), None);
    }
}
