//! What only Windows has.
#![allow(unsafe_code, reason = "the console is asked for through handles")]

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use scarab_protocol::endpoint::{Address, Endpoint};
use windows_sys::{
    Win32::System::Console::{
        CTRL_C_EVENT, ENABLE_VIRTUAL_TERMINAL_INPUT, GetStdHandle, STD_INPUT_HANDLE, SetConsoleCtrlHandler,
        SetConsoleMode,
    },
    core::BOOL,
};

/// The shell that a session runs if no other is named.
pub const SHELL: &str = "cmd.exe";
/// What its prompt looks like, as a regular expression.
pub const PROMPT: &str = r"(?m)> ?$";
/// A command of that shell which ends it with a status.
pub const EXIT: &str = "exit 3";

/// A command of that shell which tells where it is.
pub const TELL_DIRECTORY: &str = "cd";

/// A command of that shell which tells what a variable is.
pub fn tell_variable(name: &str) -> String {
    format!("echo %{name}%")
}

/// Makes a directory. It is in this user's profile.
pub fn make_directory(path: &Path) {
    fs::create_dir(path).expect("the directory is fresh");
}

/// An address whose pipe is named after a test's directory, and whose lock is in it.
pub fn address(home: &Path, name: &str) -> Address {
    // The last parts of the path tell it from other tests' directories.
    let parts: Vec<_> = home.iter().rev().take(2).map(|part| part.to_string_lossy()).collect();
    let pipe = Endpoint::Pipe(format!("scarab-test-{}-{name}", parts.join("-").replace('.', "")));
    Address::of_socket(Path::new(&pipe.to_string())).expect("a short name")
}

/// Has a program see nothing of the user's but what is in a test's directory.
pub fn confine(command: &mut Command, home: &Path) {
    command.env("LOCALAPPDATA", home.join("state")).env("APPDATA", home.join("config")).env("PROMPT", "$G ");
}

/// Where the logs of a confined daemon are, or are somewhere below.
pub fn logs(home: &Path) -> PathBuf {
    home.join("state")
}

/// Takes the console at standard input from its line editing, so that every byte is heard at once and as it was sent.
pub fn make_raw() -> io::Result<()> {
    // SAFETY: both calls take numbers and a handle that the first of them gives, and refuse one that is none.
    match unsafe { SetConsoleMode(GetStdHandle(STD_INPUT_HANDLE), ENABLE_VIRTUAL_TERMINAL_INPUT) } {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Has this program live on when its console is told to interrupt. Those it starts do not inherit that.
pub fn survive_interrupts() {
    extern "system" fn on_event(event: u32) -> BOOL {
        (event == CTRL_C_EVENT).into()
    }
    // SAFETY: the function has the type that is asked for, and is there as long as this program.
    let set = unsafe { SetConsoleCtrlHandler(Some(on_event), 1) };
    assert!(set != 0, "{}", io::Error::last_os_error());
}
