//! What a script says of itself before anything of it runs.
//!
//! The manifest is TOML in the comment that the script begins with, so that the daemon knows name, API and permissions
//! without running a line of it.

use std::{ops::Range, path::Path};

use toml_edit::{Document, Item};

use super::{LoadError, text};

/// The API that this daemon offers to scripts.
pub(super) const API: i64 = 1;

/// What the script's first line is.
const OPENING: &str = "--[[ scarab-plugin";
/// What ends the comment.
const CLOSING: &str = "]]";

const KEYS: &str = "name, version, api, about, permissions";

/// Something that a plugin may do only if its manifest asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Permission {
    /// Typing into sessions that the configuration grants, and into its own.
    Input,
    /// Making sessions.
    Create,
    /// Renaming sessions.
    Rename,
}

impl Permission {
    /// All that there are.
    const ALL: [Self; 3] = [Self::Input, Self::Create, Self::Rename];

    /// What a manifest calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Create => "create",
            Self::Rename => "rename",
        }
    }
}

/// A checked manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) about: String,
    pub(super) permissions: Vec<Permission>,
}

impl Manifest {
    /// Reads the manifest at the top of a script.
    ///
    /// # Errors
    /// What is wrong with it, with the line.
    pub(super) fn read(path: &Path, script: &str) -> Result<Self, LoadError> {
        let (toml, line) = find(script).ok_or_else(|| LoadError::NoManifest { path: path.into() })?;
        Reader { path, toml, line }.read()
    }
}

/// The TOML, and the line of the script that it begins on.
fn find(script: &str) -> Option<(&str, usize)> {
    let body = script.strip_prefix('\u{feff}').unwrap_or(script).strip_prefix(OPENING)?;
    let toml = &body[..body.find(CLOSING)?];
    // The rest of the first line is the first of the TOML.
    Some((toml, 1))
}

struct Reader<'a> {
    path: &'a Path,
    toml: &'a str,
    line: usize,
}

impl Reader<'_> {
    fn read(&self) -> Result<Manifest, LoadError> {
        let document = Document::parse(self.toml).map_err(|error| self.wrong(error.span(), error.message()))?;
        let known: Vec<&str> = KEYS.split(", ").collect();
        for (key, item) in document.iter() {
            if !known.contains(&key) {
                return Err(self.wrong(
                    self.span(&document, key, item),
                    &format!("unknown key `{}` in the manifest; there are {KEYS}", text::shown(key)),
                ));
            }
        }
        let (api, _) = self.required(&document, "api", "a whole number", Item::as_integer)?;
        if api != API {
            return Err(LoadError::Api { path: self.path.into(), asked: api });
        }
        let (name, span) = self.required(&document, "name", "a text", Item::as_str)?;
        if !is_name(name) {
            return Err(self.wrong(span, &format!("bad name {name:?}: a plugin's name has 1 to 32 of a-z 0-9 -")));
        }
        let (version, span) = self.required(&document, "version", "a text", Item::as_str)?;
        if !is_version(version) {
            return Err(
                self.wrong(span, &format!("bad version {version:?}: a version has 1 to 32 of A-Z a-z 0-9 . + -"))
            );
        }
        let about = match document.get("about") {
            Some(item) => item.as_str().ok_or_else(|| self.wrong(item.span(), "about must be a text"))?,
            None => "",
        };
        Ok(Manifest {
            name: name.into(),
            version: version.into(),
            about: text::cut(&text::shown(about), super::limits::TITLE_BYTES).into(),
            permissions: self.permissions(&document)?,
        })
    }

    fn permissions(&self, document: &Document<&str>) -> Result<Vec<Permission>, LoadError> {
        let Some(item) = document.get("permissions") else { return Ok(Vec::new()) };
        let array = item
            .as_array()
            .ok_or_else(|| self.wrong(item.span(), "permissions must be a list of texts, such as [\"rename\"]"))?;
        let mut permissions = Vec::new();
        for value in array {
            let name = value.as_str().ok_or_else(|| self.wrong(value.span(), "a permission must be a text"))?;
            let Some(permission) = Permission::ALL.into_iter().find(|permission| permission.name() == name) else {
                return Err(self.no_permission(value.span(), name));
            };
            permissions.push(permission);
        }
        permissions.sort_unstable();
        permissions.dedup();
        Ok(permissions)
    }

    fn no_permission(&self, span: Option<Range<usize>>, name: &str) -> LoadError {
        let there_are = Permission::ALL.map(Permission::name).join(", ");
        let message = match name {
            "files" | "network" | "processes" => {
                format!("the permission `{name}` is not offered in API {API}; there are {there_are}")
            }
            _ => format!("unknown permission {name:?}; there are {there_are}"),
        };
        LoadError::Permission { path: self.path.into(), line: self.line_of(span), message }
    }

    fn required<'d, T>(
        &self,
        document: &'d Document<&str>,
        key: &str,
        what: &str,
        get: impl Fn(&'d Item) -> Option<T>,
    ) -> Result<(T, Option<Range<usize>>), LoadError> {
        let item = document.get(key).ok_or_else(|| self.wrong(None, &format!("the manifest lacks `{key}`, {what}")))?;
        let value = get(item).ok_or_else(|| self.wrong(item.span(), &format!("{key} must be {what}")))?;
        Ok((value, item.span()))
    }

    fn span(&self, document: &Document<&str>, key: &str, item: &Item) -> Option<Range<usize>> {
        document.key(key).and_then(|key| key.span()).or(item.span())
    }

    fn wrong(&self, span: Option<Range<usize>>, message: &str) -> LoadError {
        // A parser's message may have several lines, and names what it found.
        let message = text::cut(&text::shown(message), super::limits::LOG_BYTES).to_owned();
        LoadError::Manifest { path: self.path.into(), line: self.line_of(span), message }
    }

    fn line_of(&self, span: Option<Range<usize>>) -> usize {
        let before = span.and_then(|span| self.toml.get(..span.start)).unwrap_or_default();
        self.line + before.matches('\n').count()
    }
}

