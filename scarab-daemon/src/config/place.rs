//! Where the file of the configuration is.

use std::{
    env,
    path::{Path, PathBuf, absolute},
};

use crate::platform::files;

/// The variable that names the file.
pub(crate) const VARIABLE: &str = "SCARAB_CONFIG";

/// How many links are followed from one to the next: more than that is a circle.
const MAX_LINKS: usize = 16;

/// The file: the one that is named, else the one that `SCARAB_CONFIG` names, else `scarab/scarab.toml` where the platform has
/// such files. `None` if the platform has no such place for this user. It need not exist.
pub(crate) fn file(named: Option<&Path>) -> Option<PathBuf> {
    let variable = || env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
    let usual = || files::config_home().map(|home| home.join("scarab").join("scarab.toml"));
    let path = named.map(Path::to_path_buf).or_else(variable).or_else(usual)?;
    // A daemon leaves the directory it was started in.
    Some(absolute(&path).unwrap_or(path))
}

/// The path and, if a link is there, what that leads to, one after the other. The last is the file itself, there or not.
pub(super) fn links(path: &Path) -> Vec<PathBuf> {
    let mut chain = vec![path.to_path_buf()];
    while let Some(last) = chain.last()
        && chain.len() <= MAX_LINKS
        && let Ok(target) = last.read_link()
    {
        // A relative one counts from where the link is; an absolute one replaces that.
        let target = last.parent().map(|directory| directory.join(&target)).unwrap_or(target);
        chain.push(target);
    }
    chain
}
