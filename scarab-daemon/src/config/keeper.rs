//! Who alone decides what is in force: a thread that sees the file change and carries out what clients ask for.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender, at, bounded, never};
use scarab_protocol::{
    config::{Value, changed_keys, lookup},
    event::EventKind,
    frame::Frame,
    message::{ConfigChanged, Done, ErrorCode, EventField},
    transport::Outgoing,
};

use super::{
    Order, edit,
    file::{self, Values},
    fit,
    snapshot::Snapshot,
    watch::Watch,
};
use crate::{daemon::Daemon, log};

/// How long after a change is waited for the next one: editors take several steps to save a file.
const SETTLE: Duration = Duration::from_millis(50);
/// How long is waited at most, if it does not come to rest.
const RESTLESS: Duration = Duration::from_millis(400);

/// What the file, the command line and clients have said.
pub(crate) struct Keeper {
    path: Option<PathBuf>,
    /// What was read last, to tell whether something is different.
    read: Result<Option<String>, String>,
    /// The values of the last file that was right.
    file: Values,
    /// What is wrong with the file as it is now; empty if nothing is.
    problem: String,
    given: Values,
    /// What was in force at the start, for keys that count only from a start on.
    at_start: Arc<Snapshot>,
    orders: Receiver<Order>,
}

/// A keeper at work, until this is dropped.
pub(crate) struct Keeping {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Reads the file for the first time. Gives back what is in force then, too.
    pub(super) fn new(path: Option<PathBuf>, mut given: Values, orders: Receiver<Order>) -> (Self, Arc<Snapshot>) {
        given.retain(|name, value| {
            let fitting = lookup(name).ok().and_then(|key| fit(key, value.clone()).ok());
            let is_one = fitting.is_some();
            *value = fitting.unwrap_or(Value::Bool(false));
            is_one
        });
        let empty = Arc::new(Snapshot::new("", "", &Values::new(), &Values::new(), None));
        let mut keeper =
            Self { path, read: Ok(None), file: Values::new(), problem: String::new(), given, at_start: empty, orders };
        keeper.reload();
        let shown = keeper.shown();
        let first = Snapshot::new(&shown, &keeper.problem, &keeper.file, &keeper.given, None);
        keeper.at_start = Arc::new(first);
        let first = keeper.at_start.clone();
        (keeper, first)
    }

