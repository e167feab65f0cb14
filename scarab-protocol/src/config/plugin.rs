//! What the configuration says of plugins.

use std::collections::BTreeMap;

use super::Value;
use crate::message::ConfigEntry;

/// A section `[plugins.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginSection {
    /// The plugin's name.
    pub name: String,
    /// Its file, as it was written; none if the section does not say.
    pub path: Option<String>,
    /// Whether it is to be loaded.
    pub enabled: bool,
    /// The names of the sessions that it may type into; `*` for all.
    pub input: Vec<String>,
    /// Its own settings.
    pub settings: BTreeMap<String, Value>,
}

/// The plugins' sections of a configuration, by name.
pub fn plugin_sections(entries: &[ConfigEntry]) -> Vec<PluginSection> {
    let mut sections = BTreeMap::new();
    for ConfigEntry { key, value, .. } in entries {
        let Some((name, key)) = key.strip_prefix("plugins.").and_then(|rest| rest.split_once('.')) else { continue };
        let section = sections.entry(name).or_insert_with(|| PluginSection {
            name: name.into(),
            path: None,
            enabled: true,
            input: Vec::new(),
            settings: BTreeMap::new(),
        });
        match (key, value.clone()) {
            ("path", Value::Text(path)) => section.path = Some(path),
            ("enabled", Value::Bool(enabled)) => section.enabled = enabled,
            ("input", Value::Texts(names)) => section.input = names,
            (key, value) => drop(section.settings.insert(key.into(), value)),
        }
    }
    sections.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Origin;

    #[test]
    fn a_section_is_put_together_from_its_keys() {
        let entry = |key: &str, value| ConfigEntry { key: key.into(), value, origin: Origin::File, restart: false };
        let entries = [
            entry("daemon.scrollback", Value::Integer(1)),
            entry("plugins.b.enabled", Value::Bool(false)),
            entry("plugins.a.path", Value::Text("a.lua".into())),
            entry("plugins.a.pattern", Value::Text("x".into())),
        ];
        let [a, b] = &plugin_sections(&entries)[..] else { panic!("two sections") };
        assert_eq!((a.name.as_str(), a.path.as_deref(), a.enabled), ("a", Some("a.lua"), true));
        assert_eq!(a.settings.get("pattern"), Some(&Value::Text("x".into())));
        assert_eq!((b.name.as_str(), b.path.as_deref(), b.enabled), ("b", None, false));
    }
}
