//! What the system tells a program in a console beside what is typed: Ctrl-Break, and the end of the console.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, OnceLock, PoisonError},
};

use crossbeam_channel::Sender;
use windows_sys::{
    Win32::System::Console::{
        CTRL_BREAK_EVENT, CTRL_C_EVENT, CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT, SetConsoleCtrlHandler,
    },
    core::BOOL,
};

use super::Event;

/// The numbers that C programs on Windows have for what they are told by these.
const SIGINT: i32 = 2;
const SIGBREAK: i32 = 21;

/// Tells of endings until it is dropped.
pub(super) struct Endings(Arc<Listening>);

struct Listening {
    events: Sender<Event>,
    over: Mutex<bool>,
    changed: Condvar,
}

/// Whom the system's calls are for: they come with nothing but a number.
static LISTENING: Mutex<Option<Arc<Listening>>> = Mutex::new(None);

/// Whether the system was told to call us, or why it refused, as its number.
static REGISTERED: OnceLock<Option<i32>> = OnceLock::new();

impl Endings {
    /// Starts to listen. The channel's receiver must go before this does, so that nobody waits for room in it.
    ///
    /// # Errors
    /// If the system refuses.
    pub(super) fn listen(events: Sender<Event>) -> io::Result<Self> {
        // Once and for good: to take it back would wait for who is in it, and that may be waiting for us.
        let refused = REGISTERED.get_or_init(|| {
            // SAFETY: the function has the type that is asked for, and is there as long as this program.
            let done = unsafe { SetConsoleCtrlHandler(Some(on_event), 1) } != 0;
            (!done).then(|| io::Error::last_os_error().raw_os_error().unwrap_or_default())
        });
        if let Some(error) = refused {
            return Err(io::Error::from_raw_os_error(*error));
        }
        let listening = Arc::new(Listening { events, over: Mutex::new(false), changed: Condvar::new() });
        *LISTENING.lock().unwrap_or_else(PoisonError::into_inner) = Some(listening.clone());
        Ok(Self(listening))
    }
}

impl Drop for Endings {
    fn drop(&mut self) {
        *LISTENING.lock().unwrap_or_else(PoisonError::into_inner) = None;
        *self.0.over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.changed.notify_all();
    }
}

/// Called by the system, on a thread that it makes for it. Ctrl-C comes only from other programs: as a key it is typed.
extern "system" fn on_event(event: u32) -> BOOL {
    let what = match event {
        CTRL_C_EVENT => Event::Ending(SIGINT),
        CTRL_BREAK_EVENT => Event::Ending(SIGBREAK),
        CTRL_CLOSE_EVENT | CTRL_LOGOFF_EVENT | CTRL_SHUTDOWN_EVENT => Event::Gone,
        _ => return 0,
    };
    let listening = LISTENING.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let Some(listening) = listening else { return 0 };
    let gone = what == Event::Gone;
    // Nobody listens any more only if it is all over anyway.
    let _ = listening.events.send(what);
    // The system ends the process as soon as it is told that this was heard, or after some seconds in any case.
    if gone {
        let over = listening.over.lock().unwrap_or_else(PoisonError::into_inner);
        drop(listening.changed.wait_while(over, |over| !*over));
    }
    1
}
