//! The configuration: every key with its type, default, range and sentence, in one table.
//!
//! From the table come the validation of a file and of `SetConfig`, `scarabctl config --default`, and the table in
//! docs/CONFIGURATION.md, which a test holds against it. Where the file is and how it is read is the daemon's business; clients
//! get the values as [`Config`](crate::message::Config).
//!
//! ```
//! use scarab_protocol::config::{Value, lookup};
//!
//! let key = lookup("daemon.scrollback").expect("it is in the table");
//! assert_eq!(key.default(), Value::Integer(10_000));
//! let problem = key.check(&Value::Text("all".into())).expect_err("not an integer");
//! assert_eq!(problem.to_string(), r#"found "all", expected an integer from 0 to 1000000"#);
//! let unknown = lookup("daemon.scrolback").expect_err("misspelt");
//! assert_eq!(unknown.to_string(), "there is no key daemon.scrolback: the nearest is daemon.scrollback");
//! ```

mod binding;
mod form;
mod page;
mod plugin;
mod table;
mod theme;
mod value;

pub use binding::{ACTIONS, Action, Binding, Bound, DEFAULT_BINDINGS, MAX_TYPED, ParseBindingError, bindings};
pub use form::{Form, Problem, color};
pub use page::{default_file, key_table};
pub use plugin::{PluginSection, plugin_sections};
pub use table::{KEYS, PLUGIN_KEYS, SECTIONS, WORD_SEPARATORS};
pub use theme::{THEMES, Theme, theme};
pub use value::{Origin, Value};

use crate::message::ConfigEntry;

/// The most characters of a plugin's name, as of a session's, and of the key of one of its settings.
const MAX_PLUGIN_NAME: usize = 32;

/// When a change of a key has its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// At once, everywhere.
    Live,
    /// In sessions that are made from then on.
    NewSessions,
    /// In windows that are opened from then on.
    NewWindows,
    /// When the daemon is started the next time.
    Restart,
}

/// One key of the configuration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Key {
    /// Its name, with its section's before it: `daemon.scrollback`.
    pub name: &'static str,
    /// What its values look like.
    pub form: Form,
    /// When a change has its effect.
    pub effect: Effect,
    /// What it is for, in one sentence.
    pub says: &'static str,
    default: Given,
}

/// A default, as a constant can have it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Given {
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(&'static str),
    Texts(&'static [&'static str]),
}

/// A name that is no key's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no key {name}: the nearest is {nearest}")]
pub struct UnknownKey {
    /// The name, as it may be shown.
    pub name: String,
    /// The key whose name is most like it.
    pub nearest: &'static str,
}

impl Key {
    /// The value that is in force if nobody says anything. A setting of a plugin's own has none: its is an empty text.
    pub fn default(&self) -> Value {
        match self.default {
            Given::Bool(value) => Value::Bool(value),
            Given::Integer(value) => Value::Integer(value),
            Given::Float(value) => Value::Float(value),
            Given::Text(value) => Value::Text(value.into()),
            Given::Texts(values) => Value::Texts(values.iter().map(|&value| value.into()).collect()),
        }
    }

    /// The section, and the name within it.
    pub fn parts(&self) -> (&'static str, &'static str) {
        self.name.rsplit_once('.').unwrap_or(("", self.name))
    }

    /// Whether a value may be this key's.
    ///
    /// # Errors
    /// What was found, and what was expected.
    pub fn check(&self, value: &Value) -> Result<(), Problem> {
        self.form.check(value)
    }

    /// The value as the key has it: a whole number for a key of numbers with a fraction is one of those.
    ///
    /// # Errors
    /// As [`Key::check`].
    pub fn fit(&self, value: Value) -> Result<Value, Problem> {
        self.check(&value)?;
        Ok(match (self.form, value) {
            (Form::Float { .. }, Value::Integer(number)) => Value::Float(number as f64),
            (_, value) => value,
        })
    }
}

