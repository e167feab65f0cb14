//! The end of the login, heard by a window that nobody sees: a program that has the library for windows loaded is told of it
//! by its windows and not by its console.
#![allow(unsafe_code, reason = "the system calls a function of ours")]

use std::{
    io, ptr,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{Builder, JoinHandle},
};

use windows_sys::{
    Win32::{
        Foundation::{HWND, LPARAM, LRESULT, WPARAM},
        System::Threading::GetCurrentThreadId,
        UI::WindowsAndMessaging::{
            CreateWindowExW, DefWindowProcW, DispatchMessageW, ENDSESSION_LOGOFF, GetMessageW, MSG, PostThreadMessageW,
            RegisterClassW, WM_CLOSE, WM_ENDSESSION, WM_QUERYENDSESSION, WM_QUIT, WNDCLASSW, WS_OVERLAPPED,
        },
    },
    core::{PCWSTR, w},
};

use super::signals::{LOGIN_ENDS, end};

/// The name of the window's class, which is the window's only one.
const CLASS: PCWSTR = w!("ScarabDaemonLoginEnd");

/// A window, and the thread that it needs; both end with this.
pub(super) struct Window {
    thread: Option<JoinHandle<()>>,
    /// Gives the thread's number once there is a window, and none if there never is one.
    opened: Receiver<u32>,
}

impl Window {
    /// Opens it, without waiting for that. Where there can be no windows, as in a service, that is logged, and nothing is heard.
    pub(super) fn open() -> Self {
        let (sender, opened) = sync_channel(1);
        let thread = Builder::new().name("login-end".into()).spawn(move || {
            if let Err(error) = serve(&sender) {
                tracing::warn!(%error, "no window: the end of the login will not be heard of");
            }
        });
        let thread = thread.inspect_err(|error| tracing::warn!(%error, "no thread for a window")).ok();
        Self { thread, opened }
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        if let Ok(number) = self.opened.recv() {
            // SAFETY: the call takes numbers. The thread has a queue, because it has a window, and is joined only below.
            if unsafe { PostThreadMessageW(number, WM_QUIT, 0, 0) } == 0 {
                // The thread is left to itself: it would not end.
                let error = io::Error::last_os_error();
                tracing::warn!(%error, "a window stays");
                return;
            }
        }
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of a window panicked");
        }
    }
}

/// Opens the window, tells that it is there, and takes its messages until the thread is told to quit. The window goes with
/// the thread.
fn serve(opened: &SyncSender<u32>) -> io::Result<()> {
    let class = WNDCLASSW { lpfnWndProc: Some(on_message), lpszClassName: CLASS, ..WNDCLASSW::default() };
    // What is wrong with a class is told when there is no window of it: a second daemon in this process finds it there.
    // SAFETY: the class has a name that ends with a zero, and a function of the type that is asked for; both stay.
    unsafe { RegisterClassW(&class) };
    // One that only takes messages would not do: those are not told. It is never shown.
    // SAFETY: the strings are such, and all else may be none.
    let window = unsafe {
        CreateWindowExW(
            0,
            CLASS,
            ptr::null(),
            WS_OVERLAPPED,
            0,
            0,
            0,
            0,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null(),
        )
    };
    if window.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call takes nothing.
    let number = unsafe { GetCurrentThreadId() };
    // Whoever opened it waits for this before it forgets the thread.
    let _ = opened.send(number);
    let mut message = MSG::default();
    // SAFETY: the call writes a message. It gives 0 for the last one, and less if it fails.
    while unsafe { GetMessageW(&mut message, ptr::null_mut(), 0, 0) } > 0 {
        // SAFETY: the message came from the call above.
        unsafe { DispatchMessageW(&message) };
    }
    Ok(())
}

/// Why the session ends, in words: flags, or none for the machine's end.
fn reason(flags: LPARAM) -> &'static str {
    let flags = flags as u32;
    match flags {
        0 => "the machine is shut down",
        _ if flags & ENDSESSION_LOGOFF != 0 => LOGIN_ENDS,
        _ => "its files are to be replaced",
    }
}

/// Called by the system, on the window's thread.
extern "system" fn on_message(window: HWND, message: u32, parameter: WPARAM, more: LPARAM) -> LRESULT {
    match message {
        // The daemon is in nobody's way.
        WM_QUERYENDSESSION => return 1,
        // Others may have been; then it does not end.
        WM_ENDSESSION if parameter != 0 => _ = end(reason(more), true),
        // So ends a program who does so politely, as taskkill does without /F.
        WM_CLOSE => _ = end("its window was closed", false),
        // SAFETY: these are what this function was called with.
        _ => return unsafe { DefWindowProcW(window, message, parameter, more) },
    }
    0
}
