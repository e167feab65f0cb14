//! One client's tie to one session.

use std::sync::{Arc, Mutex};

use scarab_protocol::surface::{Doorbell, Grid, SurfaceReader};

use super::input_queue::LaneKey;
use crate::client::Client;

/// One client's tie to one session.
pub(crate) struct Attachment {
    /// The client.
    pub(crate) client: Arc<Client>,
    /// Its row of input positions in the session's queue; no two attachments share one, unless
    /// the later renewed the earlier.
    pub(crate) lane: LaneKey,
    /// Only looks.
    pub(crate) observe: bool,
    /// Can map the surface.
    pub(crate) can_map: bool,
    /// The client's doorbell.
    pub(crate) bell: Doorbell,
    /// The daemon's own look at the surface, for a client that cannot map it.
    pub(crate) rows: Mutex<Option<RowsReader>>,
}

/// A copy of the screen that is kept for a client that cannot map the surface.
pub(crate) struct RowsReader {
    /// Reads the surface.
    pub(crate) reader: SurfaceReader,
    /// What it has read.
    pub(crate) grid: Grid,
}
