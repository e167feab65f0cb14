//! A key changed in a file's text, with everything else left as it stands; and the file written whole or not at all.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use scarab_protocol::config::Value;
use toml_edit::{Array, DocumentMut, Item, Table, TableLike, TomlError};

use super::place;
use crate::platform::files;

/// The text with a key set, or without it. What stands around it, comments and order, stays; what is said of the key on the lines
/// right above it goes with it.
///
/// # Errors
/// If the text is no TOML, which whoever calls has seen to.
pub(crate) fn with(text: &str, key: &str, value: Option<&Value>) -> Result<String, TomlError> {
    let mut document: DocumentMut = text.parse()?;
    let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for part in section.split('.').filter(|part| !part.is_empty()) {
        let made = || {
            let mut made = Table::new();
            // `[plugins]` alone would say nothing before `[plugins.NAME]`.
            made.set_implicit(part == "plugins");
            Item::Table(made)
        };
        let item = match value {
            Some(_) => table.entry(part).or_insert_with(made),
            None => match table.get_mut(part) {
                Some(item) => item,
                None => return Ok(text.into()),
            },
        };
        match item.as_table_like_mut() {
            Some(inner) => table = inner,
            None => return Ok(text.into()),
        }
    }
    match value {
        None => remove(table, name),
        Some(value) => {
            let mut new = written(value);
            match table.get_mut(name).and_then(Item::as_value_mut) {
                Some(old) => {
                    // With the comment behind it.
                    *new.decor_mut() = old.decor().clone();
                    *old = new;
                }
                None => drop(table.insert(name, Item::Value(new))),
            }
        }
    }
    Ok(document.to_string())
}

/// Removes a key with the comment right above it. What stands above that, behind an empty line, goes to the next key.
fn remove(table: &mut dyn TableLike, name: &str) {
    let above = table.key(name).and_then(|key| key.leaf_decor().prefix()?.as_str()).unwrap_or_default();
    let kept = above.rfind("\n\n").map_or(String::new(), |end| above[..end + 1].to_owned());
    let next = table.iter().map(|(key, _)| key.to_owned()).skip_while(|key| key != name).nth(1);
    table.remove(name);
    if let Some(mut next) = next.filter(|_| !kept.is_empty()).and_then(|next| table.key_mut(&next)) {
        let decor = next.leaf_decor_mut();
        let own = decor.prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default().to_owned();
        decor.set_prefix(kept + &own);
    }
}

