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
mod theme;
mod value;

pub use binding::{ACTIONS, Action, Binding, DEFAULT_BINDINGS, ParseBindingError, bindings};
pub use form::{Form, Problem, color};
pub use page::{default_file, key_table};
pub use plugin::{PluginSection, plugin_sections};
pub use theme::{THEMES, Theme, theme};
pub use value::{Origin, Value};

use crate::message::ConfigEntry;

/// The sections of the file, in the order in which they are shown.
pub const SECTIONS: [&str; 3] = ["daemon", "client", "plugins"];

/// The most characters of a plugin's name, as of a session's, and of the key of one of its settings.
const MAX_PLUGIN_NAME: usize = 32;

/// When a change of a key has its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// At once, everywhere.
    Live,
    /// In sessions that are made from then on.
    NewSessions,
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

/// The default of `client.word_separators`.
pub const WORD_SEPARATORS: &str = ",│`|:\"'()[]{}<>";

/// What `client.light_theme` may be.
const LIGHT_THEMES: &[&str] = &light_themes();

const fn light_themes() -> [&'static str; THEMES.len() + 1] {
    let mut names = ["same"; THEMES.len() + 1];
    let mut at = 0;
    while at < THEMES.len() {
        names[at + 1] = THEMES[at];
        at += 1;
    }
    names
}

