//! A daemon in a process of its own, started if none runs.
//!
//! The process is told `--launched`: it leaves the terminal of whoever started it, logs to a file, and says on its
//! standard output when clients can connect. Until then what it has to say goes to its starter.

use std::{
    env, fs,
    io::{self, PipeReader, pipe},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use scarab_protocol::{
    endpoint::{Address, state_directory},
    ids::Name,
    lock,
    transport::Stream,
};

use crate::platform::{detach::READY, launch};

/// The argument that has a program of the suite be a daemon, if it is the first.
pub const DAEMON_ARGUMENT: &str = "--scarab-daemon";
/// The variable that names the program to start as a daemon.
pub const PROGRAM_VARIABLE: &str = "SCARAB_DAEMON";
/// How long a daemon may take to be ready.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The most that is read of what a daemon says before it is ready: a line or two.
const MAX_SAID: usize = 16 * 1024;
/// How often it is looked whether another daemon that starts answers: nothing tells when.
const PAUSE: Duration = Duration::from_millis(50);
/// How long it is waited for a running daemon to accept a connection.
const CONNECT_PATIENCE: Duration = Duration::from_secs(1);

/// Which program is started as a daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launcher {
    program: PathBuf,
    /// The program is not `scarab-daemon` but can be one.
    reexecuted: bool,
}

/// Why no daemon was started.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// There is no program to start.
    #[error("no scarab-daemon found in {}: build or install it, or name it in ${PROGRAM_VARIABLE}", list(looked_at))]
    NotFound {
        /// Where it was looked for.
        looked_at: Vec<PathBuf>,
    },
    /// The program cannot be started.
    #[error("cannot start {}: {error}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It has ended before it was ready.
    #[error("the daemon did not start: {said} (its log is in {})", log.display())]
    Failed {
        /// The last line it said.
        said: String,
        /// The directory its log is in.
        log: PathBuf,
    },
    /// One is there already, as its lock tells, and does not answer where it should.
    #[error("a daemon of this name is running{}, but nothing answers at {endpoint}: it may have been started with another $XDG_RUNTIME_DIR; name its socket with `scarabctl --socket`, end that process, or choose another name with --daemon", match pid { Some(pid) => format!(" (pid {pid})"), None => String::new() })]
    Elsewhere {
        /// Its process id, if the lock tells.
        pid: Option<u32>,
        /// Where it was looked for.
        endpoint: String,
    },
    /// It is not ready after [`PATIENCE`].
    #[error("the daemon was not ready after {} s (its log is in {})", PATIENCE.as_secs(), log.display())]
    TimedOut {
        /// The directory its log is in.
        log: PathBuf,
    },
}

impl Launcher {
    /// A launcher of this program, which must be a `scarab-daemon`.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), reexecuted: false }
    }

    /// Looks for `scarab-daemon`: what `$SCARAB_DAEMON` names, else beside this program or one directory up, else on `PATH`.
    ///
    /// # Errors
    /// [`LaunchError::NotFound`], which names all of them.
    pub fn find() -> Result<Self, LaunchError> {
        if let Some(named) = env::var_os(PROGRAM_VARIABLE).filter(|value| !value.is_empty()) {
            let named = PathBuf::from(named);
            return match is_program(&named) {
                true => Ok(Self::new(named)),
                false => Err(LaunchError::NotFound { looked_at: vec![named] }),
            };
        }
        let file = format!("scarab-daemon{}", env::consts::EXE_SUFFIX);
        let own = env::current_exe().ok();
        // One directory up, because tests and examples are built one directory down.
        let beside = own.iter().flat_map(|own| own.ancestors().skip(1).take(2)).map(Path::to_path_buf);
        let path = env::var_os("PATH").unwrap_or_default();
        let looked_at: Vec<_> = beside.chain(env::split_paths(&path)).map(|directory| directory.join(&file)).collect();
        match looked_at.iter().find(|program| is_program(program)) {
            Some(program) => Ok(Self::new(program)),
            None => Err(LaunchError::NotFound { looked_at }),
        }
    }

    /// Starts this program again, as a daemon. Its `main` must call [`daemon_main`](crate::daemon_main) where
    /// [`is_requested`] says so, or it would start itself without end.
    ///
    /// # Errors
    /// If the system does not tell which program this is.
    pub fn reexec() -> io::Result<Self> {
        Ok(Self { program: env::current_exe()?, reexecuted: true })
    }

    /// The program that is started.
    pub fn program(&self) -> &Path {
        &self.program
    }

    fn command(&self, address: &Address) -> Command {
        let mut command = Command::new(&self.program);
        if self.reexecuted {
            command.arg(DAEMON_ARGUMENT);
        }
        match name_of(address) {
            Some(name) => command.args(["--daemon", name.as_str()]),
            None => command.arg("--socket").arg(address.endpoint.to_string()),
        };
        command.arg("--launched");
        command
    }
}

