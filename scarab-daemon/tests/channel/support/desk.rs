//! A client at a session of one of our programs.

#[path = "../../common/desk.rs"]
mod common;

use scarab_protocol::{
    client::{Bell, Client},
    ids::TermSize,
    message::{CreateSession, Created},
};

pub use self::common::{Desk, joining, options};
use super::{
    super::program::{self, Program},
    DEADLINE,
    daemon::Daemon,
};

impl Desk {
    /// Makes a session that runs one of our programs, joins it, and waits until it listens.
    pub fn join_new(daemon: &Daemon, session: &str, program: &Program) -> Self {
        let bell = Bell::default();
        let maker = Client::connect(options(&daemon.address, &bell, true, false)).expect("the daemon answers");
        let (command, env) = program::started(program);
        let request = CreateSession {
            name: Some(session.into()),
            command,
            cwd: None,
            beside: None,
            env,
            size: TermSize::default(),
            linger: true,
        };
        maker.ask::<_, Created>(&request, DEADLINE).expect("a session");
        let desk = Self::join(&daemon.address, session, true, false);
        desk.sees(program::READY);
        desk
    }
}
