//! What is in force at a moment: nothing in it changes.

use std::time::Duration;

use scarab_protocol::{
    config::{Effect, KEYS, Origin, Theme, Value, lookup},
    message::{Config, ConfigEntry, SizePolicy},
};

use super::file::Values;

/// What is in force at a moment.
pub(crate) struct Snapshot(Config);

impl Snapshot {
    /// What is in force with these values of the file and of those who go before it. `at_start` is what was in force then of
    /// keys that count only from a start on.
    pub(super) fn new(path: &str, problem: &str, file: &Values, given: &Values, at_start: Option<&Self>) -> Self {
        let find = |key: &str| match (given.get(key), file.get(key)) {
            (Some(value), _) => Some((value.clone(), Origin::Session)),
            (None, Some(value)) => Some((value.clone(), Origin::File)),
            (None, None) => None,
        };
        let mut entries = Vec::new();
        for key in KEYS {
            let (value, origin) = find(key.name).unwrap_or_else(|| (key.default(), Origin::Default));
            let in_force = at_start.and_then(|start| start.value(key.name));
            let restart = key.effect == Effect::Restart && in_force.is_some_and(|old| *old != value);
            entries.push(ConfigEntry { key: key.name.into(), value, origin, restart });
        }
        let mut plugins: Vec<&String> = file.keys().chain(given.keys()).filter(|key| is_plugins(key)).collect();
        plugins.sort();
        plugins.dedup();
        entries.extend(plugins.into_iter().filter_map(|key| {
            let (value, origin) = find(key)?;
            Some(ConfigEntry { key: key.clone(), value, origin, restart: false })
        }));
        Self(Config { path: path.into(), revision: 1, problem: problem.into(), entries })
    }

    /// The same as the successor of another; `None` if nothing is different.
    pub(super) fn after(mut self, old: &Self) -> Option<Self> {
        self.0.revision = old.0.revision;
        (self.0 != old.0).then(|| {
            self.0.revision += 1;
            self
        })
    }

    /// As clients are told it.
    pub(crate) fn message(&self) -> &Config {
        &self.0
    }

    /// The words of the program that a session runs if nobody says; none for the user's login shell.
    pub(crate) fn shell(&self) -> Vec<String> {
        match self.value("daemon.shell") {
            Some(Value::Texts(words)) => words.clone(),
            _ => Vec::new(),
        }
    }

    /// How many lines of scrollback a session holds.
    pub(crate) fn scrollback(&self) -> usize {
        match self.value("daemon.scrollback") {
            Some(Value::Integer(lines)) => usize::try_from(*lines).unwrap_or(0),
            _ => 0,
        }
    }

    /// The colours that clients draw with, as far as the daemon knows.
    pub(crate) fn colors(&self) -> Theme {
        let said = |key: &str| {
            let entry = self.0.entries.iter().find(|entry| entry.key == key && entry.origin != Origin::Default)?;
            Some(entry.value.clone())
        };
        Theme::configured(self.text("client.theme"), &said)
    }

    /// The TERM of a new session.
    pub(crate) fn term(&self) -> &str {
        self.text("daemon.term")
    }

    /// The policy of a new session.
    pub(crate) fn size_policy(&self) -> SizePolicy {
        match self.text("daemon.size_policy") {
            "smallest" => SizePolicy::Smallest,
            "largest" => SizePolicy::Largest,
            "manual" => SizePolicy::Manual,
            _ => SizePolicy::Latest,
        }
    }

    /// How long who is gone may take to come back; `None` if nobody has said.
    pub(crate) fn resume(&self) -> Option<Duration> {
        let entry = self.0.entries.iter().find(|entry| entry.key == "daemon.resume_seconds")?;
        match entry.value {
            Value::Integer(seconds) if entry.origin != Origin::Default => {
                Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
            }
            _ => None,
        }
    }

    /// What is logged.
    pub(crate) fn log(&self) -> &str {
        self.text("daemon.log")
    }

    fn value(&self, key: &str) -> Option<&Value> {
        self.0.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    fn text(&self, key: &str) -> &str {
        self.value(key).and_then(Value::as_text).unwrap_or("")
    }
}

fn is_plugins(key: &str) -> bool {
    lookup(key).is_ok_and(|key| key.parts().0.starts_with("plugins"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use scarab_protocol::config::{default_file, theme};

    use super::*;
    use crate::config::file::parse;

    fn values<const N: usize>(values: [(&str, Value); N]) -> Values {
        values.map(|(key, value)| (key.to_owned(), value)).into()
    }

    #[test]
    fn what_is_said_by_hand_goes_before_the_file_and_that_before_the_default() {
        let file = values([("daemon.scrollback", Value::Integer(1)), ("daemon.term", Value::Text("x".into()))]);
        let given = values([("daemon.term", Value::Text("y".into())), ("plugins.a.b", Value::Bool(true))]);
        let snapshot = Snapshot::new("", "", &file, &given, None);
        assert_eq!((snapshot.scrollback(), snapshot.term(), snapshot.log()), (1, "y", "info"));
        assert_eq!((snapshot.size_policy(), snapshot.resume()), (SizePolicy::Latest, None));
        let origins: Vec<_> =
            snapshot.message().entries.iter().map(|entry| (entry.key.as_str(), entry.origin)).collect();
        for told in [
            ("daemon.shell", Origin::Default),
            ("daemon.scrollback", Origin::File),
            ("daemon.term", Origin::Session),
            ("plugins.a.b", Origin::Session),
        ] {
            assert!(origins.contains(&told), "{told:?}");
        }
        assert_eq!(origins.len(), KEYS.len() + 1);
    }

    #[test]
    fn what_counts_from_a_start_on_says_that_it_needs_one() {
        let start = Snapshot::new("", "", &Values::new(), &Values::new(), None);
        let changed = values([("daemon.resume_seconds", Value::Integer(60))]);
        let restart = |file: &Values| {
            let snapshot = Snapshot::new("", "", file, &Values::new(), Some(&start));
            snapshot
                .message()
                .entries
                .iter()
                .filter(|entry| entry.restart)
                .map(|entry| entry.key.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(restart(&changed), ["daemon.resume_seconds"]);
        assert!(restart(&Values::new()).is_empty());
    }

    #[test]
    fn a_theme_that_is_chosen_in_a_file_of_every_default_is_seen() {
        let text = default_file().replace("\ntheme = \"scarab\"\n", "\ntheme = \"nord\"\n");
        let file = parse(&text, Path::new("x")).expect("it is right");
        assert_eq!(file.get("client.theme"), Some(&Value::Text("nord".into())));
        let snapshot = Snapshot::new("", "", &file, &Values::new(), None);
        assert_eq!(Some(snapshot.colors()), theme("nord"));
    }
}
