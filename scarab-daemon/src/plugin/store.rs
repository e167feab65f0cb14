//! The small data that a plugin keeps.

use std::collections::BTreeMap;

use super::{Value, host::Host, limits::DATA_BYTES};

/// Values by key, at most [`DATA_BYTES`] as they are stored. Instances of one plugin share it, so a reload loses nothing.
#[derive(Debug, Default)]
pub(super) struct Store {
    values: BTreeMap<String, Value>,
    bytes: usize,
    dirty: bool,
}

impl Store {
    /// What was kept; empty with a reason if that cannot be read.
    pub(super) fn load(host: &dyn Host, plugin: &str) -> (Self, Option<String>) {
        let data = match host.load_data(plugin) {
            Ok(Some(data)) => data,
            Ok(None) => return (Self::default(), None),
            Err(error) => return (Self::default(), Some(format!("kept data cannot be read: {error}"))),
        };
        match serde_json::from_slice::<BTreeMap<String, Value>>(&data) {
            Ok(values) => {
                let bytes = values.iter().map(|(key, value)| size(key, value)).sum();
                (Self { values, bytes, dirty: false }, None)
            }
            Err(error) => (Self::default(), Some(format!("kept data is damaged, and begins anew: {error}"))),
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }

    /// Keeps a value, or forgets it.
    ///
    /// # Errors
    /// If it would not fit; then what was kept stays.
    pub(super) fn set(&mut self, key: &str, value: Option<Value>) -> Result<(), String> {
        let old = self.values.get(key);
        if old == value.as_ref() {
            return Ok(());
        }
        let without = self.bytes - old.map_or(0, |old| size(key, old));
        let bytes = without + value.as_ref().map_or(0, |value| size(key, value));
        if bytes > DATA_BYTES && value.is_some() {
            return Err(format!("{bytes} bytes are more than the {} KiB that a plugin may keep", DATA_BYTES >> 10));
        }
        match value {
            Some(value) => self.values.insert(key.to_owned(), value),
            None => self.values.remove(key),
        };
        self.bytes = bytes;
        self.dirty = true;
        Ok(())
    }

    /// Whether there is something to save.
    pub(super) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// What was to be saved could not be.
    pub(super) fn keep_changes(&mut self) {
        self.dirty = true;
    }

    /// What is to be saved, if anything has changed since the last time.
    pub(super) fn take_changes(&mut self) -> Option<Vec<u8>> {
        if !std::mem::take(&mut self.dirty) {
            return None;
        }
        // Such a map has no key or value that JSON lacks: numbers that are not finite are refused before.
        serde_json::to_vec(&self.values).ok()
    }
}

/// What an entry takes in the stored form: `"key":value,`.
fn size(key: &str, value: &Value) -> usize {
    let length = |value: Result<Vec<u8>, _>| value.map_or(DATA_BYTES, |value: Vec<u8>| value.len());
    length(serde_json::to_vec(key)) + length(serde_json::to_vec(value)) + 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_account_is_what_is_stored(
            sets in proptest::collection::vec(("[a-c]{1,2}", proptest::option::of(any::<String>())), 0..30),
        ) {
            let mut store = Store::default();
            for (key, value) in sets {
                store.set(&key, value.map(Value::Text)).expect("it is little");
            }
            let stored = serde_json::to_vec(&store.values).expect("json").len();
            // Braces are two, and the last entry has no comma.
            prop_assert_eq!(store.bytes, if store.values.is_empty() { 0 } else { stored - 1 });
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_and_changes_nothing() {
        let mut store = Store::default();
        store.set("a", Some("old".into())).expect("fits");
        let refused = store.set("a", Some(Value::Text("x".repeat(DATA_BYTES)))).expect_err("too much");
        assert!(refused.contains("64 KiB"), "{refused}");
        assert_eq!(store.get("a"), Some(&"old".into()));
    }
}
