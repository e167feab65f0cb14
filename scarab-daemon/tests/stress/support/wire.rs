//! A client that speaks to the daemon byte for byte.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::net::sockopt::{Timeout, set_socket_timeout};
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
    /// What the daemon told first.
    pub welcome: Welcome,
    reader: FrameReader,
    next_request: u32,
}

impl Wire {
    /// Connects and says hello.
    pub fn connect(address: &Address) -> Self {
        Self::try_connect(address).unwrap_or_else(|status| panic!("the daemon refused: {status:?}"))
    }

    /// Connects and says hello; gives back how the daemon refused.
    ///
    /// # Errors
    /// The refusal.
    pub fn try_connect(address: &Address) -> Result<Self, HelloStatus> {
        let stream = stream(address);
        // A daemon that turns a client away does not wait for its hello.
        let _ = write(&stream, &ClientHello::new("wire 0.1.0", Features::empty()).to_bytes());
        let mut answer = [0; DaemonHello::BYTES];
        stream.read_exact_by(&mut answer, Instant::now() + DEADLINE).expect("an answer");
        let answer = DaemonHello::from_bytes(&answer).expect("a hello");
        if answer.status != HelloStatus::Ok {
            return Err(answer.status);
        }
        let mut reader = FrameReader::new(stream.clone());
        let received = reader.next(|_| {}).expect("a welcome").expect("a welcome");
        let welcome = received.frame.read::<Welcome>().expect("a welcome");
        Ok(Self { stream, welcome, reader, next_request: 1 })
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

/// A bare connection. A read that nothing comes of fails at the deadline.
pub fn stream(address: &Address) -> Arc<Stream> {
    let stream = Stream::connect(&address.endpoint, DEADLINE).expect("the daemon accepts");
    set_socket_timeout(&stream, Timeout::Recv, Some(DEADLINE)).expect("a socket has one");
    set_socket_timeout(&stream, Timeout::Send, Some(Duration::from_secs(20))).expect("a socket has one");
    Arc::new(stream)
}

/// Writes all of it.
///
/// # Errors
/// If the daemon has closed, or does not read.
pub fn write(stream: &Stream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let count = stream.write(bytes, None)?;
        bytes = &bytes[count..];
    }
    Ok(())
}