/// A plugin's name is part of file names, of the configuration's keys and of command lines.
pub(super) fn is_name(name: &str) -> bool {
    (1..=32).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_version(version: &str) -> bool {
    (1..=32).contains(&version.len())
        && version.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(script: &str) -> Result<Manifest, String> {
        Manifest::read(Path::new("p.luau"), script).map_err(|error| error.to_string())
    }

    fn manifest(rest: &str) -> Result<Manifest, String> {
        read(&format!("--[[ scarab-plugin\n{rest}\n]]\nlocal x = 1\n"))
    }

    #[test]
    fn a_manifest_is_read_without_the_script() {
        let found = manifest(
            "name = \"a-1\"\nversion = \"1.0\"\napi = 1\nabout = \"x\ty\"\npermissions = [\"rename\", \"input\", \"input\"]",
        );
        let expected = Manifest {
            name: "a-1".into(),
            version: "1.0".into(),
            about: "x y".into(),
            permissions: vec![Permission::Input, Permission::Rename],
        };
        assert_eq!(found, Ok(expected));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let check = |rest: &str, expected: &str| {
            let error = manifest(rest).expect_err("it is wrong");
            assert!(error.starts_with("p.luau") && error.contains(expected), "{error}");
        };
        check("api = 1", "p.luau:1: the manifest lacks `name`");
        check("api = \"1\"", "p.luau:2: api must be a whole number");
        check("api = 2", "written for API 2, this daemon has API 1; take a newer daemon");
        check("api = 0", "written for API 0, this daemon has API 1; take a newer plugin");
        check(
            "api = 1\nname = \"No\"\nversion = \"1\"",
            "p.luau:3: bad name \"No\": a plugin's name has 1 to 32 of a-z 0-9 -",
        );
        check("api = 1\nname = \"\"\nversion = \"1\"", "bad name");
        check("api = 1\nname = \"a\"\nversion = \"\"", "bad version");
        check(
            "api = 1\nname = \"a\"\nversion = \"1\"\npermissions = [\n\"root\"]",
            "p.luau:6: unknown permission \"root\"; there are input, create, rename",
        );
        check("api = 1\nname = \"a\"\nversion = \"1\"\npermissions = [\"files\"]", "`files` is not offered in API 1");
        check("api = 1\nnmae = \"a\"", "p.luau:3: unknown key `nmae`");
        check("api = 1\nname = ", "p.luau:3: ");
    }

    #[test]
    fn without_its_marks_it_is_none() {
        for script in ["", "local x = 1", "--[[ scarab-plugin\nname = 1", "\n--[[ scarab-plugin\n]]"] {
            let error = read(script).expect_err("none");
            assert!(error.contains("has no manifest; begin it with `--[[ scarab-plugin`"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn nothing_in_a_manifest_panics(rest in any::<String>()) {
            let _ = manifest(&rest);
        }
    }
}
