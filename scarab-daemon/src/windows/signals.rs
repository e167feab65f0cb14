//! What the system tells a console program: Ctrl-C, the end of its console, of the login, of the machine.
#![allow(unsafe_code, reason = "the system calls a function of ours")]

use std::{
    io,
    sync::{Arc, Condvar, Mutex, PoisonError},
};

use windows_sys::{
    Win32::System::Console::{
        CTRL_BREAK_EVENT, CTRL_C_EVENT, CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT, SetConsoleCtrlHandler,
    },
    core::BOOL,
};

use crate::daemon::Daemon;

/// Listens until it is dropped. That tells whoever waits for the daemon's end, too.
pub(crate) struct Listener(Arc<Listening>);

struct Listening {
    daemon: Arc<Daemon>,
    ended: Mutex<bool>,
    changed: Condvar,
}

/// Whom the system's calls are for: they come with nothing but a number.
static LISTENING: Mutex<Option<Arc<Listening>>> = Mutex::new(None);

/// Ctrl-C and Ctrl-Break end the daemon, and so do the end of its console, of the login and of the machine: its sessions
/// would end with those anyway, and so they do it in order.
///
/// # Errors
/// If the system refuses.
pub(crate) fn listen(daemon: &Arc<Daemon>) -> io::Result<Listener> {
    let listening = Arc::new(Listening { daemon: daemon.clone(), ended: Mutex::new(false), changed: Condvar::new() });
    *LISTENING.lock().unwrap_or_else(PoisonError::into_inner) = Some(listening.clone());
    // The starter may ignore Ctrl-C, which is inherited, from here on by the programs of sessions. No function and 0 end that.
    // SAFETY: no function is given, and none is called.
    unsafe { SetConsoleCtrlHandler(None, 0) };
    // SAFETY: the function has the type that is asked for, and is there as long as this program.
    if unsafe { SetConsoleCtrlHandler(Some(on_event), 1) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Listener(listening))
}

/// Called by the system, on a thread that it makes for it.
extern "system" fn on_event(event: u32) -> BOOL {
    let why = match event {
        CTRL_C_EVENT => "Ctrl-C",
        CTRL_BREAK_EVENT => "Ctrl-Break",
        CTRL_CLOSE_EVENT => "its console was closed",
        CTRL_LOGOFF_EVENT => "the login ends",
        CTRL_SHUTDOWN_EVENT => "the machine is shut down",
        _ => return 0,
    };
    let listening = LISTENING.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let Some(listening) = listening else { return 0 };
    listening.daemon.request_stop(why);
    // After these the system ends the process as soon as this returns, or after some seconds in any case.
    if !matches!(event, CTRL_C_EVENT | CTRL_BREAK_EVENT) {
        let ended = listening.ended.lock().unwrap_or_else(PoisonError::into_inner);
        drop(listening.changed.wait_while(ended, |ended| !*ended));
    }
    1
}

impl Drop for Listener {
    fn drop(&mut self) {
        *LISTENING.lock().unwrap_or_else(PoisonError::into_inner) = None;
        *self.0.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.changed.notify_all();
    }
}
