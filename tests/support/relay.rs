//! A wire between a client and a daemon that can be cut.

use std::{
    io::{self, Read, Write},
    net::Shutdown,
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    thread,
};

/// Passes bytes, and no descriptors, between its own socket and a daemon's. Gone when it is dropped.
pub struct Relay {
    socket: PathBuf,
    wires: Arc<Mutex<Vec<UnixStream>>>,
}

impl Relay {
    /// One that listens at `socket` for clients of the daemon at `daemon`.
    pub fn new(socket: PathBuf, daemon: PathBuf) -> Self {
        let listener = UnixListener::bind(&socket).expect("the place is free");
        let wires = Arc::<Mutex<Vec<UnixStream>>>::default();
        let made = wires.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                // The daemon may be gone: then its client hears the end at once.
                if let (Ok(client), Ok(daemon)) = (client, UnixStream::connect(&daemon)) {
                    made.lock()
                        .expect("nobody panics")
                        .extend([&client, &daemon].map(|end| end.try_clone().expect("open")));
                    pass(&client, &daemon);
                    pass(&daemon, &client);
                }
            }
        });
        Self { socket, wires }
    }

    /// Where it listens.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Cuts all connections that stand, with whatever is on the way; how many there were.
    pub fn cut(&self) -> usize {
        let wires = std::mem::take(&mut *self.wires.lock().expect("nobody panics"));
        for wire in &wires {
            let _ = wire.shutdown(Shutdown::Both);
        }
        wires.len() / 2
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.cut();
    }
}

fn pass(from: &UnixStream, to: &UnixStream) {
    let (mut from, mut to) = (from.try_clone().expect("open"), to.try_clone().expect("open"));
    thread::spawn(move || {
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(count) = from.read(&mut buffer) {
            if count == 0 || to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        let ended: [io::Result<()>; 2] = [from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both)];
        drop(ended);
    });
}
