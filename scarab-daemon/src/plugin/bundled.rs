//! The plugins that come with the program.

use std::path::{Path, PathBuf};

use super::file::Script;

/// Their names and scripts.
const ALL: [(&str, &str); 3] = [
    ("autoname", include_str!("../../assets/plugins/autoname.luau")),
    ("notify-on-exit", include_str!("../../assets/plugins/notify-on-exit.luau")),
    ("watch", include_str!("../../assets/plugins/watch.luau")),
];

/// What they are called.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|(name, _)| *name)
}

/// One by its name.
pub(super) fn find(name: &str) -> Option<(&'static str, &'static str)> {
    ALL.into_iter().find(|(own, _)| *own == name)
}

/// A script, at a path that no file has.
pub(super) fn script(name: &str) -> Script {
    let text = find(name).map(|(_, text)| text).unwrap_or_default();
    let path: PathBuf = Path::new("<bundled>").join(format!("{name}.luau"));
    Script { path, text: text.to_owned() }
}
