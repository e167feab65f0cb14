//! A client at a session that runs a script, and how long its echoes take.

#[path = "../../common/desk.rs"]
mod common;

use std::time::{Duration, Instant};

use scarab_protocol::client::{Bell, Client};

pub use self::common::{Desk, joining, options, settled_within, text};
use super::{
    DEADLINE,
    daemon::{Daemon, create},
    figures::Times,
};

impl Desk {
    /// Makes a session and joins it.
    pub fn join_new(daemon: &Daemon, session: &str, script: &str) -> Self {
        let bell = Bell::default();
        let maker = Client::connect(options(&daemon.address, &bell, true, false)).expect("the daemon answers");
        create(&maker, session, script);
        Self::join(&daemon.address, session, true, false)
    }

    /// How long it takes for something typed to be on the screen, in a session that runs `cat` on a raw terminal.
    pub fn echo(&self, number: u64) -> Duration {
        let start = Instant::now();
        let shown = format!("<{number:08}>");
        self.attachment.input(format!("\x1b[H{shown}").as_bytes()).expect("little is held");
        self.until(&shown, |state| state.grid.rows() > 0 && state.grid.row_text(0).starts_with(&shown));
        start.elapsed()
    }

    /// So many echoes.
    pub fn echoes(&self, numbers: std::ops::Range<u64>) -> Times {
        let mut times = Times::default();
        numbers.for_each(|number| times.add(self.echo(number)));
        times
    }
}

/// A session's program for [`Desk::echo`].
pub const ECHO: &str = "stty raw -echo; printf ready; exec cat";
