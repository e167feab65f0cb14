//! Frames read from a stream.

use std::{collections::VecDeque, io, ops::Range, sync::Arc};

use super::{Descriptor, Stream};
use crate::frame::{Flags, Frame, FrameError, HEADER_BYTES, Header};

/// Small frames are read many at a time; this much is asked for at once. What there is of a large one is copied out of it, the
/// rest is read to where it belongs: with 16 KiB that copy was a tenth of the daemon's part in a ping of 64 KiB.
const BUFFER_BYTES: usize = 4 * 1024;

/// A frame, and the descriptor that came with it.
#[derive(Debug)]
pub struct Received {
    /// The frame.
    pub frame: Frame,
    /// The descriptor its header announces, if it came.
    pub descriptor: Option<Descriptor>,
}

/// Why no more frames can be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The connection failed.
    #[error("the connection failed: {0}")]
    Io(#[from] io::Error),
    /// The peer ended the connection within a frame.
    #[error("the connection ended within a frame")]
    Cut,
    /// What came is no frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

/// Where a frame stands that is being read: whoever sets deadlines wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// A part of a frame is here, and the rest must be waited for.
    Partial,
    /// The frame is whole.
    Whole,
}

/// Reads frames from a stream, in one thread.
pub struct FrameReader {
    stream: Arc<Stream>,
    assembly: Assembly,
}

impl FrameReader {
    /// A reader of a stream whose hello is done.
    pub fn new(stream: Arc<Stream>) -> Self {
        Self { stream, assembly: Assembly::default() }
    }

    /// Waits for the next frame; `None` when the peer has ended the connection between frames.
    /// `progress` hears of every frame whose rest must be waited for.
    ///
    /// # Errors
    /// As in [`ReadError`]; nothing can be read after one.
    pub fn next(&mut self, mut progress: impl FnMut(Progress)) -> Result<Option<Received>, ReadError> {
        let mut partial = false;
        loop {
            if let Some(received) = self.assembly.take()? {
                if partial {
                    progress(Progress::Whole);
                }
                return Ok(Some(received));
            }
            // The rest of a frame that was sent whole is mostly there already, which costs nobody a deadline.
            let may_be_there = self.assembly.is_begun() && !partial;
            let (space, descriptors) = self.assembly.space();
            let read = match may_be_there {
                true => self.stream.try_read(space, descriptors),
                false => self.stream.read(space, descriptors),
            };
            match read {
                Ok(0) => return self.assembly.end().map(|()| None),
                Ok(count) => self.assembly.add(count),
                Err(error) if may_be_there && error.kind() == io::ErrorKind::WouldBlock => {
                    partial = true;
                    progress(Progress::Partial);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Frames put together from bytes as they come, by whatever brings them.
pub(crate) struct Assembly {
    buffer: Box<[u8]>,
    filled: Range<usize>,
    /// A frame whose header is here, and how much of its payload. The rest of that goes where it belongs at once.
    begun: Option<(Frame, usize)>,
    descriptors: VecDeque<Descriptor>,
}

impl Default for Assembly {
    fn default() -> Self {
        Self { buffer: vec![0; BUFFER_BYTES].into(), filled: 0..0, begun: None, descriptors: VecDeque::new() }
    }
}

impl Assembly {
    /// The next frame, if it is whole.
    pub(crate) fn take(&mut self) -> Result<Option<Received>, FrameError> {
        let (mut frame, mut here) = match self.begun.take() {
            Some(begun) => begun,
            None if self.filled.len() < HEADER_BYTES => return Ok(None),
            None => {
                let mut header = [0; HEADER_BYTES];
                header.copy_from_slice(&self.buffer[self.filled.start..][..HEADER_BYTES]);
                self.filled.start += HEADER_BYTES;
                (Frame::to_fill(Header::from_bytes(header)?), 0)
            }
        };
        let rest = &mut frame.payload_mut()[here..];
        let count = self.filled.len().min(rest.len());
        rest[..count].copy_from_slice(&self.buffer[self.filled.start..][..count]);
        self.filled.start += count;
        here += count;
        if here < frame.payload_mut().len() {
            self.begun = Some((frame, here));
            return Ok(None);
        }
        let announced = frame.header().flags.contains(Flags::DESCRIPTOR);
        let descriptor = if announced { self.descriptors.pop_front() } else { None };
        Ok(Some(Received { frame, descriptor }))
    }

    /// Whether a part of a frame is here.
    pub(crate) fn is_begun(&self) -> bool {
        self.begun.is_some() || !self.filled.is_empty()
    }

    /// Where the next bytes go, and the descriptors that come with them. Only after [`Assembly::take`] gave nothing.
    pub(crate) fn space(&mut self) -> (&mut [u8], &mut VecDeque<Descriptor>) {
        let space = match &mut self.begun {
            Some((frame, here)) => &mut frame.payload_mut()[*here..],
            None => {
                self.buffer.copy_within(self.filled.clone(), 0);
                self.filled = 0..self.filled.len();
                &mut self.buffer[self.filled.end..]
            }
        };
        (space, &mut self.descriptors)
    }

    /// So many bytes were put where [`Assembly::space`] said.
    pub(crate) fn add(&mut self, count: usize) {
        match &mut self.begun {
            Some((_, here)) => *here += count,
            None => self.filled.end += count,
        }
    }

    /// Nothing more comes.
    pub(crate) fn end(&self) -> Result<(), ReadError> {
        if self.is_begun() { Err(ReadError::Cut) } else { Ok(()) }
    }
}
