//! The thread that writes what a PTY did not take at once.

use std::{sync::Arc, thread};

use super::{InputQueue, State};
use crate::platform::{
    poll::{Interest, Wakeful, waker},
    pty::Master,
};

impl InputQueue {
    /// Makes sure that there is a writer thread. It ends by itself when nothing is left to write.
    pub(super) fn ensure_writer(self: &Arc<Self>, state: &mut State, master: &Arc<Master>) {
        if state.writer.is_some() {
            return;
        }
        let (queue, master) = (self.clone(), master.clone());
        let started = waker().and_then(|(waker, wakeful)| {
            let name = format!("pty-writer-{}", self.session);
            thread::Builder::new().name(name).spawn(move || queue.write(&master, &wakeful))?;
            Ok(waker)
        });
        match started {
            Ok(waker) => state.writer = Some(waker),
            // Whoever types next tries again.
            Err(error) => tracing::error!(session = self.session, %error, "no thread to write input: it waits"),
        }
    }

    fn write(self: Arc<Self>, master: &Master, wakeful: &Wakeful) {
        loop {
            if let Err(error) = wakeful.wait(master, Interest::Output, None) {
                tracing::error!(session = self.session, %error, "cannot wait for a PTY: input waits");
                self.lock().writer = None;
                return;
            }
            let mut state = self.lock();
            if state.master.is_none() {
                return;
            }
            self.pump(&mut state);
            if self.is_idle(&mut state) {
                state.writer = None;
                return;
            }
        }
    }
}
