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

impl Value {
    /// A section of the configuration; dates and times become texts.
    pub(crate) fn of_toml(item: &toml_edit::Item) -> Option<Self> {
        match item {
            toml_edit::Item::None => None,
            toml_edit::Item::Value(value) => Some(Self::of_toml_value(value)),
            toml_edit::Item::Table(table) => Some(Self::of_entries(table.iter())),
            toml_edit::Item::ArrayOfTables(tables) => {
                Some(Self::List(tables.iter().map(|table| Self::of_entries(table.iter())).collect()))
            }
        }
    }

    fn of_toml_value(value: &toml_edit::Value) -> Self {
        match value {
            toml_edit::Value::Boolean(flag) => Self::Flag(*flag.value()),
            toml_edit::Value::Integer(number) => Self::Integer(*number.value()),
            toml_edit::Value::Float(number) => Self::Number(*number.value()),
            toml_edit::Value::String(text) => Self::Text(text.value().clone()),
            toml_edit::Value::Datetime(time) => Self::Text(time.value().to_string()),
            toml_edit::Value::Array(values) => Self::List(values.iter().map(Self::of_toml_value).collect()),
            toml_edit::Value::InlineTable(table) => {
                Self::Map(table.iter().map(|(key, value)| (key.to_owned(), Self::of_toml_value(value))).collect())
            }
        }
    }

    fn of_entries<'a>(entries: impl Iterator<Item = (&'a str, &'a toml_edit::Item)>) -> Self {
        Self::Map(entries.filter_map(|(key, item)| Some((key.to_owned(), Self::of_toml(item)?))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_of_a_configuration_becomes_a_value() {
        let text = "seconds = 5\nquick = true\nfactor = 0.5\npatterns = [\"a\", \"b\"]\n[more]\nname = \"x\"\n";
        let document: toml_edit::DocumentMut = text.parse().expect("toml");
        let Some(Value::Map(map)) = Value::of_toml(document.as_item()) else { panic!("no map") };
        assert_eq!(map["seconds"], Value::Integer(5));
        assert_eq!(map["quick"], Value::Flag(true));
        assert_eq!(map["factor"], Value::Number(0.5));
        assert_eq!(map["patterns"], Value::List(vec!["a".into(), "b".into()]));
        assert_eq!(map["more"], Value::Map([("name".to_owned(), "x".into())].into()));
    }
}
