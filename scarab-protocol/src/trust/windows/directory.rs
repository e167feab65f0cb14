//! Directories made with rights of their own.
#![allow(unsafe_code, reason = "the standard library makes directories with inherited rights only")]

use std::{io, path::Path};

use interprocess::os::windows::security_descriptor::{AsSecurityDescriptorExt, SecurityDescriptor};
use widestring::U16CString;
use windows_sys::Win32::{Security::SECURITY_ATTRIBUTES, Storage::FileSystem::CreateDirectoryW};

/// Makes a directory whose rights are those of `access`, and not what it would inherit.
///
/// # Errors
/// As the system refuses; `AlreadyExists` if something of the name is there.
pub(super) fn create(path: &Path, access: &SecurityDescriptor) -> io::Result<()> {
    let path = U16CString::from_os_str(path).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let mut attributes = SECURITY_ATTRIBUTES { nLength: size_of::<SECURITY_ATTRIBUTES>() as u32, ..Default::default() };
    access.write_to_security_attributes(&mut attributes);
    // SAFETY: the path ends with a zero; the attributes are initialised, and what they point to, like the path,
    // outlives the call, which only reads them.
    match unsafe { CreateDirectoryW(path.as_ptr(), &attributes) } {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
