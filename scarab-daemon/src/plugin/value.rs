//! Values that pass between the daemon and scripts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A value of an event's field, of kept data (the first four), or of a plugin's settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Value {
    /// True or false.
    Flag(bool),
    /// A whole number. Scripts count in `f64`: beyond 2^53 they see the nearest.
    Integer(i64),
    /// Any other number.
    Number(f64),
    /// A text.
    Text(String),
    /// Several, in order; in settings only.
    List(Vec<Value>),
    /// Several by name; in settings only.
    Map(BTreeMap<String, Value>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}
