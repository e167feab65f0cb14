//! The daemon's own look at a session's surface: for clients that cannot map it, and for plugins.

use std::{sync::Arc, time::Duration};

use crossbeam_channel::{RecvTimeoutError, bounded};
use scarab_protocol::surface::{Grid, ReadOutcome, SurfaceId, SurfaceReader};

use super::{Session, TooBusy, attachment::RowsReader, inbox::Request};

/// How long the screen's thread may take: it interprets at most 64 KiB before it looks at what it is asked for.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often a screen that is being written is read again. A publication takes a fraction of a millisecond.
const TRIES: u32 = 100;

impl Session {
    /// A reader of the surface as it is now.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(crate) fn reader(&self) -> Result<RowsReader, String> {
        let mapping = self.surface().ok_or("it has none")?.map().map_err(|error| error.to_string())?;
        let id = SurfaceId { epoch: self.id.epoch, session: self.id.number };
        let reader = SurfaceReader::new(mapping, id).map_err(|error| error.to_string())?;
        Ok(RowsReader { reader, grid: Grid::new(0, 0) })
    }

    /// What it shows now, with all that has been interpreted but for a synchronized update that goes on. It waits for the screen's thread.
    ///
    /// # Errors
    /// As [`Session::reader`], or if it is written without a pause, or if the thread does not come to it.
    pub(crate) fn look(self: &Arc<Self>) -> Result<Grid, String> {
        let (done, wait) = bounded(0);
        self.request(Request::Show(done)).map_err(|TooBusy| "the session is busy")?;
        if wait.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            return Err("the session is busy".into());
        }
        let RowsReader { mut reader, mut grid } = self.reader()?;
        let read = (0..TRIES).any(|_| reader.read(&mut grid) != ReadOutcome::Busy);
        if read { Ok(grid) } else { Err("it is being written without a pause".into()) }
    }
}
