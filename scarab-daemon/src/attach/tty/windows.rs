//! Consoles on Windows, told to be terminals: escape sequences both ways, nothing edited, nothing echoed.
#![allow(unsafe_code, reason = "a console is driven by calls of the system")]

mod ending;
mod typing;

use std::{
    io,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    ptr,
    sync::Arc,
    thread::{Builder, JoinHandle},
};

use crossbeam_channel::{Receiver, Sender, bounded};
use scarab_protocol::ids::TermSize;
use windows_sys::Win32::{
    Foundation::{ERROR_INVALID_PARAMETER, HANDLE, WAIT_OBJECT_0},
    Globalization::CP_UTF8,
    System::{
        Console::{
            CONSOLE_MODE, CONSOLE_SCREEN_BUFFER_INFO, DISABLE_NEWLINE_AUTO_RETURN, ENABLE_EXTENDED_FLAGS,
            ENABLE_PROCESSED_OUTPUT, ENABLE_VIRTUAL_TERMINAL_INPUT, ENABLE_VIRTUAL_TERMINAL_PROCESSING,
            ENABLE_WINDOW_INPUT, GetConsoleCP, GetConsoleMode, GetConsoleOutputCP, GetConsoleScreenBufferInfo,
            GetNumberOfConsoleInputEvents, INPUT_RECORD, ReadConsoleInputW, SetConsoleCP, SetConsoleMode,
            SetConsoleOutputCP,
        },
        Threading::{CreateEventW, INFINITE, SetEvent, WaitForMultipleObjects},
    },
};

use self::{ending::Endings, typing::Typing};
use super::{Event, MAX_WAITING};

/// What a program needs that shows a session in its terminal.
pub const NEEDED: &str = "a console on its input and output";

/// Sequences for keys, and records of new sizes.
const INPUT_MODE: CONSOLE_MODE = ENABLE_VIRTUAL_TERMINAL_INPUT | ENABLE_WINDOW_INPUT;

/// What the output's mode has besides what it had: whether lines wrap is said by a sequence.
const OUTPUT_MODE: CONSOLE_MODE =
    ENABLE_PROCESSED_OUTPUT | ENABLE_VIRTUAL_TERMINAL_PROCESSING | DISABLE_NEWLINE_AUTO_RETURN;

/// How many records are read at once.
const RECORDS: usize = 128;

/// Whether this program's input and output are a console. Pipes that stand for a terminal, as some shells from Unix use them,
/// are none.
pub fn is_tty() -> bool {
    mode(input()).is_ok() && mode(output()).is_ok()
}

/// The size of the console's window; `None` if there is none.
pub fn tty_size() -> Option<TermSize> {
    let mut info = CONSOLE_SCREEN_BUFFER_INFO::default();
    // SAFETY: the call writes what its second argument is, and refuses a handle that is no console's.
    succeeded(unsafe { GetConsoleScreenBufferInfo(output(), &mut info) }).ok()?;
    let window = info.srWindow;
    let length = |first: i16, last: i16| u16::try_from(i32::from(last) - i32::from(first) + 1).ok();
    let (cols, rows) = (length(window.Left, window.Right)?, length(window.Top, window.Bottom)?);
    (cols > 0 && rows > 0).then_some(TermSize { cols, rows, pixel_width: 0, pixel_height: 0 })
}

/// The console as a terminal, until this is dropped.
pub struct RawMode {
    input: CONSOLE_MODE,
    output: CONSOLE_MODE,
    /// The code pages, of what is read and of what is written.
    pages: (u32, u32),
}

impl RawMode {
    /// Keeps the console's settings and takes it.
    ///
    /// # Errors
    /// As the system refuses: consoles before those of Windows 10 know no sequences.
    pub fn enter() -> io::Result<Self> {
        // SAFETY: neither call takes anything.
        let pages = unsafe { (GetConsoleCP(), GetConsoleOutputCP()) };
        let raw = Self { input: mode(input())?, output: mode(output())?, pages };
        raw.renew()?;
        Ok(raw)
    }

    /// Takes the console once more, after somebody else had it.
    ///
    /// # Errors
    /// As the system refuses.
    pub fn renew(&self) -> io::Result<()> {
        set_pages((CP_UTF8, CP_UTF8))?;
        set_mode(output(), self.output | OUTPUT_MODE).map_err(too_old)?;
        // Without quick edit the mouse is ours, too. A console that does not tell whether it has that would not get it back.
        set_mode(input(), INPUT_MODE | self.input & ENABLE_EXTENDED_FLAGS).map_err(too_old)
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // They fail only if the console is gone, and then nobody misses its settings.
        let _ = set_mode(input(), self.input);
        let _ = set_mode(output(), self.output);
        let _ = set_pages(self.pages);
    }
}

/// What happens at the console, gathered by a thread that ends with this.
pub struct Events {
    receiver: Option<Receiver<Event>>,
    /// Setting it ends the thread that reads.
    stop: Arc<OwnedHandle>,
    thread: Option<JoinHandle<()>>,
    /// Dropped last: when it is, the system may end this process, if its console is gone.
    _endings: Endings,
}

