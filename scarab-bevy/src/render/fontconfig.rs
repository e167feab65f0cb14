//! What fontconfig has for a kind of font: on Linux and its like the choice of the desktop and of its user.

use std::{
    io::Read,
    process::{Command, Stdio},
    time::Duration,
};

use wait_timeout::ChildExt;

/// How long the answer may take: fontconfig may have to look through all fonts before, but whoever waits sees another font meanwhile.
const PATIENCE: Duration = Duration::from_secs(10);

/// The family that fontconfig has for a generic name such as `monospace`; nothing where it is not installed. Its own program is asked: which
/// of many rules wins fontconfig alone knows, and its library is not there to be linked with on every machine.
pub(super) fn family(generic: &str) -> Option<String> {
    let mut asked = Command::new("fc-match")
        .args(["--format=%{family[0]}", generic])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let Ok(Some(status)) = asked.wait_timeout(PATIENCE) else {
        let _ = asked.kill();
        // Else a trace of it would stay.
        let _ = asked.wait();
        return None;
    };
    let mut name = String::new();
    // A family's name is less than a pipe holds: it did not wait for us.
    asked.stdout.take()?.read_to_string(&mut name).ok()?;
    let name = name.trim();
    (status.success() && !name.is_empty()).then(|| name.to_owned())
}
