//! The directory that a session is in: as its shell told it, and for another one that is to start there.

use std::path::PathBuf;

use super::Session;
use crate::platform::pty::{can_enter, host_name};

impl Session {
    /// The working directory that its shell told; empty if it never did.
    pub(crate) fn cwd(&self) -> String {
        self.lock().cwd.path.clone()
    }

    /// The directory that its shell told, if that is one of this machine; else, where the system tells, the one that its program in
    /// the foreground is in, or its first program. `None` if none of them is there any more, or can be
    /// entered.
    ///
    /// It looks at the file system, which may take its time: to be called with no lock held.
    pub(crate) fn directory(&self) -> Option<PathBuf> {
        let told = self.lock().cwd.clone();
        let told = (!told.path.is_empty() && is_here(&told.host)).then(|| PathBuf::from(told.path));
        let known = || {
            // Let go before any directory is looked at: the PTY hangs up with its last reference.
            let master = self.lock().master.clone();
            self.process.directories(master.as_deref())
        };
        // Linux adds to the name of a directory that was removed, and of that name there is none.
        told.filter(|path| can_enter(path)).or_else(|| known().into_iter().find(|path| can_enter(path)))
    }
}

/// Whether a shell means this machine: RFC 8089 has an empty host and `localhost` for it, and most shells send its name.
fn is_here(host: &str) -> bool {
    host.is_empty() || host.eq_ignore_ascii_case("localhost") || host.eq_ignore_ascii_case(&host_name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_three_names_and_others_have_none_of_them() {
        assert!(is_here("") && is_here("LocalHost") && is_here(&host_name()));
        assert!(!is_here("elsewhere.example") && !is_here("localhost.example"));
    }
}
