//! One end of a named pipe, whose transfers have deadlines and can be ended by another thread.
#![allow(unsafe_code, reason = "overlapped transfers are asked of the system through pointers")]

use std::{
    fs::OpenOptions,
    io,
    os::windows::{
        fs::OpenOptionsExt,
        io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle},
    },
    ptr,
    time::{Duration, Instant},
};

use widestring::U16CString;
use windows_sys::{
    Win32::{
        Foundation::{
            ERROR_BROKEN_PIPE, ERROR_IO_PENDING, ERROR_PIPE_BUSY, ERROR_PIPE_NOT_CONNECTED, WAIT_OBJECT_0, WAIT_TIMEOUT,
        },
        Storage::FileSystem::{FILE_FLAG_OVERLAPPED, ReadFile, SECURITY_IDENTIFICATION, WriteFile},
        System::{
            IO::{CancelIoEx, GetOverlappedResult, OVERLAPPED},
            Pipes::{GetNamedPipeClientProcessId, GetNamedPipeServerProcessId, WaitNamedPipeW},
            Threading::{CreateEventW, INFINITE, SetEvent, WaitForMultipleObjects},
        },
    },
    core::BOOL,
};

/// Which end of a pipe this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The one that listened.
    Server,
    /// The one that connected.
    Client,
}

/// An end of a connected pipe.
#[derive(Debug)]
pub(super) struct Pipe {
    /// Opened for overlapped transfers, so that several can be under way at once.
    handle: OwnedHandle,
    end: End,
    /// Set for good by [`Pipe::end_transfers`]. Every wait sees it, so a transfer that is just about to begin ends too.
    ended: OwnedHandle,
}

/// Opens the client's end of a pipe, waiting for a free one for as long as `patience`.
///
/// # Errors
/// As the system refuses; `NotFound` if nobody listens, `TimedOut` if no end becomes free.
pub(super) fn open(path: &str, patience: Duration) -> io::Result<OwnedHandle> {
    let deadline = Instant::now() + patience;
    loop {
        // The server may learn who the client is and not act in its name, in case it is not whom the client believes it is.
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(FILE_FLAG_OVERLAPPED)
            .security_qos_flags(SECURITY_IDENTIFICATION)
            .open(path);
        match opened {
            Err(error) if is(&error, ERROR_PIPE_BUSY) => wait_for_free_end(path, deadline)?,
            other => return Ok(other?.into()),
        }
    }
}

impl Pipe {
    /// An end of a pipe, opened for overlapped transfers.
    ///
    /// # Errors
    /// If the system has no more handles.
    pub(super) fn new(handle: OwnedHandle, end: End) -> io::Result<Self> {
        Ok(Self { handle, end, ended: new_event()? })
    }

    /// Which end this is.
    pub(super) fn end(&self) -> End {
        self.end
    }

    /// The process id of the other end, as the system noted it when that was opened.
    pub(super) fn peer_pid(&self) -> io::Result<u32> {
        let mut pid = 0;
        let handle = self.handle.as_raw_handle();
        // SAFETY: the handle is open, and `pid` has room for a number.
        let told = unsafe {
            match self.end {
                End::Server => GetNamedPipeClientProcessId(handle, &mut pid),
                End::Client => GetNamedPipeServerProcessId(handle, &mut pid),
            }
        };
        if told == 0 { Err(io::Error::last_os_error()) } else { Ok(pid) }
    }

    /// Reads at least a byte; 0 at the stream's end and after [`Pipe::end_transfers`].
    ///
    /// # Errors
    /// `TimedOut` at the deadline, if there is one, else as the system fails.
    pub(super) fn read(&self, buffer: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        let length = length(buffer.len());
        if length == 0 {
            return Ok(0);
        }
        loop {
            // SAFETY: one transfer is begun, into a buffer of this length that is exclusively ours until it has ended.
            let outcome = unsafe {
                self.transfer(deadline, |overlapped| {
                    ReadFile(self.handle.as_raw_handle(), buffer.as_mut_ptr(), length, ptr::null_mut(), overlapped)
                })
            };
            return match outcome {
                // The peer has written no bytes, which is not the end of the stream.
                Ok(Some(0)) => continue,
                Ok(Some(count)) => Ok(count),
                Ok(None) => Ok(0),
                Err(error) if is(&error, ERROR_BROKEN_PIPE) || is(&error, ERROR_PIPE_NOT_CONNECTED) => Ok(0),
                Err(error) => Err(error),
            };
        }
    }

    /// Writes bytes, waiting until the peer has read them or they fit into the pipe.
    ///
    /// # Errors
    /// `BrokenPipe` if the peer is gone and after [`Pipe::end_transfers`], `TimedOut` at the deadline, if there is one, else as
    /// the system fails.
    pub(super) fn write(&self, bytes: &[u8], deadline: Option<Instant>) -> io::Result<usize> {
        let length = length(bytes.len());
        // SAFETY: one transfer is begun, from a buffer of this length that nobody changes until it has ended.
        let outcome = unsafe {
            self.transfer(deadline, |overlapped| {
                WriteFile(self.handle.as_raw_handle(), bytes.as_ptr(), length, ptr::null_mut(), overlapped)
            })
        };
        match outcome {
            Ok(Some(count)) => Ok(count),
            Ok(None) => Err(io::ErrorKind::BrokenPipe.into()),
            Err(error) if is(&error, ERROR_PIPE_NOT_CONNECTED) => Err(io::ErrorKind::BrokenPipe.into()),
            Err(error) => Err(error),
        }
    }

