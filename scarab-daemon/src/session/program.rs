//! The program of a session: whether somebody would miss it, its signals, and its end.

use std::{sync::Arc, time::Duration};

use scarab_protocol::message::Exit;

use super::{GRACE, Session};
use crate::platform::process::name_of;

/// How long a program may be there after it was killed. With [`GRACE`] it is less than `scarabctl kill` waits.
const KILLED: Duration = Duration::from_secs(1);

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
                session.let_go_later();
            }
        });
    }

    fn let_go_later(self: &Arc<Self>) {
        let Some(daemon) = self.daemon.upgrade() else { return };
        let session = Arc::downgrade(self);
        daemon.deadlines.after(KILLED, move || {
            if let Some(session) = session.upgrade() {
                session.let_go();
            }
        });
    }

    /// Takes a program that cannot be killed for ended, such as one that has become another user's (`sudo`). So the PTY is let go, and
    /// the kernel hangs it up, which needs nobody's permission. Whoever waits for the program's end does so as long as it runs.
    pub(crate) fn let_go(&self) {
        if let Some(pid) = self.process.pid() {
            tracing::warn!(session = self.id.number, pid, "a program was not to be killed: its terminal is taken away");
            self.inbox.exited(Exit { code: 255, signal: None });
        }
    }

    /// Ends the program whatever it would like.
    pub(crate) fn kill(&self) {
        let master = self.lock().master.clone();
        self.process.kill(master.as_deref());
    }
}
