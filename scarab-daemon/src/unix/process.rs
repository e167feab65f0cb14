//! A session's process: waited for, signalled, and never mistaken for another one of the same number.

use std::{
    io,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use rustix::{
    process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid},
    termios::tcgetpgrp,
};
use scarab_protocol::message::Exit;

use super::pty::Master;

/// The first process of a session: its leader, and the leader of a process group of the same number.
#[derive(Debug)]
pub(crate) struct Process {
    /// `None` once it was reaped, because its number may then be another process's. Signals are sent under
    /// this lock, and so is the reaping.
    pid: Mutex<Option<Pid>>,
}

impl Process {
    /// A process that was just started, and that nobody else waits for.
    pub(crate) fn new(pid: Pid) -> Self {
        Self { pid: Mutex::new(Some(pid)) }
    }

    /// Its number while it runs.
    pub(crate) fn pid(&self) -> Option<u32> {
        let pid = *self.pid.lock().unwrap_or_else(PoisonError::into_inner);
        pid.and_then(|pid| u32::try_from(pid.as_raw_nonzero().get()).ok())
    }

    /// Waits for its end. To be called by one thread, once.
    pub(crate) fn wait(&self) -> Exit {
        let unknown = Exit { code: 255, signal: None };
        let Some(pid) = *self.pid.lock().unwrap_or_else(PoisonError::into_inner) else { return unknown };
        // Waits without reaping, so that the number stays taken until nobody can send it a signal any more.
        loop {
            match waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
                Ok(_) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => {
                    tracing::error!(%error, pid = pid.as_raw_nonzero(), "cannot wait for a session's program");
                    break;
                }
            }
        }
        let mut guard = self.pid.lock().unwrap_or_else(PoisonError::into_inner);
        *guard = None;
        match waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG) {
            Ok(Some(status)) => match (status.exit_status(), status.terminating_signal()) {
                (Some(code), _) => Exit { code: code as u32, signal: None },
                (None, Some(signal)) => Exit { code: 128 + signal as u32, signal: Some(signal_name(signal)) },
                _ => unknown,
            },
            _ => unknown,
        }
    }

    /// The directories that the program in the foreground and this process are in, as far as the system tells: of a program that has
    /// become another user's (`sudo`) it does not. On macOS and the BSDs it is not asked.
    pub(crate) fn directories(&self, master: Option<&Master>) -> Vec<PathBuf> {
        if !cfg!(target_os = "linux") {
            return Vec::new();
        }
        // Its number stays its own while this is locked. A group's may become another's, and leads no further than to its directory.
        let own = self.pid.lock().unwrap_or_else(PoisonError::into_inner);
        let foreground = master.and_then(|master| tcgetpgrp(master).ok());
        let directory = |pid: Pid| std::fs::read_link(format!("/proc/{}/cwd", pid.as_raw_nonzero())).ok();
        [foreground, *own].into_iter().flatten().filter_map(directory).collect()
    }

    /// Sends a signal to the process and its group.
    ///
    /// # Errors
    /// As the system refuses, such as for a number that is no signal; that the process is gone is no error.
    pub(crate) fn signal(&self, signal: i32) -> io::Result<()> {
        let Some(signal) = Signal::from_named_raw(signal) else {
            let why = format!("{signal} is not the number of a signal that has a name, and no others are sent");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        };
        let pid = self.pid.lock().unwrap_or_else(PoisonError::into_inner);
        match *pid {
            Some(pid) => send(pid, signal),
            None => Ok(()),
        }
    }

    /// Tells the session that its terminal is gone, as the kernel does: the leader's group and the one in the
    /// foreground get SIGHUP, and SIGCONT so that stopped ones hear it.
    pub(crate) fn hang_up(&self, master: Option<&Master>) {
        self.signal_all(master, &[Signal::HUP, Signal::CONT]);
    }

    /// Ends the leader's group and the one in the foreground, whatever they would like.
    pub(crate) fn kill(&self, master: Option<&Master>) {
        self.signal_all(master, &[Signal::KILL]);
    }

    /// The number of the process group in the foreground of the terminal, while the process runs.
    pub(crate) fn foreground(&self, master: &Master) -> Option<u32> {
        self.pid()?;
        let group = tcgetpgrp(master).ok()?;
        u32::try_from(group.as_raw_nonzero().get()).ok()
    }

    fn signal_all(&self, master: Option<&Master>, signals: &[Signal]) {
        let pid = self.pid.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pid) = *pid else { return };
        let foreground = master.and_then(|master| tcgetpgrp(master).ok()).filter(|group| *group != pid);
        for signal in signals {
            if let Some(group) = foreground {
                // It may be gone already.
                let _ = kill_process_group(group, *signal);
            }
            if let Err(error) = send(pid, *signal) {
                tracing::warn!(%error, pid = pid.as_raw_nonzero(), ?signal, "a signal was not sent");
            }
        }
    }
}

/// What a process is called, without control characters, where the system tells that in a file.
pub(crate) fn name_of(pid: u32) -> Option<String> {
    // proc(5): at most 15 bytes and a newline, which the process may have chosen itself. Elsewhere there is no such file.
    let name = std::fs::read(format!("/proc/{pid}/comm")).ok()?;
    Some(String::from_utf8_lossy(&name).chars().filter(|c| !c.is_control()).collect())
}

fn send(pid: Pid, signal: Signal) -> io::Result<()> {
    match kill_process_group(pid, signal) {
        // A process that has only just been started may not lead its group yet.
        Err(rustix::io::Errno::SRCH) => match kill_process(pid, signal) {
            Err(rustix::io::Errno::SRCH) => Ok(()),
            other => Ok(other?),
        },
        other => Ok(other?),
    }
}

/// The name of a signal, as people write it.
fn signal_name(signal: i32) -> String {
    const NAMES: &[(Signal, &str)] = &[
        (Signal::HUP, "SIGHUP"),
        (Signal::INT, "SIGINT"),
        (Signal::QUIT, "SIGQUIT"),
        (Signal::ILL, "SIGILL"),
        (Signal::TRAP, "SIGTRAP"),
        (Signal::ABORT, "SIGABRT"),
        (Signal::BUS, "SIGBUS"),
        (Signal::FPE, "SIGFPE"),
        (Signal::KILL, "SIGKILL"),
        (Signal::SEGV, "SIGSEGV"),
        (Signal::PIPE, "SIGPIPE"),
        (Signal::ALARM, "SIGALRM"),
        (Signal::TERM, "SIGTERM"),
        (Signal::USR1, "SIGUSR1"),
        (Signal::USR2, "SIGUSR2"),
        (Signal::XCPU, "SIGXCPU"),
        (Signal::XFSZ, "SIGXFSZ"),
        (Signal::SYS, "SIGSYS"),
    ];
    let found = NAMES.iter().find(|(known, _)| known.as_raw() == signal);
    found.map_or_else(|| format!("signal {signal}"), |(_, name)| (*name).into())
}
