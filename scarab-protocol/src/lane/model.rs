//! All that can happen when a client's connection breaks while the daemon still reads what came on it.

use loom::{
    sync::{Arc, Mutex, MutexGuard},
    thread,
};

use super::*;

/// What the client has to say, a byte a letter; a letter's place is its position.
const SAID: &[u8] = b"echo";

/// The session's queue: the lane, and what was taken of it, under one lock as in the daemon.
#[derive(Clone)]
struct Queue(Arc<Mutex<(Lane, Vec<u8>)>>);

impl Queue {
    fn new(credit: u64) -> Self {
        Self(Arc::new(Mutex::new((Lane::new(credit), Vec::new()))))
    }

    fn lock(&self) -> MutexGuard<'_, (Lane, Vec<u8>)> {
        self.0.lock().expect("a lock")
    }

    /// A reader thread of the daemon has an item.
    fn take(&self, connection: Connection, position: u64, item: &[u8]) {
        let (lane, taken) = &mut *self.lock();
        if lane.take(connection, position, item.len() as u64) == Ok(Taken::New) {
            taken.extend_from_slice(item);
        }
    }

    /// A client's next connection joins: first the lane moves on to it, then the client hears what is next.
    fn join(&self) -> (Connection, u64) {
        let connection = self.lock().0.move_on();
        let next = self.lock().0.credit().taken;
        (connection, next)
    }

    /// The daemon's reader of a connection that breaks after what lies between two positions, a letter an item.
    fn read_aside(&self, connection: Connection, next: u64, end: u64) -> thread::JoinHandle<()> {
        let queue = self.clone();
        thread::spawn(move || {
            for position in next..end {
                queue.take(connection, position, &SAID[position as usize..][..1]);
            }
        })
    }

    /// The client sends the rest from a position on, cut in another way: what waits is sent in larger pieces.
    fn read_rest(&self, connection: Connection, next: u64) {
        let rest = &SAID[next as usize..];
        if !rest.is_empty() {
            self.take(connection, next, rest);
        }
    }
}

#[test]
fn loom_what_is_sent_again_is_taken_once_whatever_the_old_connection_still_holds() {
    loom::model(|| {
        let queue = Queue::new(SAID.len() as u64);
        let first = queue.lock().0.connection();
        let old = queue.read_aside(first, 0, 2);
        let (connection, next) = queue.join();
        queue.read_rest(connection, next);
        old.join().expect("the reader does not panic");
        assert_eq!(queue.lock().1, SAID);
    });
}

#[test]
fn loom_a_connection_that_breaks_again_adds_nothing_either() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(4);
    builder.check(|| {
        let queue = Queue::new(SAID.len() as u64);
        let first = queue.lock().0.connection();
        let oldest = queue.read_aside(first, 0, 2);
        let (connection, next) = queue.join();
        let old = queue.read_aside(connection, next, 3);
        let (connection, next) = queue.join();
        queue.read_rest(connection, next);
        for reader in [oldest, old] {
            reader.join().expect("the reader does not panic");
        }
        assert_eq!(queue.lock().1, SAID);
    });
}

#[test]
fn loom_credit_is_enough_for_everything_across_connections_and_never_exceeded() {
    /// How much of the queue the lane may fill.
    const WINDOW: u64 = 2;
    loom::model(|| {
        let queue = Queue::new(WINDOW);
        let first = queue.lock().0.connection();
        let old = queue.read_aside(first, 0, WINDOW);
        let (connection, mut next) = queue.join();
        while next < SAID.len() as u64 {
            let may_send_through = {
                let (lane, _) = &mut *queue.lock();
                // The program reads what waits, and the client hears of the room.
                lane.freed(lane.queued());
                lane.grant(WINDOW);
                lane.credit().may_send_through.min(SAID.len() as u64)
            };
            assert!(may_send_through > next, "nothing waits, and the client has no credit");
            let piece = &SAID[next as usize..may_send_through as usize];
            let (lane, taken) = &mut *queue.lock();
            assert_eq!(lane.take(connection, next, piece.len() as u64), Ok(Taken::New));
            taken.extend_from_slice(piece);
            assert!(lane.queued() <= WINDOW, "more waits than may");
            next = may_send_through;
        }
        old.join().expect("the reader does not panic");
        assert_eq!(queue.lock().1, SAID);
    });
}