    /// Keeps the configuration of a daemon from now on.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(crate) fn start(self, daemon: &Arc<Daemon>) -> io::Result<Keeping> {
        // The first one may have been read with another level.
        log::refilter(self.at_start.log());
        let (stop, stopped) = bounded(0);
        let daemon = daemon.clone();
        // One token: any number of changes are looked at once.
        let (changed, changes) = bounded(1);
        // Here and not in the thread, so that a daemon that is ready has all the threads and descriptors that it keeps.
        let watch = self.path.is_some().then(|| Watch::new(changed));
        let run = move || self.run(&daemon, &stopped, watch, changes);
        let thread = thread::Builder::new().name("config".into()).spawn(run)?;
        Ok(Keeping { stop: Some(stop), thread: Some(thread) })
    }

    fn run(mut self, daemon: &Daemon, stopped: &Receiver<()>, mut watch: Option<Watch>, mut changes: Receiver<()>) {
        // Something may have changed before the watch began.
        self.look(daemon, watch.as_mut());
        // When the file is looked at, and by when at the latest.
        let mut due: Option<(Instant, Instant)> = None;
        loop {
            let timer = due.map_or_else(never, |(when, _)| at(when));
            crossbeam_channel::select! {
                recv(stopped) -> _ => return,
                recv(self.orders) -> order => match order {
                    Ok(order) => self.carry_out(daemon, order),
                    // The daemon is gone.
                    Err(_) => return,
                },
                recv(changes) -> change => match change {
                    Ok(()) => {
                        let now = Instant::now();
                        let latest = due.map_or(now + RESTLESS, |(_, latest)| latest);
                        due = Some(((now + SETTLE).min(latest), latest));
                    }
                    // Nothing can be watched here.
                    Err(_) => changes = never(),
                },
                recv(timer) -> _ => {
                    due = None;
                    self.look(daemon, watch.as_mut());
                }
            }
        }
    }

    /// Looks at the file. The watch comes first: what happens after it is seen.
    fn look(&mut self, daemon: &Daemon, watch: Option<&mut Watch>) {
        if let (Some(watch), Some(path)) = (watch, &self.path) {
            watch.renew(path);
        }
        if self.reload() {
            self.apply(daemon);
        }
    }

    /// Reads the file; whether it says something else than before. One that is broken leaves the values as they were.
    fn reload(&mut self) -> bool {
        let Some(path) = &self.path else { return false };
        let read = file::read(path);
        if read == self.read {
            return false;
        }
        self.read = read;
        let parsed = match &self.read {
            Ok(Some(text)) => file::parse(text, path),
            Ok(None) => Ok(Values::new()),
            Err(problem) => Err(problem.clone()),
        };
        match parsed {
            Ok(values) => (self.file, self.problem) = (values, String::new()),
            Err(problem) => {
                tracing::warn!("the configuration stays as it was: {problem}");
                self.problem = problem;
            }
        }
        true
    }

    fn carry_out(&mut self, daemon: &Daemon, order: Order) {
        let Order { client, request, key, value, save } = order;
        let changed = self.change(&key, value, save);
        // If it was refused, too: the file may have been read anew.
        self.apply(daemon);
        match changed {
            Ok(()) => client.tell(0, request, &Done {}),
            Err(text) => client.refuse(request, ErrorCode::BadConfig, text),
        }
    }

    fn change(&mut self, name: &str, value: Option<Value>, save: bool) -> Result<(), String> {
        let key = lookup(name).map_err(|unknown| unknown.to_string())?;
        let value = value.map(|value| fit(key, value)).transpose().map_err(|problem| format!("{name}: {problem}"))?;
        if save {
            self.save(name, value.as_ref())?;
            self.given.remove(name);
            return Ok(());
        }
        let old = match value {
            Some(value) => self.given.insert(name.into(), value),
            None => self.given.remove(name),
        };
        if file::bytes(&self.given) <= file::MAX_VALUES {
            return Ok(());
        }
        match old {
            Some(old) => self.given.insert(name.into(), old),
            None => self.given.remove(name),
        };
        Err(format!("{name}: that is too much together with what was set before: put it into the file"))
    }

    /// Changes the file. It is read anew first: what somebody has just written there stays.
    fn save(&mut self, name: &str, value: Option<&Value>) -> Result<(), String> {
        let Some(path) = self.path.clone() else {
            return Err("this daemon has no configuration file: start it with --config FILE".into());
        };
        self.reload();
        if !self.problem.is_empty() {
            return Err(format!("not saved, because the file is broken: {}", self.problem));
        }
        let old = self.read.as_ref().ok().and_then(Option::as_deref).unwrap_or("");
        let text = edit::with(old, name, value).map_err(|error| format!("not saved: {error}"))?;
        let values = file::parse(&text, &path).map_err(|problem| format!("not saved, because then: {problem}"))?;
        if values.get(name) != value {
            return Err(format!("not saved: {name} cannot be put into {} as that is written: edit it", path.display()));
        }
        if text != old {
            edit::write(&path, &text).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        }
        // Known already when the watch tells of it.
        (self.read, self.file) = (Ok(Some(text)), values);
        Ok(())
    }

    /// Has what is in force now be in force everywhere, and tells everybody if that is another than before.
    fn apply(&self, daemon: &Daemon) {
        let old = daemon.config.current();
        let new = Snapshot::new(&self.shown(), &self.problem, &self.file, &self.given, Some(&self.at_start));
        let Some(new) = new.after(&old) else { return };
        let new = Arc::new(new);
        daemon.config.replace(new.clone());
        let keys = changed_keys(&old.message().entries, &new.message().entries);
        if !keys.is_empty() {
            tracing::info!(keys = keys.join(" "), "the configuration has changed");
        }
        if old.log() != new.log() {
            log::refilter(new.log());
        }
        if old.scrollback() != new.scrollback() {
            daemon.set_scrollback(new.scrollback());
        }
        daemon.colors.set(new.colors());
        let mut fields = vec![EventField::new("keys", keys.join(" "))];
        if !new.message().problem.is_empty() {
            fields.push(EventField::new("problem", new.message().problem.as_str()));
        }
        daemon.events.publish(EventKind::ConfigChanged, None, fields);
        daemon.plugins.look();
        match Frame::new(0, 0, &ConfigChanged { config: new.message().clone() }) {
            Ok(frame) => {
                let clients = daemon.registry().clients();
                clients.iter().for_each(|client| client.send(Outgoing::newest(frame.clone())));
            }
            Err(error) => tracing::error!(%error, "nobody was told of the configuration"),
        }
    }

    fn shown(&self) -> String {
        self.path.as_deref().map(Path::display).map(|path| path.to_string()).unwrap_or_default()
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the configuration's thread has failed");
        }
    }
}
