//! Texts on their way from the clipboard, held where somebody looks at them before terminals get them.
#![cfg_attr(not(feature = "app"), allow(dead_code, reason = "only the window's program looks at them"))]

use bevy::prelude::*;
use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};

/// The texts that are held. It is there if somebody looks at them.
#[derive(Resource, Debug, Default)]
pub(crate) struct PasteGate {
    held: Vec<Held>,
}

/// A text that was asked for, and the promise of it that keeps its place among what is typed.
#[derive(Debug)]
struct Held {
    terminal: Entity,
    coming: Receiver<String>,
    promise: Sender<String>,
}

/// A text that has come. Dropped, it is not pasted.
#[derive(Debug)]
pub(crate) struct Arrived {
    /// Who is to get it.
    pub(crate) terminal: Entity,
    /// What it is.
    pub(crate) text: String,
    promise: Sender<String>,
}

impl Arrived {
    /// Pastes it, in the place that was kept for it.
    pub(crate) fn pass(self) {
        // It may have kept somebody waiting who types: then its place is given up.
        let _ = self.promise.send(self.text);
    }
}

impl PasteGate {
    /// Holds a promised text: gives whom it is to be given to.
    pub(crate) fn hold(&mut self, terminal: Entity, promise: Sender<String>) -> Sender<String> {
        // One text, of one promise: the queue is never full.
        let (text, coming) = bounded(1);
        self.held.push(Held { terminal, coming, promise });
        text
    }

    /// Takes out what has come. Promises of which nothing will come are dropped.
    pub(crate) fn take_arrived(&mut self) -> Vec<Arrived> {
        let mut arrived = Vec::new();
        self.held.retain(|Held { terminal, coming, promise }| match coming.try_recv() {
            Ok(text) => {
                arrived.push(Arrived { terminal: *terminal, text, promise: promise.clone() });
                false
            }
            Err(TryRecvError::Empty) => true,
            Err(TryRecvError::Disconnected) => false,
        });
        arrived
    }
}