/// Whether this process was started to be a daemon.
pub fn is_requested() -> bool {
    env::args_os().nth(1).is_some_and(|first| first == DAEMON_ARGUMENT)
}

/// Makes sure that a daemon serves at an address: true if it was started here, false if there was one. Blocks for as long
/// as the start takes, [`PATIENCE`] at most.
///
/// # Errors
/// [`LaunchError`].
pub fn ensure_running(address: &Address, launcher: &Launcher) -> Result<bool, LaunchError> {
    ensure_running_by(Instant::now() + PATIENCE, address, launcher)
}

fn ensure_running_by(deadline: Instant, address: &Address, launcher: &Launcher) -> Result<bool, LaunchError> {
    if answers(address) {
        return Ok(false);
    }
    loop {
        let (said, outcome) = start(address, launcher, deadline)?;
        match outcome {
            Heard::Ready => return Ok(true),
            Heard::Nothing => return Err(LaunchError::TimedOut { log: state_directory() }),
            Heard::End if lock::holder(&address.lock).is_some() => {}
            Heard::End => {
                let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
                let said = last.trim().trim_start_matches("scarab-daemon: ").into();
                return Err(LaunchError::Failed { said, log: state_directory() });
            }
        }
        // Somebody else has the lock. Who was faster is as good if it can be reached, and where one is just ending there is to be another.
        // Neither can be awaited in another process.
        loop {
            if answers(address) {
                return Ok(false);
            }
            match lock::holder(&address.lock) {
                None => break,
                Some(pid) if Instant::now() >= deadline => {
                    return Err(LaunchError::Elsewhere { pid, endpoint: address.endpoint.to_string() });
                }
                Some(_) => thread::sleep(PAUSE),
            }
        }
    }
}

/// Starts one, and hears what comes of it.
fn start(address: &Address, launcher: &Launcher, deadline: Instant) -> Result<(String, Heard), LaunchError> {
    let start = |error| LaunchError::Start { program: launcher.program.clone(), error };
    let (reader, writer) = pipe().map_err(start)?;
    let mut command = launcher.command(address);
    let errors = writer.try_clone().map_err(start)?;
    command.stdin(Stdio::null()).stdout(writer).stderr(errors);
    launch::set_apart(&mut command);
    let mut child = command.spawn().map_err(start)?;
    // It holds the writing ends of the pipe: the end of what is said is seen only when all are closed.
    drop(command);
    // Whoever has started a process must hear of its end, or a trace of it stays for ever.
    let reaper = thread::Builder::new().name("daemon-reaper".into()).spawn(move || {
        let _ = child.wait();
    });
    reaper.map_err(start)?;
    Ok(listen(&reader, deadline))
}

enum Heard {
    Ready,
    End,
    Nothing,
}

/// Reads what a daemon says until it is ready or has ended.
fn listen(reader: &PipeReader, deadline: Instant) -> (String, Heard) {
    let mut said = Vec::new();
    loop {
        let mut piece = [0; 1024];
        match launch::read_by(reader, &mut piece, deadline) {
            Ok(0) => return (String::from_utf8_lossy(&said).into_owned(), Heard::End),
            Ok(count) if said.len() < MAX_SAID => said.extend_from_slice(&piece[..count]),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::TimedOut => return (String::new(), Heard::Nothing),
            Err(_) => return (String::from_utf8_lossy(&said).into_owned(), Heard::End),
        }
        let text = String::from_utf8_lossy(&said);
        if text.lines().any(|line| line == READY) {
            return (text.into_owned(), Heard::Ready);
        }
    }
}

/// Whether somebody accepts connections. It is not asked who: whoever connects for good will.
fn answers(address: &Address) -> bool {
    Stream::connect(&address.endpoint, CONNECT_PATIENCE).is_ok()
}

