//! Frames: a 16-byte header, then the payload's archive, in one aligned buffer.
//!
//! | bytes | field | |
//! |---|---|---|
//! | 0-3 | length | of the payload, in bytes |
//! | 4-5 | kind | a number of [`Kind`] |
//! | 6-7 | flags | [`Flags`] |
//! | 8-11 | request | ties an answer to its request; 0 for none |
//! | 12-15 | session | the session's number in the daemon's epoch; 0 for none |
//!
//! All numbers are little-endian.

mod spare;

use bitflags::bitflags;
use rkyv::{Archived, rancor, util::AlignedVec};

use crate::{kind::Kind, message::Message};

/// The size of a header, in bytes. It keeps the payload behind it aligned for every archive.
pub const HEADER_BYTES: usize = 16;

/// The most bytes of a payload. Checked before anything is allocated; longer things travel in pages or pieces.
pub const MAX_PAYLOAD: usize = 2 * 1024 * 1024;

bitflags! {
    /// What a header says beside kind and length.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Flags: u16 {
        /// A file descriptor came with the frame's first byte (Unix, SCM_RIGHTS).
        const DESCRIPTOR = 1;
    }
}

/// What stands before a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The payload's length, in bytes.
    pub length: u32,
    /// The kind's number, known here or not.
    pub kind: u16,
    /// Flags; unknown ones are kept.
    pub flags: Flags,
    /// The request that this is or answers; 0 for none.
    pub request: u32,
    /// The session that this is about; 0 for none.
    pub session: u32,
}

/// Why a frame was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The header announces more than a payload may have.
    #[error("a payload of {0} bytes was announced, where {MAX_PAYLOAD} is the most")]
    TooLong(u32),
    /// The payload is not a valid archive of its kind.
    #[error("a {kind} that cannot be read: {why}")]
    Invalid {
        /// The kind's name.
        kind: &'static str,
        /// What the validation found.
        why: String,
    },
    /// The frame is of another kind than the one looked for.
    #[error("kind {found:#06x} where {wanted} was expected")]
    WrongKind {
        /// The number found.
        found: u16,
        /// The kind expected.
        wanted: &'static str,
    },
}

impl Header {
    /// The header in bytes.
    pub fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[0..4].copy_from_slice(&self.length.to_le_bytes());
        bytes[4..6].copy_from_slice(&self.kind.to_le_bytes());
        bytes[6..8].copy_from_slice(&self.flags.bits().to_le_bytes());
        bytes[8..12].copy_from_slice(&self.request.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.session.to_le_bytes());
        bytes
    }

    /// Reads a header.
    ///
    /// # Errors
    /// [`FrameError::TooLong`] if it announces more than [`MAX_PAYLOAD`].
    pub fn from_bytes(bytes: [u8; HEADER_BYTES]) -> Result<Self, FrameError> {
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let length = word(0);
        if length as usize > MAX_PAYLOAD {
            return Err(FrameError::TooLong(length));
        }
        Ok(Self {
            length,
            kind: u16::from_le_bytes([bytes[4], bytes[5]]),
            flags: Flags::from_bits_retain(u16::from_le_bytes([bytes[6], bytes[7]])),
            request: word(8),
            session: word(12),
        })
    }
}

/// A whole frame in one aligned buffer: what is read is used in place, what is built is sent as it is.
#[derive(Clone)]
pub struct Frame {
    bytes: AlignedVec,
}

impl Frame {
    /// Builds the frame of a message.
    ///
    /// # Errors
    /// [`FrameError::TooLong`] if the archive is longer than [`MAX_PAYLOAD`].
    pub fn new<M: Message>(session: u32, request: u32, message: &M) -> Result<Self, FrameError> {
        Self::with_flags(Flags::empty(), session, request, message)
    }

    /// Builds the frame of a message whose first byte a descriptor travels with.
    ///
    /// # Errors
    /// [`FrameError::TooLong`] if the archive is longer than [`MAX_PAYLOAD`].
    pub fn with_descriptor<M: Message>(session: u32, request: u32, message: &M) -> Result<Self, FrameError> {
        Self::with_flags(Flags::DESCRIPTOR, session, request, message)
    }

    fn with_flags<M: Message>(flags: Flags, session: u32, request: u32, message: &M) -> Result<Self, FrameError> {
        let mut bytes = AlignedVec::with_capacity(256);
        bytes.extend_from_slice(&[0; HEADER_BYTES]);
        let mut bytes = rkyv::api::high::to_bytes_in::<_, rancor::Error>(message, bytes)
            .map_err(|why| FrameError::Invalid { kind: M::KIND.name(), why: why.to_string() })?;
        let length = u32::try_from(bytes.len() - HEADER_BYTES).unwrap_or(u32::MAX);
        if length as usize > MAX_PAYLOAD {
            return Err(FrameError::TooLong(length));
        }
        let header = Header { length, kind: M::KIND.number(), flags, request, session };
        bytes[..HEADER_BYTES].copy_from_slice(&header.to_bytes());
        Ok(Self { bytes })
    }

