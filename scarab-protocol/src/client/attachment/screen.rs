//! The screen of a session: mapped, or put together from rows that come over the connection.

use std::sync::Arc;

use super::{AttachInner, inner::locked};
use crate::{
    client::Shared,
    ids::SessionId,
    message::{Arm, FetchRows, Rows},
    surface::{Mapping, ReadOutcome, RowsUpdate, SurfaceError, SurfaceId, SurfaceReader},
    transport::Descriptor,
};

#[derive(Default)]
pub(super) struct Surface {
    reader: Option<SurfaceReader>,
    /// Rows that came over the connection before the last of their frame.
    rows: Vec<RowsUpdate>,
    /// About how many bytes they take.
    rows_bytes: usize,
}

/// The most bytes of rows that wait for the last of their frame: what a screen of the largest size has, and as much beside
/// its cells. More are shown as they come, so that a frame without an end is not held.
const MAX_WAITING_ROWS: usize = 32 * 1024 * 1024;
/// What a part of a frame takes here beside what came: a palette that came with few colours.
const PART_BYTES: usize = 2048;
/// The same of a row.
const ROW_BYTES: usize = 256;

impl AttachInner {
    /// Maps a surface, the first or the next generation, and shows what is on it.
    pub(in super::super) fn open(
        &self,
        shared: &Arc<Shared>,
        id: SessionId,
        mapping: &str,
        descriptor: Option<Descriptor>,
    ) -> Result<(), SurfaceError> {
        if shared.options.map {
            let id = SurfaceId { epoch: id.epoch, session: id.number };
            let reader = SurfaceReader::new(map(mapping, descriptor)?, id)?;
            locked(&self.surface).reader = Some(reader);
        }
        self.refresh(shared);
        Ok(())
    }

    /// Takes what is new on the surface and arms the doorbell again.
    pub(in super::super) fn refresh(&self, shared: &Arc<Shared>) {
        let Some((outcome, frame)) = self.read() else {
            let since = self.state().grid.frame;
            return self.tell(shared, &FetchRows { since });
        };
        // First whoever waits for the frame, then the daemon: in which order makes no difference to the doorbell, which is armed with the
        // frame that was read and rings at once if there is a newer one.
        if outcome == ReadOutcome::Updated {
            self.changed(shared);
        }
        self.tell(shared, &Arm { frame });
    }

    /// Takes what is on the surface when the program has ended: its last output, of which there may be no ring before. (Who cannot map
    /// it gets that a little later.)
    pub(in super::super) fn read_last(&self) {
        self.read();
    }

    /// Takes what is new on the surface, and gives the frame that was read; nothing where it is not mapped.
    fn read(&self) -> Option<(ReadOutcome, u64)> {
        let mut surface = locked(&self.surface);
        let reader = surface.reader.as_mut()?;
        let mut state = self.state();
        // A reader that found the daemon writing is rung again: the writer rings after every frame.
        let before = state.grid.frame;
        let outcome = reader.read(&mut state.grid);
        Some((outcome, if outcome == ReadOutcome::Busy { before } else { state.grid.frame }))
    }

    /// Takes rows that came over the connection, in a payload of so many bytes; the last of a frame shows it.
    pub(in super::super) fn rows(&self, shared: &Arc<Shared>, rows: Rows, bytes: usize) {
        let update = RowsUpdate::from(rows);
        let more = update.more;
        let mut surface = locked(&self.surface);
        surface.rows_bytes += bytes + PART_BYTES + update.rows.len() * ROW_BYTES;
        surface.rows.push(update);
        if more && surface.rows_bytes <= MAX_WAITING_ROWS {
            return;
        }
        surface.rows_bytes = 0;
        let updates = std::mem::take(&mut surface.rows);
        drop(surface);
        let frame = {
            let mut state = self.state();
            for update in &updates {
                state.grid.apply(update);
            }
            state.grid.frame
        };
        if more {
            return;
        }
        self.changed(shared);
        self.tell(shared, &Arm { frame });
    }
}

#[cfg(unix)]
fn map(_name: &str, descriptor: Option<Descriptor>) -> Result<Mapping, SurfaceError> {
    match descriptor {
        Some(descriptor) => Mapping::from_fd(descriptor),
        None => Err(SurfaceError::NoDescriptor),
    }
}

#[cfg(windows)]
fn map(name: &str, _descriptor: Option<Descriptor>) -> Result<Mapping, SurfaceError> {
    Mapping::open(name)
}
