//! What only Unix has.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, atomic::AtomicBool},
};

use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use scarab_protocol::endpoint::Address;

/// The shell that a session runs if no other is named.
pub const SHELL: &str = "sh";
/// What its prompt looks like, as a regular expression.
pub const PROMPT: &str = r"(?m)^\$ ?$";
/// A command of that shell which ends it with a status.
pub const EXIT: &str = "exit 3";

/// A command of that shell which tells where it is.
pub const TELL_DIRECTORY: &str = "pwd";

/// A command of that shell which tells what a variable is.
pub fn tell_variable(name: &str) -> String {
    format!("echo ${name}")
}

/// Makes a directory that is this user's alone.
pub fn make_directory(path: &Path) {
    fs::create_dir(path).expect("the directory is fresh");
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).expect("the directory is ours");
}

/// An address in a test's directory.
pub fn address(home: &Path, name: &str) -> Address {
    Address::of_socket(&home.join(format!("{name}.sock"))).expect("a short path")
}

/// Has a program see nothing of the user's but what is in a test's directory.
pub fn confine(command: &mut Command, home: &Path) {
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()))
        .env("HOME", home)
        .env("SHELL", "/bin/sh")
        .env("PS1", "$ ")
        .env("XDG_RUNTIME_DIR", home.join("run"))
        .env("XDG_STATE_HOME", home.join("state"))
        .env("XDG_CONFIG_HOME", home.join("config"));
}

/// Where the logs of a confined daemon are, or are somewhere below.
pub fn logs(home: &Path) -> PathBuf {
    home.join("state")
}

/// Takes the terminal at standard input from its line discipline, so that every byte is heard at once and as it was sent.
pub fn make_raw() -> io::Result<()> {
    let mut modes = tcgetattr(io::stdin())?;
    modes.make_raw();
    Ok(tcsetattr(io::stdin(), OptionalActions::Now, &modes)?)
}

/// Has this program live on when its terminal is told to interrupt. Those it starts do not inherit that.
pub fn survive_interrupts() {
    let interrupted = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGINT, interrupted).expect("a signal that can be handled");
}