/// The key of a name. For `plugins.NAME.KEY` it is the one of [`PLUGIN_KEYS`] that stands for it.
///
/// # Errors
/// [`UnknownKey`], which names the nearest.
pub fn lookup(name: &str) -> Result<&'static Key, UnknownKey> {
    if let Some(key) = KEYS.iter().find(|key| key.name == name) {
        return Ok(key);
    }
    let mut parts = name.split('.');
    if let (Some("plugins"), Some(plugin), Some(own), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        && [plugin, own].into_iter().all(is_plain)
    {
        let named = PLUGIN_KEYS.iter().find(|key| key.parts().1 == own && own != "KEY");
        return Ok(named.unwrap_or(&PLUGIN_KEYS[PLUGIN_KEYS.len() - 1]));
    }
    let all = KEYS.iter().chain(PLUGIN_KEYS).map(|key| key.name);
    // There is always one: the tables are not empty.
    let nearest = all.min_by_key(|key| strsim::damerau_levenshtein(&short(name), key)).unwrap_or_default();
    Err(UnknownKey { name: short(name), nearest })
}

/// The names of the keys whose values differ between two configurations, or that only one of them has.
pub fn changed_keys(old: &[ConfigEntry], new: &[ConfigEntry]) -> Vec<String> {
    let same =
        |one: &ConfigEntry, all: &[ConfigEntry]| all.iter().any(|it| (&it.key, &it.value) == (&one.key, &one.value));
    let mut keys: Vec<String> = new.iter().filter(|entry| !same(entry, old)).map(|entry| entry.key.clone()).collect();
    let gone = old.iter().filter(|entry| !new.iter().any(|it| it.key == entry.key));
    keys.extend(gone.map(|entry| entry.key.clone()));
    keys
}

/// Whether a plugin's name, or the key of a setting, can be written without quotes.
fn is_plain(name: &str) -> bool {
    (1..=MAX_PLUGIN_NAME).contains(&name.len())
        && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_' || c == b'-')
}

/// A name as it may be shown: it may be anything that somebody has typed.
fn short(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_what_their_keys_allow() {
        for key in KEYS.iter().chain(PLUGIN_KEYS) {
            assert_eq!(key.fit(key.default()), Ok(key.default()), "{}", key.name);
            assert!(key.says.ends_with('.') && !key.says.contains(['|', '\n']), "{}", key.says);
        }
    }

    #[test]
    fn keys_are_found_by_their_names_and_stand_together_by_section() {
        for (at, key) in KEYS.iter().enumerate() {
            assert_eq!(lookup(key.name).map(|found| found.name), Ok(key.name));
            assert!(KEYS[..at].iter().all(|other| other.name != key.name), "{} is there twice", key.name);
        }
        let mut sections: Vec<_> = KEYS.iter().map(|key| key.parts().0).collect();
        sections.dedup();
        assert_eq!(sections, ["daemon", "client"]);
    }

    #[test]
    fn plugins_have_keys_of_their_own() {
        assert_eq!(lookup("plugins.watch.enabled").map(|key| key.form), Ok(Form::Bool));
        assert_eq!(lookup("plugins.watch.pattern").map(|key| key.form), Ok(Form::Any));
        assert_eq!(lookup("plugins.watch.KEY").map(|key| key.form), Ok(Form::Any));
        for bad in ["plugins", "plugins.watch", "plugins..path", "plugins.a b.path", "plugins.a.b.c"] {
            assert!(lookup(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_wrong_key_is_told_the_nearest() {
        let nearest = |name| lookup(name).expect_err("wrong").nearest;
        assert_eq!(nearest("deamon.scrollback"), "daemon.scrollback");
        assert_eq!(nearest("client.fontsize"), "client.font_size");
        assert_eq!(nearest("client.forground"), "client.foreground");
        let long = lookup(&"\x1bx".repeat(1_000_000)).expect_err("wrong");
        assert!(long.name.len() <= 64 && !long.name.contains('\x1b'));
    }

    #[test]
    fn what_changed_is_told_by_name() {
        let entry = |key: &str, number| ConfigEntry {
            key: key.into(),
            value: Value::Integer(number),
            origin: Origin::File,
            restart: false,
        };
        let (old, new) = ([entry("a", 1), entry("b", 1), entry("c", 1)], [entry("a", 1), entry("b", 2), entry("d", 1)]);
        assert_eq!(changed_keys(&old, &new), ["b", "d", "c"]);
        assert!(changed_keys(&old, &old).is_empty());
    }
}
