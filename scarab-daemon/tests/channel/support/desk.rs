//! A client at a session, and waiting for what it sees.

use std::time::{Duration, Instant};

use scarab_protocol::{
    client::{AttachOptions, AttachState, Attachment, Bell, Client, ClientOptions, Phase},
    endpoint::Address,
    ids::TermSize,
    message::{CreateSession, Created, Ping, Pong, Target},
    surface::Grid,
};

use super::{
    super::program::{self, Program},
    DEADLINE,
    daemon::Daemon,
};

/// How long is waited for an answer about input before it is asked anew: the question may be lost with a connection.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// A client of one session.
pub struct Desk {
    /// The session's end of it.
    pub attachment: Attachment,
    /// Rung by the client.
    pub bell: Bell,
    /// The client, which goes after the attachment.
    pub client: Client,
}

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

    /// Joins a session and waits for its screen.
    pub fn join(address: &Address, session: &str, map: bool, reconnect: bool) -> Self {
        let bell = Bell::default();
        let client = Client::connect(options(address, &bell, map, reconnect)).expect("the daemon answers");
        let attachment = client.attach(joining(session, Some(TermSize::default())));
        let desk = Self { attachment, bell, client };
        desk.until("joined", |state| state.phase == Phase::Attached && state.grid.frame > 0);
        desk
    }

    /// Waits until the state is so; fails the test at the deadline.
    pub fn until(&self, what: &str, mut is: impl FnMut(&AttachState) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        let seen = self.bell.wait_for(Some(deadline), || self.attachment.look(&mut is).then_some(()));
        let state = self.attachment.look(|state| format!("{:?}\n{}", state.phase, text(&state.grid)));
        assert!(seen.is_some(), "never so: {what}; {:?}, {state}", self.client.status());
    }

    /// Waits for a text on the screen.
    pub fn sees(&self, wanted: &str) {
        self.until(wanted, |state| text(&state.grid).contains(wanted));
    }

    /// Waits until the session has taken everything; false at the deadline.
    pub fn settled_within(&self, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        loop {
            self.attachment.ask_credit();
            let again = end.min(Instant::now() + ASK_AGAIN);
            if self.bell.wait_for(Some(again), || (self.attachment.held() == 0).then_some(())).is_some() {
                return true;
            }
            if Instant::now() >= end {
                return false;
            }
        }
    }

    /// Sends so many bytes and waits until they are back; gives back how long that took.
    pub fn ping(&self, bytes: usize) -> Duration {
        let start = Instant::now();
        let payload: Vec<u8> = (0..bytes).map(|at| (at % 251) as u8).collect();
        let pong = self.client.ask::<_, Pong>(&Ping { payload: payload.clone() }, DEADLINE).expect("a pong");
        assert!(pong.payload == payload, "another payload came back");
        start.elapsed()
    }
}

/// What a client is told on its start.
pub fn options(address: &Address, bell: &Bell, map: bool, reconnect: bool) -> ClientOptions {
    ClientOptions { map, reconnect, wake: bell.wake(), ..ClientOptions::new(address.clone(), "channel 0.1.0") }
}

/// How to join a session by its name.
pub fn joining(session: &str, size: Option<TermSize>) -> AttachOptions {
    AttachOptions { target: Target::Name(session.into()), size, observe: false }
}

/// A grid's rows, one a line.
pub fn text(grid: &Grid) -> String {
    (0..grid.rows()).map(|row| grid.row_text(row) + "\n").collect()
}
