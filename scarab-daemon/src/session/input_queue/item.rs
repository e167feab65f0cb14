//! One item of input as it waits.

use std::ops::Range;

use scarab_protocol::{frame::Frame, message::Input, mouse::MouseEvent};

/// Typed bytes up to this length are put together with those before them: a frame of its own for each
/// key would take a hundred times the room that the client's credit counts.
const SMALL: usize = 512;
/// No more is put together than this, so that other clients' items come between.
const MERGED: usize = 4096;

/// One item of input.
pub(crate) struct Item {
    /// Whose it is.
    pub(super) lane: u64,
    /// How far it moved the position on.
    pub(super) cost: u64,
    /// What it is.
    pub(super) what: What,
}

/// What an item of input is.
pub(crate) enum What {
    /// Bytes as they are to be written.
    Bytes(Bytes),
    /// A piece of a paste.
    Paste {
        /// The text.
        text: Bytes,
        /// Whether the paste begins here.
        first: bool,
        /// Whether it ends here.
        last: bool,
    },
    /// A mouse event.
    Mouse(MouseEvent),
    /// Focus gained (true) or lost.
    Focus(bool),
}

/// Bytes of an item: a part of the frame that brought them, or put together from small ones.
pub(crate) enum Bytes {
    /// In the frame they came in, which is not copied.
    Frame {
        /// The frame.
        frame: Frame,
        /// Where in it.
        range: Range<usize>,
    },
    /// By themselves.
    Own(Vec<u8>),
}

impl Bytes {
    /// Where in a frame the bytes are that `data`, a part of the frame's payload, points to.
    pub(crate) fn range(frame: &Frame, data: &[u8]) -> Range<usize> {
        let start = data.as_ptr().addr() - frame.bytes().as_ptr().addr();
        start..start + data.len()
    }

    /// Bytes of a frame; few ones are copied out of it.
    pub(crate) fn new(frame: Frame, range: Range<usize>) -> Self {
        if range.len() <= SMALL {
            return Self::Own(frame.bytes()[range].to_vec());
        }
        Self::Frame { frame, range }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Frame { frame, range } => &frame.bytes()[range.clone()],
            Self::Own(bytes) => bytes,
        }
    }
}

impl What {
    /// How far the item moves the position on.
    pub(super) fn cost(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => Input::cost(bytes.as_slice().len()),
            Self::Paste { text, .. } => Input::cost(text.as_slice().len()),
            Self::Mouse(_) | Self::Focus(_) => Input::EVENT_COST,
        }
    }
}

impl Item {
    /// Puts small typed bytes of the same client to this item, if it has such too. True if that was done.
    pub(super) fn merge(&mut self, lane: u64, what: &What, cost: u64) -> bool {
        let (What::Bytes(Bytes::Own(own)), What::Bytes(Bytes::Own(more))) = (&mut self.what, what) else {
            return false;
        };
        if self.lane != lane || own.len() + more.len() > MERGED {
            return false;
        }
        own.extend_from_slice(more);
        self.cost += cost;
        true
    }
}
