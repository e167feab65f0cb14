//! Who processes are: SIDs, as the text that the system makes of them.
#![allow(unsafe_code, reason = "the system is asked for tokens and SIDs through pointers")]

use std::{
    ffi::c_void,
    io,
    os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle},
    ptr,
};

use widestring::U16CStr;
use windows_sys::Win32::{
    Foundation::LocalFree,
    Security::{
        Authorization::ConvertSidToStringSidW, GetTokenInformation, PSID, SECURITY_MAX_SID_SIZE, SID_AND_ATTRIBUTES,
        TOKEN_INFORMATION_CLASS, TOKEN_QUERY, TokenIntegrityLevel, TokenUser,
    },
    System::Threading::{GetCurrentProcess, OpenProcess, OpenProcessToken, PROCESS_QUERY_LIMITED_INFORMATION},
};

/// The user that this process runs as.
pub(super) fn of_own_user() -> io::Result<String> {
    in_token(own_process(), TokenUser)
}

/// How far this process is trusted: the SID of its integrity level.
pub(super) fn of_own_integrity() -> io::Result<String> {
    in_token(own_process(), TokenIntegrityLevel)
}

/// The user that a process runs as.
pub(super) fn of_user(pid: u32) -> io::Result<String> {
    // SAFETY: the call takes numbers, and gives back a new handle or none.
    let process = unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid) };
    if process.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle is new and nobody else's.
    let process = unsafe { OwnedHandle::from_raw_handle(process) };
    in_token(process.as_handle(), TokenUser)
}

/// The text of a SID, as in `S-1-5-18`.
///
/// # Safety
/// `sid` points to a valid SID.
pub(super) unsafe fn to_text(sid: PSID) -> io::Result<String> {
    let mut text = ptr::null_mut();
    // SAFETY: the SID is valid, as the caller promises, and `text` has room for a pointer.
    if unsafe { ConvertSidToStringSidW(sid, &mut text) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let _memory = LocalMemory(text.cast());
    // SAFETY: the call succeeded, so `text` is a string that ends with a zero, and it lives as long as `_memory`.
    Ok(unsafe { U16CStr::from_ptr_str(text) }.to_string_lossy())
}

/// Memory that the system has allocated for its caller to free.
pub(super) struct LocalMemory(pub(super) *mut c_void);

impl Drop for LocalMemory {
    fn drop(&mut self) {
        // SAFETY: whoever made this has the memory from a call that asks for it to be freed so, and nobody else frees it.
        // Freeing null does nothing.
        unsafe { LocalFree(self.0) };
    }
}

/// A handle of this process that is always valid and need not be closed.
fn own_process() -> BorrowedHandle<'static> {
    // SAFETY: the call takes nothing and cannot fail; what it gives is valid for ever.
    unsafe { BorrowedHandle::borrow_raw(GetCurrentProcess()) }
}

/// The SID of one kind, `TokenUser` or `TokenIntegrityLevel`, in a process's token.
fn in_token(process: BorrowedHandle<'_>, kind: TOKEN_INFORMATION_CLASS) -> io::Result<String> {
    // What `TokenUser` and `TokenIntegrityLevel` give: a pointer and its attributes, and then the SID that it points to.
    #[repr(C)]
    struct Room {
        label: SID_AND_ATTRIBUTES,
        sid: [u8; SECURITY_MAX_SID_SIZE as usize],
    }

    let mut token = ptr::null_mut();
    // SAFETY: the process's handle is open for the length of the call, and `token` has room for a handle.
    if unsafe { OpenProcessToken(process.as_raw_handle(), TOKEN_QUERY, &mut token) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle is new and nobody else's.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    let mut room = Room { label: SID_AND_ATTRIBUTES::default(), sid: [0; _] };
    let mut needed = 0;
    // SAFETY: the room is as long as is said, and aligned for its first part; a SID never needs more. `needed` has room for a number.
    let told = unsafe {
        GetTokenInformation(token.as_raw_handle(), kind, (&raw mut room).cast(), size_of::<Room>() as u32, &mut needed)
    };
    if told == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: both kinds begin with a pointer to a valid SID, which is in `room` and so still there.
    unsafe { to_text(room.label.Sid) }
}
