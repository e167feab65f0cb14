//! Connections within this process.

use std::{
    io,
    path::Path,
    sync::{Arc, LazyLock},
    time::Duration,
};

use scarab_protocol::{
    endpoint::{Address, Endpoint},
    transport::{Listener, Stream},
};

/// Nothing here takes long; who waits so long has found something.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A socket without a file, because the fuzzer ends without running destructors. So the targets run on Linux.
static SOCKET: LazyLock<(Listener, Endpoint)> = LazyLock::new(|| {
    // Rust's runtime sees to it that nobody dies of a pipe that is not read any more, but the fuzzer's main is none of its.
    signal_hook::flag::register(signal_hook::consts::SIGPIPE, Arc::default()).expect("a handler");
    let name = format!("@scarab-fuzz-{}", std::process::id());
    let Address { endpoint, .. } = Address::of_socket(Path::new(&name)).expect("a short name");
    (Listener::bind(&endpoint).expect("a new socket"), endpoint)
});

/// The two ends of a new connection.
pub fn pair() -> (Stream, Stream) {
    let (listener, endpoint) = &*SOCKET;
    let ours = Stream::connect(endpoint, PATIENCE).expect("somebody listens");
    let theirs = listener.accept().expect("it was let in").expect("nobody stops it");
    (ours, theirs)
}

/// Writes everything. More than a socket holds must be read by another thread meanwhile.
///
/// # Errors
/// If the other end is gone.
pub fn write_all(stream: &Stream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let count = stream.write(bytes, None)?;
        bytes = &bytes[count..];
    }
    Ok(())
}