/// The name of the daemon that has this address, if it is one of a name.
fn name_of(address: &Address) -> Option<Name> {
    let name = Name::new(address.lock.file_stem()?.to_str()?).ok()?;
    (Address::of_daemon(&name).ok().as_ref() == Some(address)).then_some(name)
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && launch::is_executable(&found))
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use scarab_protocol::transport::Listener;

    use super::*;

    #[test]
    fn a_daemon_of_a_name_is_started_by_it_and_others_by_their_sockets() {
        let words = |address: &Address| {
            let command = Launcher::new("/x/scarab-daemon").command(address);
            command.get_args().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>()
        };
        let named = Address::of_daemon(&Name::new("work").expect("a name")).expect("an address");
        assert_eq!(words(&named), ["--daemon", "work", "--launched"]);
        let place = if cfg!(windows) { r"\\.\pipe\y" } else { "/tmp/x/y.sock" };
        let socket = Address::of_socket(Path::new(place)).expect("an address");
        assert_eq!(words(&socket), ["--socket", place, "--launched"]);
    }

    #[test]
    #[cfg(unix)]
    fn what_a_daemon_says_before_it_fails_is_told() {
        let home = tempfile::tempdir().expect("a directory");
        let address = Address::of_socket(&home.path().join("d.sock")).expect("an address");
        let program = home.path().join("scarab-daemon");
        fs::write(&program, "#!/bin/sh\necho noise\necho 'scarab-daemon: no luck' >&2\nexit 1\n").expect("written");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&program, mode).expect("set");
        let error = ensure_running(&address, &Launcher::new(program)).expect_err("it fails");
        assert!(matches!(&error, LaunchError::Failed { said, .. } if said == "no luck"), "{error}");
        let missing = Launcher::new(home.path().join("none"));
        assert!(matches!(ensure_running(&address, &missing), Err(LaunchError::Start { .. })));
    }

    /// An address whose lock is held here, and a program that ends at once, as a second daemon does: the shell, which knows none of
    /// our arguments.
    #[cfg(unix)]
    fn held(home: &Path) -> (Address, lock::DaemonLock, Launcher) {
        let address = Address::of_socket(&home.join("d.sock")).expect("an address");
        let lock = lock::DaemonLock::acquire(&address.lock).expect("free");
        (address, lock, Launcher::new("/bin/sh"))
    }

    #[test]
    #[cfg(unix)]
    fn a_daemon_that_holds_the_lock_and_is_not_where_it_is_looked_for_is_named() {
        let home = tempfile::tempdir().expect("a directory");
        let (address, _lock, launcher) = held(home.path());
        // Long enough for the program to have ended by then, whatever else runs.
        let deadline = Instant::now() + Duration::from_secs(5);
        let error = ensure_running_by(deadline, &address, &launcher).expect_err("it is not there");
        let own = std::process::id();
        assert!(matches!(&error, LaunchError::Elsewhere { pid: Some(pid), .. } if *pid == own), "{error}");
        assert!(error.to_string().contains(&format!("pid {own}")), "{error}");
    }

    #[test]
    #[cfg(unix)]
    fn where_a_daemon_is_just_ending_another_is_started() {
        let home = tempfile::tempdir().expect("a directory");
        let (address, lock, launcher) = held(home.path());
        let ending = thread::spawn(move || {
            // Nothing tells that the program has ended, which takes it a moment.
            thread::sleep(4 * PAUSE);
            drop(lock);
        });
        // The second start fails for its own reason: the program is a shell.
        let error = ensure_running(&address, &launcher).expect_err("it is no daemon");
        assert!(matches!(error, LaunchError::Failed { .. }), "{error}");
        ending.join().expect("no panic");
    }

    #[test]
    #[cfg(unix)]
    fn a_daemon_that_was_faster_is_waited_for() {
        let home = tempfile::tempdir().expect("a directory");
        let (address, _lock, launcher) = held(home.path());
        let endpoint = address.endpoint.clone();
        let listener = thread::spawn(move || {
            // Nothing tells that the program has ended, which takes it a moment.
            thread::sleep(4 * PAUSE);
            Listener::bind(&endpoint).expect("free")
        });
        assert!(!ensure_running(&address, &launcher).expect("it answers"));
        drop(listener.join().expect("no panic"));
    }
}
