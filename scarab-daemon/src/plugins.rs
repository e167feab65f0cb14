//! Plugins in this daemon: who loads them, what the configuration gives them, and what clients ask of them.
//!
//! The engine ([`plugin`](crate::plugin)) knows neither clients nor sessions. Loading waits for a script, so it is done by one
//! thread, in the order in which it was asked for; everything else goes to the engine at once.

mod host;
mod keeper;
mod wire;

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    thread::{self, JoinHandle},
};

use crossbeam_channel::{Receiver, Sender, bounded};
use scarab_protocol::{
    event::EventKind,
    message::{self, Event, EventValue, PluginSource},
};

use self::{host::DaemonHost, keeper::Keeper};
use crate::{
    client::Client,
    daemon::Daemon,
    plugin::{self, LineFeed, Plugins, SessionRef},
};

/// The most changes that wait to be carried out. One more is refused, and its client is told when to come back.
const MAX_ORDERS: usize = 32;

/// What all threads of a daemon know of its plugins.
pub(crate) struct PluginService {
    engine: OnceLock<Engine>,
    orders: Sender<Order>,
    /// For the thread that carries them out, until it has it.
    waiting: Mutex<Option<Receiver<Order>>>,
}

struct Engine {
    plugins: Arc<Plugins>,
    feed: LineFeed,
}

/// Something that waits for a script.
pub(crate) enum Order {
    /// Load one.
    Load(Asked, PluginSource, Vec<String>),
    /// Load one anew.
    Reload(Asked, String),
    /// End one.
    Unload(Asked, String),
    /// Look at the configuration, which has changed.
    Look,
}

/// Who is answered.
pub(crate) struct Asked {
    pub(crate) client: Arc<Client>,
    /// The number of the client's request.
    pub(crate) request: u32,
}

/// Too many changes wait already.
pub(crate) struct TooMany;

/// The plugins at work, until this is dropped.
pub(crate) struct Working {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    plugins: Arc<Plugins>,
}

impl Default for PluginService {
    fn default() -> Self {
        let (orders, waiting) = bounded(MAX_ORDERS);
        Self { engine: OnceLock::new(), orders, waiting: Mutex::new(Some(waiting)) }
    }
}

impl PluginService {
    /// Starts with what the configuration names. What plugins keep goes into files in `data`.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(crate) fn start(&self, daemon: &Arc<Daemon>, data: PathBuf) -> io::Result<Working> {
        let plugins = Arc::new(Plugins::new(Arc::new(DaemonHost::new(daemon, data))));
        let hearing = plugins.clone();
        daemon.events.listen(move |event| {
            // Most daemons have none.
            if !hearing.is_empty()
                && let Some(event) = heard(event)
            {
                hearing.deliver(&event);
            }
        });
        let feed = plugins.line_feed();
        // It is started once.
        let _ = self.engine.set(Engine { plugins: plugins.clone(), feed });
        let orders = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        let orders = orders.ok_or_else(|| io::Error::other("the plugins are at work already"))?;
        let (stop, stopped) = bounded(0);
        let keeper = Keeper::new(daemon, plugins.clone());
        let thread = thread::Builder::new().name("plugins".into()).spawn(move || keeper.run(&orders, &stopped))?;
        Ok(Working { stop: Some(stop), thread: Some(thread), plugins })
    }

    /// The way of output to plugins.
    pub(crate) fn feed(&self) -> Option<&LineFeed> {
        self.engine.get().map(|engine| &engine.feed)
    }

    /// The plugins, once they are at work.
    pub(crate) fn plugins(&self) -> Option<&Arc<Plugins>> {
        self.engine.get().map(|engine| &engine.plugins)
    }

    /// All plugins, or one with its log.
    ///
    /// # Errors
    /// If there is none of that name: what there is.
    pub(crate) fn list(&self, name: Option<&str>) -> Result<message::Plugins, String> {
        let Some(plugins) = self.plugins() else { return Ok(message::Plugins { plugins: Vec::new() }) };
        let log = match name {
            Some(name) => plugins.log(name).map_err(|error| error.to_string())?,
            None => Vec::new(),
        };
        let list = plugins.list().into_iter().filter(|info| name.is_none_or(|name| info.name == name));
        Ok(message::Plugins { plugins: list.map(|info| wire::info(&info, log.clone())).collect() })
    }

    /// Has something carried out; whoever asked is answered when that is done.
    ///
    /// # Errors
    /// If too much waits already.
    pub(crate) fn order(&self, order: Order) -> Result<(), TooMany> {
        self.orders.try_send(order).map_err(|_| TooMany)
    }

    /// The configuration has changed.
    pub(crate) fn look(&self) {
        // If too much waits, the configuration is looked at after that.
        let _ = self.order(Order::Look);
    }
}

impl Drop for Working {
    /// Ends all plugins.
    fn drop(&mut self) {
        self.stop = None;
        self.plugins.stop();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the plugins' thread has failed");
        }
    }
}

/// An event as plugins hear it. What is for people they do not hear: they raise such events themselves, and one could keep another busy.
fn heard(event: &Event) -> Option<plugin::Event> {
    let kind = event.kind()?;
    if matches!(kind, EventKind::Notification | EventKind::Status | EventKind::PluginState) {
        return None;
    }
    let fields = event.fields.iter().map(|field| {
        let value = match &field.value {
            EventValue::Text(text) => plugin::Value::Text(text.clone()),
            EventValue::Number(number) => plugin::Value::Integer(*number),
            EventValue::Flag(flag) => plugin::Value::Flag(*flag),
        };
        (field.key.clone(), value)
    });
    Some(plugin::Event {
        kind: kind.name().into(),
        number: event.number,
        session: event.session.map(|id| SessionRef { number: id.number, name: event.name.clone() }),
        fields: fields.collect(),
    })
}
