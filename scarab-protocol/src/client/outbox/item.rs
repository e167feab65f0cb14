//! A piece of input in an outbox: what it costs, the frame that it travels in, and how much goes into one.

use std::{ops::Range, sync::Arc};

use crate::{
    frame::Frame,
    message::{Focus, Input, Mouse, Paste},
};

/// Typed bytes up to this length are put together with those before them.
pub(super) const SMALL: usize = 512;
/// No more is put together than this. A frame for each key would be dear when the daemon has no room for a while, and an item
/// for each dear as long as it has not said that it has taken them.
const MERGED: usize = 4096;

/// A piece of input, without its position: that is given when it is sent.
#[derive(Debug, Clone)]
pub(in super::super) enum Item {
    /// A few bytes, of which the first may be known to be taken already: those are not in here any more.
    Typed(Vec<u8>),
    Bytes {
        data: Arc<[u8]>,
        range: Range<usize>,
    },
    Paste {
        data: Arc<[u8]>,
        range: Range<usize>,
        first: bool,
        last: bool,
    },
    Mouse(Mouse),
    Focus(bool),
}

impl Item {
    pub(super) fn cost(&self) -> u64 {
        match self {
            Self::Typed(bytes) => Input::cost(bytes.len()),
            Self::Bytes { range, .. } | Self::Paste { range, .. } => Input::cost(range.len()),
            Self::Mouse(_) | Self::Focus(_) => Input::EVENT_COST,
        }
    }

    /// How many bytes of text it is.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Mouse(_) | Self::Focus(_) => 0,
            Self::Typed(_) | Self::Bytes { .. } | Self::Paste { .. } => self.cost(),
        }
    }

    pub(super) fn frame(&self, session: u32, position: u64) -> Option<Frame> {
        match self {
            Self::Typed(bytes) => Frame::new(session, 0, &Input { position, data: bytes.clone() }),
            Self::Bytes { data, range } => {
                Frame::new(session, 0, &Input { position, data: data[range.clone()].to_vec() })
            }
            Self::Paste { data, range, first, last } => {
                let (first, last, data) = (*first, *last, data[range.clone()].to_vec());
                Frame::new(session, 0, &Paste { position, first, last, data })
            }
            Self::Mouse(mouse) => Frame::new(session, 0, &Mouse { position, ..*mouse }),
            Self::Focus(gained) => Frame::new(session, 0, &Focus { position, gained: *gained }),
        }
        // Items are cut to size when they are made.
        .ok()
    }

    /// Puts another item's bytes to this one's, if both were typed and that is not too much; else gives it back.
    pub(super) fn merge(&mut self, other: Self) -> Result<(), Self> {
        match (self, other) {
            (Self::Typed(bytes), Self::Typed(more)) if bytes.len() + more.len() <= MERGED => {
                bytes.extend_from_slice(&more);
                Ok(())
            }
            (_, other) => Err(other),
        }
    }
}

/// Ranges of at most an item's size that cover a length.
pub(super) fn pieces(length: usize) -> impl Iterator<Item = Range<usize>> {
    (0..length).step_by(Input::MAX_BYTES).map(move |start| start..(start + Input::MAX_BYTES).min(length))
}