/// The keys of the sections `[daemon]` and `[client]`, in the order in which they are shown.
pub const KEYS: &[Key] = &[
    Key {
        name: "daemon.shell",
        form: Form::Texts,
        effect: Effect::NewSessions,
        says: "The program and its arguments for a session that is made without a command; none: the user's login shell.",
        default: Given::Texts(&[]),
    },
    Key {
        name: "daemon.scrollback",
        form: Form::Integer { least: 0, most: 1_000_000 },
        effect: Effect::Live,
        says: "How many lines of scrollback a session holds, running ones too; with fewer, the oldest leave.",
        default: Given::Integer(10_000),
    },
    Key {
        name: "daemon.term",
        form: Form::Word,
        effect: Effect::NewSessions,
        says: "The variable TERM of a session.",
        default: Given::Text("xterm-256color"),
    },
    Key {
        name: "daemon.size_policy",
        form: Form::OneOf(&["latest", "smallest", "largest", "manual"]),
        effect: Effect::NewSessions,
        says: "Which of its clients' sizes a session has: of the one last used, the smallest, the largest, or none of them.",
        default: Given::Text("latest"),
    },
    Key {
        name: "daemon.resume_seconds",
        // Longer than a busy or stopped machine takes, short enough that nothing piles up.
        form: Form::Integer { least: 0, most: 86_400 },
        effect: Effect::Restart,
        says: "How long a client whose connection is lost may take to come back, and how long a session that does not linger outlives its last client.",
        default: Given::Integer(30),
    },
    Key {
        name: "daemon.log",
        form: Form::Text,
        effect: Effect::Live,
        says: "What the daemon logs: error, warn, info, debug, trace, or a list such as \"warn,scarab_daemon=debug\"; --log and SCARAB_LOG go before it.",
        default: Given::Text("info"),
    },
    Key {
        name: "client.font",
        form: Form::Text,
        effect: Effect::Live,
        says: "The font's family, a monospaced one of the system; none: the JetBrains Mono that comes along, as where it is not found.",
        default: Given::Text(""),
    },
    Key {
        name: "client.font_size",
        form: Form::Float { least: 4.0, most: 200.0 },
        effect: Effect::Live,
        says: "The size of the text, in logical pixels.",
        default: Given::Float(15.0),
    },
    Key {
        name: "client.line_height",
        form: Form::Float { least: 0.5, most: 3.0 },
        effect: Effect::Live,
        says: "The height of a row, in units of the font's own.",
        default: Given::Float(1.0),
    },
    Key {
        name: "client.padding",
        form: Form::Float { least: 0.0, most: 200.0 },
        effect: Effect::Live,
        says: "The space between the cells and the window's edge, in logical pixels.",
        default: Given::Float(4.0),
    },
    Key {
        name: "client.theme",
        form: Form::OneOf(THEMES),
        effect: Effect::Live,
        says: "The colours, but for those that are given one by one below.",
        default: Given::Text("scarab"),
    },
    Key {
        name: "client.light_theme",
        form: Form::OneOf(LIGHT_THEMES),
        effect: Effect::Live,
        says: "The same while the desktop is a light one, where it says so; same: client.theme.",
        default: Given::Text("same"),
    },
    Key {
        name: "client.foreground",
        form: Form::Color,
        effect: Effect::Live,
        says: "Text in the default colour, in place of the theme's.",
        default: Given::Text("#d8dee9"),
    },
    Key {
        name: "client.background",
        form: Form::Color,
        effect: Effect::Live,
        says: "The screen behind the text, in place of the theme's.",
        default: Given::Text("#16181d"),
    },
    Key {
        name: "client.cursor",
        form: Form::Color,
        effect: Effect::Live,
        says: "The cursor, in place of the theme's.",
        default: Given::Text("#e5c07b"),
    },
    Key {
        name: "client.selection",
        form: Form::Color,
        effect: Effect::Live,
        says: "Behind what is selected, in place of the theme's.",
        default: Given::Text("#3b4861"),
    },
    Key {
        name: "client.found",
        form: Form::Color,
        effect: Effect::Live,
        says: "Behind what a search has found, in place of the theme's.",
        default: Given::Text("#5f4b1e"),
    },
    Key {
        name: "client.found_here",
        form: Form::Color,
        effect: Effect::Live,
        says: "Behind the text where a search has stopped, in place of the theme's.",
        default: Given::Text("#f0c674"),
    },
    Key {
        name: "client.cursor_blink",
        form: Form::OneOf(&["program", "always", "never"]),
        effect: Effect::Live,
        says: "Whether the cursor blinks: as the program in the terminal asks, always, or never.",
        default: Given::Text("program"),
    },
    Key {
        name: "client.text_blink",
        form: Form::Bool,
        effect: Effect::Live,
        says: "Whether text blinks that programs want to blink.",
        default: Given::Bool(true),
    },
    Key {
        name: "client.ligatures",
        form: Form::Bool,
        effect: Effect::Live,
        says: "Whether signs such as -> and != are drawn as one where the font has them so.",
        default: Given::Bool(false),
    },
    Key {
        name: "client.bell",
        form: Form::OneOf(&["urgent", "visual", "both", "none"]),
        effect: Effect::Live,
        says: "What the bell does: the desktop is told while the window has not the keyboard, the window flashes, both, or nothing.",
        default: Given::Text("urgent"),
    },
    Key {
        name: "client.on_exit",
        form: Form::OneOf(&["close", "hold"]),
        effect: Effect::Live,
        says: "Whether a pane closes when its program has ended, or stays with its last screen and the program's status.",
        default: Given::Text("close"),
    },
    Key {
        name: "client.clipboard_write",
        form: Form::Bool,
        effect: Effect::Live,
        says: "Whether programs may put something on the clipboard (OSC 52). They can never read it.",
        default: Given::Bool(true),
    },
    Key {
        name: "client.copy_on_select",
        form: Form::Bool,
        effect: Effect::Live,
        says: "Whether what is selected goes to the clipboard at once.",
        default: Given::Bool(false),
    },
    Key {
        name: "client.word_separators",
        form: Form::Text,
        effect: Effect::Live,
        says: "The characters that end a word when one is selected by a double click, beside blanks.",
        default: Given::Text(WORD_SEPARATORS),
    },
    Key {
        name: "client.bold_is_bright",
        form: Form::Bool,
        effect: Effect::Live,
        says: "Whether bold text in one of the first eight colours has the bright one.",
        default: Given::Bool(false),
    },
    Key {
        name: "client.minimum_contrast",
        form: Form::Float { least: 1.0, most: 21.0 },
        effect: Effect::Live,
        says: "The least contrast of text to what is behind it, as WCAG 2 counts it: 1 for any, 4.5 for good reading, 21 for black and white.",
        default: Given::Float(1.0),
    },
    Key {
        name: "client.bindings",
        form: Form::Bindings,
        effect: Effect::Live,
        says: "Keys and what they do, in place of the default bindings of these keys; none gives a key to the program.",
        default: Given::Texts(&[]),
    },
    Key {
        name: "client.ansi",
        form: Form::Colors(16),
        effect: Effect::Live,
        says: "Black, red, green, yellow, blue, magenta, cyan, white, and the same eight bright, in place of the theme's.",
        default: Given::Texts(&[
            "#2b2f38", "#e06c75", "#98c379", "#d7a65f", "#61afef", "#c678dd", "#56b6c2", "#c0c5ce", "#656d7d",
            "#ff878f", "#b5e090", "#f0c674", "#82c4ff", "#dd9af0", "#74d4e0", "#f5f7fa",
        ]),
    },
];

/// The keys of a section `[plugins.NAME]`. The last stands for every other key: a setting of the plugin's own.
pub const PLUGIN_KEYS: &[Key] = &[
    Key {
        name: "plugins.NAME.path",
        form: Form::Text,
        effect: Effect::Live,
        says: "The plugin's file.",
        default: Given::Text(""),
    },
    Key {
        name: "plugins.NAME.enabled",
        form: Form::Bool,
        effect: Effect::Live,
        says: "Whether it is loaded.",
        default: Given::Bool(true),
    },
    Key {
        name: "plugins.NAME.input",
        form: Form::Texts,
        effect: Effect::Live,
        says: "The names of the sessions that it may type into, if its manifest asks for that; * for all.",
        default: Given::Texts(&[]),
    },
    Key {
        name: "plugins.NAME.KEY",
        form: Form::Any,
        effect: Effect::Live,
        says: "Any other key is a setting of the plugin's own.",
        default: Given::Text(""),
    },
];

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
