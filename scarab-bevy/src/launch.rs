//! Starting a daemon when none answers.

use scarab_protocol::{client, endpoint::Address};

/// Whether, and how, a daemon is started when none answers at the first try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Launch {
    /// Not at all: the App waits for one to come up.
    #[default]
    Never,
    /// The program `scarab-daemon`: `$SCARAB_DAEMON`, beside the executable or one directory up, or on `PATH`.
    Spawn,
    /// This very program again, as the daemon (feature `daemon`). Refused unless `run_if_requested()` was the
    /// first line of `main`, because the new process would run the App again.
    Reexec,
}

impl Launch {
    /// What a connection calls when no daemon answers.
    pub(crate) fn hook(self, address: &Address) -> Option<client::Launch> {
        match self {
            Self::Never => None,
            Self::Spawn => Some(spawn(address.clone())),
            Self::Reexec => Some(reexec(address.clone())),
        }
    }
}

#[cfg(feature = "daemon")]
mod with_daemon {
    use std::{
        process::ExitCode,
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
    };

    use scarab_daemon::{
        daemon_main,
        launch::{Launcher, ensure_running, is_requested},
    };
    use scarab_protocol::{client, endpoint::Address};

    /// Whether `main` would notice that its process is to be a daemon.
    static ASKED: AtomicBool = AtomicBool::new(false);

    /// The first line of a `main` whose App uses [`Launch::Reexec`](super::Launch::Reexec): if this process was
    /// started to be a daemon, it is one, and the App never starts.
    ///
    /// ```no_run
    /// fn main() -> bevy::app::AppExit {
    ///     scarab_bevy::run_if_requested();
    ///     bevy::app::App::new().run()
    /// }
    /// ```
    pub fn run_if_requested() {
        ASKED.store(true, Ordering::Release);
        if is_requested() {
            std::process::exit(if daemon_main() == ExitCode::SUCCESS { 0 } else { 1 });
        }
    }

    pub(super) fn spawn(address: Address) -> client::Launch {
        Arc::new(move || {
            let launcher = Launcher::find().map_err(|error| error.to_string())?;
            start(&address, &launcher)
        })
    }

    pub(super) fn reexec(address: Address) -> client::Launch {
        Arc::new(move || {
            if !ASKED.load(Ordering::Acquire) {
                return Err("Launch::Reexec needs scarab_bevy::run_if_requested() as the first line of main".into());
            }
            let launcher = Launcher::reexec().map_err(|error| format!("this program's file is not known: {error}"))?;
            start(&address, &launcher)
        })
    }

    fn start(address: &Address, launcher: &Launcher) -> Result<(), String> {
        // A process started as a daemon never comes here: `run_if_requested` does not return there.
        ensure_running(address, launcher).map(drop).map_err(|error| error.to_string())
    }
}

#[cfg(feature = "daemon")]
pub use with_daemon::run_if_requested;
#[cfg(feature = "daemon")]
use with_daemon::{reexec, spawn};

#[cfg(not(feature = "daemon"))]
fn spawn(_: Address) -> client::Launch {
    refuse("Launch::Spawn")
}

#[cfg(not(feature = "daemon"))]
fn reexec(_: Address) -> client::Launch {
    refuse("Launch::Reexec")
}

#[cfg(not(feature = "daemon"))]
fn refuse(what: &'static str) -> client::Launch {
    std::sync::Arc::new(move || {
        Err(format!("{what} needs scarab-bevy's feature `daemon`; or start scarab-daemon by hand"))
    })
}
