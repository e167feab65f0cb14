//! What starting a daemon takes on Windows.

use std::{
    fs::Metadata,
    io::{self, PipeReader, Read},
    sync::mpsc,
    thread,
    time::Instant,
};

/// Reads what is there, waiting for at least a byte; 0 at the end. Pipes only block here, so that a thread does, and is
/// left to itself at the deadline.
///
/// # Errors
/// `TimedOut` at the deadline, else as the system fails.
pub(crate) fn read_by(reader: &PipeReader, buffer: &mut [u8], deadline: Instant) -> io::Result<usize> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let (mut reader, length) = (reader.try_clone()?, buffer.len());
    thread::Builder::new().name("daemon-output".into()).spawn(move || {
        let mut bytes = vec![0; length];
        let read = reader.read(&mut bytes).map(|count| bytes[..count].to_vec());
        let _ = sender.send(read);
    })?;
    let left = deadline.saturating_duration_since(Instant::now());
    let bytes = receiver.recv_timeout(left).map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    buffer[..bytes.len()].copy_from_slice(&bytes);
    Ok(bytes.len())
}

/// Whether a file may be executed; its name says so.
pub(crate) fn is_executable(_found: &Metadata) -> bool {
    true
}