impl Events {
    /// Starts to listen.
    ///
    /// # Errors
    /// If the system gives no event, no thread, or does not tell of the console's end.
    pub fn start() -> io::Result<Self> {
        let (sender, receiver) = bounded(MAX_WAITING);
        let endings = Endings::listen(sender.clone())?;
        // SAFETY: nothing is given but that it stays set once it is, and is not yet.
        let stop = unsafe { CreateEventW(ptr::null(), 1, 0, ptr::null()) };
        if stop.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the handle was made just now, and nobody else has it.
        let stop = Arc::new(unsafe { OwnedHandle::from_raw_handle(stop) });
        let stopped = stop.clone();
        let thread = Builder::new().name("attach-input".into()).spawn(move || read_all(&stopped, &sender))?;
        Ok(Self { receiver: Some(receiver), stop, thread: Some(thread), _endings: endings })
    }

    /// Where the events arrive.
    pub fn receiver(&self) -> &Receiver<Event> {
        // Taken only on drop.
        self.receiver.as_ref().expect("the receiver lives as long as this")
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        // First the receiver, so that no thread is left waiting for room in its queue.
        self.receiver = None;
        // SAFETY: the handle is an event's, and open.
        if let Err(error) = succeeded(unsafe { SetEvent(self.stop.as_raw_handle()) }) {
            // The thread is left to itself: it would not end.
            tracing::error!(%error, "cannot stop reading the console");
            return;
        }
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("a thread of the terminal panicked");
        }
    }
}

fn read_all(stop: &OwnedHandle, events: &Sender<Event>) {
    if let Err(error) = read_until(stop, events) {
        tracing::warn!(%error, "cannot read the console");
        // Nobody listens any more only if it is all over anyway.
        let _ = events.send(Event::Gone);
    }
}

/// Reads until it is stopped, or nobody listens.
fn read_until(stop: &OwnedHandle, events: &Sender<Event>) -> io::Result<()> {
    let mut typing = Typing::default();
    let mut records = [INPUT_RECORD::default(); RECORDS];
    while wait(stop)? {
        let (mut bytes, mut resized) = (Vec::new(), false);
        for record in read(&mut records)? {
            resized |= typing.take(record, &mut bytes);
        }
        let typed = (!bytes.is_empty()).then_some(Event::Bytes(bytes));
        for event in typed.into_iter().chain(resized.then_some(Event::Resized)) {
            if events.send(event).is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Waits for records; false if it is to stop.
fn wait(stop: &OwnedHandle) -> io::Result<bool> {
    // Of several the first is told.
    let handles = [stop.as_raw_handle(), input()];
    // SAFETY: there are as many handles as is said. That of the input is this process's own, and stays.
    match unsafe { WaitForMultipleObjects(handles.len() as u32, handles.as_ptr(), 0, INFINITE) } {
        WAIT_OBJECT_0 => Ok(false),
        at if at == WAIT_OBJECT_0 + 1 => Ok(true),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Reads what is there. It waits only if another program that reads the same console has been faster in between.
fn read(records: &mut [INPUT_RECORD]) -> io::Result<&[INPUT_RECORD]> {
    let mut count = 0;
    // SAFETY: the call writes a number, and refuses a handle that is no console's.
    succeeded(unsafe { GetNumberOfConsoleInputEvents(input(), &mut count) })?;
    if count == 0 {
        return Ok(&[]);
    }
    // SAFETY: no more records are written than there is room for, and their number.
    succeeded(unsafe { ReadConsoleInputW(input(), records.as_mut_ptr(), records.len() as u32, &mut count) })?;
    Ok(records.get(..count as usize).unwrap_or_default())
}

fn input() -> HANDLE {
    io::stdin().as_raw_handle()
}

fn output() -> HANDLE {
    io::stdout().as_raw_handle()
}

fn mode(console: HANDLE) -> io::Result<CONSOLE_MODE> {
    let mut mode = 0;
    // SAFETY: the call writes a number, and refuses a handle that is no console's.
    succeeded(unsafe { GetConsoleMode(console, &mut mode) }).map(|()| mode)
}

fn set_mode(console: HANDLE, mode: CONSOLE_MODE) -> io::Result<()> {
    // SAFETY: the call takes numbers, and refuses a handle that is no console's.
    succeeded(unsafe { SetConsoleMode(console, mode) })
}

fn set_pages((input, output): (u32, u32)) -> io::Result<()> {
    // SAFETY: both calls take a number.
    let of_input = succeeded(unsafe { SetConsoleCP(input) });
    // SAFETY: as above.
    let of_output = succeeded(unsafe { SetConsoleOutputCP(output) });
    of_input.and(of_output)
}

/// What a console says of flags that it does not know, in words that help.
fn too_old(error: io::Error) -> io::Error {
    match error.raw_os_error().map(i32::cast_unsigned) {
        Some(ERROR_INVALID_PARAMETER) => io::Error::new(
            io::ErrorKind::Unsupported,
            "this console knows no escape sequences: that of Windows 10 does",
        ),
        _ => error,
    }
}

fn succeeded(result: windows_sys::core::BOOL) -> io::Result<()> {
    if result == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