    /// Ends all transfers, those that wait and those to come.
    pub(super) fn end_transfers(&self) {
        // SAFETY: the handle is open. Setting an event fails only for a handle that is none.
        unsafe { SetEvent(self.ended.as_raw_handle()) };
    }

    /// Begins a transfer and waits until it has ended; `None` if [`Pipe::end_transfers`] did that.
    ///
    /// # Safety
    /// `begin` begins at most one transfer on this pipe, with the structure that it is given, and says whether it was
    /// done at once, as the system does. The transfer's buffer is valid until this function returns.
    unsafe fn transfer(
        &self,
        deadline: Option<Instant>,
        begin: impl FnOnce(*mut OVERLAPPED) -> BOOL,
    ) -> io::Result<Option<usize>> {
        let done = new_event()?;
        let mut overlapped = OVERLAPPED { hEvent: done.as_raw_handle(), ..Default::default() };
        let overlapped = &raw mut overlapped;
        if begin(overlapped) == 0 {
            let error = io::Error::last_os_error();
            if !is(&error, ERROR_IO_PENDING) {
                return Err(error);
            }
        }
        // From here to the result nothing may return or panic: the system still writes into the structure and the buffer.
        let woken = self.wait(&done, deadline);
        let handle = self.handle.as_raw_handle();
        if !matches!(woken, Woken::Done) {
            // SAFETY: the handle is open and the structure is that of a transfer on it. If there is nothing left to take
            // back, the transfer has just ended, and the result below tells how.
            unsafe { CancelIoEx(handle, overlapped) };
        }
        let mut count = 0;
        // SAFETY: the handle is open, the structure is that of a transfer on it, and `count` has room for a number.
        // The call waits until the transfer has ended, which it does soon: it is done, or was taken back.
        let ended_well = unsafe { GetOverlappedResult(handle, overlapped, &mut count, 1) } != 0;
        match woken {
            _ if ended_well => Ok(Some(count as usize)),
            Woken::Done => Err(io::Error::last_os_error()),
            Woken::Ended => Ok(None),
            Woken::TimedOut => Err(io::ErrorKind::TimedOut.into()),
            Woken::Failed(error) => Err(error),
        }
    }

    /// Waits for a transfer's end, for the end of all, or for a deadline.
    fn wait(&self, done: &OwnedHandle, deadline: Option<Instant>) -> Woken {
        // The first one that is set is told: what is done counts, even if all is to end.
        let events = [done.as_raw_handle(), self.ended.as_raw_handle()];
        loop {
            let patience = deadline.map_or(INFINITE, milliseconds_until);
            // SAFETY: there are as many handles as is said, and both are open.
            match unsafe { WaitForMultipleObjects(events.len() as u32, events.as_ptr(), 0, patience) } {
                WAIT_OBJECT_0 => return Woken::Done,
                woken if woken == WAIT_OBJECT_0 + 1 => return Woken::Ended,
                WAIT_TIMEOUT if deadline.is_some_and(|deadline| deadline <= Instant::now()) => return Woken::TimedOut,
                // The system's clock is coarser than the deadline's.
                WAIT_TIMEOUT => {}
                _ => return Woken::Failed(io::Error::last_os_error()),
            }
        }
    }
}

impl AsHandle for Pipe {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.handle.as_handle()
    }
}

/// Why a wait for a transfer is over.
enum Woken {
    Done,
    Ended,
    TimedOut,
    Failed(io::Error),
}

/// Waits until a pipe has a free end. Another client may take it before this one does.
fn wait_for_free_end(path: &str, deadline: Instant) -> io::Result<()> {
    if deadline <= Instant::now() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    let path = U16CString::from_str(path).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    // SAFETY: the path ends with a zero and outlives the call.
    match unsafe { WaitNamedPipeW(path.as_ptr(), milliseconds_until(deadline)) } {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// An event that stays set once it is.
fn new_event() -> io::Result<OwnedHandle> {
    // SAFETY: the event has no name and no attributes, for which null stands.
    let event = unsafe { CreateEventW(ptr::null(), 1, 0, ptr::null()) };
    if event.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle is new and nobody else's.
    Ok(unsafe { OwnedHandle::from_raw_handle(event) })
}

/// The time until a deadline, rounded up and at least 1, because 0 and the greatest number have meanings of their own.
fn milliseconds_until(deadline: Instant) -> u32 {
    let left = deadline.saturating_duration_since(Instant::now());
    u32::try_from(left.as_millis()).unwrap_or(INFINITE).saturating_add(1).min(INFINITE - 1)
}

/// As much of a buffer as the system moves at once.
fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

fn is(error: &io::Error, code: u32) -> bool {
    error.raw_os_error() == Some(code as i32)
}
