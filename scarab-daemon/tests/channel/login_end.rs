//! The end of a login on Windows, as the system tells of it: by messages to a program's windows.
#![allow(unsafe_code, reason = "windows and processes are found through the system")]

use std::{
    io,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    ptr,
    time::Duration,
};

use scarab_protocol::message::{ListSessions, Sessions};
use windows_sys::{
    Win32::{
        Foundation::{HWND, WAIT_OBJECT_0},
        System::Threading::{OpenProcess, PROCESS_SYNCHRONIZE, WaitForSingleObject},
        UI::WindowsAndMessaging::{
            ENDSESSION_LOGOFF, FindWindowExW, GetWindowThreadProcessId, SMTO_NORMAL, SendMessageTimeoutW, WM_CLOSE,
            WM_ENDSESSION, WM_QUERYENDSESSION,
        },
    },
    core::w,
};

use super::{
    program::Program,
    support::{DEADLINE, daemon::Daemon, desk::Desk, within},
};

#[test]
fn the_end_of_the_login_ends_the_daemon_and_its_sessions_in_order() {
    let mut daemon = Daemon::start();
    let desk = Desk::join_new(&daemon, "work", &Program::Patient);
    let sessions: Sessions = desk.client.ask(&ListSessions { after: 0 }, DEADLINE).expect("the sessions");
    let program = process(sessions.sessions[0].pid.expect("it runs"));
    let window = window_of(&daemon);
    assert_eq!(tell(window, WM_QUERYENDSESSION, 0), 1, "the daemon is in nobody's way");
    assert_eq!(tell(window, WM_ENDSESSION, 0), 0);
    desk.ping(8);

    // The system may end the process once this was answered: all is over before.
    assert_eq!(tell(window, WM_ENDSESSION, 1), 0);
    assert!(ended_within(&program, Duration::ZERO), "the session's program goes on");
    let log = daemon.log();
    assert!(log.contains("ending: the login ends") && log.trim_end().ends_with("ended"), "{log}");
    daemon.has_been_stopped();
}

#[test]
fn a_daemon_whose_window_is_closed_ends() {
    let mut daemon = Daemon::start();
    tell(window_of(&daemon), WM_CLOSE, 0);
    daemon.has_been_stopped();
    assert!(daemon.log().contains("its window was closed"), "{}", daemon.log());
}

/// The daemon's window, which comes some time after the daemon is ready.
fn window_of(daemon: &Daemon) -> HWND {
    let mut window = ptr::null_mut();
    let found = within(DEADLINE, || {
        // SAFETY: the class is a string, and the window before is none or was given by this.
        window = unsafe { FindWindowExW(ptr::null_mut(), window, w!("ScarabDaemonLoginEnd"), ptr::null()) };
        let mut pid = 0;
        // SAFETY: the call writes a number, and refuses what is no window.
        unsafe { GetWindowThreadProcessId(window, &mut pid) };
        pid == daemon.pid()
    });
    assert!(found, "the daemon has no window:\n{}", daemon.log());
    window
}

/// Sends a message as the system would; gives back the answer.
fn tell(window: HWND, message: u32, parameter: usize) -> usize {
    let (mut answer, patience) = (0, DEADLINE.as_millis() as u32);
    let more = ENDSESSION_LOGOFF as isize;
    // SAFETY: the call writes a number, and the rest are numbers.
    let sent = unsafe { SendMessageTimeoutW(window, message, parameter, more, SMTO_NORMAL, patience, &mut answer) };
    assert!(sent != 0, "no answer to {message}: {}", io::Error::last_os_error());
    answer
}

fn process(pid: u32) -> OwnedHandle {
    // SAFETY: the call takes numbers.
    let process = unsafe { OpenProcess(PROCESS_SYNCHRONIZE, 0, pid) };
    assert!(!process.is_null(), "{}", io::Error::last_os_error());
    // SAFETY: the handle was made just now, and nobody else has it.
    unsafe { OwnedHandle::from_raw_handle(process) }
}

fn ended_within(process: &OwnedHandle, patience: Duration) -> bool {
    // SAFETY: the handle is a process's, and open.
    unsafe { WaitForSingleObject(process.as_raw_handle(), patience.as_millis() as u32) == WAIT_OBJECT_0 }
}
