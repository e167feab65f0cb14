//! A session's process on Windows.

use std::{
    io,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use portable_pty::{Child, ChildKiller};
use scarab_protocol::message::Exit;

use super::pty::Master;

/// The first process of a session.
#[derive(Debug)]
pub(crate) struct Process {
    /// Taken by the thread that waits for it.
    child: Mutex<Option<Box<dyn Child + Send + Sync>>>,
    /// `None` once it has ended.
    killer: Mutex<Option<Box<dyn ChildKiller + Send + Sync>>>,
    pid: Option<u32>,
}

impl Process {
    /// A process that was just started.
    pub(crate) fn new(child: Box<dyn Child + Send + Sync>) -> Self {
        let (pid, killer) = (child.process_id(), child.clone_killer());
        Self { child: Mutex::new(Some(child)), killer: Mutex::new(Some(killer)), pid }
    }

    /// Its number while it runs.
    pub(crate) fn pid(&self) -> Option<u32> {
        let running = self.killer.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        self.pid.filter(|_| running)
    }

    /// Waits for its end. To be called by one thread, once.
    pub(crate) fn wait(&self) -> Exit {
        let child = self.child.lock().unwrap_or_else(PoisonError::into_inner).take();
        let code = child.and_then(|mut child| child.wait().ok()).map_or(255, |status| status.exit_code());
        *self.killer.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Exit { code, signal: None }
    }

    /// The directories that its programs are in. Windows does not tell.
    pub(crate) fn directories(&self, _master: Option<&Master>) -> Vec<PathBuf> {
        Vec::new()
    }

    /// Windows has no signals: the only one that is carried out is [`Self::KILL`], which ends the process.
    ///
    /// # Errors
    /// `Unsupported` for any other.
    pub(crate) fn signal(&self, signal: i32) -> io::Result<()> {
        if signal != Self::KILL {
            let text =
                format!("Windows has no signals, so that {signal} cannot be sent: {} ends the program", Self::KILL);
            return Err(io::Error::new(io::ErrorKind::Unsupported, text));
        }
        self.terminate();
        Ok(())
    }

    /// The number of the signal that ends a process elsewhere, whatever it would like.
    const KILL: i32 = 9;

    /// Closes the pseudoconsole, which tells the programs in it that their window was closed.
    pub(crate) fn hang_up(&self, master: Option<&Master>) {
        if let Some(master) = master {
            master.close();
        }
    }

    /// Ends the process.
    pub(crate) fn kill(&self, _master: Option<&Master>) {
        self.terminate();
    }

    /// A pseudoconsole does not tell what runs in the foreground.
    pub(crate) fn foreground(&self, _master: &Master) -> Option<u32> {
        None
    }

    fn terminate(&self) {
        if let Some(killer) = self.killer.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            // What it gives back says nothing: portable-pty 0.9 has success and failure the wrong way round. Whether the
            // process has ended is heard from the thread that waits for it.
            let _ = killer.kill();
        }
    }
}

/// Nobody asks, because no foreground is known.
pub(crate) fn name_of(_pid: u32) -> Option<String> {
    None
}
