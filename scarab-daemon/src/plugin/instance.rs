//! One run of a plugin's script: its thread, and what others see of it.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};

use super::{
    CallError, CommandInfo, LoadError, PluginInfo, Report, State,
    call::Call,
    file::Script,
    inbox::Inbox,
    limits::{CALL_BYTES, CALL_WORDS, START_PATIENCE},
    lines::Wanted,
    manifest::Manifest,
    record::Record,
    runner::Runner,
};

/// The stack of a script's thread. The engine nests 200 calls through native functions at most, and its compiler 1000 of its own.
const STACK_BYTES: usize = 8 << 20;

/// A script that runs, or has run until it was disabled.
pub(super) struct Instance {
    /// Which of the plugin's instances: newer ones have higher numbers.
    pub(super) number: u64,
    pub(super) manifest: Manifest,
    pub(super) script: Script,
    pub(super) record: Arc<Record>,
    pub(super) inbox: Arc<Inbox>,
    pub(super) wanted: Arc<Wanted>,
    /// The commands with their help.
    commands: Mutex<BTreeMap<String, String>>,
    disabled: Mutex<Option<String>>,
    memory: AtomicUsize,
}

/// Becomes disconnected when the thread has ended.
pub(super) type Ended = Receiver<()>;

impl Instance {
    pub(super) fn new(
        number: u64,
        manifest: Manifest,
        script: Script,
        record: Arc<Record>,
        wanted: Arc<Wanted>,
    ) -> Self {
        Self {
            number,
            manifest,
            script,
            record,
            wanted,
            inbox: Arc::default(),
            commands: Mutex::default(),
            disabled: Mutex::default(),
            memory: AtomicUsize::new(0),
        }
    }

    /// Starts the thread, and waits until the script has been run once.
    ///
    /// # Errors
    /// Why it did not come so far. Then nothing of it is left, or will be as soon as it stops computing.
    pub(super) fn start(self: &Arc<Self>) -> Result<Ended, LoadError> {
        let (started, outcome) = bounded(1);
        let (alive, ended) = bounded::<()>(0);
        let own = self.clone();
        let run = move || {
            own.run(&started);
            drop(alive);
        };
        let path = &self.script.path;
        let thread = thread::Builder::new().name(format!("plugin-{}", self.record.name)).stack_size(STACK_BYTES);
        thread.spawn(run).map_err(|error| LoadError::Start { path: path.clone(), error })?;
        match outcome.recv_timeout(START_PATIENCE) {
            Ok(Ok(())) => Ok(ended),
            Ok(Err(message)) => Err(LoadError::Script { message }),
            Err(RecvTimeoutError::Timeout) => {
                self.inbox.stop();
                Err(LoadError::Slow { path: path.clone() })
            }
            Err(RecvTimeoutError::Disconnected) => Err(LoadError::Script {
                message: format!("{}: the engine failed; see the daemon's log", path.display()),
            }),
        }
    }

    /// The thread.
    fn run(self: &Arc<Self>, started: &crossbeam_channel::Sender<Result<(), String>>) {
        let outcome = catch_unwind(AssertUnwindSafe(|| match Runner::start(self) {
            Ok(runner) => {
                let _ = started.send(Ok(()));
                runner.run()
            }
            Err(message) => {
                let _ = started.send(Err(message));
                None
            }
        }));
        let disabled = outcome.unwrap_or_else(|_| {
            // A mistake of ours, which is to cost no more than this plugin.
            tracing::error!(plugin = self.record.name, "a plugin's thread has panicked");
            Some("the engine failed; see the daemon's log".into())
        });
        if let Some(reason) = disabled {
            self.disable(&reason);
        }
        for call in self.inbox.close() {
            self.refuse(call);
        }
        self.record.clear_statuses(self.number);
        self.record.save();
    }

    /// Notes that this instance runs no more, and why.
    fn disable(&self, reason: &str) {
        *lock(&self.disabled) = Some(reason.to_owned());
        self.record.host.report(&self.record.name, Report::Disabled { reason: reason.to_owned() });
    }

    /// What is known of it.
    pub(super) fn info(&self) -> PluginInfo {
        let (errors, last_error) = self.record.errors();
        let commands = self.commands().into_iter().map(|(name, help)| CommandInfo { name, help });
        PluginInfo {
            name: self.record.name.clone(),
            version: self.manifest.version.clone(),
            about: self.manifest.about.clone(),
            path: self.script.path.clone(),
            state: self.state(),
            commands: commands.collect(),
            permissions: self.manifest.permissions.clone(),
            errors,
            last_error,
            dropped: self.inbox.dropped(),
            memory: self.memory(),
            statuses: self.record.statuses(),
        }
    }

    pub(super) fn state(&self) -> State {
        match &*lock(&self.disabled) {
            Some(reason) => State::Disabled { reason: reason.clone() },
            None => State::Running,
        }
    }

    /// Puts a call in, or answers it.
    pub(super) fn call(&self, call: Call) {
        if call.args.len() > CALL_WORDS || call.args.iter().map(String::len).sum::<usize>() > CALL_BYTES {
            let message = format!(
                "plugin `{}`: a call may have {CALL_WORDS} arguments with {} KiB in all; pass less",
                self.record.name,
                CALL_BYTES >> 10
            );
            return (call.reply)(Err(CallError::Refused { message }));
        }
        let has = lock(&self.commands).contains_key(&call.command);
        if !has && self.state() == State::Running {
            let error = CallError::NoCommand {
                plugin: self.record.name.clone(),
                commands: self.commands().into_keys().collect(),
                command: call.command,
            };
            return (call.reply)(Err(error));
        }
        match self.inbox.call(call) {
            Ok(()) => {}
            Err((call, true)) => (call.reply)(Err(CallError::Busy { plugin: self.record.name.clone() })),
            Err((call, false)) => self.refuse(*call),
        }
    }

    fn refuse(&self, call: Call) {
        let plugin = self.record.name.clone();
        (call.reply)(Err(match self.state() {
            State::Disabled { reason } => CallError::Disabled { plugin, reason },
            State::Running => CallError::Ended { plugin },
        }));
    }

    pub(super) fn commands(&self) -> BTreeMap<String, String> {
        lock(&self.commands).clone()
    }

    pub(super) fn add_command(&self, name: &str, help: &str) {
        lock(&self.commands).insert(name.to_owned(), help.to_owned());
    }

    pub(super) fn memory(&self) -> usize {
        self.memory.load(Ordering::Relaxed)
    }

    pub(super) fn set_memory(&self, bytes: usize) {
        self.memory.store(bytes, Ordering::Relaxed);
    }
}

/// Waits until a thread has ended; false if it has not by then.
pub(super) fn wait_for_end(ended: &Ended, until: Instant) -> bool {
    ended.recv_deadline(until) == Err(RecvTimeoutError::Disconnected)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
