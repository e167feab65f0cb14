//! A file of the configuration: read, and taken apart into values, or what is wrong with it and where.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    ops::Range,
    path::Path,
};

use scarab_protocol::config::{Problem, SECTIONS, Value, lookup};
use toml_edit::{Document, Item, TableLike};

use super::fit;

/// The values that are set, by the names of their keys.
pub(crate) type Values = BTreeMap<String, Value>;

/// The most bytes of a file. Every key with its comment takes a few hundred.
const MAX_BYTES: u64 = 1024 * 1024;
/// The most bytes of all values on the wire: a client's queue holds some of it.
pub(super) const MAX_VALUES: usize = 256 * 1024;
/// What a value takes on the wire beside its text, in bytes.
const OVERHEAD: usize = 64;
/// The most faults that are told.
const MAX_TOLD: usize = 3;
/// The most characters of what was found that are told.
const MAX_SHOWN: usize = 60;

/// Reads a file; `None` if there is none.
///
/// # Errors
/// Why it cannot be read, in one line that names it.
pub(crate) fn read(path: &Path) -> Result<Option<String>, String> {
    let failed = |why: String| format!("{}: {why}", path.display());
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(failed(error.to_string())),
    };
    // A pipe would be waited for.
    if !found.is_file() {
        return Err(failed("found something else, expected a file".into()));
    }
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error.to_string())),
    }
    if bytes.len() as u64 > MAX_BYTES {
        return Err(failed(format!("found more than {MAX_BYTES} bytes, expected a configuration")));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let before = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
            let (line, column) = place(&before, valid);
            let path = path.display();
            Err(format!("{path}:{line}:{column}: found bytes that are no UTF-8, expected text"))
        }
    }
}

/// The values that a text sets, each one that its key allows.
///
/// # Errors
/// What is wrong with it, in one line: `FILE:LINE:COLUMN: KEY: found X, expected Y`, and the next ones behind that.
pub(crate) fn parse(text: &str, path: &Path) -> Result<Values, String> {
    let mut reader = Reader { text, values: Values::new(), faults: Vec::new() };
    match Document::parse(text) {
        Ok(document) => reader.document(document.as_table()),
        Err(error) => {
            let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
            reader.faults.push((error.span().map_or(0, |span| span.start), message));
        }
    }
    let Reader { values, mut faults, .. } = reader;
    if faults.is_empty() && bytes(&values) > MAX_VALUES {
        faults.push((0, format!("found {} bytes of values, expected {MAX_VALUES} at most", bytes(&values))));
    }
    if faults.is_empty() {
        return Ok(values);
    }
    faults.sort();
    let more = faults.len().saturating_sub(MAX_TOLD);
    let mut told: Vec<String> = faults
        .iter()
        .take(MAX_TOLD)
        .map(|(at, what)| {
            let (line, column) = place(text, *at);
            format!("{}:{line}:{column}: {what}", path.display())
        })
        .collect();
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    Err(told.join("; "))
}

/// What values take on the wire, about, in bytes.
pub(super) fn bytes(values: &Values) -> usize {
    values.iter().map(|(key, value)| key.len() + value.bytes() + OVERHEAD).sum()
}

/// A document being taken apart.
struct Reader<'a> {
    text: &'a str,
    values: Values,
    /// Where, as an offset in bytes, and what.
    faults: Vec<(usize, String)>,
}

