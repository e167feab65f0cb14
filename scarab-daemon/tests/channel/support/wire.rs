//! A client that speaks to the daemon byte for byte.

use std::{io, sync::Arc, time::Instant};

use scarab_protocol::{
    endpoint::Address,
    frame::Frame,
    hello::{ClientHello, DaemonHello, Features, HelloStatus},
    message::{Attach, Attached, Message, Target, Welcome},
    transport::{FrameReader, Received, Stream},
};

use super::DEADLINE;

/// A connection after the hello.
pub struct Wire {
    /// To write on.
    pub stream: Arc<Stream>,
    reader: FrameReader,
    next_request: u32,
}

impl Wire {
    /// Connects and says hello.
    pub fn connect(address: &Address) -> Self {
        let stream = stream(address);
        write(&stream, &ClientHello::new("wire 0.1.0", Features::empty()).to_bytes()).expect("the daemon reads");
        let mut answer = [0; DaemonHello::BYTES];
        stream.read_exact_by(&mut answer, Instant::now() + DEADLINE).expect("an answer");
        let answer = DaemonHello::from_bytes(&answer).expect("a hello");
        assert_eq!(answer.status, HelloStatus::Ok);
        let mut reader = FrameReader::new(stream.clone());
        let received = reader.next(|_| {}).expect("a welcome").expect("a welcome");
        received.frame.read::<Welcome>().expect("a welcome");
        Self { stream, reader, next_request: 1 }
    }

    /// The next frame; `None` at the end of the connection.
    pub fn next(&mut self) -> Option<Received> {
        self.reader.next(|_| {}).ok().flatten()
    }

    /// Sends a message; gives back the number of the request. That the daemon is gone shows with the answer.
    pub fn send<M: Message>(&mut self, session: u32, message: &M) -> u32 {
        let request = self.next_request;
        self.next_request += 1;
        let frame = Frame::new(session, request, message).expect("small");
        let _ = write(&self.stream, frame.bytes());
        request
    }

    /// Asks, and waits for the answer; other frames are dropped.
    pub fn ask<M: Message, A: Message>(&mut self, session: u32, message: &M) -> Option<A> {
        let request = self.send(session, message);
        loop {
            let received = self.next()?;
            if received.frame.header().request == request {
                return received.frame.read::<A>().ok();
            }
        }
    }

    /// Joins a session by its name.
    pub fn attach(&mut self, session: &str) -> Attached {
        let attach = Attach { target: Target::Name(session.into()), size: None, observe: false, can_map: false };
        self.ask::<_, Attached>(0, &attach).expect("joined")
    }
}

/// A bare connection.
pub fn stream(address: &Address) -> Arc<Stream> {
    Arc::new(Stream::connect(&address.endpoint, DEADLINE).expect("the daemon accepts"))
}

/// Writes all of it.
///
/// # Errors
/// If the daemon has closed, or does not read.
pub fn write(stream: &Stream, mut bytes: &[u8]) -> io::Result<()> {
    let deadline = Instant::now() + DEADLINE;
    while !bytes.is_empty() {
        let count = stream.write_by(bytes, None, deadline)?;
        bytes = &bytes[count..];
    }
    Ok(())
}
