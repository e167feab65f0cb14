//! What fontconfig has for a kind of font: on Linux and its like the choice of the desktop and of its user.

use std::process::{Command, Stdio};

/// The family that fontconfig has for a generic name such as `monospace`; nothing where it is not installed. Its own program is asked: which
/// of many rules wins fontconfig alone knows, and its library is not there to be linked with on every machine.
pub(super) fn family(generic: &str) -> Option<String> {
    let said = Command::new("fc-match")
        .args(["--format=%{family[0]}", generic])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let name = String::from_utf8(said.stdout).ok()?.trim().to_owned();
    (said.status.success() && !name.is_empty()).then_some(name)
}
