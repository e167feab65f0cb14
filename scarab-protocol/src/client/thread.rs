//! The blocking client's thread: connects, reads, connects again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::{
    Shared,
    connect::{self, ConnectError, Opened},
    dispatch,
    link::{self, Course, MAX_QUEUED, Outlet, WRITE_PATIENCE},
};
use crate::{
    frame::Frame,
    lock,
    transport::{FrameReader, FrameSender, SendError, Stream},
};

impl Outlet for FrameSender {
    fn send(&self, frame: Frame) -> Result<(), SendError> {
        FrameSender::send(self, frame)
    }

    fn close(&self) {
        FrameSender::close(self);
    }
}

/// What the client's owner says to its thread.
pub(super) struct Orders {
    /// Ends or shortens the wait before the next try. One token is enough: it only says "look".
    nudge: Sender<()>,
    nudged: Receiver<()>,
    /// A stream whose hello is under way, so that closing can shut it.
    connecting: Mutex<Option<Arc<Stream>>>,
}

impl Default for Orders {
    fn default() -> Self {
        let (nudge, nudged) = bounded(1);
        Self { nudge, nudged, connecting: Mutex::default() }
    }
}

impl Orders {
    /// Look at what is wanted, instead of waiting.
    pub(super) fn nudge(&self) {
        // Full means that a nudge is on its way already.
        let _ = self.nudge.try_send(());
    }

    /// The client is closing: nothing is to be waited for. Known as such before this is called.
    pub(super) fn end(&self) {
        if let Some(stream) = &*self.connecting() {
            stream.shutdown();
        }
        self.nudge();
    }

    fn connecting(&self) -> MutexGuard<'_, Option<Arc<Stream>>> {
        self.connecting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread's loop. `reader` is a connection that stands already.
pub(super) fn run(shared: &Arc<Shared>, orders: &Orders, mut reader: Option<FrameReader>) {
    let mut course = Course::new(reader.is_some());
    loop {
        let tried = match reader.take() {
            Some(reader) => Ok(reader),
            None => try_once(shared, orders, &course),
        };
        match tried {
            Ok(mut reader) => {
                course.succeed();
                let why = read_all(shared, &mut reader);
                if !course.fall(shared, &why) {
                    return;
                }
            }
            Err(error) => {
                let why = error.to_string();
                let Some(delay) = course.fail(shared, &why) else { return };
                let _ = orders.nudged.recv_timeout(delay);
                if link::ends(shared, &why) {
                    return;
                }
            }
        }
    }
}

/// Tries once, starting a daemon if none answers and one is wanted.
fn try_once(shared: &Arc<Shared>, orders: &Orders, course: &Course) -> Result<FrameReader, ConnectError> {
    course.begin(shared);
    let keep = |stream: &Arc<Stream>| {
        *orders.connecting() = Some(stream.clone());
        !shared.lock().closing
    };
    let mut opened = connect::open(&shared.options, keep);
    if let Some(launch) = course.launch(shared, &opened) {
        launch().map_err(ConnectError::Refused)?;
        opened = connect::open(&shared.options, keep);
    }
    *orders.connecting() = None;
    if let Err(ConnectError::NotRunning(_)) = &opened
        && lock::holder(&shared.options.address.lock).is_none()
    {
        // Nobody listens and nobody holds the lock.
        link::bury_all(shared);
    }
    Ok(stand(shared, opened?))
}

/// Takes a new connection into service.
pub(super) fn stand(shared: &Arc<Shared>, opened: Opened<Arc<Stream>>) -> FrameReader {
    let weak = Arc::downgrade(shared);
    let room = move || link::pump_all(&weak);
    let sender = FrameSender::new(opened.stream.clone(), MAX_QUEUED, "scarab-send", WRITE_PATIENCE, room);
    link::stand(shared, opened.connected, Arc::new(sender));
    FrameReader::new(opened.stream)
}

/// Reads until the connection ends; says why it did.
fn read_all(shared: &Arc<Shared>, reader: &mut FrameReader) -> String {
    let mut goodbye = None;
    loop {
        if let Some(why) = dispatch::handle(shared, reader.next(|_| {}), &mut goodbye) {
            return why;
        }
    }
}
