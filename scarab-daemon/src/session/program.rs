//! The program of a session: whether somebody would miss it, its signals, and its end.

use std::sync::Arc;

use super::{GRACE, Session};
use crate::platform::process::name_of;

impl Session {
    /// The name of the program that runs in the foreground; empty if the system does not tell it. `None` if that is the shell that the
    /// session was made for, which waits then, or if the system does not tell what runs.
    pub(crate) fn running(&self) -> Option<String> {
        let master = self.lock().master.clone()?;
        let group = self.process.foreground(&master)?;
        let waits = self.has_shell && self.process.pid() == Some(group);
        // What leads the group may have ended before the rest of it.
        (!waits).then(|| name_of(group).unwrap_or_default())
    }

    /// Sends the program a signal.
    ///
    /// # Errors
    /// As the system refuses.
    pub(crate) fn signal(&self, signal: i32) -> std::io::Result<()> {
        self.process.signal(signal)
    }

    /// Ends the program, politely and then not, and has the session forgotten; `why` is what its clients are told.
    pub(crate) fn end(self: &Arc<Self>, why: &'static str) {
        let mut state = self.lock();
        state.forget.get_or_insert(why);
        let (ended, master) = (state.exit.is_some(), state.master.clone());
        drop(state);
        let Some(daemon) = self.daemon.upgrade() else { return };
        if ended {
            daemon.forget(self, why);
            return;
        }
        self.process.hang_up(master.as_deref());
        let session = Arc::downgrade(self);
        daemon.deadlines.after(GRACE, move || {
            if let Some(session) = session.upgrade() {
                session.kill();
            }
        });
    }

    /// Ends the program whatever it would like.
    pub(crate) fn kill(&self) {
        let master = self.lock().master.clone();
        self.process.kill(master.as_deref());
    }
}
