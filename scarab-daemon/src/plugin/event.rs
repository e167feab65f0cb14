//! Something that has happened, as plugins hear of it, and the memory that it takes.

use super::{SessionRef, Value, limits::FIELD_BYTES, text};

/// Something that has happened in the daemon.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    /// What, as `scarabctl events` calls it.
    pub kind: String,
    /// Its number in the stream of events.
    pub number: u64,
    /// The session it is about.
    pub session: Option<SessionRef>,
    /// What more there is to say. Scripts see texts up to 4 KiB.
    pub fields: Vec<(String, Value)>,
}

impl Event {
    /// The plugin whose own event this is.
    pub(super) fn raised_by(&self) -> Option<&str> {
        let by = self.fields.iter().find(|(key, _)| self.kind == "plugin" && key == "plugin");
        match by {
            Some((_, Value::Text(name))) => Some(name),
            _ => None,
        }
    }

    /// The event as plugins get it: its texts are so bounded that a full inbox is, too. Lists and maps, which are in settings only, have
    /// no place in an event.
    pub(super) fn bounded(&self) -> Self {
        let mut event = self.clone();
        for (_, value) in &mut event.fields {
            if let Value::Text(long) = value {
                long.truncate(text::cut(long, FIELD_BYTES).len());
                // Else all of it would be kept.
                long.shrink_to_fit();
            }
        }
        event
    }

    /// The memory it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let session = self.session.as_ref().map_or(0, |session| session.name.capacity());
        let field = |(key, value): &(String, Value)| size_of::<(String, Value)>() + key.capacity() + value_bytes(value);
        size_of::<Self>() + self.kind.capacity() + session + self.fields.iter().map(field).sum::<usize>()
    }
}

/// The memory that a value takes besides its own place, in bytes.
fn value_bytes(value: &Value) -> usize {
    match value {
        Value::Flag(_) | Value::Integer(_) | Value::Number(_) => 0,
        Value::Text(text) => text.capacity(),
        Value::List(list) => list.iter().map(|value| size_of::<Value>() + value_bytes(value)).sum(),
        Value::Map(map) => {
            let entry =
                |(key, value): (&String, &Value)| size_of::<(String, Value)>() + key.capacity() + value_bytes(value);
            map.iter().map(entry).sum()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_of_an_event_leaves_no_memory_behind() {
        let fields = vec![("text".to_owned(), Value::Text("x".repeat(1 << 20)))];
        let event = Event { kind: "k".into(), number: 1, session: None, fields };
        assert!(event.bounded().bytes() < 2 * FIELD_BYTES);
    }
}
