//! A stream of frames, cut anywhere: what the reader gives is what was sent, or the right error.

#![no_main]

use libfuzzer_sys::fuzz_target;
use scarab_fuzz::{messages, socket, source::Source};
use scarab_protocol::{
    frame::{FrameError, HEADER_BYTES, Header, MAX_PAYLOAD},
    transport::{FrameReader, Progress, ReadError, Stream},
};

/// No more than a socket holds, so that one thread can write and read.
const MAX_STREAM: usize = 64 * 1024;

fuzz_target!(|data: &[u8]| {
    let mut source = Source::new(data);
    let mut cuts = Source::new(source.bytes());
    let stream = source.rest();
    let stream = &stream[..stream.len().min(MAX_STREAM)];
    let (ours, theirs) = socket::pair();
    let mut sent = Sent { stream: Some(ours), bytes: stream, written: 0 };
    let mut reader = FrameReader::new(theirs.into());
    let mut start = 0;
    loop {
        // At least a byte of the frame is there, or the end.
        sent.write_to(start + 1 + usize::from(cuts.u8()));
        let expected = expect(&stream[start..]);
        let next = reader.next(|progress| {
            if progress == Progress::Partial {
                let end = expected.end().map_or(usize::MAX, |end| start + end);
                sent.write_to(end.saturating_add(usize::from(cuts.u8())));
            }
        });
        match (next, expected) {
            (Ok(Some(received)), Expected::Frame(header, length)) => {
                let frame = received.frame;
                assert_eq!(frame.bytes(), &stream[start..start + length]);
                assert_eq!(frame.header(), header);
                assert!(received.descriptor.is_none());
                messages::read(&frame);
                start += length;
            }
            (Ok(None), Expected::End) | (Err(ReadError::Cut), Expected::Cut) => break,
            (Err(ReadError::Frame(FrameError::TooLong(length))), Expected::TooLong) => {
                assert!(length as usize > MAX_PAYLOAD);
                break;
            }
            (next, expected) => panic!("{next:?} where {expected:?} was sent"),
        }
    }
});

/// The sending end.
struct Sent<'a> {
    stream: Option<Stream>,
    bytes: &'a [u8],
    written: usize,
}

impl Sent<'_> {
    /// Writes up to this place, and ends the stream at its end.
    fn write_to(&mut self, end: usize) {
        let end = end.min(self.bytes.len());
        if let Some(stream) = &self.stream {
            if self.written < end {
                socket::write_all(stream, &self.bytes[self.written..end]).expect("the reader is there");
                self.written = end;
            }
            if end == self.bytes.len() {
                self.stream = None;
            }
        }
    }
}

/// What comes next on a stream.
#[derive(Debug)]
enum Expected {
    Frame(Header, usize),
    TooLong,
    Cut,
    End,
}

impl Expected {
    /// How many bytes must be there for it.
    fn end(&self) -> Option<usize> {
        match self {
            Self::Frame(_, length) => Some(*length),
            Self::TooLong => Some(HEADER_BYTES),
            Self::Cut | Self::End => None,
        }
    }
}

fn expect(bytes: &[u8]) -> Expected {
    let Some(header) = bytes.first_chunk::<HEADER_BYTES>() else {
        return if bytes.is_empty() { Expected::End } else { Expected::Cut };
    };
    let Ok(parsed) = Header::from_bytes(*header) else { return Expected::TooLong };
    assert_eq!(parsed.to_bytes(), *header);
    match HEADER_BYTES + parsed.length as usize {
        length if length <= bytes.len() => Expected::Frame(parsed, length),
        _ => Expected::Cut,
    }
}
