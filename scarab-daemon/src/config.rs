//! The configuration in force: read from a file, watched, changed by clients, applied and told.
//!
//! Data flows one way. The file and `SetConfig` lead to the [`Keeper`], which alone decides; it makes a [`Snapshot`] of
//! what is in force, applies that to the daemon and tells every client. Everybody else reads the newest snapshot. So nobody
//! holds a lock while a file is read or written: the thread that does so holds none.

pub(crate) mod edit;
pub(crate) mod file;
mod keeper;
pub(crate) mod place;
mod snapshot;
mod watch;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use crossbeam_channel::{Receiver, Sender, bounded};
use scarab_protocol::config::{Form, Key, Problem, Value};

pub(crate) use self::keeper::{Keeper, Keeping};
use self::{file::Values, snapshot::Snapshot};
use crate::{client::Client, log};

/// The most changes that wait to be carried out. One more is refused, and its client is told when to come back.
const MAX_ORDERS: usize = 64;

/// What all threads of a daemon know of its configuration.
pub(crate) struct Configuration {
    /// Locked for as long as it takes to copy the reference.
    current: Mutex<Arc<Snapshot>>,
    orders: Sender<Order>,
}

/// A change that a client asks for.
pub(crate) struct Order {
    /// Who is answered.
    pub(crate) client: Arc<Client>,
    /// The number of the client's request.
    pub(crate) request: u32,
    pub(crate) key: String,
    pub(crate) value: Option<Value>,
    pub(crate) save: bool,
}

/// Too many changes wait already.
pub(crate) struct TooMany;

/// The configuration of a daemon at its start, and who keeps it from then on. A file that is broken is told of in the log and to
/// whoever asks; then the defaults are in force. `given` is what the command line says, which goes before the file.
pub(crate) fn open(file: Option<PathBuf>, given: Vec<(String, Value)>) -> (Configuration, Keeper) {
    let (orders, waiting): (_, Receiver<Order>) = bounded(MAX_ORDERS);
    let (keeper, first) = Keeper::new(file, Values::from_iter(given), waiting);
    (Configuration { current: Mutex::new(first), orders }, keeper)
}

impl Configuration {
    /// What is in force now.
    pub(crate) fn current(&self) -> Arc<Snapshot> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has a change carried out; its client is answered when that is done.
    ///
    /// # Errors
    /// If too many wait already.
    pub(crate) fn change(&self, order: Order) -> Result<(), TooMany> {
        self.orders.try_send(order).map_err(|_| TooMany)
    }

    fn replace(&self, snapshot: Arc<Snapshot>) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = snapshot;
    }
}

/// The value as the key has it. It knows what only a daemon can tell: which levels of a log there are.
///
/// # Errors
/// What was found, and what was expected.
pub(crate) fn fit(key: &Key, value: Value) -> Result<Value, Problem> {
    let value = key.fit(value)?;
    let refused = |expected: &str| Err(Problem { found: value.to_string(), expected: expected.into() });
    match (key.name, &value) {
        ("daemon.log", Value::Text(level)) if log::filter(level).is_err() => {
            refused("a level such as \"info\", or a list such as \"warn,scarab_daemon=debug\"")
        }
        ("daemon.shell", Value::Texts(words)) if words.first().is_some_and(String::is_empty) => {
            refused("a program, or an empty list")
        }
        _ => Ok(value),
    }
}

/// Whether a key takes a text as it is typed, without quotes.
pub(crate) fn takes_bare_text(key: &Key) -> bool {
    matches!(key.form, Form::Text | Form::Word | Form::OneOf(_) | Form::Color | Form::Any)
}