    /// A frame to read a payload into: the header, and as many bytes as it announces. What those are before the payload is there
    /// has no meaning.
    pub(crate) fn to_fill(header: Header) -> Self {
        let length = HEADER_BYTES + header.length as usize;
        let mut bytes = spare::take(length).unwrap_or_else(|| AlignedVec::with_capacity(length));
        bytes.resize(length, 0);
        bytes[..HEADER_BYTES].copy_from_slice(&header.to_bytes());
        Self { bytes }
    }

    pub(crate) fn payload_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[HEADER_BYTES..]
    }

    /// The same payload as the payload of another kind of message, in answer to this one.
    ///
    /// # Errors
    /// [`FrameError::Invalid`] if the payload is none of that kind.
    pub fn answered_by<M: Message>(mut self) -> Result<Self, FrameError> {
        let header = Header { kind: M::KIND.number(), flags: Flags::empty(), session: 0, ..self.header() };
        self.bytes[..HEADER_BYTES].copy_from_slice(&header.to_bytes());
        self.access::<M>()?;
        Ok(self)
    }

    /// The frame as it is on the wire.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The header.
    pub fn header(&self) -> Header {
        let word = |at: usize| {
            u32::from_le_bytes([self.bytes[at], self.bytes[at + 1], self.bytes[at + 2], self.bytes[at + 3]])
        };
        Header {
            length: word(0),
            kind: word(4) as u16,
            flags: Flags::from_bits_retain((word(4) >> 16) as u16),
            request: word(8),
            session: word(12),
        }
    }

    /// The kind, if this version knows it.
    pub fn kind(&self) -> Option<Kind> {
        Kind::from_number(self.header().kind)
    }

    /// The payload in place, validated.
    ///
    /// # Errors
    /// [`FrameError::WrongKind`] if the frame is of another kind, [`FrameError::Invalid`] if the payload is no valid archive.
    pub fn access<M: Message>(&self) -> Result<&Archived<M>, FrameError> {
        let found = self.header().kind;
        if found != M::KIND.number() {
            return Err(FrameError::WrongKind { found, wanted: M::KIND.name() });
        }
        rkyv::access::<Archived<M>, rancor::Error>(&self.bytes[HEADER_BYTES..])
            .map_err(|why| FrameError::Invalid { kind: M::KIND.name(), why: why.to_string() })
    }

    /// The payload as a value of its own.
    ///
    /// # Errors
    /// As [`Frame::access`].
    pub fn read<M: Message>(&self) -> Result<M, FrameError> {
        rkyv::deserialize::<M, rancor::Error>(self.access::<M>()?)
            .map_err(|why| FrameError::Invalid { kind: M::KIND.name(), why: why.to_string() })
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        spare::keep(&mut self.bytes);
    }
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Frame").field("kind", &self.kind()).field("header", &self.header()).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::{Input, Ping};

    #[test]
    fn a_message_comes_back_as_it_went() {
        let input = Input { position: 7, data: b"ls\r".to_vec() };
        let frame = Frame::new(3, 0, &input).expect("fits");
        assert_eq!(frame.header().session, 3);
        assert_eq!(frame.read::<Input>().expect("valid"), input);
        assert_eq!(frame.access::<Input>().expect("valid").data.as_slice(), b"ls\r");
        assert!(matches!(frame.read::<Ping>(), Err(FrameError::WrongKind { .. })));
    }

    #[test]
    fn too_long_a_payload_is_refused_on_both_sides() {
        let ping = Ping { payload: vec![0; MAX_PAYLOAD + 1] };
        assert!(matches!(Frame::new(0, 0, &ping), Err(FrameError::TooLong(_))));
        let header = Header { length: u32::MAX, kind: 1, flags: Flags::empty(), request: 0, session: 0 };
        assert!(Header::from_bytes(header.to_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn headers_come_back_as_they_went(length in 0..=MAX_PAYLOAD as u32, kind: u16, flags: u16, request: u32, session: u32) {
            let header = Header { length, kind, flags: Flags::from_bits_retain(flags), request, session };
            prop_assert_eq!(Header::from_bytes(header.to_bytes()), Ok(header));
            prop_assert_eq!(Frame::to_fill(Header { length: 3, ..header }).header(), Header { length: 3, ..header });
        }

        #[test]
        fn no_bytes_make_reading_a_payload_panic(kind in prop::sample::select(Kind::ALL.to_vec()), payload: Vec<u8>) {
            use crate::message::*;
            let header = Header { length: payload.len() as u32, kind: kind.number(), flags: Flags::empty(), request: 0, session: 0 };
            let mut frame = Frame::to_fill(header);
            frame.payload_mut().copy_from_slice(&payload);
            let _ = (frame.read::<Attach>(), frame.read::<CreateSession>(), frame.read::<Rows>(), frame.read::<Sessions>());
            let _ = (frame.read::<Input>(), frame.read::<Error>(), frame.read::<Attached>(), frame.read::<Mouse>());
        }
    }
}