fn written(value: &Value) -> toml_edit::Value {
    match value {
        Value::Bool(value) => (*value).into(),
        Value::Integer(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::Text(value) => value.into(),
        Value::Texts(values) => values.iter().collect::<Array>().into(),
    }
}

/// Writes a file as a whole: whoever reads it sees the old text or the new one. It keeps its mode, links to it stay links, and a
/// directory that is missing is made.
///
/// # Errors
/// As the system fails.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    let links = place::links(path);
    let path = links.last().map_or(path, |last| last);
    let directory = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    if !directory.is_dir() {
        files::make_directory(directory)?;
    }
    let mode = fs::metadata(path).map(|found| found.permissions()).ok().or_else(files::private);
    let mut new = tempfile::Builder::new().prefix(".scarab.toml.").tempfile_in(directory)?;
    new.write_all(text.as_bytes())?;
    if let Some(mode) = mode {
        new.as_file().set_permissions(mode)?;
    }
    // On the disk before it has the name: a crash leaves no empty file.
    new.as_file().sync_all()?;
    new.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use scarab_protocol::config::{DEFAULT_BINDINGS, Form, KEYS, default_file};

    use super::*;
    use crate::config::file::parse;

    fn set(text: &str, key: &str, value: Value) -> String {
        with(text, key, Some(&value)).expect("it is TOML")
    }

    #[test]
    fn comments_and_order_stay() {
        let text =
            "# mine\n[client] # looks\n# large\nfont_size = 20 # very\npadding=1\n\n[daemon]\nterm = 'x'\n# end\n";
        let changed = set(text, "client.font_size", Value::Float(21.0));
        assert_eq!(changed, text.replace("20 #", "21.0 #"));
        let added = set(&changed, "daemon.scrollback", Value::Integer(5));
        assert_eq!(added, changed.replace("'x'\n", "'x'\nscrollback = 5\n"));
        let removed = with(&added, "daemon.scrollback", None).expect("it is TOML");
        assert_eq!(removed, changed);
        assert_eq!(with(text, "plugins.a.b", None).expect("it is TOML"), text);
    }

    #[test]
    fn sections_are_made_and_those_in_other_shapes_are_used() {
        assert_eq!(set("", "daemon.term", Value::Text("a".into())), "[daemon]\nterm = \"a\"\n");
        assert_eq!(set("", "plugins.a.enabled", Value::Bool(false)), "[plugins.a]\nenabled = false\n");
        let inline = set("daemon = { term = 'a' } # x\n", "daemon.scrollback", Value::Integer(1));
        assert_eq!(inline, "daemon = { term = 'a' , scrollback = 1 } # x\n");
        for dotted in ["daemon.term = 'a'\n", "plugins.a.b = 1\n[daemon]\nterm='a'\n"] {
            let values = parse(&set(dotted, "daemon.scrollback", Value::Integer(1)), Path::new("x")).expect("right");
            assert_eq!(values.get("daemon.scrollback"), Some(&Value::Integer(1)));
            assert_eq!(values.get("daemon.term"), Some(&Value::Text("a".into())));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_keeps_its_mode_and_a_link_stays_one() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let home = tempfile::tempdir().expect("a directory");
        let (link, file) = (home.path().join("config/scarab/scarab.toml"), home.path().join("dotfiles/real.toml"));
        let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        fs::create_dir_all(link.parent().expect("it has one")).expect("made");
        symlink("../../dotfiles/real.toml", &link).expect("made");
        // It leads nowhere yet.
        write(&link, "a").expect("written");
        assert_eq!((mode(&file), mode(file.parent().expect("it has one"))), (0o600, 0o700));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("ours");
        write(&link, "b").expect("written");
        assert!(link.is_symlink());
        assert_eq!((mode(&file), fs::read_to_string(&file).expect("it is there").as_str()), (0o640, "b"));
        let left = fs::read_dir(file.parent().expect("it has one")).expect("a directory").count();
        assert_eq!(left, 1, "nothing else is left behind");
    }

    fn any_value(form: Form) -> BoxedStrategy<Value> {
        let color = || "#[0-9a-fA-F]{6}";
        let text = || proptest::string::string_regex("[^\0]{0,20}").expect("a pattern");
        match form {
            Form::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
            Form::Integer { least, most } => (least..=most).prop_map(Value::Integer).boxed(),
            Form::Float { least, most } => (least..=most).prop_map(Value::Float).boxed(),
            Form::Word => "[!-~]{1,20}".prop_map(Value::Text).boxed(),
            Form::OneOf(texts) => proptest::sample::select(texts).prop_map(|text| Value::Text(text.into())).boxed(),
            Form::Cells => {
                (2u16..=1000, 1u16..=1000).prop_map(|(cols, rows)| Value::Text(format!("{cols}x{rows}"))).boxed()
            }
            Form::Color => color().prop_map(Value::Text).boxed(),
            Form::Colors(count) => proptest::collection::vec(color(), count).prop_map(Value::Texts).boxed(),
            Form::Text => text().prop_map(Value::Text).boxed(),
            Form::Texts => proptest::collection::vec(text(), 0..5).prop_map(Value::Texts).boxed(),
            Form::Bindings => {
                let binding = proptest::sample::select(DEFAULT_BINDINGS).prop_map(str::to_owned);
                proptest::collection::vec(binding, 0..5).prop_map(Value::Texts).boxed()
            }
            Form::Any => prop_oneof![
                any::<bool>().prop_map(Value::Bool),
                any::<i64>().prop_map(Value::Integer),
                any::<f64>().prop_filter("is a number", |value| !value.is_nan()).prop_map(Value::Float),
                text().prop_map(Value::Text),
                proptest::collection::vec(text(), 0..5).prop_map(Value::Texts),
            ]
            .boxed(),
        }
    }

    /// A key that there may be, and a value of its form.
    fn any_change() -> impl Strategy<Value = (String, Value)> {
        let fixed =
            proptest::sample::select(KEYS).prop_flat_map(|key| (Just(key.name.to_owned()), any_value(key.form)));
        let plugin = ("plugins\\.[a-z_-]{1,3}\\.(x|y|z)", any_value(Form::Any));
        prop_oneof![fixed, plugin.prop_map(|(key, value)| (key, value))]
    }

    #[test]
    fn what_stands_above_the_comment_of_a_key_stays_when_that_goes() {
        let text = default_file();
        let without = with(&text, "client.cursor_shape", None).expect("TOML");
        assert!(!without.contains("cursor_shape") && !without.contains("The cursor's shape where"), "{without}");
        let is_gone = |line: &&str| !without.lines().any(|other| other == *line);
        assert_eq!(text.lines().filter(is_gone).count(), 3, "the key and its two lines of comment");
        // Others keep their places.
        let rest: Vec<_> = text.lines().filter(|line| !is_gone(line) && !line.is_empty()).collect();
        assert_eq!(without.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>(), rest);
    }

    proptest! {
        /// Whatever is set and taken back again, one after the other, is what the file then says, and its comments are still there.
        #[test]
        fn what_is_saved_is_what_is_read(changes in proptest::collection::vec((any_change(), any::<bool>()), 1..8), fresh: bool) {
            let mut text = if fresh { String::new() } else { default_file() };
            let mut wanted = parse(&text, Path::new("x")).expect("right");
            let comments: Vec<String> = text.lines().filter(|line| line.starts_with('#')).map(str::to_owned).collect();
            let mut kept: BTreeMap<String, Value> = BTreeMap::new();
            for ((key, value), set) in changes {
                // What only the daemon knows of values is tested beside that.
                if crate::config::fit(scarab_protocol::config::lookup(&key).expect("a key"), value.clone()).is_err() {
                    continue;
                }
                if set || !fresh {
                    text = with(&text, &key, Some(&value)).expect("TOML");
                    wanted.insert(key.clone(), value.clone());
                    kept.insert(key, value);
                } else {
                    text = with(&text, &key, None).expect("TOML");
                    wanted.remove(&key);
                }
            }
            prop_assert_eq!(parse(&text, Path::new("x")), Ok(wanted), "{}", text);
            // In this order; a text over several lines may have lines that look like more of them.
            let mut lines = text.lines();
            prop_assert!(comments.iter().all(|comment| lines.any(|line| line == comment)), "{}", text);
        }
    }
}