impl Reader<'_> {
    fn document(&mut self, root: &dyn TableLike) {
        for (section, item) in root.iter() {
            match (section, item.as_table_like()) {
                ("plugins", Some(plugins)) => {
                    for (plugin, item) in plugins.iter() {
                        let name = format!("plugins.{plugin}");
                        match item.as_table_like() {
                            Some(table) => self.section(&name, table),
                            None => self.not_a_section(&name, item),
                        }
                    }
                }
                (_, Some(table)) if table.is_empty() && !SECTIONS.contains(&section) => {
                    let expected = SECTIONS.join(", ");
                    self.faults.push((
                        start(root, section),
                        format!("{}: found no such section, expected one of {expected}", shown(section)),
                    ));
                }
                (_, Some(table)) => self.section(section, table),
                (section, None) if SECTIONS.contains(&section) => self.not_a_section(section, item),
                (_, None) => self.key(section, item, start(root, section)),
            }
        }
    }

    fn not_a_section(&mut self, name: &str, item: &Item) {
        let at = item.span().map_or(0, |span| span.start);
        self.faults.push((at, format!("{}: found {}, expected a section", shown(name), self.source(item))));
    }

    fn section(&mut self, section: &str, table: &dyn TableLike) {
        for (key, item) in table.iter() {
            self.key(&format!("{section}.{key}"), item, start(table, key));
        }
    }

    fn key(&mut self, name: &str, item: &Item, key_at: usize) {
        let key = match lookup(name) {
            Ok(key) => key,
            Err(unknown) => {
                let what = format!("{}: found no such key, expected one such as {}", unknown.name, unknown.nearest);
                self.faults.push((key_at, what));
                return;
            }
        };
        let found = value(item).ok_or_else(|| Problem { found: self.source(item), expected: key.form.to_string() });
        match found.and_then(|value| fit(key, value)) {
            Ok(value) => drop(self.values.insert(name.into(), value)),
            Err(problem) => {
                self.faults.push((item.span().map_or(key_at, |span| span.start), format!("{name}: {problem}")));
            }
        }
    }

    /// An item as it stands in the text.
    fn source(&self, item: &Item) -> String {
        if item.is_table_like() && !item.is_inline_table() || item.is_array_of_tables() {
            return "a section".into();
        }
        item.span().and_then(|span: Range<usize>| self.text.get(span)).map_or_else(|| "something else".into(), shown)
    }
}

/// Where a key stands in its table.
fn start(table: &dyn TableLike, key: &str) -> usize {
    let span = table.get_key_value(key).and_then(|(key, item)| key.span().or_else(|| item.span()));
    span.map_or(0, |span| span.start)
}

/// An item as a value, if it is one that a key can have.
pub(crate) fn value(item: &Item) -> Option<Value> {
    Some(match item.as_value()? {
        toml_edit::Value::Boolean(value) => Value::Bool(*value.value()),
        toml_edit::Value::Integer(value) => Value::Integer(*value.value()),
        toml_edit::Value::Float(value) => Value::Float(*value.value()),
        toml_edit::Value::String(value) => Value::Text(value.value().clone()),
        toml_edit::Value::Array(values) => {
            Value::Texts(values.iter().map(|value| value.as_str().map(str::to_owned)).collect::<Option<_>>()?)
        }
        toml_edit::Value::Datetime(_) | toml_edit::Value::InlineTable(_) => return None,
    })
}

/// Line and column of an offset, both from 1; columns count characters.
fn place(text: &str, at: usize) -> (usize, usize) {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let line = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line..].chars().count() + 1)
}

