//! Whose objects are, and who may write to them.
#![allow(unsafe_code, reason = "the system hands out security descriptors as pointers")]

use std::{
    io,
    os::windows::io::{AsRawHandle, BorrowedHandle},
    ptr,
};

use windows_sys::Win32::{
    Foundation::{ERROR_SUCCESS, GENERIC_ALL, GENERIC_WRITE},
    Security::{
        ACCESS_ALLOWED_ACE, ACL,
        Authorization::{GetSecurityInfo, SE_FILE_OBJECT, SE_KERNEL_OBJECT, SE_OBJECT_TYPE},
        DACL_SECURITY_INFORMATION, GetAce, INHERIT_ONLY_ACE, OWNER_SECURITY_INFORMATION,
    },
    Storage::FileSystem::{DELETE, FILE_ADD_FILE, FILE_ADD_SUBDIRECTORY, FILE_DELETE_CHILD, WRITE_DAC, WRITE_OWNER},
    System::SystemServices::{ACCESS_ALLOWED_ACE_TYPE, ACCESS_ALLOWED_CALLBACK_ACE_TYPE},
};

use super::sid::{LocalMemory, to_text};

/// The rights to change what is in a directory, to remove it, or to give these rights to somebody.
const WRITING: u32 = FILE_ADD_FILE
    | FILE_ADD_SUBDIRECTORY
    | FILE_DELETE_CHILD
    | DELETE
    | WRITE_DAC
    | WRITE_OWNER
    | GENERIC_WRITE
    | GENERIC_ALL;

/// Everyone, as a SID.
const EVERYONE: &str = "S-1-1-0";

/// What is known of an object's guard. Users and groups are SIDs, as text.
pub(super) struct Security {
    /// Whose it is.
    pub(super) owner: String,
    /// Who may write to it.
    pub(super) writers: Vec<String>,
}

/// The guard of a file or directory, whose handle was opened with the right `READ_CONTROL`.
pub(super) fn of_file(handle: BorrowedHandle<'_>) -> io::Result<Security> {
    of(handle, SE_FILE_OBJECT)
}

/// The guard of a pipe or the like, whose handle was opened for reading.
pub(super) fn of_kernel_object(handle: BorrowedHandle<'_>) -> io::Result<Security> {
    of(handle, SE_KERNEL_OBJECT)
}

fn of(handle: BorrowedHandle<'_>, kind: SE_OBJECT_TYPE) -> io::Result<Security> {
    let wanted = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    let (mut owner, mut dacl, mut descriptor) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    // SAFETY: the handle is open for the length of the call, and each place has room for the pointer that is written to it.
    let outcome = unsafe {
        GetSecurityInfo(
            handle.as_raw_handle(),
            kind,
            wanted,
            &mut owner,
            ptr::null_mut(),
            &mut dacl,
            ptr::null_mut(),
            &mut descriptor,
        )
    };
    if outcome != ERROR_SUCCESS {
        return Err(io::Error::from_raw_os_error(outcome as i32));
    }
    let _memory = LocalMemory(descriptor);
    if owner.is_null() {
        return Err(io::Error::other("it has no owner"));
    }
    // SAFETY: the owner is a valid SID in the descriptor, which lives as long as `_memory`.
    let owner = unsafe { to_text(owner) }?;
    if dacl.is_null() {
        // No list at all lets everyone do everything; an empty one, nobody anything.
        return Ok(Security { owner, writers: vec![EVERYONE.into()] });
    }
    // SAFETY: the list is a valid one in the descriptor, which lives as long as `_memory`.
    let writers = unsafe { writers(dacl) }?;
    Ok(Security { owner, writers })
}

/// Everybody to whom an entry of the list gives a right to write. What other entries take away again is not considered.
///
/// # Safety
/// `dacl` points to a valid list.
unsafe fn writers(dacl: *const ACL) -> io::Result<Vec<String>> {
    // SAFETY: the list is valid, as the caller promises.
    let count = unsafe { (*dacl).AceCount };
    let mut writers = Vec::new();
    for index in 0..u32::from(count) {
        let mut entry = ptr::null_mut();
        // SAFETY: the list is valid, and `entry` has room for a pointer.
        if unsafe { GetAce(dacl, index, &mut entry) } == 0 {
            return Err(io::Error::last_os_error());
        }
        let entry: *const ACCESS_ALLOWED_ACE = entry.cast();
        // SAFETY: every entry begins with this header.
        let header = unsafe { (*entry).Header };
        let allows = [ACCESS_ALLOWED_ACE_TYPE, ACCESS_ALLOWED_CALLBACK_ACE_TYPE].contains(&header.AceType.into());
        if !allows || u32::from(header.AceFlags) & INHERIT_ONLY_ACE != 0 {
            continue;
        }
        // SAFETY: entries of both these types have their rights here, and after them the SID. Entries are aligned to
        // four bytes, and the system has checked the list when the object got it.
        let (rights, sid) = unsafe { ((*entry).Mask, (&raw const (*entry).SidStart).cast_mut().cast()) };
        if rights & WRITING != 0 {
            // SAFETY: as above, this is a valid SID.
            writers.push(unsafe { to_text(sid) }?);
        }
    }
    Ok(writers)
}
