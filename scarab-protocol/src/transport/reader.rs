//! Frames read from a stream.

use std::{collections::VecDeque, io, sync::Arc};

use super::{Descriptor, Stream};
use crate::frame::{Flags, Frame, FrameError, HEADER_BYTES, Header};

/// Small frames are read many at a time; this much is asked for at once.
const BUFFER_BYTES: usize = 16 * 1024;

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
    buffer: Box<[u8]>,
    filled: std::ops::Range<usize>,
    descriptors: VecDeque<Descriptor>,
}

impl FrameReader {
    /// A reader of a stream whose hello is done.
    pub fn new(stream: Arc<Stream>) -> Self {
        Self { stream, buffer: vec![0; BUFFER_BYTES].into(), filled: 0..0, descriptors: VecDeque::new() }
    }

    /// Waits for the next frame; `None` when the peer has ended the connection between frames.
    /// `progress` hears of every frame that does not arrive whole.
    ///
    /// # Errors
    /// As in [`ReadError`]; nothing can be read after one.
    pub fn next(&mut self, mut progress: impl FnMut(Progress)) -> Result<Option<Received>, ReadError> {
        let mut partial = false;
        while self.filled.len() < HEADER_BYTES {
            if !self.filled.is_empty() && !partial {
                partial = true;
                progress(Progress::Partial);
            }
            if self.fill()? == 0 {
                return if self.filled.is_empty() { Ok(None) } else { Err(ReadError::Cut) };
            }
        }
        let mut header = [0; HEADER_BYTES];
        header.copy_from_slice(&self.buffer[self.filled.start..][..HEADER_BYTES]);
        self.filled.start += HEADER_BYTES;
        let header = Header::from_bytes(header)?;

        let mut frame = Frame::zeroed(header);
        let payload = frame.payload_mut();
        let here = self.filled.len().min(payload.len());
        payload[..here].copy_from_slice(&self.buffer[self.filled.start..][..here]);
        self.filled.start += here;
        let mut rest = &mut payload[here..];
        while !rest.is_empty() {
            if !partial {
                partial = true;
                progress(Progress::Partial);
            }
            match self.stream.read(rest, &mut self.descriptors)? {
                0 => return Err(ReadError::Cut),
                count => rest = &mut rest[count..],
            }
        }
        if partial {
            progress(Progress::Whole);
        }
        let descriptor = if header.flags.contains(Flags::DESCRIPTOR) { self.descriptors.pop_front() } else { None };
        Ok(Some(Received { frame, descriptor }))
    }

    fn fill(&mut self) -> io::Result<usize> {
        if self.filled.is_empty() {
            self.filled = 0..0;
        } else if self.filled.start > 0 {
            self.buffer.copy_within(self.filled.clone(), 0);
            self.filled = 0..self.filled.len();
        }
        let count = self.stream.read(&mut self.buffer[self.filled.end..], &mut self.descriptors)?;
        self.filled.end += count;
        Ok(count)
    }
}