/// A text in one line, and not too long.
fn shown(text: &str) -> String {
    let mut shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_SHOWN + 1).collect();
    if shown.chars().count() > MAX_SHOWN {
        shown.pop();
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use scarab_protocol::config::{Form, KEYS, default_file};

    use super::*;

    fn wrong(text: &str) -> String {
        parse(text, Path::new("/x/scarab.toml")).expect_err("wrong")
    }

    #[test]
    fn a_file_with_every_default_has_every_default() {
        let mut defaults: Values = KEYS.iter().map(|key| (key.name.to_owned(), key.default())).collect();
        // A colour that somebody wants has its `# ` taken away.
        let is_color = |line: &str| {
            let name = line.strip_prefix("# ").and_then(|line| line.split_once(" = ")).map(|(name, _)| name);
            KEYS.iter().any(|key| matches!(key.form, Form::Color | Form::Colors(_)) && Some(key.parts().1) == name)
        };
        let lines = default_file();
        let wanted = lines.lines().map(|line| if is_color(line) { &line[2..] } else { line });
        let text = wanted.collect::<Vec<_>>().join("\n");
        assert_eq!(parse(&text, Path::new("x")).expect("it is right"), defaults);
        // As it comes, no colour is said, which leaves them to the theme.
        defaults.retain(|name, _| {
            let key = KEYS.iter().find(|key| key.name == name).expect("a key");
            !matches!(key.form, Form::Color | Form::Colors(_))
        });
        assert_eq!(parse(&lines, Path::new("x")).expect("it is right"), defaults);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, told) in [
            (
                "[daemon]\nscrollback = \"all\"\n",
                ":2:14: daemon.scrollback: found \"all\", expected an integer from 0 to 1000000",
            ),
            (
                "\n[daemon]\n  scrolback = 1\n",
                ":3:3: daemon.scrolback: found no such key, expected one such as daemon.scrollback",
            ),
            (
                "[deamon]\nscrollback = 1\n",
                ":2:1: deamon.scrollback: found no such key, expected one such as daemon.scrollback",
            ),
            ("[deamon]\n", ":1:2: deamon: found no such section, expected one of daemon, client, plugins"),
            ("daemon = 3\n", ":1:10: daemon: found 3, expected a section"),
            ("plugins.watch = 'x'\n", ":1:17: plugins.watch: found 'x', expected a section"),
            (
                "[client]\nfont_size = 1979-05-27\n",
                ":2:13: client.font_size: found 1979-05-27, expected a number from 4 to 200",
            ),
            (
                "[client]\nansi = ['#000000', 3]\n",
                ":2:8: client.ansi: found ['#000000', 3], expected a list of 16 colours such as \"#16181d\"",
            ),
            ("[daemon.shell]\nx = 1\n", ":1:1: daemon.shell: found a section, expected a list of texts"),
            ("[daemon]\nlog = '=='\n", ":2:7: daemon.log: found \"==\", expected a level"),
            ("[daemon]\nshell = ['']\n", ":2:9: daemon.shell: found [\"\"], expected a program, or an empty list"),
            ("# é\né = 1\n", ":2:1: "),
            (
                "[plugins.a]\nb = { c = 1 }\n",
                ":2:5: plugins.a.b: found { c = 1 }, expected true or false, a number, a text, or a list of texts",
            ),
            ("[daemon]\nterm = 'a'\nterm = 'b'\n", ":3:1: "),
        ] {
            let said = wrong(text);
            assert!(said.starts_with(&format!("/x/scarab.toml{told}")), "{text:?}: {said}");
            assert!(!said.contains('\n'));
        }
    }

    #[test]
    fn the_first_of_many_faults_are_told_in_the_order_of_their_places() {
        let said = wrong("[client]\npadding = -1\nfount = 1\ncursor = 'red'\nx = 1\ny = 2\n");
        let places: Vec<_> = said.split("; ").map(|part| part.split(' ').next().unwrap_or("")).collect();
        assert_eq!(places, ["/x/scarab.toml:2:11:", "/x/scarab.toml:3:1:", "/x/scarab.toml:4:10:", "and"], "{said}");
        assert!(said.ends_with("and 2 more"), "{said}");
    }

    #[test]
    fn plugins_have_what_they_like() {
        let text =
            "[plugins.watch]\npath = 'w.lua'\nlimit = 3\nratio = 0.5\nwords = ['a']\n[plugins]\nb.enabled = false\n";
        let values = parse(text, Path::new("x")).expect("right");
        assert_eq!(values.get("plugins.watch.ratio"), Some(&Value::Float(0.5)));
        assert_eq!(values.get("plugins.b.enabled"), Some(&Value::Bool(false)));
        assert_eq!(values.len(), 5);
    }

    #[test]
    fn whole_numbers_are_numbers() {
        let values = parse("client = { font_size = 12 }", Path::new("x")).expect("right");
        assert_eq!(values.get("client.font_size"), Some(&Value::Float(12.0)));
    }

    #[test]
    fn too_many_values_are_refused() {
        let line = |number: usize| format!("a{number} = '{}'\n", "x".repeat(4000));
        let text = String::from("[plugins.a]\n") + &(0..70).map(line).collect::<String>();
        assert!(wrong(&text).contains("bytes of values"), "{}", wrong(&text));
    }

    #[test]
    fn what_is_no_text_and_what_is_no_file_is_told() {
        let home = tempfile::tempdir().expect("a directory");
        let path = home.path().join("scarab.toml");
        assert_eq!(read(&path), Ok(None));
        fs::write(&path, b"# \xc3\xa9\n[daemon]\xff\n").expect("written");
        let said = read(&path).expect_err("no text");
        assert!(said.contains("scarab.toml:2:9: found bytes that are no UTF-8"), "{said}");
        fs::write(&path, vec![b' '; 1024 * 1024 + 1]).expect("written");
        assert!(read(&path).expect_err("too long").contains("1048576"));
        assert!(read(home.path()).expect_err("no file").contains("expected a file"));
    }

    proptest::proptest! {
        /// Whatever is in it, a file is right or what is wrong with it is told in one line.
        #[test]
        fn any_text_is_read_or_refused(text: String) {
            if let Err(said) = parse(&text, Path::new("x")) {
                proptest::prop_assert!(said.starts_with("x:") && !said.contains('\n'), "{said:?}");
            }
        }
    }
}
