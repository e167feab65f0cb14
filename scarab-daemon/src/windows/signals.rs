//! What the system tells a program: Ctrl-C, the end of its console, of the login, of the machine.
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

use super::login_end::Window;
use crate::daemon::Daemon;

/// Listens until it is dropped. That tells whoever waits for the daemon's end, too.
pub(crate) struct Listener {
    listening: Arc<Listening>,
    /// Closed after that was told, for which its thread may wait.
    _window: Window,
}

struct Listening {
    daemon: Arc<Daemon>,
    ended: Mutex<bool>,
    changed: Condvar,
}

/// Whom the system's calls are for: they come with nothing but a number.
static LISTENING: Mutex<Option<Arc<Listening>>> = Mutex::new(None);

/// Ctrl-C and Ctrl-Break end the daemon, and so do the end of its console, of the login and of the machine: its sessions
/// would end with those anyway, and so they do it in order. Of the last two a program with windows is told by these.
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
    Ok(Listener { listening, _window: Window::open() })
}

/// Called by the system, on a thread that it makes for it.
extern "system" fn on_event(event: u32) -> BOOL {
    let (why, wait) = match event {
        CTRL_C_EVENT => ("Ctrl-C", false),
        CTRL_BREAK_EVENT => ("Ctrl-Break", false),
        CTRL_CLOSE_EVENT => ("its console was closed", true),
        CTRL_LOGOFF_EVENT => (LOGIN_ENDS, true),
        CTRL_SHUTDOWN_EVENT => ("the machine is shut down", true),
        _ => return 0,
    };
    end(why, wait).into()
}

/// Why the daemon ends with the login, however it hears of that.
pub(super) const LOGIN_ENDS: &str = "the login ends";

/// Has the daemon end; false if there is none. To wait for it is for what the system ends the process after, as soon as it
/// was heard, or after some seconds in any case.
pub(super) fn end(why: &str, wait: bool) -> bool {
    let listening = LISTENING.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let Some(listening) = listening else { return false };
    listening.daemon.request_stop(why);
    if wait {
        let ended = listening.ended.lock().unwrap_or_else(PoisonError::into_inner);
        drop(listening.changed.wait_while(ended, |ended| !*ended));
    }
    true
}

impl Drop for Listener {
    fn drop(&mut self) {
        *LISTENING.lock().unwrap_or_else(PoisonError::into_inner) = None;
        *self.listening.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.listening.changed.notify_all();
    }
}
